"""Events are chained and sealed as they are written, by any number of threads and processes, on both databases."""

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.db.store import SqlStore
from app.core.errors import CryptoFault
from app.core.events.chain import GENESIS, link_of
from app.core.events.checkpoint import Checkpoint
from app.core.events.decision import RecordedDecision
from app.core.events.records import EventFilter, EventRow
from app.core.gates.gate import Gate
from app.core.types import Employee, Reason, Verdict
from app.services.events.access_log import AccessLog
from app.services.events.audit import Audit
from tests.fakes import decided

AT = datetime(2026, 11, 23, 8, 0, 0, 123000, tzinfo=UTC)
LOBBY = Gate("01G", "lobby-1")
ADA = Employee("01A", "E-1001", "Ada Lovelace")

Append = Callable[..., EventRow]


def described(event_id: str, employee: Employee | None = ADA, at: datetime = AT) -> RecordedDecision:
    reason = Reason.NOT_RECOGNISED if employee is None else Reason.RECOGNISED
    return decided(LOBBY, event_id, reason, at, employee, similarity=0.71)


@pytest.fixture
def log(vault: Vault, signer: Ed25519Signer) -> AccessLog:
    return AccessLog(vault, signer)


@pytest.fixture
def append(store: SqlStore, vault: Vault, log: AccessLog) -> Append:
    with store.write() as tx:
        tx.gates.add(LOBBY)
        tx.employees.add(ADA)
        tx.data_keys.add(ADA.id, vault.new_key())

    def append(
        event_id: str, *, employee: Employee | None = ADA, at: datetime = AT, snapshot: bytes | None = None
    ) -> Any:
        with store.write() as tx:
            log.append(tx, described(event_id, employee, at), snapshot)
            return tx.events.get(event_id)

    return append


def test_event_round_trip(store: SqlStore, log: AccessLog, append: Append) -> None:
    row = append("e1", snapshot=b"a picture")
    with store.read() as tx:
        stored = tx.events.get("e1")
        assert stored == row
        assert log.decision_of(tx, row) == replace(described("e1"), checkpoint=link_of(row))
        assert log.snapshot_of(tx, row) == b"a picture"
        assert tx.events.get("nothing") is None


def test_rows_hold_no_personal_data_in_the_clear(append: Append) -> None:
    row = append("e1", snapshot=b"a picture")
    assert b"Ada" not in (row.sealed_payload or b"") and b"a picture" not in (row.sealed_snapshot or b"")


def test_events_are_chained(append: Append, signer: Ed25519Signer) -> None:
    first = append("e1")
    second = append("e2")
    assert (first.sequence, second.sequence) == (1, 2)
    assert GENESIS != first.hash != second.hash
    assert signer.verify(Checkpoint(LOBBY.id, 1, first.hash, AT).signed_part, first.signature)


def test_equal_payloads_have_different_commitments(append: Append) -> None:
    assert append("e1").commitment != append("e2").commitment


def test_strangers_of_one_day_share_a_key(append: Append) -> None:
    rows = [append(f"e{n}", employee=None, at=AT + timedelta(hours=12 * n)) for n in range(3)]
    assert [row.subject_id for row in rows] == ["day:2026-11-23", "day:2026-11-23", "day:2026-11-24"]
    assert {row.employee_id for row in rows} == {None}


def test_times_are_truncated_to_milliseconds_before_hashing(store: SqlStore, append: Append) -> None:
    row = append("e1", at=AT + timedelta(microseconds=999))
    assert row.at == AT
    with store.read() as tx:
        assert tx.events.get("e1") == row


def test_erased_person_is_not_recorded_again(store: SqlStore, append: Append) -> None:
    with store.write() as tx:
        tx.data_keys.destroy(ADA.id)
    with pytest.raises(CryptoFault):
        append("e1")
    with store.read() as tx:
        assert tx.events.heads()[0].sequence == 0


def test_rolled_back_event_leaves_no_gap(store: SqlStore, log: AccessLog, append: Append) -> None:
    with pytest.raises(RuntimeError), store.write() as tx:
        log.append(tx, described("lost", None))
        raise RuntimeError
    assert append("e1").sequence == 1


def test_picture_of_another_event_does_not_open(store: SqlStore, log: AccessLog, append: Append) -> None:
    one = append("e1", snapshot=b"one")
    two = append("e2", snapshot=b"two")
    with store.read() as tx, pytest.raises(CryptoFault):
        log.snapshot_of(tx, EventRow(**{**vars(one), "sealed_snapshot": two.sealed_snapshot}))


def test_erasure_unlinks_events_and_destroys_the_key(store: SqlStore, log: AccessLog, append: Append) -> None:
    row = append("e1", snapshot=b"a picture")
    append("e2", employee=None)
    with store.write() as tx:
        assert tx.events.unlink(ADA.id) == 1
        assert tx.data_keys.destroy(ADA.id)
        tx.employees.delete(ADA.id)
    with store.read() as tx:
        kept = tx.events.get("e1")
        assert kept is not None
        assert (kept.employee_id, kept.subject_id, kept.sealed_payload, kept.sealed_snapshot) == (None,) * 4
        assert (kept.sequence, kept.hash, kept.reason) == (row.sequence, row.hash, row.reason)
        assert log.decision_of(tx, kept) is None and log.snapshot_of(tx, kept) is None
        assert log.decision_of(tx, row) is None, "a copy from a backup has lost its key"
        other = tx.events.get("e2")
        assert other is not None and log.decision_of(tx, other) == replace(
            described("e2", None), checkpoint=link_of(other)
        )


def test_person_erased_while_an_event_is_sealed_is_unlinked(store: SqlStore, log: AccessLog, append: Append) -> None:
    unlinked: list[int] = []

    def erase() -> None:
        with store.write(timedelta(seconds=30)) as tx:
            unlinked.append(tx.events.unlink(ADA.id))
            tx.data_keys.destroy(ADA.id)

    eraser = threading.Thread(target=erase)
    with store.write(timedelta(seconds=30)) as tx:
        log.append(tx, described("e1"))
        eraser.start()
        eraser.join(0.3)
        assert unlinked == [], "it waits for the key"
    eraser.join()
    assert unlinked == [1]
    with store.read() as tx:
        assert tx.events.find(EventFilter(employee_id=ADA.id)) == []


def test_lists(store: SqlStore, append: Append) -> None:
    for n in range(6):
        append(f"e{n}", employee=None if n % 2 else ADA, at=AT + timedelta(minutes=n), snapshot=b"picture")

    def ids(**which: Any) -> list[str]:
        with store.read() as tx:
            return [row.id for row in tx.events.find(EventFilter(**which))]

    assert ids() == ["e5", "e4", "e3", "e2", "e1", "e0"]
    assert ids(limit=2) == ["e5", "e4"]
    assert ids(limit=2, before="e4") == ["e3", "e2"]
    assert ids(gate="lobby-1", employee_id=ADA.id) == ["e4", "e2", "e0"]
    assert ids(gate="nowhere") == []
    assert ids(verdict=Verdict.DENY) == ids(reason=Reason.NOT_RECOGNISED) == ["e5", "e3", "e1"]
    assert ids(since=AT + timedelta(minutes=2), until=AT + timedelta(minutes=4)) == ["e3", "e2"]


def test_threads_append_without_gap_or_duplicate(
    store: SqlStore, log: AccessLog, signer: Ed25519Signer, append: Append
) -> None:
    def work(who: int) -> None:
        for n in range(10):
            with store.write(timedelta(seconds=30)) as tx:
                log.append(tx, described(f"{who}-{n}", ADA if n % 2 else None), b"picture")

    threads = [threading.Thread(target=work, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = Audit(store, log, signer, lambda: AT).verify()
    assert report.valid and report.gates["lobby-1"].events == 60


APPENDER = """
import sys
from datetime import UTC, datetime, timedelta
from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from tests.stores import open_store
from app.core.events.decision import Method, RecordedDecision
from app.core.types import Reason
from app.services.events.access_log import AccessLog
url, who, key = sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3])
store, log = open_store(url), AccessLog(Vault(key), Ed25519Signer(key))
sys.stdin.readline()
for n in range(40):
    with store.write(timedelta(seconds=30)) as tx:
        gate = tx.gates.by_name_or_id("lobby-1")
        now, reason = datetime.now(UTC), Reason.NO_FACE
        log.append(tx, RecordedDecision(f"{who}-{n}", gate.id, gate.name, now, reason, Method.FACE))
store.close()
"""


def test_processes_append_without_gap_or_duplicate(
    database_url: str, store: SqlStore, log: AccessLog, signer: Ed25519Signer, append: Append, master_key: bytes
) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER, database_url, who, master_key.hex()], stdin=subprocess.PIPE, text=True
        )
        for who in ("a", "b")
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.close()
    assert [process.wait() for process in processes] == [0, 0]
    report = Audit(store, log, signer, lambda: AT).verify()
    assert report.valid and report.gates["lobby-1"].events == 80
