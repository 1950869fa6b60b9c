"""One enrolled man walks up, gestures and leaves, in twelve ways: each walk ought to be one event.

`python -m tests.bench leaving FOLDER`: FOLDER holds `stage-cuts.mp4`. Its middle, a man who moves head and hands, is
shown at a growing size; then he leaves at the top, the side or the bottom of the picture, upright or tilted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from app.core.approach.tries import Region
from app.core.types import Pixels, Sample
from tests.bench.approach import MIN_FACE_PX, Camera, enrol, gate, pictures, see

CLIP, PART = "stage-cuts.mp4", slice(87, 198)
SIZE = (1280, 720)
OTHERS = 300
SMALL = Region(min_face_px=32.0)
ENROLLED_FROM = (40, 60, 80)  # frames of the part


@dataclass(frozen=True)
class Way:
    """zoom: of the clip, at the start and when he begins to leave. leaves: towards, in shares of the picture."""

    name: str
    zoom: tuple[float, float]
    leaves: tuple[float, float] = (0.0, 0.0)
    roll_deg: float = 0.0
    mirrored: bool = False
    each: int = 1  # of so many frames one


UP, DOWN, ASIDE = (0.0, -0.9), (0.0, 0.9), (0.9, 0.0)
WAYS = (
    Way("stays", (0.7, 1.6)),
    Way("up", (0.7, 2.6), UP),
    Way("aside", (0.6, 1.8), ASIDE),
    Way("aside, mirrored", (0.6, 1.8), ASIDE, mirrored=True),
    Way("up, mirrored", (0.6, 2.4), UP, mirrored=True),
    Way("down", (0.6, 2.0), DOWN),
    Way("up, tilted by 20", (0.7, 1.8), UP, 20),
    Way("aside, tilted by -20", (0.7, 1.8), ASIDE, -20),
    Way("up, fast", (0.6, 2.6), UP, each=2),
    Way("aside, fast, mirrored", (0.6, 2.2), ASIDE, mirrored=True, each=2),
    Way("down, tilted by 30", (0.7, 2.0), DOWN, 30),
    Way("aside, fast, mirrored, tilted by 10", (0.5, 1.4), ASIDE, 10, mirrored=True, each=2),
)


def film(way: Way, frames: list[Pixels], heads: NDArray[np.float64]) -> Iterator[Pixels]:
    """heads: (n, 2), where the head is in each frame; it is kept in one place until he leaves."""
    for i in range(0, len(frames), way.each):
        done = i / len(frames)
        width = frames[i].shape[1]
        x, y = heads[i]
        pixels = frames[i][:, ::-1] if way.mirrored else frames[i]
        start, end = way.zoom
        scale = SIZE[0] / width * start * (end / start) ** min(1.0, done / 0.75)
        gone = max(0.0, (done - 0.7) / 0.3) ** 1.3
        moved = cv2.getRotationMatrix2D((0, 0), way.roll_deg, scale)
        middle = SIZE[0] * (0.5 + way.leaves[0] * gone), SIZE[1] * (0.45 + way.leaves[1] * gone)
        moved[:, 2] = np.array(middle) - moved[:, :2] @ (width - x if way.mirrored else x, y)
        shown = cv2.warpAffine(pixels, moved, SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        yield np.asarray(shown, dtype=np.uint8)


def smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(values, ((6, 6), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, np.ones(13) / 13, "valid") for column in padded.T], axis=1)


def measure(console: Console, folder: Path) -> None:
    frames, fps = pictures(folder / CLIP)
    frames = frames[PART]
    opened = second = extra = 0
    with gate(OTHERS) as (system, now):
        faces = [next((one for one in see(system, f, SMALL) if isinstance(one, Sample)), None) for f in frames]
        heads, last = [], (0.5 * frames[0].shape[1], 0.35 * frames[0].shape[0])
        for face in faces:
            last = last if face is None else face.face.box.centre
            heads.append(last)
        enrol(system, "E-1", [face.embedding for i in ENROLLED_FROM if (face := faces[i]) is not None])
        for way in WAYS:
            camera = Camera(system, now, Region(min_face_px=MIN_FACE_PX))
            began = now.captured_at + timedelta(minutes=1)
            boxes = 0
            for i, pixels in enumerate(film(way, frames, smooth(np.array(heads)))):
                camera.show(pixels, began + timedelta(seconds=i * way.each / fps))
                latest = camera.watch.latest
                boxes += latest is not None and sum(t.last_at == latest.at for t in latest.scene.tracks) > 1
            camera.leave()
            denied = [answer.reason.value for answer in camera.answers if not answer.opens]
            opened += any(answer.opens for answer in camera.answers)
            second += bool(denied)
            extra += boxes
            console.print(f"  {way.name}: {len(camera.answers)} events; denied: {', '.join(denied) or 'none'}")
    console.print(f"{len(WAYS)} walks, {opened} opened; {second} with a denied event; {extra} frames with a second box")


def main(arguments: list[str]) -> None:
    measure(Console(highlight=False, width=200), Path(arguments[0]))
