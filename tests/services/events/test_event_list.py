"""The log shows each event as it was answered, to the byte, and without the person once that person is erased."""

import json

import pytest

from app.core.errors import NotFound
from app.core.events.chain import canonical, instant
from app.core.events.records import EventFilter
from app.core.types import Reason, Verdict
from app.services.events.answers import Answer
from tests.fakes import NOW, VIEW, Clock, empty, encode, like, person, photo
from tests.services.process import Process

EVENT_ONLY = {"sequence", "hash", "snapshot"}


def answered(event: Answer) -> Answer:
    return {name: value for name, value in event.items() if name not in EVENT_ONLY}


@pytest.fixture
def opened(site: Process) -> Answer:
    """Ada is let in, after a stranger was refused."""
    site.enrol("E-1", photo(person(0)))
    site.decide(photo(person(1)))
    return site.decide(photo(like(0, 0.8)))


def test_an_event_is_the_answer_to_the_byte(site: Process, opened: Answer) -> None:
    event = site.events.get(opened["decision_id"])
    assert answered(event) == opened
    assert json.dumps(answered(event), sort_keys=True) == json.dumps(opened, sort_keys=True)
    assert event["signature"] == opened["signature"]
    assert (event["sequence"], event["hash"], event["snapshot"]) == (2, opened["checkpoint"]["hash"], True)


def test_a_list_shows_the_same_events_newest_first(site: Process, opened: Answer) -> None:
    newest, oldest = site.events.find(EventFilter())
    assert newest == site.events.get(opened["decision_id"])
    assert oldest == site.events.get(oldest["decision_id"])
    assert (oldest["sequence"], oldest["reason"]) == (1, "not_recognised")


def test_a_list_can_be_narrowed(site: Process, opened: Answer) -> None:
    expected = {
        EventFilter(limit=1): [2],
        EventFilter(verdict=Verdict.DENY): [1],
        EventFilter(reason=Reason.RECOGNISED): [2],
        EventFilter(gate="lobby-1"): [2, 1],
        EventFilter(gate="dock"): [],
        EventFilter(employee_id="nobody"): [],
    }
    assert {which: [event["sequence"] for event in site.events.find(which)] for which in expected} == expected


def test_pages_follow_each_other(site: Process, opened: Answer) -> None:
    (first,) = site.events.find(EventFilter(limit=1))
    (second,) = site.events.find(EventFilter(limit=1, before=first["decision_id"]))
    assert (first["sequence"], second["sequence"]) == (2, 1)
    assert site.events.find(EventFilter(limit=1, before=second["decision_id"])) == []


def test_the_picture_of_the_newest_frame_is_kept(site: Process, opened: Answer) -> None:
    assert site.events.snapshot(opened["decision_id"]) == encode(VIEW)


def test_what_never_was_is_not_found(site: Process) -> None:
    for ask in (site.events.get, site.events.snapshot):
        with pytest.raises(NotFound):
            ask("nothing")


def test_an_event_without_a_picture_says_so(site: Process) -> None:
    answer = site.decide(credential="a badge")
    assert site.events.get(answer["decision_id"])["snapshot"] is False
    with pytest.raises(NotFound) as refusal:
        site.events.snapshot(answer["decision_id"])
    assert refusal.value.code == "no_snapshot"


def test_a_denial_keeps_the_picture_of_nobody(site: Process) -> None:
    answer = site.decide(empty())
    assert site.events.snapshot(answer["decision_id"]) == encode(VIEW)


def test_after_an_erasure_the_event_stands_without_the_person(site: Process, opened: Answer, clock: Clock) -> None:
    assert opened["employee"] is not None
    (stranger,) = site.events.find(EventFilter(verdict=Verdict.DENY))
    before = site.events.get(opened["decision_id"])
    site.erasure.erase(opened["employee"]["id"])
    event = site.events.get(opened["decision_id"])
    # then what happened is still there, and in its place in the chain
    kept = ("decision_id", "gate", "at", "decision", "reason", "checkpoint", "sequence", "hash")
    assert {name: event[name] for name in kept} == {name: before[name] for name in kept}
    # and nothing else: whom it was, how alike, the signature over all of it, the picture
    assert event.keys() - set(kept) == {"snapshot"} and event["snapshot"] is False
    assert "E-1" not in json.dumps(event) and opened["employee"]["id"] not in json.dumps(event)
    with pytest.raises(NotFound):
        site.events.snapshot(opened["decision_id"])
    assert site.events.find(EventFilter(employee_id=opened["employee"]["id"])) == []
    # and the stranger's event is untouched, and the chain whole
    assert site.events.find(EventFilter()) == [event, stranger]
    assert site.recorded() == 2


def test_an_event_recorded_under_old_field_names_is_shown_under_todays(site: Process) -> None:
    gate = site.gates.get("lobby-1")
    old = {
        "decision": "open",
        "reason": "opened_by_hand",
        "decision_id": "01OLD",
        "gate": "lobby-1",
        "at": instant(NOW),
        "frames": 3,
        "took_ms": 21.4,
        "by": "user-7",
        "why": "forgot her badge",
    }
    with site.store.write() as tx:
        site.log.append(tx, gate, NOW, "01OLD", Verdict.OPEN, Reason.OPENED_BY_HAND, None, old, None)
    event = site.events.get("01OLD")
    shown = {name: event.get(name) for name in ("frames_received", "duration_ms", "actor", "comment")}
    assert shown == {"frames_received": 3, "duration_ms": 21.4, "actor": "user-7", "comment": "forgot her badge"}
    assert not {"frames", "took_ms", "by", "why"} & set(event)
    signed = {name: value for name, value in event.items() if name not in (*EVENT_ONLY, "signature")}
    assert site.events.answers.signer.verify(canonical(signed), event["signature"])
    assert site.recorded() == 1, "the audit finds the recorded payload as it was"
