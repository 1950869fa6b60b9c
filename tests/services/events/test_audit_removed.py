"""Whoever can write to the database cannot pass what they removed off as an erasure: erasures have signed receipts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.db.store import SqlStore
from app.core.events.records import EventRow
from app.services.events.audit import Audit
from app.services.people.erasure import Erasure, message
from tests.services.events.written import AT, EVA, Tamper, first_bad

pytestmark = pytest.mark.one_database

HIDDEN = "UPDATE events SET employee_id=NULL, subject_id=NULL, sealed_payload=NULL, sealed_snapshot=NULL WHERE id='{}'"


@pytest.mark.parametrize("position", [1, 3, 6])
def test_hidden_person_is_found(audit: Audit, rows: list[EventRow], tamper: Tamper, position: int) -> None:
    tamper(HIDDEN.format(f"e{position}"))
    assert first_bad(audit) == ("lobby-1", position, f"e{position}")


def test_hidden_person_is_found_beside_an_erasure(
    audit: Audit, erasure: Erasure, rows: list[EventRow], tamper: Tamper
) -> None:
    erasure.erase(EVA.id)
    assert audit.verify().valid
    tamper(HIDDEN.format("e5"))
    report = audit.verify()
    assert report.flaw is not None and "3 payloads are missing" in report.flaw.problem
    # e1 and e4 are Éva's: nothing is left that tells them from the one that was hidden.
    assert (report.flaw.gate, report.flaw.sequence) == ("lobby-1", 1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE erasures SET events_unlinked = 9",
        "UPDATE erasures SET employee_id = 'x'",
        "UPDATE erasures SET signature = 'x'",
        f"UPDATE erasures SET erased_at = {2**62}",
        "DELETE FROM erasures",
        "INSERT INTO erasures (id, employee_id, erased_at, photos, templates, events_unlinked, signature) "
        "SELECT 'again', employee_id, erased_at, photos, templates, events_unlinked, signature"
        " FROM erasures",
    ],
)
def test_forged_receipt_is_found(
    audit: Audit, erasure: Erasure, rows: list[EventRow], tamper: Tamper, statement: str
) -> None:
    erasure.erase(EVA.id)
    tamper(statement, HIDDEN.format("e5"))
    assert first_bad(audit)[0] == "lobby-1"


def test_receipt_from_before_a_restore_counts_once(
    audit: Audit, store: SqlStore, erasure: Erasure, signer: Ed25519Signer, rows: list[EventRow], tamper: Tamper
) -> None:
    now = erasure.erase(EVA.id)
    old = replace(now, id="old", erased_at=AT - timedelta(days=1), events_unlinked=3, signature="")
    with store.write() as tx:
        tx.erasures.add(replace(old, signature=signer.sign(message(old))))
    assert audit.verify().valid
    tamper(HIDDEN.format("e5"))
    assert not audit.verify().valid


def test_destroyed_day_key_is_found(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper(f"DELETE FROM subject_keys WHERE subject_id = 'day:{AT:%Y-%m-%d}'")
    assert first_bad(audit) == ("lobby-1", 2, "e2")


def test_damaged_day_key_is_found(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper(f"UPDATE subject_keys SET wrapped = 'garbage' WHERE subject_id = 'day:{AT:%Y-%m-%d}'")
    assert first_bad(audit) == ("lobby-1", 2, "e2")


def test_destroyed_employee_key_is_found(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper("DELETE FROM subject_keys WHERE subject_id = '01B'")
    assert first_bad(audit) == ("lobby-1", 1, "e1")


@pytest.mark.parametrize("snapshot", [None, b"garbage", b""])
def test_removed_or_damaged_picture_is_found(
    audit: Audit, rows: list[EventRow], tamper: Tamper, snapshot: bytes | None
) -> None:
    tamper("UPDATE events SET sealed_snapshot = :snapshot WHERE id = 'e4'", snapshot=snapshot)
    assert first_bad(audit) == ("lobby-1", 4, "e4")


def test_swapped_pictures_of_one_person_are_found(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    for row, other in ((rows[0], rows[3]), (rows[3], rows[0])):
        tamper("UPDATE events SET sealed_snapshot = :sealed WHERE id = :id", sealed=other.sealed_snapshot, id=row.id)
    assert first_bad(audit) == ("lobby-1", 1, "e1")


def test_removed_payload_with_its_key_still_named_is_found(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper("UPDATE events SET employee_id = NULL, sealed_payload = NULL, sealed_snapshot = NULL WHERE id = 'e5'")
    assert first_bad(audit) == ("lobby-1", 5, "e5")
