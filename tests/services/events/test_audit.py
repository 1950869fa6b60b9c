"""Whoever can write to the database and changes its log is found, and the first bad record is named."""

from datetime import timedelta
from typing import Any

import pytest

from app.adapters.db.store import SqlStore
from app.core.events.chain import GENESIS, link
from app.core.events.records import EventRow
from app.core.types import Reason
from app.services.events.access_log import AccessLog
from app.services.events.audit import Audit
from app.services.people.erasure import Erasure
from tests.fakes import decided
from tests.services.events.written import ADA, AT, DOCK, EVA, LENGTH, LOBBY, Tamper, first_bad, marks_of, write

pytestmark = pytest.mark.one_database


def test_untouched_log_is_valid(audit: Audit, rows: list[EventRow]) -> None:
    report = audit.verify(marks_of(audit))
    assert report.valid and report.flaw is None
    assert {name: chain.events for name, chain in report.gates.items()} == {"lobby-1": LENGTH, "dock": 2}
    assert report.gates["lobby-1"].head == rows[-1].hash


def test_empty_log_is_valid(audit: Audit, store: SqlStore) -> None:
    assert audit.verify().valid and audit.checkpoint() == []
    with store.write() as tx:
        tx.gates.add(LOBBY)
    assert audit.verify(marks_of(audit)).valid


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", 0),
        ("verdict", "deny"),
        ("verdict", "bogus"),
        ("reason", "no_face"),
        ("reason", "bogus"),
        ("commitment", "00" * 32),
        ("hash", "00" * 32),
        ("employee_id", EVA.id),
        ("employee_id", None),
        ("at", 2**62),
    ],
)
@pytest.mark.parametrize("position", [1, 3, 6])
def test_an_altered_field(
    audit: Audit, rows: list[EventRow], tamper: Tamper, column: str, value: Any, position: int
) -> None:
    if getattr(rows[position - 1], column) == value:
        value = ADA.id if column == "employee_id" else "open"
    tamper(f"UPDATE events SET {column} = :value WHERE id = :id", value=value, id=f"e{position}")
    gate, sequence, event_id = first_bad(audit)
    assert (gate, sequence) == ("lobby-1", position)
    assert event_id in (f"e{position}", None)


def test_an_altered_id(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper("UPDATE events SET id = 'other' WHERE id = 'e3'")
    assert first_bad(audit) == ("lobby-1", 3, "other")


def test_an_altered_payload(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    sealed = rows[1].sealed_payload or b""
    tamper("UPDATE events SET sealed_payload = :sealed WHERE id = 'e2'", sealed=sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert first_bad(audit) == ("lobby-1", 2, "e2")


def test_swapped_payloads_of_one_person(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    assert rows[0].subject_id == rows[3].subject_id
    for row, other in ((rows[0], rows[3]), (rows[3], rows[0])):
        tamper("UPDATE events SET sealed_payload = :sealed WHERE id = :id", sealed=other.sealed_payload, id=row.id)
    assert first_bad(audit) == ("lobby-1", 1, "e1")


def test_payload_removed_to_insert_another_name(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper("UPDATE events SET sealed_payload = NULL, employee_id = '01B' WHERE id = 'e4'")
    assert first_bad(audit) == ("lobby-1", 4, "e4")


def test_a_dropped_record(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper("DELETE FROM events WHERE id = 'e3'")
    assert first_bad(audit) == ("lobby-1", 3, None)


def test_dropped_record_with_renumbered_successors(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper("DELETE FROM events WHERE id = 'e3'", *_renumber({"e4": 3, "e5": 4, "e6": 5}))
    assert first_bad(audit) == ("lobby-1", 3, "e4")


def test_reordered_records(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper(*_renumber({"e2": 3, "e3": 2}))
    assert first_bad(audit) == ("lobby-1", 2, "e3")


def test_a_renumbered_record(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper("UPDATE events SET sequence = 77 WHERE id = 'e6'")
    assert first_bad(audit) == ("lobby-1", 6, None)


def test_record_moved_to_another_gate(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper("UPDATE events SET gate_id = '02G', sequence = 3 WHERE id = 'e6'")
    assert first_bad(audit)[:2] == ("dock", 3)


FORGED = (
    "INSERT INTO events (id, gate_id, sequence, at, verdict, reason, commitment, hash, signature)"
    " VALUES ('forged', '01G', {sequence}, :at, 'open', 'recognised', :commitment, :hash, '')"
)


def test_inserted_forged_record(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    forged = link(rows[1].hash, LOBBY.id, "forged", 3, AT, "open", "recognised", "ab" * 32)
    tamper(
        *_renumber({"e6": 7, "e5": 6, "e4": 5, "e3": 4}),
        FORGED.format(sequence=3),
        "UPDATE gates SET head_sequence = 7 WHERE id = '01G'",
        at=int(AT.timestamp() * 1000),
        commitment="ab" * 32,
        hash=forged,
    )
    assert first_bad(audit) == ("lobby-1", 3, "forged")


def test_appended_forged_record_with_a_matching_head(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    forged = link(rows[-1].hash, LOBBY.id, "forged", 7, AT, "open", "recognised", "ab" * 32)
    tamper(
        FORGED.format(sequence=7),
        "UPDATE gates SET head_sequence = 7, head_hash = :hash WHERE id = '01G'",
        at=int(AT.timestamp() * 1000),
        commitment="ab" * 32,
        hash=forged,
    )
    # Every hash is right: only the signature, which the database alone cannot make, gives it away.
    assert first_bad(audit) == ("lobby-1", 7, "forged")


def test_truncated_log_is_found_by_its_head(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper("DELETE FROM events WHERE gate_id = '01G' AND sequence > 4")
    assert first_bad(audit) == ("lobby-1", 5, None)


def test_truncated_log_with_a_repaired_head_is_found_by_a_checkpoint(
    audit: Audit, rows: list[EventRow], tamper: Tamper
) -> None:
    kept_elsewhere = marks_of(audit)
    tamper(
        "DELETE FROM events WHERE gate_id = '01G' AND sequence > 4",
        "UPDATE gates SET head_sequence = 4, head_hash = :hash WHERE id = '01G'",
        hash=rows[3].hash,
    )
    assert audit.verify().valid, "a chain alone does not see its tail cut off"
    assert first_bad(audit, kept_elsewhere) == ("lobby-1", 5, None)


def test_rewritten_log_is_found_by_a_checkpoint(
    audit: Audit, store: SqlStore, log: AccessLog, rows: list[EventRow], tamper: Tamper
) -> None:
    kept_elsewhere = marks_of(audit)
    tamper(
        "DELETE FROM events WHERE gate_id = '01G'",
        "UPDATE gates SET head_sequence = 0, head_hash = :hash WHERE id = '01G'",
        hash=GENESIS,
    )
    for n in range(1, LENGTH + 2):
        write(store, log, LOBBY, f"r{n}", None)
    assert audit.verify().valid
    assert first_bad(audit, kept_elsewhere) == ("lobby-1", LENGTH, f"r{LENGTH}")


def test_deleted_gate_is_found(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    kept_elsewhere = marks_of(audit)
    tamper("DELETE FROM events WHERE gate_id = '01G'", "DELETE FROM gates WHERE id = '01G'")
    assert first_bad(audit, kept_elsewhere) == ("01G", 1, None)


def test_foreign_checkpoint_is_found(audit: Audit, rows: list[EventRow]) -> None:
    marks = marks_of(audit)
    forged = {**marks[0], "sequence": 1}
    for wrong in (forged, {"gate_id": "01G"}, {}, {**marks[0], "signature": None}):
        report = audit.verify([marks[1], wrong])
        assert report.flaw is not None and "signed" in report.flaw.problem


def test_a_moved_head(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper("UPDATE gates SET head_hash = 'x' WHERE id = '01G'")
    assert first_bad(audit) == ("lobby-1", LENGTH, None)


def test_first_of_several_flaws_is_named(audit: Audit, rows: list[EventRow], tamper: Tamper) -> None:
    tamper("UPDATE events SET reason = 'no_face' WHERE id IN ('e5', 'e2', 'e6')")
    assert first_bad(audit) == ("lobby-1", 2, "e2")


def test_log_verifies_after_an_erasure(audit: Audit, erasure: Erasure, rows: list[EventRow]) -> None:
    assert [erasure.erase(employee.id).events_unlinked for employee in (ADA, EVA)] == [4, 2]
    assert audit.verify(marks_of(audit)).valid


def test_long_log_is_streamed(audit: Audit, store: SqlStore, log: AccessLog, rows: list[EventRow]) -> None:
    with store.write(timedelta(seconds=60)) as tx:
        for n in range(500):  # several of the pages in which the store reads
            log.append(tx, decided(DOCK, f"x{n:05}", Reason.NO_FACE, AT))
    report = audit.verify()
    assert report.valid and report.gates["dock"].events == 502


def _renumber(moves: dict[str, int]) -> list[str]:
    away = [f"UPDATE events SET sequence = {-number} WHERE id = '{name}'" for name, number in moves.items()]
    return [*away, "UPDATE events SET sequence = -sequence WHERE sequence < 0"]


def test_event_of_an_unknown_gate_is_found(audit: Audit, rows: list[EventRow], store: SqlStore, database: str) -> None:
    without_rules = "PRAGMA foreign_keys = OFF" if database == "sqlite" else "SET session_replication_role = replica"
    with store._engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute(without_rules)
        raw.execute("UPDATE events SET gate_id = '09G' WHERE id = 'd2'")
        raw.execute("UPDATE gates SET head_sequence = 1, head_hash = (SELECT hash FROM events WHERE id = 'd1')")
        raw.commit()
        connection.invalidate()
    report = audit.verify()
    assert report.flaw is not None and (report.flaw.gate, report.flaw.event_id) == ("09G", "d2")
