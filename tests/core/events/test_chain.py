"""The chain is a format that gates and auditors verify with their own code, so its bytes are pinned here."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.canonical import canonical, instant
from app.core.errors import CryptoFault
from app.core.events.chain import GENESIS, Flaw, commitment, link, link_of, record_of, walk
from app.core.events.records import ChainHead, EventRow
from app.core.types import Reason, Verdict

AT = datetime(2026, 11, 23, 8, 0, 0, 123000, tzinfo=UTC)


def chain(length: int) -> tuple[list[EventRow], dict[str, dict[str, Any]]]:
    rows: list[EventRow] = []
    payloads: dict[str, dict[str, Any]] = {}
    previous = GENESIS
    for sequence in range(1, length + 1):
        identifier = f"event-{sequence}"
        fields = ("gate", identifier, sequence, AT, Verdict.OPEN, Reason.RECOGNISED)
        payload = {"nonce": "00", "record": record_of(*fields, "01A")}
        digest = commitment(canonical(payload))
        previous = link(previous, *fields, digest)
        rows.append(
            EventRow(identifier, "gate", sequence, AT, Verdict.OPEN, Reason.RECOGNISED, digest, previous, "01A", "01A")
        )
        payloads[identifier] = payload
    return rows, payloads


def check(rows: list[EventRow], payloads: dict[str, dict[str, Any]], **marks: Any) -> Flaw | None:
    last = rows[-1] if rows else None
    head = ChainHead("gate", last.sequence if last else 0, last.hash if last else GENESIS)
    head = marks.pop("head", head)
    return walk(
        "gate", rows, head, lambda row: payloads.get(row.id), lambda row: row.sealed_snapshot, lambda _: True, **marks
    )


def test_canonical_is_pinned() -> None:
    value = {"b": [1, 1.0, 0.71, 1e-07, 1e16, -0.0, True, None], "a": 'Éva "\\/\n\x01\x7f', "Z": {}, "é": "𝄞"}
    expected = '{"Z":{},"a":"Éva \\"\\\\/\\n\\u0001\x7f","b":[1,1.0,0.71,1e-07,1e+16,-0.0,true,null],"é":"𝄞"}'
    assert canonical(value) == expected.encode()


@pytest.mark.parametrize("value", [math.nan, math.inf, "\ud800"])
def test_canonical_refuses_values_without_a_json_form(value: object) -> None:
    with pytest.raises(ValueError):
        canonical({"value": value})


def test_canonical_refuses_objects() -> None:
    with pytest.raises(TypeError):
        canonical({"at": AT})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_canonical_bytes_read_back_and_stay_the_same(value: object) -> None:
    assert canonical(json.loads(canonical(value))) == canonical(value)


def test_instant() -> None:
    assert instant(AT) == "2026-11-23T08:00:00.123Z"
    assert instant(AT.astimezone(timezone(timedelta(hours=5)))) == "2026-11-23T08:00:00.123Z"
    with pytest.raises(ValueError):
        instant(datetime(2026, 1, 1))  # noqa: DTZ001


def test_link_is_pinned() -> None:
    assert (
        link(GENESIS, "gate", "event-1", 1, AT, Verdict.OPEN, Reason.RECOGNISED, "ab" * 32)
        == "b6f0b8bcfadcba73dd1c0958710e992326a5fb0ef053770adaebc8ee93f36322"
    )


def test_intact_chain_verifies_with_or_without_payloads() -> None:
    rows, payloads = chain(5)
    assert check(rows, payloads) is None
    assert check([], {}) is None
    assert check([replace(row, employee_id=None, subject_id=None) for row in rows], {}) is None


@pytest.mark.parametrize(
    "left", [{"subject_id": "01A"}, {"sealed_snapshot": b"picture"}, {"sealed_payload": b"sealed"}]
)
def test_unexplained_leftovers_are_found(left: dict[str, Any]) -> None:
    rows, payloads = chain(3)
    rows[1] = replace(rows[1], **{"employee_id": None, "subject_id": None, **left})
    del payloads["event-2"]
    flaw = check(rows, payloads)
    assert flaw is not None and (flaw.sequence, flaw.event_id) == (2, "event-2")


def test_picture_missing_from_the_record_is_found() -> None:
    rows, payloads = chain(3)
    rows[1] = replace(rows[1], sealed_snapshot=b"picture")
    flaw = check(rows, payloads)
    assert flaw is not None and flaw.sequence == 2


@pytest.mark.parametrize("position", range(5))
@pytest.mark.parametrize(
    "change",
    [
        {"id": "another"},
        {"gate_id": "another"},
        {"at": AT + timedelta(milliseconds=1)},
        {"verdict": Verdict.DENY},
        {"reason": Reason.NO_FACE},
        {"commitment": "00" * 32},
        {"hash": "00" * 32},
        {"employee_id": "01B"},
        {"employee_id": None},
        {"commitment": b"bytes"},
    ],
)
def test_altered_field_is_found_at_its_record(position: int, change: dict[str, Any]) -> None:
    rows, payloads = chain(5)
    head = ChainHead("gate", 5, rows[4].hash)
    rows[position] = replace(rows[position], **change)
    flaw = check(rows, payloads, head=head)
    assert flaw is not None
    assert (flaw.sequence, flaw.event_id) == (position + 1, rows[position].id)


def test_name_without_a_payload_is_found() -> None:
    rows, payloads = chain(3)
    del payloads["event-2"]
    flaw = check(rows, payloads)
    assert flaw is not None and flaw.sequence == 2


def test_payload_that_does_not_open_is_found() -> None:
    rows, _ = chain(2)

    def fail(row: EventRow) -> None:
        raise CryptoFault("altered")

    flaw = walk("gate", rows, ChainHead("gate", 2, rows[1].hash), fail, lambda _: None, lambda _: True)
    assert flaw is not None and flaw.sequence == 1


@pytest.mark.parametrize("missing", range(4))
def test_missing_record_is_reported_by_its_sequence(missing: int) -> None:
    rows, payloads = chain(5)
    del rows[missing]
    flaw = check(rows, payloads)
    assert flaw is not None and (flaw.sequence, flaw.event_id) == (missing + 1, None)


def test_reordered_duplicated_and_renumbered_records_are_found() -> None:
    rows, payloads = chain(4)
    swapped = check([rows[0], rows[2], rows[1], rows[3]], payloads)
    assert swapped is not None and swapped.sequence == 2
    twice = check([rows[0], rows[1], rows[1], rows[2], rows[3]], payloads)
    assert twice is not None and (twice.sequence, twice.event_id) == (3, "event-2")
    renumbered = [rows[0], *(replace(row, sequence=row.sequence - 1) for row in rows[2:])]
    closed = check(renumbered, payloads)
    assert closed is not None and (closed.sequence, closed.event_id) == (2, "event-3")


def test_truncated_chain_is_found_by_the_head_or_a_checkpoint() -> None:
    rows, payloads = chain(5)
    mark = link_of(rows[4])
    cut = rows[:3]
    by_head = check(cut, payloads, head=ChainHead("gate", 5, rows[4].hash))
    assert by_head is not None and by_head.sequence == 4
    assert check(cut, payloads) is None
    by_mark = check(cut, payloads, checkpoints=[mark])
    assert by_mark is not None and by_mark.sequence == 4
    emptied = check([], {}, checkpoints=[mark])
    assert emptied is not None and emptied.sequence == 1


def test_head_that_is_not_the_last_record_is_found() -> None:
    rows, payloads = chain(3)
    for head in (ChainHead("gate", 2, rows[1].hash), ChainHead("gate", 3, GENESIS)):
        flaw = check(rows, payloads, head=head)
        assert flaw is not None and flaw.sequence == 3


def test_two_checkpoints_that_disagree_show_a_fork() -> None:
    rows, payloads = chain(3)
    marks = [replace(link_of(rows[1]), hash="00" * 32), link_of(rows[1])]
    assert check(rows, payloads, checkpoints=marks[1:]) is None
    flaw = check(rows, payloads, checkpoints=marks)
    assert flaw is not None and flaw.sequence == 2
