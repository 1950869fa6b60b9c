"""What looking for a QR pass adds to a camera's frame, beside the search for a face in the same frame, in one run."""

import io
from time import perf_counter

import cv2
import numpy as np
import segno
from rich.console import Console

from app.adapters.vision.photos.qr_codes import read_codes
from app.adapters.vision.photos.scaling import shrink
from app.core.types import Box, Pixels
from tests.bench.ground import frame, service

TURNS = 200
TEXT = "FG1:" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 5


def measure(console: Console) -> None:
    plain = frame()
    shown = held_up(plain)
    assert read_codes(shown) == [TEXT] and read_codes(plain) == []
    at_480 = [shrink(one, 480, 270) for one in (plain, shown)]
    with service() as system:
        whole = Box(0, 0, plain.shape[1], plain.shape[0])
        work = {
            "a face": lambda: system.recognition.see(plain, region=whole, most=3),
            "no pass": lambda: read_codes(plain),
            "a pass": lambda: read_codes(shown),
            "no pass at 480": lambda: read_codes(at_480[0]),
            "a pass at 480": lambda: read_codes(at_480[1]),
        }
        took: dict[str, list[float]] = {name: [] for name in work}
        for _ in range(TURNS):
            for name, look in work.items():
                started = perf_counter()
                look()
                took[name].append((perf_counter() - started) * 1000)
    said = ", ".join(
        f"{name} {np.median(all_):.2f} ms (p95 {np.percentile(all_, 95):.2f})" for name, all_ in took.items()
    )
    share = np.median(took["no pass"]) / np.median(took["a face"]) / 5
    console.print(
        f"to look in a frame of {plain.shape[1]}x{plain.shape[0]} for: {said}; at 25 fps, five looks a second add "
        f"{share:.1%} ({TURNS} each)"
    )


def held_up(picture: Pixels) -> Pixels:
    """The frame with a pass a quarter as wide as it is."""
    file = io.BytesIO()
    segno.make(TEXT, micro=False, error="m").save(file, kind="png", scale=8, border=4)
    size = picture.shape[1] // 4
    drawn = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    assert drawn is not None
    code = cv2.resize(drawn, (size, size))
    shown = picture.copy()
    shown[-size:, :size] = code
    return shown
