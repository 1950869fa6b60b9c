"""Each camera fault shows in time, clears when it is over, and never shows without a fault."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from app.core.cameras.health import (
    DEFAULT,
    CameraState,
    Health,
    HealthLimits,
    PictureStats,
    Signs,
    judge,
    picture_stats,
)
from app.core.types import Pixels

FPS = 15.0
LIT = PictureStats(640, 480, 110.0, 40.0)


@dataclass
class Watch:
    """A watchdog that looks each half second, at a camera that a test makes work or fail."""

    limits: HealthLimits = DEFAULT
    now_s: float = 100.0
    signs: Signs = field(default_factory=lambda: Signs(100.0))
    health: Health | None = None
    seen: list[tuple[float, CameraState]] = field(default_factory=list)

    def run(self, seconds: float, *, fps: float = FPS, seen: PictureStats = LIT, repeated: bool = False) -> "Watch":
        end, next_frame, next_look = self.now_s + seconds, self.now_s + (1 / fps if fps else 1e9), self.now_s
        while (now := min(next_frame, next_look)) <= end:
            if now == next_look:
                self.look(now)
                next_look += 0.5
            else:
                self.signs = self.signs.with_frame(now, seen, repeated=repeated, limits=self.limits)
                next_frame += 1 / fps
        self.now_s = end
        self.look(end)
        return self

    def look(self, now_s: float) -> None:
        self.health = judge(self.health, self.signs, now_s, self.limits)
        if not self.seen or self.seen[-1][1] is not self.health.state:
            self.seen.append((now_s, self.health.state))

    def lose(self, words: str = "the camera ended the stream") -> "Watch":
        self.signs = self.signs.with_loss(words)
        return self

    @property
    def state(self) -> CameraState:
        assert self.health is not None
        return self.health.state

    def first(self, state: CameraState) -> float:
        return next(at for at, found in self.seen if found is state)


def working(limits: HealthLimits = DEFAULT) -> Watch:
    watch = Watch(limits).run(10)
    assert watch.state is CameraState.WORKING
    watch.seen.clear()
    return watch


def test_camera_starts_and_works() -> None:
    watch = Watch().run(1.5, fps=0).run(3)
    assert [state for _, state in watch.seen] == [CameraState.STARTING, CameraState.WORKING]


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ({"fps": 0}, CameraState.DEAD),
        ({"repeated": True}, CameraState.FROZEN),
        ({"seen": replace(LIT, luma=6.0, spread=2.0)}, CameraState.BLACK),
        ({"seen": replace(LIT, luma=90.0, spread=1.5)}, CameraState.BLACK),  # a hand on the lens, in daylight
        ({"fps": 2.0}, CameraState.SLOW),
        ({"fps": 0.5}, CameraState.SLOW),
        ({"seen": replace(LIT, width_px=320)}, CameraState.WRONG_SIZE),
    ],
)
def test_each_fault_shows_within_five_seconds_and_clears_by_itself(fault: dict, state: CameraState) -> None:
    watch = working()
    began = watch.now_s
    watch.run(12, **fault)
    assert watch.first(state) - began < 5
    watch.seen.clear()
    mended = watch.now_s
    watch.run(10)
    assert [found for _, found in watch.seen if found is not state] == [CameraState.WORKING]
    assert watch.first(CameraState.WORKING) - mended < 5.6


def test_disconnected_camera_is_reconnecting_then_dead_then_works_again() -> None:
    watch = working().lose("the camera cannot be reached").run(6, fps=0)
    assert [state for _, state in watch.seen] == [CameraState.RECONNECTING, CameraState.DEAD]
    assert watch.health is not None
    assert watch.health.words.endswith(": the camera cannot be reached")
    assert watch.run(4).state is CameraState.WORKING


def test_camera_that_never_connects_is_dead_within_five_seconds() -> None:
    watch = Watch().lose("nothing answers").run(10, fps=0)
    assert watch.first(CameraState.DEAD) - 100 < 5


def test_short_gap_is_not_a_fault() -> None:
    assert not [state for _, state in working().run(2.4, fps=0).run(5).seen if state is CameraState.DEAD]


def test_person_walking_past_the_lens_is_not_a_fault() -> None:
    watch = working().run(2, seen=replace(LIT, luma=30.0, spread=2.0)).run(5)
    assert [state for _, state in watch.seen] == [CameraState.WORKING]


def test_alert_does_not_flap() -> None:
    watch = working(HealthLimits(min_fps=10))
    for _ in range(20):
        watch.run(1.5, fps=10.6).run(1.5, fps=9.0)
    assert len(watch.seen) <= 2
    watch = working()
    for _ in range(10):
        watch.run(4, fps=0).run(1.5)
    assert [state for _, state in watch.seen] == [CameraState.WORKING, CameraState.DEAD]


def test_configured_size_applies_to_the_first_picture_too() -> None:
    assert Watch(HealthLimits(size=(1920, 1080))).run(3).state is CameraState.WRONG_SIZE
    assert Watch(HealthLimits(size=(640, 480))).run(3).state is CameraState.WORKING


def test_new_connection_is_not_slow_before_it_has_had_time() -> None:
    watch = working().lose().run(1, fps=0).run(6)
    assert CameraState.SLOW not in [state for _, state in watch.seen]


def scene(luma: float, noise: float) -> Pixels:
    rng = np.random.default_rng(1)
    return np.clip(luma + rng.normal(0, noise, (1080, 1920, 3)), 0, 255).astype(np.uint8)


def test_picture_stats_distinguish_a_dim_empty_corridor_from_a_covered_lens() -> None:
    corridor = scene(40, 2)
    corridor[:, :600] //= 2
    found = {
        "corridor": picture_stats(corridor),
        "covered": picture_stats(scene(90, 1.5)),
        "black": picture_stats(scene(3, 1)),
    }
    states = {name: Watch().run(8, seen=each).state for name, each in found.items()}
    assert states == {"corridor": CameraState.WORKING, "covered": CameraState.BLACK, "black": CameraState.BLACK}


@pytest.mark.parametrize("shape", [(1, 1, 3), (17, 31, 3), (36, 64, 3), (3000, 4000, 3)])
def test_picture_stats_accept_pictures_of_every_size(shape: tuple[int, int, int]) -> None:
    found = picture_stats(np.full(shape, 100, np.uint8))
    assert (found.width_px, found.height_px) == (shape[1], shape[0])
    assert found.luma == pytest.approx(100, abs=0.1)
    assert found.spread == pytest.approx(0, abs=0.1)


def test_picture_stats_weigh_blue_green_and_red_as_the_eye_does() -> None:
    blue = np.zeros((50, 50, 3), np.uint8)
    blue[..., 0] = 255
    assert picture_stats(blue).luma == pytest.approx(29, abs=0.2)
