"""How many employees are not recognised from far away, and how many strangers are let in: their photos shrunk until the
face is so many pixels wide.

Each shrunk photo stands in a frame of 1280 x 720 that went through JPEG, as a camera would send it, and takes the same
path as a frame at the gate.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from app.adapters.vision.packs import pack as packs
from app.adapters.vision.photos.image import ImageDecoder
from app.adapters.vision.photos.jpeg import encode_jpeg
from app.adapters.vision.photos.scaling import shrink
from app.core.recognition.quality import GATE
from app.core.types import Box, Pixels, Sample
from app.services.recognition.recognition import Engine, Recognition
from app.settings import default_cache
from models.accuracy.intervals import wilson
from models.accuracy.openset import Setting, deal, pools
from models.data.dataset import LabelledPhoto, read_dataset
from models.data.embed import Embedded, embed

WIDTHS_PX = (24, 32, 40, 48, 64, 96)
FRAME = (720, 1280)
RATE, STRANGERS_RATE = 0.001, 0.01  # so few strangers can only tell something about a laxer rate
SMALLEST_PX = 20.0  # narrower than all widths, for the detector is a little off
RECOGNISED, TAKEN_FOR_ANOTHER = "recognised", "taken_for_another"
SETTING = Setting(enrolled=1000, photos=3, frames=1)


def frame_with(photo: Pixels, face: Box, width_px: float, rng: np.random.Generator) -> Pixels | None:
    """A grey frame somewhere in which the photo stands, shrunk until the face is so wide; None if it is narrower."""
    ratio = width_px / face.width_px
    if ratio > 1:
        return None
    height, width = (max(1, round(side * ratio)) for side in photo.shape[:2])
    small = shrink(photo, width, height)[: FRAME[0], : FRAME[1]]
    frame = np.full((*FRAME, 3), 120, np.uint8)
    y, x = (int(rng.integers(0, side - part + 1)) for side, part in zip(FRAME, small.shape[:2], strict=True))
    frame[y : y + small.shape[0], x : x + small.shape[1]] = small
    return frame


def measure(
    e: Embedded, photos: Sequence[LabelledPhoto], cache: Path, attempts: int, strangers: int, seed: int
) -> list[dict[str, Any]]:
    """Returns a row for each width: how many attempts of employees and of strangers there were, and their outcomes."""
    rng = np.random.default_rng(seed)
    hand = deal(pools(e), range(len(e.people)), SETTING, rng)
    recognition, decode = opened(cache), ImageDecoder()
    calibration = packs.read_calibration(packs.NAME, packs.folder(cache)).calibration
    templates = hand.templates(e)

    def at(rate: float) -> Gallery:
        limits = [calibration.threshold(rate, SETTING.enrolled, len(mine), 1) for mine in hand.photos]
        return Gallery(templates, np.array(limits), calibration.margin)

    def seen(gallery: Gallery, drawn: NDArray[np.int64]) -> dict[int, Counter[str]]:
        found: dict[int, Counter[str]] = {width: Counter() for width in WIDTHS_PX}
        for attempt in drawn.tolist():
            photo = decode(photos[int(hand.frames[attempt, 0])].path.read_bytes())
            faces = recognition.see(photo, region=_whole(photo), most=1)
            enrolled = np.flatnonzero(hand.enrolled == hand.whose[attempt])
            person = int(enrolled[0]) if len(enrolled) else None
            for width in WIDTHS_PX if faces else ():
                frame = frame_with(photo, faces[0].face.box, width, rng)
                if frame is not None:
                    found[width][gallery.outcome(recognition, decode(encode_jpeg(frame)), person)] += 1
        return found

    employees = seen(at(RATE), rng.permutation(hand.mates)[:attempts])
    others = seen(at(STRANGERS_RATE), hand.mates + rng.permutation(len(hand.whose) - hand.mates)[:strangers])
    return [row_of(width, counts, others[width]) for width, counts in employees.items() if counts]


@dataclass(frozen=True, eq=False)
class Gallery:
    """templates: (n, d). limits: (n,), the similarity from which each is recognised."""

    templates: NDArray[np.float32]
    limits: NDArray[np.float64]
    margin: float

    def outcome(self, recognition: Recognition, frame: Pixels, person: int | None) -> str:
        """Returns RECOGNISED, or the reason why the gate stays shut for this frame. person: None for a stranger."""
        limits = replace(GATE, min_face_px=SMALLEST_PX)
        seen = recognition.see(frame, region=_whole(frame), most=1, limits=limits)
        if not seen:
            return "not_found"
        if not isinstance(seen[0], Sample):
            return "poor_quality"
        similarity = self.templates @ seen[0].embedding
        second, best = np.argsort(similarity)[-2:]
        enough = similarity[best] >= self.limits[best] and similarity[best] - similarity[second] >= self.margin
        return (RECOGNISED if best == person else TAKEN_FOR_ANOTHER) if enough else "not_similar_enough"


def opened(cache: Path) -> Recognition:
    pack = packs.open_pack(packs.NAME, cache, packs.folder(cache), precision="f32", workers=1)
    return Recognition(
        decode=ImageDecoder(),
        engines=[Engine(*worker) for worker in pack.workers],
        align=pack.align,
        crop=pack.crop,
        pack_digest=pack.digest,
        precision=pack.precision,
    )


def _whole(pixels: Pixels) -> Box:
    return Box(0, 0, pixels.shape[1], pixels.shape[0])


def row_of(width: int, employees: Counter[str], strangers: Counter[str]) -> dict[str, Any]:
    """Returns the counts of one width, with Wilson's intervals."""
    missed, let_in = employees.total() - employees[RECOGNISED], strangers[TAKEN_FOR_ANOTHER]
    return {
        "width_px": width,
        "attempts": employees.total(),
        "not_recognised": missed / employees.total(),
        "interval": wilson(missed, employees.total()),
        **dict(sorted(employees.items())),
        "strangers": strangers.total(),
        "strangers_let_in": let_in,
        "fpir": let_in / strangers.total() if strangers else None,
        "fpir_interval": wilson(let_in, strangers.total()),
    }


def command(
    dataset: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="One folder of photos a person.")],
    attempts: Annotated[int, typer.Option(min=10, help="How many times somebody enrolled comes to the gate.")] = 250,
    strangers: Annotated[int, typer.Option(min=0, help="How many times a stranger comes.")] = 250,
    seed: int = 0,
) -> None:
    """Measure how many employees are not recognised, and how many strangers let in, by the width of their face."""
    console, cache, photos = Console(), default_cache(), read_dataset(dataset)
    for row in measure(embed(photos, cache, "f32", console), photos, cache, attempts, strangers, seed):
        console.print_json(data=row)
