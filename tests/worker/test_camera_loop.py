"""The loop outlives whatever a frame does to it, rests when nobody is there, and ends when told to."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.core.approach.tracks import Scene, Track
from app.core.approach.tries import AtGate, Region
from app.core.errors import Busy
from app.core.types import Box, Detection, Pixels
from app.services.access.approaches import Watch
from app.services.access.watch import LatestFrame
from app.worker import camera_loop
from app.worker.camera_loop import CameraLoop, in_pixels
from tests.fakes import NOW
from tests.waiting import eventually

PICTURE: Pixels = np.zeros((720, 1280, 3), np.uint8)


@dataclass(frozen=True)
class Captured:
    pixels: Pixels
    captured_at: datetime


@dataclass
class Slot:
    """A mailbox that gives what the test put in; empty, it waits as a real one does."""

    waiting: deque[Any] = field(default_factory=deque)
    ended: bool = False
    patient: bool = False
    started: bool = False
    stopped: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    def start(self) -> None:
        self.started = True

    def put(self, *offsets_ms: float) -> None:
        with self.changed:
            self.waiting += [Captured(PICTURE, NOW + timedelta(milliseconds=o)) for o in offsets_ms]
            self.changed.notify_all()

    def take(self, timeout_s: float) -> Captured | None:
        with self.changed:
            self.changed.wait_for(lambda: self.waiting or self.ended, min(timeout_s, 0.01))
            return self.waiting.popleft() if self.waiting else None

    def stop(self) -> None:
        with self.changed:
            self.stopped = self.ended = True
            self.changed.notify_all()


@dataclass
class Approaches:
    """Counts what it is told. present: whether somebody is in view after a frame."""

    present: bool = False
    frames: list[datetime] = field(default_factory=list)
    silences: list[datetime] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)

    def frame(self, watch: Watch, seen: list[Detection], pixels: Pixels, captured_at: datetime) -> list[Any]:
        self.frames.append(captured_at)
        box = Box(0, 0, 9, 9)
        tracks = (Track(1, box, captured_at, captured_at),) if self.present else ()
        watch.latest = LatestFrame(Scene(tracks), captured_at, 1280, 720, len(seen), AtGate(), {})
        return self.answers

    def silence(self, watch: Watch, at: datetime) -> list[Any]:
        self.silences.append(at)
        return []


class Loop:
    def __init__(self, see: Callable[..., list[Detection]] = lambda pixels, **_: []) -> None:
        self.slot, self.approaches, self.heard = Slot(), Approaches(), list[Any]()
        self.watch = Watch("door", "gate", Region(0.25, 0, 0.75, 1, 60))
        self.loop = CameraLoop(
            self.watch,
            self.slot,  # type: ignore[arg-type]  # all that the loop calls
            see,
            self.approaches,  # type: ignore[arg-type]
            lambda: NOW + timedelta(seconds=1),
            self.heard.append,
        )

    def wait_for(self, frames: int) -> None:
        """Until so many frames were seen or skipped."""
        eventually(lambda: self.loop.tally.frames + self.loop.tally.skipped == frames)


@pytest.fixture
def started() -> Iterator[Callable[..., Loop]]:
    running: list[Loop] = []

    def start(*args: Any, present: bool = True) -> Loop:
        running.append(Loop(*args))
        running[-1].approaches.present = present
        running[-1].loop.start()
        return running[-1]

    yield start
    for one in running:
        one.loop.stop()


Started = Callable[..., Loop]


def test_frames_are_seen_in_the_region_and_their_age_is_counted(started: Started) -> None:
    asked: list[tuple[Box, float]] = []

    def see(pixels: Pixels, *, region: Box, min_face_px: float, liveness: bool) -> list[Detection]:
        assert liveness
        asked.append((region, min_face_px))
        return []

    one = started(see)
    one.slot.put(0, 40, 80)
    eventually(lambda: one.loop.tally.frames == 3)
    assert one.slot.started and one.approaches.frames == [NOW + timedelta(milliseconds=m) for m in (0, 40, 80)]
    assert set(asked) == {(Box(320, 0, 640, 720), 60)}
    assert one.loop.tally.latency_ms == pytest.approx([1000, 960, 920])


def test_frame_that_fails_does_not_end_the_watch(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_loop, "AFTER_FAULT_S", 0.001)
    monkeypatch.setattr(camera_loop, "IDLE_S", 0.0)
    calls = iter([RuntimeError("the model failed"), None, ValueError("no such thing"), MemoryError(), None])

    def see(pixels: Pixels, **_: Any) -> list[Detection]:
        if error := next(calls):
            raise error
        return []

    one = started(see)
    one.slot.put(0, 40, 80, 120, 160)
    eventually(lambda: one.loop.tally.frames == 2)
    assert one.loop.tally.faults == 3 and one.loop.alive()


def test_camera_whose_mailbox_fails_is_watched_on(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_loop, "AFTER_FAULT_S", 0.001)
    one = started()
    take, failing = one.slot.take, [True]

    def broken(timeout_s: float) -> Any:
        if failing[0]:
            raise RuntimeError("no picture")
        return take(timeout_s)

    monkeypatch.setattr(one.slot, "take", broken)
    eventually(lambda: one.loop.tally.faults > 2)
    failing[0] = False
    one.slot.put(0)
    eventually(lambda: one.loop.tally.frames == 1)


def test_frame_is_dropped_and_counted_when_every_engine_is_busy(started: Started) -> None:
    def see(pixels: Pixels, **_: Any) -> list[Detection]:
        raise Busy("too_busy", "try again")

    one = started(see)
    one.slot.put(0, 40, 80)
    eventually(lambda: one.loop.tally.busy + one.loop.tally.skipped == 3)
    assert one.loop.tally.busy >= 1 and one.loop.tally.faults == one.loop.tally.frames == 0


def test_most_frames_are_skipped_while_nobody_is_in_view(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(camera_loop, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    one = started(present=False)
    for i in range(10):
        one.slot.put(40 * i)
        one.wait_for(i + 1)
        clock[0] += 0.04
    assert (one.loop.tally.frames, one.loop.tally.skipped) == (4, 6)  # at 0, 120, 240 and 360 ms
    # Somebody in view: from then on every frame counts.
    one.approaches.present = True
    clock[0] += 0.2
    for i in range(10, 20):
        one.slot.put(40 * i)
        one.wait_for(i + 1)
    assert one.loop.tally.frames == 14


def test_silence_is_reported(started: Started) -> None:
    one = started()
    eventually(lambda: len(one.approaches.silences) > 2)
    assert set(one.approaches.silences) == {NOW + timedelta(seconds=1)}  # by the clock, not by the last picture


def test_repeated_picture_counts_as_silence(started: Started) -> None:
    one = started()
    one.slot.put(0, 0, 0, 0)
    eventually(lambda: one.loop.tally.repeated == 3)
    assert one.loop.tally.frames == 1 and len(one.approaches.silences) >= 3


def test_clock_set_back_does_not_stop_the_watch(started: Started) -> None:
    one = started()
    one.slot.put(0, -3_600_000, -3_599_960)
    eventually(lambda: one.loop.tally.frames == 3)


def test_listeners_get_the_answers_and_a_failing_one_stops_nothing(started: Started) -> None:
    one = started()
    one.approaches.answers = ["first", "second"]

    def listen(answer: Any) -> None:
        one.heard.append(answer)
        raise RuntimeError("the listener failed")

    one.loop._on_answer = listen
    one.slot.put(0, 40)
    eventually(lambda: one.loop.tally.frames == 2)
    assert one.heard == ["first", "second"] * 2 and one.loop.tally.faults == 0


def test_loop_ends_with_its_recording_once_nobody_is_awaited(started: Started) -> None:
    one = started()
    one.slot.put(0)
    eventually(lambda: one.loop.tally.frames == 1)
    one.slot.ended = True
    eventually(lambda: len(one.approaches.silences) > 3)
    assert one.loop.alive()
    one.watch.latest = None
    eventually(lambda: not one.loop.alive())


def test_loop_stops_within_seconds_even_while_a_frame_hangs(started: Started) -> None:
    at_work, go_on = threading.Event(), threading.Event()

    def see(pixels: Pixels, **_: Any) -> list[Detection]:
        at_work.set()
        go_on.wait(30)
        return []

    one = started(see)
    one.slot.put(0)
    eventually(at_work)
    began = time.monotonic()
    one.loop.stop()
    assert time.monotonic() - began < 6 and one.slot.stopped
    go_on.set()
    eventually(lambda: not one.loop.alive())


def test_stopped_loop_makes_no_decision(started: Started) -> None:
    one = started()
    one.slot.put(0)
    eventually(lambda: one.loop.tally.frames == 1)
    one.loop.stop()
    assert not one.loop.alive()
    told = len(one.approaches.silences)
    one.slot.put(40)
    assert len(one.approaches.silences) == told and one.loop.tally.frames == 1


def test_loop_that_was_never_started_can_be_stopped() -> None:
    one = Loop()
    one.loop.stop()
    assert one.slot.stopped and not one.loop.alive()


def test_region_is_the_same_share_of_frames_of_any_size() -> None:
    assert in_pixels(Region(), PICTURE) == Box(0, 0, 1280, 720)
    assert in_pixels(Region(0.5, 0.25, 1, 0.75), PICTURE[:360, :640]) == Box(320, 90, 320, 180)


def test_every_frame_of_a_patient_recording_is_examined(started: Started) -> None:
    one = started(present=False)
    one.slot.patient = True
    one.slot.put(*range(0, 400, 40))
    one.wait_for(10)
    assert (one.loop.tally.frames, one.loop.tally.skipped) == (10, 0)
