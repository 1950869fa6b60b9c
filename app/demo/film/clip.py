"""The live camera's clip: the walks drawn frame by frame, with a sensor's noise, and written as a video file."""

from collections.abc import Callable, Sequence
from pathlib import Path

import av

from app.core.types import Pixels
from app.demo.film import lobby
from app.demo.film.scene import Studio
from app.demo.film.walks import FPS, LENGTH_S, WALKS, Walk, scene

# Fine enough to keep the noise, so that no picture repeats the one before it as a hung camera's would.
_OPTIONS = {"preset": "ultrafast", "crf": "21", "g": str(2 * FPS)}


def frame_count(length_s: float = LENGTH_S) -> int:
    return round(length_s * FPS)


def picture(studio: Studio, number: int, walks: Sequence[Walk] = WALKS) -> Pixels:
    """Returns frame `number` of the clip, from 0, as (720, 1280, 3) uint8 BGR."""
    return studio.draw(scene(number / FPS, walks), seed=number)


def film(studio: Studio, path: Path, frames: int, on_frame: Callable[[], None] = lambda: None) -> None:
    """Writes the clip's first `frames` frames as H.264 in MP4; calls `on_frame` after each."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options=_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = lobby.WIDTH_PX, lobby.HEIGHT_PX, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(studio, number), format="bgr24")
            container.mux(stream.encode(frame))
            on_frame()
        container.mux(stream.encode(None))
