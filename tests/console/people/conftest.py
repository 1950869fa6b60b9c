"""A browser whose camera sees a film of portraits."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests import pictures


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera sees: nobody for a second, somebody far away for two, then three portraits in turn."""
    path = tmp_path_factory.mktemp("camera") / "face.mjpeg"
    stage = Image.new("RGB", (640, 480), (120, 128, 136))
    far = stage.copy()
    portrait = Image.open(io.BytesIO(pictures.portrait("obama2"))).convert("RGB")
    small = portrait.copy()
    small.thumbnail((160, 120))
    far.paste(small, (240, 180))
    near = []
    for name in ("obama2", "obama", "impostor_1"):
        one = Image.open(io.BytesIO(pictures.portrait(name))).convert("RGB")
        one.thumbnail((640, 480), Image.Resampling.LANCZOS)
        frame = stage.copy()
        frame.paste(one, ((640 - one.width) // 2, (480 - one.height) // 2))
        near.append(frame)
    frames = [stage] * 90 + [far] * 60 + [frame for frame in near for _ in range(60)]
    with path.open("wb") as file:
        for number, frame in enumerate(frames):
            frame.paste((37 * number % 256,) * 3, (0, 0, 32, 32))  # no camera gives the same picture twice
            file.write(pictures.encoded(frame))
    return path


@pytest.fixture(scope="module")
def filmed(launch: Callable[..., Browser], film: Path) -> Any:
    browser = launch(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    yield browser
    browser.close()
