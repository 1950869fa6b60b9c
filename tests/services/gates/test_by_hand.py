"""Gates opened, locked and unlocked by a person: recorded with who and why, sent on, and never against a lockdown."""

from typing import Any

import pytest

from app.core.errors import BadInput, Conflict, NotFound
from app.core.events.decision import RecordedDecision
from app.core.events.records import EventFilter
from app.core.people.details import Details
from app.core.site.mode import SiteMode
from app.core.types import Reason, Status
from app.services.gates.by_hand import ByHand
from app.services.site.site_control import SiteControl
from tests.fakes import Clock, new_id, person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database


@pytest.fixture
def sent() -> list[RecordedDecision]:
    return []


@pytest.fixture
def by_hand(site: Process, clock: Clock, sent: list[RecordedDecision]) -> ByHand:
    return site.by_hand(sent.append)


def reasons(site: Process) -> list[Reason]:
    return [event.reason for event in site.events.find(EventFilter())][::-1]


def test_manual_opening_is_recorded_with_actor_and_comment_and_opens_the_gate(
    site: Process, by_hand: ByHand, sent: list[RecordedDecision]
) -> None:
    answer = by_hand.open("lobby-1", " forgot her badge ", "user-7")
    event = site.events.get(answer.id)
    assert event.decision == answer
    assert (answer.verdict, answer.reason, answer.method) == ("open", "opened_by_hand", "command")
    assert (answer.actor, answer.comment, answer.employee) == ("user-7", "forgot her badge", None)
    assert answer.open_until is not None and answer.open_until > answer.at
    assert sent == [answer]
    assert site.recorded() == 1


def test_locked_gate_lets_nobody_in_until_it_is_unlocked(
    site: Process, by_hand: ByHand, sent: list[RecordedDecision]
) -> None:
    site.enrol("E-1", photo(person(0)))
    by_hand.lock("lobby-1", "a window is broken", "user-7")
    assert site.sees(0) == "locked_by_hand"
    with pytest.raises(Conflict, match="unlock it first"):
        by_hand.open("lobby-1", "let me", "user-7")
    with pytest.raises(Conflict, match="already locked"):
        by_hand.lock("lobby-1", "again", "user-7")
    by_hand.unlock("lobby-1", "it is mended", "user-7")
    assert site.sees(0) == "recognised"
    assert reasons(site) == ["locked_by_hand", "locked_by_hand", "unlocked_by_hand", "recognised"]
    assert sent == []
    assert site.recorded() == 4


def test_locked_gate_opens_in_a_release(site: Process, by_hand: ByHand, clock: Clock) -> None:
    by_hand.lock("lobby-1", "a window is broken", "user-7")
    SiteControl(site.store, site.log, clock, new_id).set_mode(SiteMode.RELEASE)
    assert site.sees(0) == "released"


@pytest.mark.parametrize(
    ("mode", "words"), [(SiteMode.LOCKDOWN, "lockdown"), (SiteMode.RELEASE, "is open for everybody")]
)
def test_site_mode_takes_precedence(
    site: Process, by_hand: ByHand, sent: list[RecordedDecision], clock: Clock, mode: SiteMode, words: str
) -> None:
    SiteControl(site.store, site.log, clock, new_id).set_mode(mode)
    with pytest.raises(Conflict, match=words):
        by_hand.open("lobby-1", "let me", "user-7")
    assert sent == [] and len(reasons(site)) == 1


@pytest.mark.parametrize("change", [{"enabled": False}, {"driver": "plain"}])
def test_disabled_or_unreachable_gate_is_not_opened(
    site: Process, by_hand: ByHand, sent: list[RecordedDecision], change: dict[str, Any]
) -> None:
    site.change_gate("lobby-1", **change)
    with pytest.raises(Conflict):
        by_hand.open("lobby-1", "let me", "user-7")
    assert sent == [] and reasons(site) == []


@pytest.mark.parametrize("comment", ["", "   ", "x" * 201, "\x1b[31m", "a\nb"])
def test_comment_is_required(site: Process, by_hand: ByHand, sent: list[RecordedDecision], comment: str) -> None:
    for order in (by_hand.open, by_hand.lock, by_hand.unlock):
        with pytest.raises(BadInput):
            order("lobby-1", comment, "user-7")
    assert sent == [] and reasons(site) == []
    with pytest.raises(NotFound):
        by_hand.open("nowhere", "let me", "user-7")


def test_letting_in_names_the_refusal_and_the_person(
    site: Process, by_hand: ByHand, sent: list[RecordedDecision]
) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    site.enrolment.update(ada.id, lambda e: Details(e.number, e.name, Status.INACTIVE))
    assert site.sees(0) == "employee_inactive"
    (refusal,) = site.events.find(EventFilter())
    answer = by_hand.open("lobby-1", "their manager vouches", "user-7", refusal.id)
    assert (answer.answers, answer.employee and answer.employee.id) == (refusal.id, ada.id)
    assert site.events.get(answer.id).decision == answer and sent == [answer]
    assert site.events.get(answer.id).json()["answers"] == refusal.id
    assert "answers" not in refusal.json()


def test_a_stranger_is_let_in_as_whom_the_guard_says(site: Process, by_hand: ByHand) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    assert site.sees(3) == "not_recognised"
    (refusal,) = site.events.find(EventFilter())
    nobody = by_hand.open("lobby-1", "a visitor", "user-7", refusal.id)
    assert (nobody.answers, nobody.employee) == (refusal.id, None)
    named = by_hand.open("lobby-1", "new glasses", "user-7", refusal.id, ada.id)
    assert named.employee is not None and named.employee.id == ada.id


def test_only_a_refusal_at_this_gate_is_answered(site: Process, by_hand: ByHand, sent: list[RecordedDecision]) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    assert site.sees(0) == "recognised"
    by_hand.lock("lobby-1", "a window is broken", "user-7")
    by_hand.unlock("lobby-1", "mended", "user-7")
    assert site.sees(3) == "not_recognised"
    site.gates.add("dock-2")
    events = site.events.find(EventFilter())
    refusal, *others = events
    for event in others:
        with pytest.raises(Conflict) as refused:
            by_hand.open("lobby-1", "let them in", "user-7", event.id, ada.id)
        assert refused.value.code == "event_not_refused"
    with pytest.raises(Conflict, match="at this gate"):
        by_hand.open("dock-2", "let them in", "user-7", refusal.id)
    with pytest.raises(NotFound, match="no event"):
        by_hand.open("lobby-1", "let them in", "user-7", "nothing")
    with pytest.raises(NotFound, match="no employee"):
        by_hand.open("lobby-1", "let them in", "user-7", refusal.id, "nobody")
    assert sent == [] and len(site.events.find(EventFilter())) == len(events)
