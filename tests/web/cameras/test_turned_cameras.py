"""A camera on its side: real faces, turned, are found and the right rotation is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.adapters.vision.photos.image import decode
from app.adapters.vision.photos.scaling import turned
from app.core.approach.tries import Region
from app.core.cameras.turned import EVERY_S, TIMES
from app.core.errors import Busy
from app.core.types import Box, Face, Pixels
from app.services.cameras.camera_list import Address
from app.wiring import System
from app.wiring.watching import supervisor
from app.worker.camera_loop import CameraLoop
from app.worker.turned import TurnWatch
from tests import pictures
from tests.waiting import eventually
from tests.web.conftest import GATE


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_that_shows_faces_is_named(system: System, degrees: int) -> None:
    upright = decode(pictures.crowd("biden", columns=2, rows=1))
    comes = upright if degrees == 0 else turned(upright, 360 - degrees)
    whole = _whole(comes)
    told: list[int] = []

    def find(pixels: Pixels) -> list[Face]:
        return [each.face for each in system.recognition.see(pixels, region=_whole(pixels), most=0)]

    watch = TurnWatch(find, told.append)
    for i in range(TIMES + 1):
        watch.frame(comes, system.recognition.see(comes, region=whole, most=3), i * EVERY_S)

    assert told == ([degrees] if degrees else [])


def test_turning_by_the_rotation_makes_it_upright() -> None:
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    for degrees in (90, 180, 270):
        np.testing.assert_array_equal(turned(picture, degrees), np.rot90(picture, -degrees // 90))


def test_search_for_turned_faces_yields_to_decisions() -> None:
    def busy(pixels: Pixels) -> list[Face]:
        raise Busy("too_busy", "later")

    TurnWatch(busy, lambda turn: None).frame(np.zeros((90, 160, 3), np.uint8), [], 0.0)


def _whole(pixels: Pixels) -> Box:
    return Box(0, 0, pixels.shape[1], pixels.shape[0])


@pytest.mark.parametrize("rotation", [0, 90])
def test_camera_on_its_side_sees_faces_with_its_rotation_and_hints_without(
    system: System, tmp_path: Path, rotation: int
) -> None:
    sideways = turned(decode(pictures.crowd("biden", columns=2, rows=1)), 270)
    for i in range(2):  # a picture that stands still is not looked at again
        sideways[:8, :8] = 100 * i
        Image.fromarray(sideways[..., ::-1]).save(tmp_path / f"{i}.png")
    camera = system.cameras.add(
        "film", GATE, Address(f"folder:{tmp_path}#fast", True, rotation), Region(min_face_px=24)
    )
    watched = supervisor(system)._watch(camera)
    assert isinstance(watched.loop, CameraLoop)
    watch = watched.loop.watch

    def hints() -> list[str]:
        with system.store.read() as tx:
            return [a.detail for a in tx.alerts.uncleared() if a.camera_id == camera.id]

    try:
        watched.loop.start()
        if rotation:
            latest: Any = eventually(lambda: (seen := watch.latest) and seen.faces and seen)
            assert latest.faces == 2 and not hints()
        else:
            eventually(hints)
            assert hints() == ["faces are found only when the picture is turned by 90 degrees; set its rotation to 90"]
    finally:
        watched.loop.stop()
        system.cameras.delete("film")
