"""The log shows each event as it was answered, to the byte, and without the person once that person is erased."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from app.core.errors import NotFound
from app.core.events.decision import RecordedDecision
from app.core.events.field_names import NEW_NAMES
from app.core.events.records import EventFilter
from app.core.types import Reason, Verdict
from app.services.events.orders import ordered
from tests.fakes import NOW, VIEW, Clock, empty, encode, like, person, photo
from tests.services.process import Process

EVENT_ONLY = {"sequence", "hash", "snapshot"}


@pytest.fixture
def opened(site: Process) -> RecordedDecision:
    """Ada is let in, after a stranger was refused."""
    site.enrol("E-1", photo(person(0)))
    site.decide(photo(person(1)))
    return site.decide(photo(like(0, 0.8)))


def test_event_equals_the_answer_byte_for_byte(site: Process, opened: RecordedDecision) -> None:
    event = site.events.get(opened.id)
    assert event.decision == opened
    answered = {name: value for name, value in event.json().items() if name not in EVENT_ONLY}
    assert json.dumps(answered, sort_keys=True) == json.dumps(opened.json(), sort_keys=True)
    assert (event.sequence, event.checkpoint, event.has_picture) == (2, opened.checkpoint, True)


def test_list_shows_the_same_events_newest_first(site: Process, opened: RecordedDecision) -> None:
    newest, oldest = site.events.find(EventFilter())
    assert newest == site.events.get(opened.id)
    assert oldest == site.events.get(oldest.id)
    assert (oldest.sequence, oldest.reason) == (1, "not_recognised")


def test_list_can_be_narrowed(site: Process, opened: RecordedDecision) -> None:
    expected = {
        EventFilter(limit=1): [2],
        EventFilter(verdict=Verdict.DENY): [1],
        EventFilter(reason=Reason.RECOGNISED): [2],
        EventFilter(gate="lobby-1"): [2, 1],
        EventFilter(gate="dock"): [],
        EventFilter(employee_id="nobody"): [],
    }
    assert {which: [event.sequence for event in site.events.find(which)] for which in expected} == expected


def test_pages_follow_each_other(site: Process, opened: RecordedDecision) -> None:
    (first,) = site.events.find(EventFilter(limit=1))
    (second,) = site.events.find(EventFilter(limit=1, before=first.id))
    assert (first.sequence, second.sequence) == (2, 1)
    assert site.events.find(EventFilter(limit=1, before=second.id)) == []


def test_picture_of_the_newest_frame_is_kept(site: Process, opened: RecordedDecision) -> None:
    assert site.events.snapshot(opened.id) == encode(VIEW)


def test_unknown_id_is_not_found(site: Process) -> None:
    for ask in (site.events.get, site.events.snapshot):
        with pytest.raises(NotFound):
            ask("nothing")


def test_event_without_a_picture_says_so(site: Process) -> None:
    answer = site.decide(credential="a badge")
    assert site.events.get(answer.id).has_picture is False
    with pytest.raises(NotFound) as refusal:
        site.events.snapshot(answer.id)
    assert refusal.value.code == "no_snapshot"


def test_denial_of_a_stranger_keeps_the_picture(site: Process) -> None:
    answer = site.decide(empty())
    assert site.events.snapshot(answer.id) == encode(VIEW)


def test_after_an_erasure_the_event_stays_without_the_person(
    site: Process, opened: RecordedDecision, clock: Clock
) -> None:
    assert opened.employee is not None
    (stranger,) = site.events.find(EventFilter(verdict=Verdict.DENY))
    before = site.events.get(opened.id)
    site.erasure.erase(opened.employee.id)
    event = site.events.get(opened.id)
    left = event.json()
    # then what happened is still there, and in its place in the chain
    kept = ("decision_id", "gate", "at", "decision", "reason", "checkpoint", "sequence", "hash")
    assert {name: left[name] for name in kept} == {name: before.json()[name] for name in kept}
    # and nothing else: whom it was, how alike, the signature over all of it, the picture
    assert left.keys() - set(kept) == {"snapshot"} and event.has_picture is False
    assert "E-1" not in json.dumps(left) and opened.employee.id not in json.dumps(left)
    with pytest.raises(NotFound):
        site.events.snapshot(opened.id)
    assert site.events.find(EventFilter(employee_id=opened.employee.id)) == []
    # and the stranger's event is untouched, and the chain whole
    assert site.events.find(EventFilter()) == [event, stranger]
    assert site.recorded() == 2


class FirstVersion(RecordedDecision):
    """Writes the members that the first version wrote, under the names of its day."""

    def payload(self) -> dict[str, Any]:
        old = {new: name for name, new in NEW_NAMES.items()}
        later = ("liveness_state", "request_digest")
        return {old.get(name, name): value for name, value in super().payload().items() if name not in later}


def test_event_with_old_field_names_is_shown_with_the_current_ones(site: Process) -> None:
    today = ordered(
        site.gates.get("lobby-1"), "01OLD", Reason.OPENED_BY_HAND, NOW, "user-7", NOW, "she forgot her badge"
    )
    earlier = FirstVersion(**{field.name: getattr(today, field.name) for field in fields(today)})
    assert {"took_ms", "frames", "by", "why"} < earlier.payload().keys()
    with site.store.write() as tx:
        recorded = site.log.append(tx, earlier)
    shown = site.events.get("01OLD").decision
    assert shown == site.events.answers.sign(replace(today, checkpoint=recorded.checkpoint))
    assert shown.signature is not None and site.signer.verify(shown.signed_part, shown.signature)
    assert site.recorded() == 1, "the audit finds the recorded payload as it was"
