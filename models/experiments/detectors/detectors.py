"""Compares detectors, search widths, and whether a second look at the face is worth its time, on the same pictures."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from app.adapters.vision.packs import pack as packs
from app.adapters.vision.photos.image import read_header
from app.core.errors import FacegateError
from app.core.types import Pixels
from app.settings import read_settings
from models.data.dataset import LabelledPhoto, read_dataset
from models.experiments.detectors import detector_report, scenes
from models.experiments.detectors.detector_scores import Score, disagreements, scores
from models.experiments.detectors.finders import Embed, Finder, distinct, open_finders

MOST_OF_ONE = 4  # photos per person, so that people with hundreds do not dominate
REPORT = "detectors"


def sample(photos: Sequence[LabelledPhoto], most: int, seed: int) -> list[LabelledPhoto]:
    """Draws at most `most` photos, people in random order but those with several photos first, for comparison."""
    rng = np.random.default_rng(seed)
    by_person: dict[str, list[LabelledPhoto]] = {}
    for photo in photos:
        by_person.setdefault(photo.person, []).append(photo)
    names = sorted(by_person)
    people = [by_person[names[i]] for i in rng.permutation(len(names))]
    people.sort(key=lambda mine: len(mine) == 1)
    drawn = [[mine[i] for i in rng.permutation(len(mine))[:MOST_OF_ONE]] for mine in people]
    return [photo for mine in drawn for photo in mine][:most]


def measured(
    photos: Sequence[LabelledPhoto],
    finders: Sequence[Finder],
    embed: Embed,
    *,
    rendered: int,
    seed: int,
    console: Console,
    clock: Callable[[], float],
) -> tuple[list[list[Score]], list[dict[str, Any]]]:
    """Returns the scores of every detector, one list per scene, and how far the detectors disagree.

    Args:
        rendered: the number of photos to render frames from.

    Raises:
        BadInput, TooLarge, OSError: a photo cannot be read.
    """
    names = sorted({photo.person for photo in photos})
    person: NDArray[np.int64] = np.array([names.index(photo.person) for photo in photos])
    headers = [read_header(photo.path.read_bytes()) for photo in photos]
    longest = max(max(header.width_px, header.height_px) for header in headers)
    album = scenes.portraits(photos, distinct(finders, longest), embed, seed, console, clock)
    played = [album]
    if rendered:
        truth = scenes.full_size(album)
        played += scenes.frames(photos[:rendered], truth, finders, embed, seed, console, clock)
    apart = [found for scene in played if (found := disagreements(scene)) is not None]
    return [scores(scene, album, person, seed) for scene in played if len(scene.photo)], apart


def embedding(cache: Path) -> Embed:
    """Returns SFace as served, but in float32, which is the same on every machine. Raises WeightsError."""
    pack = packs.open_pack(packs.NAME, cache, precision="f32")
    embedder = pack.workers[0][1]

    def embed(pixels: Pixels, landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = embedder.embed([pack.align(pixels, landmarks)], flip=False)[0]
        return vector

    return embed


def command(
    dataset: Annotated[Path, typer.Argument(help="A folder with one folder per person, each face centred as in LFW.")],
    out: Annotated[Path, typer.Option(help="Folder for detectors.json and detectors.md.")] = Path("detectors"),
    most: Annotated[int, typer.Option(help="The most photos, up to four per person.", min=2)] = 1000,
    frames: Annotated[
        int, typer.Option(help="How many of them to render frames from, each at four widths.", min=0)
    ] = 200,
    mtcnn: Annotated[bool, typer.Option(help="Needs: python -m models fetch --group mtcnn.")] = True,
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Compare YuNet at several widths, with and without the second look, and MTCNN: misses, time, landmarks, errors."""
    console, complaints = Console(), Console(stderr=True)
    cache = read_settings().cache
    try:
        photos = sample(read_dataset(dataset), most, seed)
        finders = open_finders(cache, ("yunet", "mtcnn") if mtcnn else ("yunet",))
        found, apart = measured(
            photos, finders, embedding(cache), rendered=frames, seed=seed, console=console, clock=time.perf_counter
        )
    except (FacegateError, OSError, ValueError) as error:
        complaints.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    report = {
        "dataset": dataset.name,
        "photos": len(photos),
        "people": len({photo.person for photo in photos}),
        "seed": seed,
        "frame_px": scenes.FRAME_PX,
        "command": f"python -m models.experiments detectors {dataset.name} --most {most} --frames {frames}",
        "scores": [score.row() for rows in found for score in rows],
        "disagreement": apart,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{REPORT}.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (out / f"{REPORT}.md").write_text(detector_report.markdown(report, found), encoding="utf-8")
    for rows in found:
        console.print(detector_report.table(rows))
    console.print(f"wrote {out / f'{REPORT}.json'} and {out / f'{REPORT}.md'}")
