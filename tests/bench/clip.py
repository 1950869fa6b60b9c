"""A stored camera: people from the demo's cast walk up to it one after another, encoded once, played in real time."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import cast

import av
import cv2
from av.video.codeccontext import VideoCodecContext

from app.core.types import Pixels
from app.demo.film.cast import BARACK_STANDING, JACINDA_SMILING, JOE_STANDING, Portrait, photo
from app.demo.film.scene import Frame, PlacedFigure, Studio
from app.settings import default_cache

FPS = 15
# Who comes, where in the picture they begin. Jacinda and Barack are enrolled, Joe is a stranger.
COMING = ((JACINDA_SMILING, 0.6), (JOE_STANDING, 0.4), (BARACK_STANDING, 0.55))
WALK_S, EMPTY_S = 3.0, 3.5
FAR_PX, NEAR_PX = 50.0, 250.0  # face width in the scene's 1280 x 720
HEAD = struct.Struct(">I?")  # bytes of the packet, whether it is a key frame: see `rtsp_clip.py`


def studio() -> Studio:
    return Studio(partial(photo, cache=default_cache()))


def approach(artist: Studio, portrait: Portrait, x: float, fps: int = FPS) -> Iterator[Pixels]:
    """Somebody comes nearer at an even pace, so the face grows ever faster."""
    steps = round(WALK_S * fps)
    for i in range(steps):
        share = i / (steps - 1)
        face_px = 1 / ((1 - share) / FAR_PX + share / NEAR_PX)
        here = PlacedFigure(portrait, face_px, 0.5 + (x - 0.5) * (1 - 0.5 * share), roll_deg=3 * (share - 0.5))
        yield artist.draw(Frame((here,)), seed=i)


def walk_ups(
    size: tuple[int, int], fps: int = FPS, coming: Sequence[tuple[Portrait, float]] = COMING
) -> Iterator[Pixels]:
    """One round of the loop: an empty lobby, somebody, an empty lobby, the next."""
    artist = studio()
    empty = [cv2.resize(artist.draw(Frame(), seed=i), size, interpolation=cv2.INTER_AREA) for i in range(8)]
    for portrait, x in coming:
        for i in range(round(EMPTY_S * fps)):
            yield empty[i % len(empty)].astype("uint8")
        for picture in approach(artist, portrait, x, fps):
            yield cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype("uint8")


def encode(pictures: Iterable[Pixels], codec: str = "libx264", fps: int = FPS) -> list[tuple[bytes, bool]]:
    """Packets as a camera sends them: no picture waits for a later one; (bytes, key frame)."""
    encoder: VideoCodecContext | None = None
    packets: list[tuple[bytes, bool]] = []
    for number, pixels in enumerate(pictures):
        if encoder is None:
            encoder = cast(VideoCodecContext, av.CodecContext.create(codec, "w"))
            encoder.height, encoder.width = pixels.shape[:2]
            encoder.framerate, encoder.gop_size = Fraction(fps), fps
            if codec == "libx264":
                encoder.pix_fmt = "yuv420p"
                encoder.options = {
                    "preset": "veryfast",
                    "tune": "zerolatency",
                    "crf": "23",
                    "x264-params": "sliced-threads=0",
                }
            else:
                encoder.pix_fmt = "yuvj420p"
                encoder.options = {"huffman": "default"}
            encoder.time_base = Fraction(1, fps)
        frame = av.VideoFrame.from_ndarray(pixels, format="bgr24").reformat(format=encoder.pix_fmt)
        frame.pts = number
        packets += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    if encoder is not None:
        packets += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(None)]
    return packets


def write(path: Path, packets: Iterable[tuple[bytes, bool]]) -> Path:
    """For `rtsp_clip.py`, which runs with a Python that knows neither PyAV nor numpy."""
    path.write_bytes(b"".join(HEAD.pack(len(data), key) + data for data, key in packets))
    return path
