"""How events are chained, and how a chain is checked: so that a record altered, lost or slipped in afterwards shows.

Each event's hash covers the one before it and every clear field but the person; the person and the details stand in a
sealed payload that the hash covers only by its commitment, so they can be purged while the chain still verifies.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.core.errors import CryptoFault
from app.core.events.records import ChainHead, EventRow

GENESIS = "0" * 64  # what the first event of a gate follows
RECORD = "record"  # the payload's copy of the clear fields
SNAPSHOT = "snapshot_sha256"  # in the record, where a picture was kept with the event
NONCE = "nonce"


def canonical(value: object) -> bytes:
    """The one way to write a JSON value as bytes; what is signed and hashed here is always this.

    UTF-8, no byte order mark. No white space. Object members sorted by the code points of their names. Strings
    unescaped except for `"`, `\\` and the control characters below U+0020 (`\\b \\t \\n \\f \\r`, else `\\u00xx` in
    lower case). Integers in decimal. Other numbers as the shortest text that reads back as the same IEEE 754 double,
    with at least `.0`, and an exponent of two digits or more below 1e-4 and from 1e16 on: `0.71`, `1.0`, `1e-07`. A
    verifier that keeps the numbers' text as it received it from us needs no number formatting of its own.

    Raises ValueError for NaN, infinities and lone surrogates, TypeError for what JSON has no form for.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def instant(at: datetime) -> str:
    """UTC with milliseconds and Z: 2026-11-23T08:00:00.123Z. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone is not a time: use UTC")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def commitment(payload: bytes) -> str:
    """Hex SHA-256 of a canonical payload. The payload's random nonce keeps it from being guessed once it is purged."""
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
    """Hex SHA-256 that ties an event to the one before it at its gate (GENESIS before the first)."""
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
    """The clear fields as a payload repeats them under `record`; the person is bound to the event only here."""
    return {
        "gate_id": gate_id,
        "event_id": event_id,
        "sequence": sequence,
        "at": instant(at),
        "verdict": str(verdict),
        "reason": str(reason),
        "employee_id": employee_id,
    }


def checkpoint_message(checkpoint: Mapping[str, object]) -> bytes:
    """What a checkpoint's signature signs: the canonical JSON of its other four fields."""
    return canonical({name: checkpoint[name] for name in ("gate_id", "sequence", "hash", "at")})


def link_of(event: EventRow) -> dict[str, object]:
    """What an event's own signature signs: as a checkpoint, where the chain stood with it."""
    return {"gate_id": event.gate_id, "sequence": event.sequence, "hash": event.hash, "at": instant(event.at)}


@dataclass(frozen=True)
class Flaw:
    """The first bad record of a chain. event_id is None where it is missing or unreadable, or the head is bad."""

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
    checkpoints: Iterable[Mapping[str, Any]] = (),
) -> Flaw | None:
    """The first bad record of a gate's chain, or None if all of it holds.

    events: as stored, by sequence, with snapshots. head: the gate's row. open_payload: the payload whole (with nonce
    and record), None where there is none or its key is gone; open_snapshot: likewise the picture; both may raise
    CryptoFault. signed: whether the event's signature is ours. checkpoints: those of this gate, their signatures
    already checked.

    That an event has no payload is no flaw here: whoever was erased has none. Whether an erasure explains it is for
    the caller to check.
    """
    marks: dict[int, set[str]] = {}
    for mark in checkpoints:
        marks.setdefault(int(mark["sequence"]), set()).add(str(mark["hash"]))
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
        problem = _broken_link(event, last) or _wrong_payload(event, open_payload, open_snapshot)
        if problem is None and not signed(event):
            # Hashes anybody can compute; whoever has only the database cannot sign.
            problem = "the record is not signed by this installation: forged"
        if problem is None and marks.get(sequence, {event.hash}) != {event.hash}:
            problem = "the record is not the one that a signed checkpoint saw here"
        if problem is not None:
            return Flaw(gate_id, sequence, event.id, problem)
        last = ChainHead(gate_id, sequence, event.hash)


def _out_of_place(gate_id: str, event: EventRow, sequence: int) -> str | None:
    if event.gate_id != gate_id:
        return f"the record belongs to gate {event.gate_id}"
    if event.sequence > sequence:
        return f"the record is missing; the next one stored is {event.sequence}"
    if event.sequence < sequence:
        return f"the record says it is {event.sequence}: duplicated or out of order"
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
    except (TypeError, ValueError):  # SQLite stores any kind of value in any column
        return "a field is not of its kind"
    return None if expected == event.hash else "a field was altered, or the record does not follow the one before it"


def _wrong_payload(
    event: EventRow,
    open_payload: Callable[[EventRow], dict[str, Any] | None],
    open_snapshot: Callable[[EventRow], bytes | None],
) -> str | None:
    try:
        payload = open_payload(event)
    except (CryptoFault, TypeError, ValueError):  # SQLite stores text where bytes belong
        return "the payload does not open: altered, or moved from another record"
    if payload is None:
        return _not_erased(event)
    if commitment(canonical(payload)) != event.commitment:
        return "the payload is not the one the record commits to"
    if event.camera is not None and event.camera != payload.get("camera"):  # NULL before 0007
        return "the camera is not the one the payload names"
    record = payload.get(RECORD)
    expected = record_of(
        event.gate_id, event.id, event.sequence, event.at, event.verdict, event.reason, event.employee_id
    )
    if not isinstance(record, dict):
        return "the payload has no record of the clear fields"
    wrong = [name for name, value in expected.items() if record.get(name) != value]
    if wrong:
        return f"the payload says otherwise about: {', '.join(wrong)}"
    return _wrong_snapshot(event, record.get(SNAPSHOT), open_snapshot)


def _not_erased(event: EventRow) -> str | None:
    """What is wrong with an event without a payload: an erasure leaves nothing but the clear fields."""
    if event.sealed_payload is not None:
        return "the payload cannot be opened any more: its key was destroyed"
    if event.employee_id is not None:
        return "a person is named without a payload that says so"
    if event.subject_id is not None or event.sealed_snapshot is not None:
        return "the payload was removed, and not by an erasure"
    return None


def _wrong_snapshot(event: EventRow, recorded: object, open_snapshot: Callable[[EventRow], bytes | None]) -> str | None:
    if recorded is None:
        return None if event.sealed_snapshot is None else "there is a picture that the payload knows nothing of"
    try:
        snapshot = open_snapshot(event)
    except (CryptoFault, TypeError, ValueError):  # SQLite stores text where bytes belong
        return "the picture does not open: altered, or moved from another record"
    if snapshot is None:
        return "the picture that was kept with it is gone"
    return None if hashlib.sha256(snapshot).hexdigest() == recorded else "the picture is not the one recorded"


def _tail(last: ChainHead, head: ChainHead, marks: Mapping[int, set[str]]) -> Flaw | None:
    if head.sequence > last.sequence:
        return Flaw(last.gate_id, last.sequence + 1, None, f"cut off: the gate's head stands at {head.sequence}")
    beyond = max(marks, default=0)
    if beyond > last.sequence:
        return Flaw(last.gate_id, last.sequence + 1, None, f"cut off: a signed checkpoint saw record {beyond}")
    if head != last:
        return Flaw(
            last.gate_id, last.sequence, None, f"the gate's head stands at {head.sequence}, not at its last record"
        )
    return None
