"""The play shows what it promises, and its judge would notice a wrong decision."""

from typing import Any

import pytest

from app.core.types import Reason
from app.demo.film.cast import BARACK, JACINDA
from app.demo.film.scene import Frame
from app.demo.play.script import Approach, Change, Verb, play
from app.demo.play.verdict import Assessment, summarise

EMPLOYEE = Approach(JACINDA.name, "walks up", (Frame(),), Reason.RECOGNISED, JACINDA)
STRANGER = Approach("a stranger", "walks up", (Frame(),), Reason.NOT_RECOGNISED)


def answered(approach: Approach, decision: str, reason: str, number: str = "") -> Assessment:
    answer: dict[str, Any] = {
        "decision": decision,
        "reason": reason,
        "employee": {"number": number} if number else None,
        "duration_ms": 10.0,
    }
    return Assessment(approach, answer, 12.0)


def test_play_has_every_reason_that_is_promised_and_one_to_four_frames_an_approach() -> None:
    approaches = [act for act in play() if isinstance(act, Approach)]
    assert {a.reason for a in approaches} == {
        Reason.RECOGNISED,
        Reason.NOT_RECOGNISED,
        Reason.NO_FACE,
        Reason.FACE_TOO_SMALL,
        Reason.SEVERAL_FACES,
        Reason.POOR_QUALITY,
        Reason.AMBIGUOUS,
        Reason.EMPLOYEE_INACTIVE,
    }
    assert all(1 <= len(a.frames) <= 4 for a in approaches)
    assert list(play()) == list(play())


def test_erased_person_is_not_expected_afterwards() -> None:
    acts = list(play())
    erasures = [i for i, act in enumerate(acts) if isinstance(act, Change) and act.verb is Verb.ERASE]
    assert erasures
    for i in erasures:
        gone = acts[i]
        assert isinstance(gone, Change)
        later = [act for act in acts[i + 1 :] if isinstance(act, Approach)]
        assert later
        assert all(act.person is not gone.person for act in later)


@pytest.mark.parametrize(
    ("outcome", "right"),
    [
        (answered(EMPLOYEE, "open", "recognised", JACINDA.number), True),
        (answered(EMPLOYEE, "open", "recognised", BARACK.number), False),
        (answered(EMPLOYEE, "open", "recognised"), False),
        (answered(EMPLOYEE, "deny", "not_recognised"), False),
        (answered(STRANGER, "deny", "not_recognised"), True),
        (answered(STRANGER, "deny", "poor_quality"), False),
        (answered(STRANGER, "open", "recognised", JACINDA.number), False),
    ],
)
def test_right_means_gate_reason_and_person(outcome: Assessment, right: bool) -> None:
    assert outcome.right is right
    assert bool(outcome.complaint) is not right


def test_summary_counts_who_was_let_in_and_who_was_turned_away() -> None:
    found = summarise(
        [
            answered(EMPLOYEE, "open", "recognised", JACINDA.number),
            answered(EMPLOYEE, "open", "recognised", BARACK.number),
            answered(EMPLOYEE, "deny", "not_recognised"),
            answered(STRANGER, "open", "recognised", JACINDA.number),
        ]
    )
    assert (found.total, found.right, found.let_in_wrongly, found.turned_away_wrongly) == (4, 1, 2, 1)
    assert not found.good


def test_play_without_decisions_is_no_success() -> None:
    assert not summarise([]).good
