"""What a chain's check says about a record's payload, its picture, its camera and its signature."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.canonical import canonical
from app.core.errors import CryptoFault
from app.core.events.chain import GENESIS, Flaw, commitment, link, record_of, walk
from app.core.events.records import ChainHead, EventRow
from app.core.types import Reason, Verdict

AT = datetime(2026, 11, 23, 8, 0, 0, 123000, tzinfo=UTC)
FIELDS = ("01G", "01E", 1, AT, Verdict.OPEN, Reason.RECOGNISED)
PICTURE = b"a picture"
RECORD = {**record_of(*FIELDS, "01A"), "snapshot_sha256": hashlib.sha256(PICTURE).hexdigest()}
PAYLOAD: dict[str, Any] = {"nonce": "00", "camera": "entrance", "record": RECORD}


def check(
    payload: dict[str, Any] = PAYLOAD,
    picture: bytes | Exception | None = PICTURE,
    *,
    signed: bool = True,
    **change: object,
) -> str | None:
    """The problem of a chain of one event that commits to this payload."""
    digest = commitment(canonical(payload))
    row = EventRow(
        "01E", "01G", 1, AT, Verdict.OPEN, Reason.RECOGNISED, digest, link(GENESIS, *FIELDS, digest),
        employee_id="01A", subject_id="01A", sealed_payload=b"sealed", sealed_snapshot=b"sealed", camera="entrance",
    )  # fmt: skip

    def open_picture(_: EventRow) -> bytes | None:
        if isinstance(picture, Exception):
            raise picture
        return picture

    head = ChainHead("01G", 1, row.hash)
    row = replace(row, **change)  # type: ignore[arg-type]
    flaw = walk("01G", [row], head, lambda _: payload, open_picture, lambda _: signed)
    assert flaw is None or (flaw.sequence, flaw.event_id) == (1, "01E")
    return None if flaw is None else flaw.problem


def test_record_with_its_picture_and_camera_is_good() -> None:
    assert check() is None
    assert check(camera=None) is None  # events from before cameras were a column


@pytest.mark.parametrize(
    ("picture", "problem"),
    [
        (b"another picture", "the picture differs from the recorded one"),
        (None, "the picture stored with the record is gone"),
        (CryptoFault("altered"), "the picture does not open: it was altered, or moved from another record"),
        (TypeError("text"), "the picture does not open: it was altered, or moved from another record"),
    ],
)
def test_picture_that_is_not_the_recorded_one_is_found(picture: bytes | Exception | None, problem: str) -> None:
    assert check(picture=picture) == problem


def test_another_camera_is_found() -> None:
    assert check(camera="exit") == "the camera differs from the one in the payload"


def test_payload_without_the_clear_fields_is_found() -> None:
    assert check({"nonce": "00", "camera": "entrance"}) == "the payload has no copy of the clear fields"


def test_payload_about_another_person_is_found() -> None:
    other = {**PAYLOAD, "record": {**RECORD, "employee_id": "01B"}}
    assert check(other) == "the payload contradicts the record: employee_id"


def test_record_that_only_the_database_made_is_found() -> None:
    assert check(signed=False) == "the record is not signed by this installation: forged"


def test_row_that_cannot_be_read_ends_the_check_there() -> None:
    def rows() -> Iterator[EventRow]:
        raise ValueError("a time that is no time")
        yield

    flaw = walk("01G", rows(), ChainHead("01G", 1, "ab"), lambda _: None, lambda _: None, lambda _: True)
    assert flaw == Flaw("01G", 1, None, "the record cannot be read: a time that is no time")
