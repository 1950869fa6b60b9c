"""A decision reads back as it was printed, from events of every version, and its signature covers what is printed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.canonical import canonical
from app.core.events.checkpoint import Checkpoint
from app.core.events.decision import Identity, Method, RecordedDecision
from app.core.recognition.liveness import LivenessState
from app.core.types import OPENING, AppliedRule, Reason

AT = datetime(2026, 11, 23, 8, 0, 0, 123000, tzinfo=UTC)
MARK = Checkpoint("01G", 7, "ab" * 32, AT, "c2lnbmVk")
OPENED = RecordedDecision(
    id="01E",
    gate_id="01G",
    gate="lobby-1",
    at=AT,
    reason=Reason.RECOGNISED,
    method=Method.FACE,
    open_until=AT + timedelta(seconds=5),
    employee=Identity("01A", "Ada Lovelace", "E-1001"),
    similarity=0.71,
    threshold=0.55,
    margin=0.4,
    liveness=0.98,
    liveness_state=LivenessState.LIVE,
    faces=1,
    frames_received=3,
    frames_used=3,
    request_digest="cd" * 32,
    duration_ms=21.4,
    rule=AppliedRule("01R", "Staff"),
    rules_version=12,
    candidates=500,
)
ORDER = RecordedDecision(
    "01F", "01G", "lobby-1", AT, Reason.LOCKED_BY_HAND, Method.COMMAND, actor="01U", comment="a window is broken"
)
# What the first version kept of a decision, and of an order.
FIRST: dict[str, Any] = {
    "decision": "open",
    "reason": "recognised",
    "decision_id": "01E",
    "gate": "lobby-1",
    "at": "2026-11-23T08:00:00.123Z",
    "open_until": "2026-11-23T08:00:05.123Z",
    "employee": {"id": "01A", "name": "Ada Lovelace", "number": "E-1001"},
    "method": "face",
    "similarity": 0.71,
    "threshold": 0.55,
    "margin": 0.4,
    "liveness": 0.98,
    "faces": 1,
    "frames": 3,
    "frames_used": 3,
    "took_ms": 21.4,
}


@pytest.mark.parametrize("decision", [OPENED, ORDER])
def test_decision_reads_back_as_it_was_printed(decision: RecordedDecision) -> None:
    assert RecordedDecision.read("01G", json.loads(canonical(decision.payload()))) == decision


def test_printed_form_is_pinned() -> None:
    recorded = replace(OPENED, checkpoint=MARK)
    assert recorded.signed_part.decode() == (
        '{"at":"2026-11-23T08:00:00.123Z","camera":null,"candidates":500,"checkpoint":{"at":"2026-11-23T08:00:00.123Z",'
        '"gate_id":"01G","hash":"'
        + "ab"
        * 32
        + '","sequence":7,"signature":"c2lnbmVk"},"decision":"open","decision_id":"01E",'
        '"duration_ms":21.4,"employee":{"id":"01A","name":"Ada Lovelace","number":"E-1001"},"faces":1,'
        '"frames_received":3,"frames_used":3,"gate":"lobby-1","liveness":0.98,"liveness_state":"live","margin":0.4,'
        '"method":"face","open_until":"2026-11-23T08:00:05.123Z","reason":"recognised","request_digest":"'
        + "cd" * 32
        + '","rule":{"id":"01R","name":"Staff"},"rules_version":12,"similarity":0.71,"threshold":0.55}'
    )


def test_signature_covers_all_that_is_printed_but_itself() -> None:
    recorded = replace(ORDER, checkpoint=MARK, nonce="n-1", signature="c2ln")
    printed = recorded.json()
    assert printed.pop("signature") == "c2ln"
    assert canonical(printed) == recorded.signed_part
    assert (printed["nonce"], printed["actor"], printed["comment"]) == ("n-1", "01U", "a window is broken")


def test_only_orders_name_who_gave_them() -> None:
    assert ORDER.payload().keys() - OPENED.payload().keys() == {"actor", "comment"}


def test_nothing_is_signed_before_it_has_its_place_in_the_chain() -> None:
    with pytest.raises(ValueError, match="not recorded"):
        OPENED.json()


def test_events_of_the_first_version_are_read_under_todays_names() -> None:
    assert RecordedDecision.read("01G", FIRST) == replace(
        OPENED, liveness_state=None, request_digest=None, rule=None, rules_version=None, candidates=None
    )
    order = {**FIRST, "reason": "locked_by_hand", "method": "command", "by": "01U", "why": "a window is broken"}
    read = RecordedDecision.read("01G", order)
    assert (read.actor, read.comment, read.opens) == ("01U", "a window is broken", False)


@pytest.mark.parametrize("change", [{"at": "yesterday"}, {"at": "2026-11-23T08:00:00"}, {"reason": "magic"}])
def test_unknown_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        RecordedDecision.read("01G", {**FIRST, **change})
    with pytest.raises(KeyError):
        RecordedDecision.read("01G", {name: value for name, value in FIRST.items() if name != "gate"})


@pytest.mark.parametrize("reason", list(Reason))
def test_decision_opens_for_its_reason_alone(reason: Reason) -> None:
    decision = replace(OPENED, reason=reason)
    assert decision.opens is (reason in OPENING)
    assert decision.payload()["decision"] == ("open" if reason in OPENING else "deny")


def test_checkpoint_reads_back_and_signs_its_four_other_members() -> None:
    assert Checkpoint.read(MARK.json()) == MARK
    unsigned = {name: value for name, value in MARK.json().items() if name != "signature"}
    assert canonical(unsigned) == MARK.signed_part


@pytest.mark.parametrize(
    "change", [{"sequence": "7"}, {"sequence": True}, {"hash": None}, {"at": "soon"}, {"signature": 1}]
)
def test_invalid_checkpoint_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Checkpoint.read({**MARK.json(), **change})
    for name in MARK.json():
        with pytest.raises(ValueError):
            Checkpoint.read({other: value for other, value in MARK.json().items() if other != name})
