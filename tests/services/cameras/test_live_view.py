"""A live view ends by itself, says why no picture comes, and goes on without engines."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
import pytest

from app.core.cameras.faults import SourceFault
from app.core.errors import Busy, SourceFailed
from app.core.types import Box, Pixels, Quality
from app.services.cameras.live_view import LiveView
from app.services.recognition.recognition import SurveyedFace
from tests.fakes import NOW

PICTURE: Pixels = np.zeros((90, 160, 3), np.uint8)
FACE = SurveyedFace(Box(10, 10, 71, 90), Quality(0.9))


class Pictures:
    """A source that gives the same picture at once, as often as asked; or none until it is closed."""

    def __init__(self, silent: bool = False) -> None:
        self.silent, self.closed = silent, threading.Event()

    def read(self) -> tuple[Pixels, datetime]:
        if self.silent:
            self.closed.wait(5)
        if self.closed.is_set():
            raise SourceFailed("closed")
        return PICTURE, NOW

    def close(self) -> None:
        self.closed.set()


def view(
    source: Pictures, survey: Callable[[Pixels], Sequence[SurveyedFace]] = lambda _: [FACE], **limits: float
) -> LiveView:
    return LiveView(source, survey, lambda pixels, _: b"jpeg", lambda pixels: np.rot90(pixels), **limits)


def test_picture_is_turned_before_faces_are_looked_for() -> None:
    seen: list[tuple[int, ...]] = []
    source = Pictures()

    def survey(pixels: Pixels) -> list[SurveyedFace]:
        seen.append(pixels.shape)
        return [FACE]

    first = next(view(source, survey).views())
    assert (first.width_px, first.height_px, first.picture, first.faces) == (90, 160, b"jpeg", [FACE])
    assert seen == [(160, 90, 3)] and source.closed.is_set(), "whoever stops reading closes the camera"


def test_without_an_engine_there_is_a_picture_without_faces() -> None:
    def busy(_: Pixels) -> list[SurveyedFace]:
        raise Busy("too_busy", "all engines are in use")

    assert next(view(Pictures(), busy).views()).faces is None


def test_view_ends_by_itself() -> None:
    source = Pictures()
    assert len(list(view(source, longest_s=0.05).views())) == 1
    assert source.closed.is_set()


def test_camera_that_gives_no_picture_in_time_is_given_up() -> None:
    source = Pictures(silent=True)
    with pytest.raises(SourceFailed) as failed:
        next(view(source, first_s=0.05).views())
    assert str(failed.value) == SourceFault.NO_FIRST


def test_closing_ends_a_view_that_waits() -> None:
    waiting = view(Pictures(silent=True))
    threading.Timer(0.05, waiting.close).start()
    with pytest.raises(SourceFailed, match="closed"):
        next(waiting.views())
