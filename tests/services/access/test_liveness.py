"""A picture held up opens nothing where that is asked for, one bad frame keeps nobody out, and every answer says so."""

from collections.abc import Callable
from typing import Any

import pytest

from app.core.approach.tries import TRIES
from app.core.events.decision import RecordedDecision
from app.core.recognition.liveness import SPOOF_TRIES, LivenessMode
from tests.fakes import person, photo
from tests.services.process import Process
from tests.services.stage import Stage, face, reasons

pytestmark = pytest.mark.one_database

Start = Callable[..., Process]
ADA = person(0)


@pytest.fixture
def guarded(site: Process, start: Start) -> Process:
    """A process with the weights, on the site's database; Ada is enrolled."""
    site.enrol("E-1", photo(ADA))
    return start(liveness_works=True)


def frames(*scores: float | None) -> list[bytes]:
    return [photo(ADA, note=str(number), liveness=score) for number, score in enumerate(scores)]


def said(answer: RecordedDecision) -> tuple[Any, ...]:
    return answer.verdict, answer.reason, answer.liveness, answer.liveness_state


def test_live_person_passes_and_a_picture_is_denied(guarded: Process) -> None:
    assert said(guarded.decide(*frames(0.98))) == ("open", "recognised", 0.98, "live")
    spoof = guarded.decide(*frames(0.02))
    assert said(spoof) == ("deny", "spoof_suspected", 0.02, "spoof_suspected")
    # Security sees whose picture was held up; the event says what the answer said.
    assert spoof.employee.number == "E-1" and spoof.open_until is None
    assert guarded.events.get(spoof.id).decision == spoof
    assert guarded.recorded() == 2


def test_frames_of_one_approach_are_fused(guarded: Process) -> None:
    assert said(guarded.decide(*frames(0.9, 0.1, 0.8, 0.9, 0.2)))[:3] == ("open", "recognised", 0.8)
    assert said(guarded.decide(*frames(0.9, 0.1, 0.2)))[:3] == ("deny", "spoof_suspected", 0.2)
    # One frame alone must be surer than five together.
    assert guarded.decide(*frames(0.6)).reason == "spoof_suspected"
    assert guarded.decide(*frames(0.6, 0.6, 0.6, 0.6, 0.6)).reason == "recognised"


@pytest.mark.parametrize(
    ("mode", "with_weights", "without"),
    [
        (LivenessMode.AUTO, "spoof_suspected spoof_suspected", "recognised unavailable"),
        (LivenessMode.REQUIRED, "spoof_suspected spoof_suspected", "spoof_suspected unavailable"),
        (LivenessMode.MONITOR, "recognised spoof_suspected", "recognised unavailable"),
        (LivenessMode.OFF, "recognised off", "recognised off"),
    ],
)
def test_each_mode_of_a_gate(
    guarded: Process, site: Process, mode: LivenessMode, with_weights: str, without: str
) -> None:
    site.change_gate("lobby-1", liveness=mode)
    for process, expected in ((guarded, with_weights), (site, without)):
        answer = process.decide(*frames(0.02 if process is guarded else None))
        assert f"{answer.reason} {answer.liveness_state}" == expected
        assert answer.liveness == (0.02 if process is guarded and mode is not LivenessMode.OFF else None)


def test_strangers_and_empty_pictures_keep_their_reasons(guarded: Process) -> None:
    stranger = guarded.decide(photo(person(5), liveness=0.02))
    assert said(stranger) == ("deny", "not_recognised", 0.02, "spoof_suspected")
    assert said(guarded.decide(credential="1234")) == ("deny", "credential_unknown", None, "unmeasured")


def test_repeat_does_not_open_for_a_picture_once_liveness_is_required(guarded: Process) -> None:
    guarded.change_gate("lobby-1", liveness=LivenessMode.MONITOR)
    asked = {"idempotency_key": "once"}
    first = guarded.decide(*frames(0.02), **asked)
    assert guarded.decide(*frames(0.02), **asked) == first and first.verdict == "open"
    guarded.change_gate("lobby-1", liveness=LivenessMode.REQUIRED)
    assert guarded.decide(*frames(0.02), **asked).reason == "spoof_suspected"


def test_nan_score_opens_nothing(guarded: Process) -> None:
    assert said(guarded.decide(*frames(float("nan")))) == ("deny", "system_fault", None, "unmeasured")


def test_one_picture_sent_several_times_is_scored_once(guarded: Process) -> None:
    picture, other = frames(0.6, 0.9)
    answer = guarded.decide(*[picture] * 5)
    assert said(answer)[1:3] == ("spoof_suspected", 0.6)
    assert (answer.frames_received, answer.frames_used) == (5, 5)
    assert said(guarded.decide(picture, other, picture, picture))[1:3] == ("recognised", 0.75)


# Before a camera


@pytest.fixture
def stage(guarded: Process) -> Stage:
    return Stage(guarded)


def test_one_bad_frame_denies_nobody(stage: Stage) -> None:
    assert not stage.show(face(ADA, liveness=0.1))
    assert not stage.show(face(ADA, liveness=0.9))
    (answer,) = stage.show(face(ADA, liveness=0.95))
    assert said(answer) == ("open", "recognised", 0.9, "live") and answer.frames_used == 3
    assert stage.carried == [answer] and not stage.leave()


def test_picture_gets_one_denial_when_it_leaves(stage: Stage) -> None:
    assert not stage.show(face(ADA, liveness=0.1), times=40)
    (answer,) = stage.leave()
    assert said(answer) == ("deny", "spoof_suspected", 0.1, "spoof_suspected")
    assert not stage.carried and stage.site.recorded() == 1


def test_momentarily_live_looking_picture_opens_nothing(stage: Stage) -> None:
    stage.show(face(ADA, liveness=0.1), times=3)
    stage.show(face(ADA, liveness=0.99), times=1)
    stage.show(face(ADA, liveness=0.1), times=40)
    assert reasons(stage.leave()) == ["spoof_suspected"]


def test_unmeasured_person_waits(stage: Stage) -> None:
    assert not stage.show(face(ADA), times=10)
    assert reasons(stage.show(face(ADA, liveness=0.9), times=20)) == ["recognised"]


def test_liveness_is_not_computed_if_the_gate_does_not_want_it(stage: Stage) -> None:
    assert stage.watch.asks_liveness
    stage.site.change_gate("lobby-1", liveness=LivenessMode.OFF)
    (answer,) = stage.show(face(ADA))
    assert said(answer) == ("open", "recognised", None, "off") and not stage.watch.asks_liveness
    stage.leave()
    stage.site.change_gate("lobby-1", liveness=LivenessMode.REQUIRED)
    assert not stage.show(face(ADA)) and stage.watch.asks_liveness


def test_poll_applies_liveness_too(stage: Stage) -> None:
    stage.show(face(ADA, liveness=0.1), times=3)
    assert said(stage.now())[1:] == ("spoof_suspected", 0.1, "spoof_suspected")


def test_picture_is_tried_so_often_and_then_opens_nothing(guarded: Process) -> None:
    stage = Stage(guarded)
    stage.show(face(ADA, liveness=0.4), times=TRIES[SPOOF_TRIES - 1])
    # From now on it looks live, in more frames than are fused, until it has waited long enough for its answer.
    (answer,) = stage.show(face(ADA, liveness=0.99), times=250)
    assert said(answer) == ("deny", "spoof_suspected", 0.4, "spoof_suspected") and not stage.carried
    assert stage.now().reason == "spoof_suspected"
    # Taken away and held up again at once, it is the same picture.
    stage.leave()
    stage.show(face(ADA, liveness=0.99), times=50)
    assert not stage.leave() and not stage.carried
    # After a while she may come herself.
    stage.show(times=100)
    assert reasons(stage.show(face(ADA, liveness=0.99))) == ["recognised"]


def test_picture_that_is_taken_away_in_time_is_denied_as_one(guarded: Process) -> None:
    stage = Stage(guarded)
    stage.show(face(ADA, liveness=0.4), times=TRIES[SPOOF_TRIES - 1])
    stage.show(face(ADA, liveness=0.99), times=20)
    assert reasons(stage.leave()) == ["spoof_suspected"]


def test_live_person_who_looks_like_a_picture_at_first_is_let_in(guarded: Process) -> None:
    stage = Stage(guarded)
    assert not stage.show(face(ADA, liveness=0.4), times=3)
    assert reasons(stage.show(face(ADA, liveness=0.99), times=8)) == ["recognised"]
