"""Chains events and verifies the chain, so that any record altered, removed or inserted later is detected.

Each event's hash covers the previous hash and every clear field except the person. The person and the details are in a
sealed payload; the hash covers only its commitment, so the payload can be purged while the chain still verifies.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.canonical import canonical, instant
from app.core.errors import CryptoFault
from app.core.events.checkpoint import Checkpoint
from app.core.events.records import ChainHead, EventRow

GENESIS = "0" * 64  # the previous hash of a gate's first event
RECORD = "record"  # the payload's copy of the clear fields
SNAPSHOT = "snapshot_sha256"  # in the record, if a picture is stored with the event
NONCE = "nonce"


def commitment(payload: bytes) -> str:
    """Hex SHA-256 of a canonical payload. Its random nonce prevents guessing the payload after it is purged."""
    return hashlib.sha256(payload).hexdigest()


def link(
    previous_hash: str,
    gate_id: str,
    event_id: str,
    sequence: int,
    at: datetime,
    verdict: str,
    reason: str,
    commitment: str,
) -> str:
    """Hex SHA-256 that links an event to the previous one at its gate (GENESIS for the first)."""
    fields = {
        "v": 1,
        "previous": previous_hash,
        "gate_id": gate_id,
        "event_id": event_id,
        "sequence": sequence,
        "at": instant(at),
        "verdict": str(verdict),
        "reason": str(reason),
        "commitment": commitment,
    }
    return hashlib.sha256(canonical(fields)).hexdigest()


def record_of(
    gate_id: str, event_id: str, sequence: int, at: datetime, verdict: str, reason: str, employee_id: str | None
) -> dict[str, object]:
    """The clear fields as the payload repeats them under `record`; only this binds the person to the event."""
    return {
        "gate_id": gate_id,
        "event_id": event_id,
        "sequence": sequence,
        "at": instant(at),
        "verdict": str(verdict),
        "reason": str(reason),
        "employee_id": employee_id,
    }


def link_of(event: EventRow) -> Checkpoint:
    """The checkpoint right after the event, whose signature is the event's own."""
    return Checkpoint(event.gate_id, event.sequence, event.hash, event.at, event.signature)


@dataclass(frozen=True)
class Flaw:
    """The first bad record of a chain. `event_id` is None if the record is missing or unreadable or the head is bad."""

    gate: str
    sequence: int
    event_id: str | None
    problem: str


def walk(
    gate_id: str,
    events: Iterable[EventRow],
    head: ChainHead,
    open_payload: Callable[[EventRow], dict[str, Any] | None],
    open_snapshot: Callable[[EventRow], bytes | None],
    signed: Callable[[EventRow], bool],
    checkpoints: Iterable[Checkpoint] = (),
    expired: Callable[[EventRow], bool] = lambda event: False,
) -> Flaw | None:
    """Verifies a gate's chain. Returns its first bad record, or None if the whole chain is good.

    An event without a payload is not a flaw here, since an erasure removes payloads. The caller checks whether an
    erasure explains it.

    Args:
        events: as stored, by sequence, with snapshots.
        head: the gate's stored head.
        open_payload: returns the whole payload (with nonce and record), or None if there is none or its key is gone;
            may raise CryptoFault.
        open_snapshot: the same for the picture.
        signed: whether the event's signature is ours.
        checkpoints: this gate's checkpoints, with signatures already verified.
        expired: whether the event's picture may have been removed because its time was over; called where it is gone.
    """
    marks: dict[int, set[str]] = {}
    for mark in checkpoints:
        marks.setdefault(mark.sequence, set()).add(mark.hash)
    last = ChainHead(gate_id, 0, GENESIS)
    stream: Iterator[EventRow] = iter(events)
    while True:
        sequence = last.sequence + 1
        try:
            event = next(stream, None)
        except (TypeError, ValueError, OverflowError) as error:
            return Flaw(gate_id, sequence, None, f"the record cannot be read: {error}")
        if event is None:
            return _tail(last, head, marks)
        problem = _out_of_place(gate_id, event, sequence)
        if problem is not None:
            missing = event.gate_id == gate_id and event.sequence > sequence
            return Flaw(gate_id, sequence, None if missing else event.id, problem)
        problem = _broken_link(event, last) or _wrong_payload(event, open_payload, open_snapshot, expired)
        if problem is None and not signed(event):
            # Anybody can compute hashes, but the database alone does not give the signing key.
            problem = "the record is not signed by this installation: forged"
        if problem is None and marks.get(sequence, {event.hash}) != {event.hash}:
            problem = "the record differs from the one in a signed checkpoint"
        if problem is not None:
            return Flaw(gate_id, sequence, event.id, problem)
        last = ChainHead(gate_id, sequence, event.hash)


def _out_of_place(gate_id: str, event: EventRow, sequence: int) -> str | None:
    if event.gate_id != gate_id:
        return f"the record belongs to gate {event.gate_id}"
    if event.sequence > sequence:
        return f"the record is missing; the next stored record is {event.sequence}"
    if event.sequence < sequence:
        return f"the record has sequence {event.sequence}: duplicated or out of order"
    return None


def _broken_link(event: EventRow, last: ChainHead) -> str | None:
    try:
        expected = link(
            last.hash,
            event.gate_id,
            event.id,
            event.sequence,
            event.at,
            event.verdict,
            event.reason,
            event.commitment,
        )
    except (TypeError, ValueError):  # SQLite stores any type in any column
        return "a field has the wrong type"
    return None if expected == event.hash else "a field was altered, or the record does not follow the previous one"


def _wrong_payload(
    event: EventRow,
    open_payload: Callable[[EventRow], dict[str, Any] | None],
    open_snapshot: Callable[[EventRow], bytes | None],
    expired: Callable[[EventRow], bool],
) -> str | None:
    try:
        payload = open_payload(event)
    except (CryptoFault, TypeError, ValueError):  # SQLite accepts text in a column of bytes
        return "the payload does not open: it was altered, or moved from another record"
    if payload is None:
        return _not_erased(event)
    if commitment(canonical(payload)) != event.commitment:
        return "the payload does not match the commitment of the record"
    if event.camera is not None and event.camera != payload.get("camera"):  # NULL before migration 0007
        return "the camera differs from the one in the payload"
    record = payload.get(RECORD)
    expected = record_of(
        event.gate_id, event.id, event.sequence, event.at, event.verdict, event.reason, event.employee_id
    )
    if not isinstance(record, dict):
        return "the payload has no copy of the clear fields"
    wrong = [name for name, value in expected.items() if record.get(name) != value]
    if wrong:
        return f"the payload contradicts the record: {', '.join(wrong)}"
    recorded = record.get(SNAPSHOT)
    if recorded is not None and event.sealed_snapshot is None and expired(event):
        return None
    return _wrong_snapshot(event, recorded, open_snapshot)


def _not_erased(event: EventRow) -> str | None:
    """Returns what is wrong with an event without a payload: an erasure leaves only the clear fields."""
    if event.sealed_payload is not None:
        return "the payload can no longer be opened: its key was destroyed"
    if event.employee_id is not None:
        return "the record names a person but has no payload"
    if event.subject_id is not None or event.sealed_snapshot is not None:
        return "the payload was removed, but not by an erasure"
    return None


def _wrong_snapshot(event: EventRow, recorded: object, open_snapshot: Callable[[EventRow], bytes | None]) -> str | None:
    if recorded is None:
        return None if event.sealed_snapshot is None else "there is a picture that the payload does not mention"
    try:
        snapshot = open_snapshot(event)
    except (CryptoFault, TypeError, ValueError):  # SQLite accepts text in a column of bytes
        return "the picture does not open: it was altered, or moved from another record"
    if snapshot is None:
        return "the picture stored with the record is gone"
    return None if hashlib.sha256(snapshot).hexdigest() == recorded else "the picture differs from the recorded one"


def _tail(last: ChainHead, head: ChainHead, marks: Mapping[int, set[str]]) -> Flaw | None:
    if head.sequence > last.sequence:
        return Flaw(last.gate_id, last.sequence + 1, None, f"cut off: the gate's head is at {head.sequence}")
    beyond = max(marks, default=0)
    if beyond > last.sequence:
        return Flaw(last.gate_id, last.sequence + 1, None, f"cut off: a signed checkpoint covers record {beyond}")
    if head != last:
        return Flaw(last.gate_id, last.sequence, None, f"the gate's head is at {head.sequence}, not at its last record")
    return None
