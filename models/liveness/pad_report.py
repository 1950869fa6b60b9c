"""`python -m models evaluate-pad`: scores live faces and attacks as a gate does, and writes a report."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from app.adapters.vision.networks.liveness import LivenessJudge, open_judges
from app.adapters.vision.packs import pack as packs
from app.adapters.vision.photos.image import decode
from app.core.errors import FacegateError
from app.core.ports.recognition import Detector
from app.core.recognition.liveness import MOST_FRAMES
from app.core.types import Box, Pixels
from app.settings import read_settings
from models.accuracy import plots
from models.accuracy.report import plain
from models.data.dataset import read_dataset
from models.liveness.pad import LIVE, Presentation, Scored, Shot, by_rule, rates, read_manifest, report_of

SMALLEST_PX = 48.0


def score(
    shots: Sequence[Shot], detector: Detector, judge: LivenessJudge, console: Console
) -> tuple[list[Scored], list[str]]:
    """Returns the score of each frame, and the frames that could not be scored with the reason."""
    scored, left_out = [], []
    for shot in track(shots, "scoring", console=console, transient=True):
        try:
            pixels = decode(shot.path.read_bytes())
        except (OSError, FacegateError) as error:
            left_out.append(f"{shot.path.name}: {error}")
            continue
        box = shot.box or _widest(detector, pixels)
        if box is None:
            left_out.append(f"{shot.path.name}: no face found")
            continue
        scored.append(Scored(shot, judge.score(pixels, box)))
    return scored, left_out


def _widest(detector: Detector, pixels: Pixels) -> Box | None:
    boxes = [face.box for face in detector.detect(pixels, smallest_px=SMALLEST_PX)]
    return max(boxes, key=lambda box: box.width_px, default=None)


def portraits(folder: Path, sample: int, seed: int) -> list[Shot]:
    """Draws one photo each of `sample` people from a dataset, as live presentations of one frame."""
    by_person: dict[str, list[Path]] = {}
    for photo in read_dataset(folder):
        by_person.setdefault(photo.person, []).append(photo.path)
    drawn = random.Random(seed)  # noqa: S311  (a sample, not a secret)
    people = drawn.sample(sorted(by_person), min(sample, len(by_person)))
    return [Shot(drawn.choice(by_person[person]), folder.name, LIVE, person, None) for person in people]


def markdown(report: dict[str, Any]) -> str:
    """Returns the report as Markdown tables. Each rate is shown with its counts and interval."""
    lines = ["# Presentation attacks", ""]
    counts = ", ".join(f"{count} {kind}" for kind, count in report["presentations"].items())
    lines += [
        f"{report['frames']} frames of {counts} presentations. APCER: attacks accepted. BPCER: live people refused.",
        f"The gate's rule: the median of up to {report['rule']['frames']} frames must reach",
        f"{', '.join(map(str, report['rule']['live_from']))} with one, two, three, four and five frames. The",
        "95 % intervals (Wilson) treat the cases of a row as independent, but windows of one clip are not.",
        "",
        "| Group | One frame | Up to five together | Approach: tried at each of ten frames | Whole presentation |",
        "|---|---|---|---|---|",
    ]
    for name, judged in report["groups"].items():
        cells = (_cell(judged[unit]) for unit in ("frame", "window", "approach", "presentation"))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", f"A single threshold for the median of {MOST_FRAMES}, chosen on the other sources:", ""]
    lines += ["| Source left out | Threshold | APCER | BPCER |", "|---|---|---|---|"]
    for row in report["left_out"]:
        lines.append(f"| {row['source']} | {row['threshold']} | {_rate(row['apcer'])} | {_rate(row['bpcer'])} |")
    lines += ["", "| Frames | Threshold | APCER | BPCER |", "|---|---|---|---|"]
    lines += [
        f"| {row['frames']} | {row['threshold']} | {_rate(row['apcer'])} | {_rate(row['bpcer'])} |"
        for row in report["sweep"]
        if row["threshold"] in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    ]
    if portraits_of := report.get("portraits"):
        lines += ["", f"Refused of {portraits_of['total']} portraits, one frame each: {_rate(portraits_of)}"]
    if report["not_scored"]:
        lines += ["", f"Not scored: {len(report['not_scored'])} frames (listed in the JSON)."]
    return "\n".join(lines) + "\n"


def _cell(pair: dict[str, Any]) -> str:
    said = [f"{name} {_rate(pair[key])}" for name, key in (("A", "apcer"), ("B", "bpcer")) if pair[key]["total"]]
    return "; ".join(said)


def _rate(rate: dict[str, Any]) -> str:
    if not rate["total"]:
        return "-"  # a source may have live people only, or attacks only
    low, high = (100 * end for end in rate["interval_95"])
    return f"{100 * rate['rate']:.1f} % ({rate['errors']} of {rate['total']}; {low:.1f} to {high:.1f})"


def measured(
    dataset: Path, cache: Path, console: Console, live_photos: Path | None = None, sample: int = 500, seed: int = 1
) -> dict[str, Any]:
    """Measures a folder with a manifest.csv and returns the whole report.

    Args:
        live_photos: a dataset from which to also measure the BPCER on portraits of `sample` people.

    Raises:
        WeightsError: the liveness networks are not in the cache.
        ValueError, OSError: the manifest or a picture cannot be read.
    """
    shots = read_manifest(dataset)
    (judge,) = open_judges(cache)
    detector = packs.open_pack(packs.NAME, cache, precision="f32").workers[0][0]
    scored, not_scored = score(shots, detector, judge, console)
    report = report_of(scored)
    if live_photos is not None:
        faces, missed = score(portraits(live_photos, sample, seed), detector, judge, console)
        not_scored += missed
        found = [Presentation(one.shot.source, LIVE, one.shot.presentation, (one.score,)) for one in faces]
        report["portraits"] = rates(found, by_rule)[1].as_json()
    report["not_scored"] = not_scored
    return report


def command(
    dataset: Annotated[Path, typer.Argument(help="A folder with manifest.csv: path, label, source, x, y, w, h.")],
    out: Annotated[Path, typer.Option(help="Folder for pad.json, pad.md and pad.png.")] = Path("pad"),
    live_photos: Annotated[Path | None, typer.Option(help="Also portraits for BPCER, a folder per person.")] = None,
    sample: Annotated[int, typer.Option(min=1, help="How many of those people.")] = 500,
    seed: Annotated[int, typer.Option(help="Seed of that sample.")] = 1,
) -> None:
    """Measure liveness: attacks accepted and live people refused, by attack, source, frame and presentation."""
    console, complaints = Console(), Console(stderr=True)
    try:
        report = measured(dataset, read_settings().cache, console, live_photos, sample, seed)
    except (FacegateError, OSError, ValueError) as error:
        complaints.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    out.mkdir(parents=True, exist_ok=True)
    (out / "pad.json").write_text(json.dumps(plain(report), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    text = markdown(report)
    (out / "pad.md").write_text(text, encoding="utf-8")
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    if plots.available():
        plots.attacks(report["sweep"], out / "pad.png")
    else:
        complaints.print(plots.INSTALL, markup=False)
