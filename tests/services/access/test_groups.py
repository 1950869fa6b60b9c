"""A group that stays before a camera is one denial; whoever joins it, and whatever opens, is an event of its own."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.core.approach.group import AGAIN
from app.core.approach.tries import WAIT_MS
from app.core.events.decision import RecordedDecision
from app.core.site.mode import SiteMode, SiteState
from app.core.types import Pixels
from app.worker.camera_loop import CameraLoop
from tests.fakes import NOW, person, photo
from tests.services.process import Process
from tests.services.stage import PICTURE, Stage, face, reasons
from tests.waiting import eventually

pytestmark = pytest.mark.one_database

ADA, BOB, EVE, STRANGER = person(0), person(1), person(7), person(9)
PAIR = face(STRANGER, 120, 500), face(BOB, 115, 800)
UNSEEN = face(None, 120, 500), face(None, 115, 800)
WAITED = WAIT_MS // 40 + 1


@pytest.fixture
def stage(site: Process) -> Stage:
    site.enrol("E-1", photo(ADA))
    return Stage(site)


def test_group_that_stays_or_is_lost_and_found_is_one_event(stage: Stage) -> None:
    assert reasons(stage.show(*PAIR, times=WAITED)) == ["several_faces"]
    for pair in (PAIR, UNSEEN, PAIR[::-1]):
        assert not stage.leave() and not stage.show(*pair, times=WAITED)
    assert not stage.leave() and stage.site.recorded() == 1


@pytest.mark.parametrize("pair", [PAIR, UNSEEN])
def test_group_that_left_and_comes_back_is_another_event(stage: Stage, pair: tuple[object, ...]) -> None:
    for _ in range(2):
        stage.show(*pair, times=20)  # type: ignore[arg-type]
        assert reasons(stage.leave()) == ["several_faces"]
        stage.show(times=80)


def test_somebody_else_in_the_group_is_another_event(stage: Stage) -> None:
    stage.show(*PAIR, times=WAITED)
    stage.leave()
    assert reasons(stage.show(PAIR[0], face(EVE, 115, 800), times=WAITED)) == ["several_faces"]


def test_one_more_in_the_group_is_another_event_even_unrecognisable(stage: Stage) -> None:
    stage.show(*UNSEEN, times=WAITED)
    (answer,) = stage.show(*UNSEEN, face(None, 118, 1100), times=WAITED)
    assert (answer.reason, answer.faces) == ("several_faces", 3)


def test_group_is_recorded_again_for_another_reason(stage: Stage) -> None:
    stage.show(*PAIR, times=WAITED)
    stage.leave()
    stage.site.change_gate("lobby-1", enabled=False)
    assert reasons(stage.show(*PAIR, times=WAITED)) == ["gate_disabled"]


def test_group_that_stays_long_is_recorded_again(stage: Stage) -> None:
    stage.show(*PAIR, times=WAITED)
    began = stage.at
    answers = []
    while stage.at - began < AGAIN + timedelta(seconds=30):
        answers += stage.leave() + stage.show(*PAIR, times=5, each=timedelta(milliseconds=200))
    assert reasons(answers) == ["several_faces"]


def test_member_who_steps_forward_is_let_in(stage: Stage) -> None:
    pair = face(ADA, 120, 500), face(BOB, 115, 800)
    stage.show(*pair, times=WAITED)
    assert reasons(stage.show(face(ADA, 180, 500), pair[1], times=3)) == ["recognised"]
    assert [one.employee and one.employee.number for one in stage.carried] == ["E-1"]


def test_openings_of_a_released_gate_are_all_recorded(stage: Stage) -> None:
    stage.show(*PAIR, times=WAITED)
    stage.leave()
    with stage.site.store.write() as tx:
        tx.site.put(SiteState(SiteMode.RELEASE, stage.at))
    answers = stage.show(*PAIR, times=WAITED)
    assert reasons(answers) == ["released"] * 2


def test_unrecognisable_person_who_stands_there_is_one_event(stage: Stage) -> None:
    stage.show(face(None), times=10)
    assert reasons(stage.leave()) == ["poor_quality"]
    for _ in range(3):
        assert not stage.show(face(None, 118, 645), times=10) and not stage.leave()
    # Elsewhere, it may be somebody else.
    assert reasons(stage.show(face(None, 120, 200), times=10) + stage.leave()) == ["poor_quality"]


@dataclass
class Played:
    """A mailbox that gives every frame of a film once, at its time."""

    stage: Stage
    frames: int
    each: timedelta
    patient: bool = True
    ended: bool = False
    pixels: Pixels = field(default_factory=lambda: PICTURE)
    captured_at: datetime = NOW

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def take(self, timeout_s: float) -> "Played | None":
        self.stage.site.clock.now += self.each
        self.frames -= 1
        self.ended = self.frames < 0
        self.captured_at = self.stage.at
        return None if self.ended else self


def test_camera_in_a_corridor_records_the_group_once_and_each_opening(stage: Stage) -> None:
    # Three people walk to and fro, come near, and go out of sight for a second; at last Ada steps forward.
    walk = [face(STRANGER, 110, 300), face(None, 104, 600), face(BOB, 108, 900)]
    looks: list[Any] = [*([walk] * 12, [[]] * 6) * 20]
    film = [frame for part in looks for frame in part] + [[face(ADA, 200, 640), *walk]] * 3
    coming, heard = iter(film), list[RecordedDecision]()
    mailbox = Played(stage, len(film), timedelta(milliseconds=200))
    loop = CameraLoop(
        stage.watch,
        mailbox,  # type: ignore[arg-type]  # all that the loop calls
        lambda *_, **__: next(coming),
        stage.approaches,
        stage.site.clock,
        heard.append,
    )
    loop.start()
    eventually(lambda: not loop.alive())
    assert reasons(heard)[:2] == ["several_faces", "recognised"] and len(stage.carried) == 1
    assert stage.site.recorded() == len(heard) <= 3
