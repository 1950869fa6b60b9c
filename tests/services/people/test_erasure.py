"""Who is erased is gone from every process, provably, and stays so when an older backup comes back."""

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.adapters.crypto.journal import JsonJournal
from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.db.repositories.alerts.alerts import AlertRows
from app.core.alerts.alert import AlertKind
from app.core.errors import CryptoFault, NotFound, NotRecorded
from app.core.events.records import EventFilter
from app.core.people.details import Details
from app.core.people.records import EmployeeFilter, Receipt
from app.core.ports.store import Transaction
from app.core.types import Employee
from app.services.people.erasure import as_json, message
from tests.fakes import NOW, Clock, person, photo
from tests.services.process import Process

Start = Callable[..., Process]
ADA = photo(person(0))
EVA = photo(person(1))


@pytest.fixture
def ada(site: Process) -> Employee:
    """Enrolled with two photos, and let in once; so is Éva."""
    ada = site.enrol("E-1", ADA, photo(person(0), note="another"))
    site.enrol("E-2", EVA)
    assert site.sees(0) == site.sees(1) == "recognised"
    return ada


def left_of(site: Process, employee: Employee) -> list[Any]:
    with site.store.read() as tx:
        kept = [
            tx.employees.get(employee.id),
            tx.templates.get(employee.id),
            tx.data_keys.get(employee.id),
            *tx.photos.of(employee.id),
            *tx.events.find(EventFilter(employee_id=employee.id)),
        ]
    return [record for record in kept if record is not None]


def test_nothing_of_an_erased_employee_is_left(site: Process, ada: Employee) -> None:
    assert len(left_of(site, ada)) == 6
    site.erasure.erase(ada.id)
    assert left_of(site, ada) == []
    assert site.enrolment.by_number("E-1") is None
    # and others, and the log, are untouched
    assert [e.number for e in site.enrolment.find(EmployeeFilter())] == ["E-2"]
    assert site.sees(1) == "recognised" and site.recorded() == 3


def test_receipt_says_what_was_destroyed_and_is_signed(site: Process, ada: Employee, signer: Ed25519Signer) -> None:
    receipt = site.erasure.erase(ada.id)
    assert (receipt.employee_id, receipt.erased_at) == (ada.id, NOW)
    assert (receipt.photos, receipt.templates, receipt.events_unlinked) == (2, 1, 1)
    assert site.erasure.receipt(ada.id) == receipt
    assert signer.verify(message(receipt), receipt.signature)
    for change in ({"employee_id": "x"}, {"photos": 3}, {"templates": 0}, {"events_unlinked": 0}, {"id": "x"}):
        assert not signer.verify(message(replace(receipt, **change)), receipt.signature)  # type: ignore[arg-type]


def test_journal_holds_the_receipt_and_nothing_personal(site: Process, ada: Employee, tmp_path: Path) -> None:
    receipt = site.erasure.erase(ada.id)
    assert list(site.journal.entries()) == [as_json(receipt)]
    text = (tmp_path / "erasures.jsonl").read_text()
    assert "E-1" not in text and ada.name not in text


def test_unknown_employee_cannot_be_erased(site: Process, ada: Employee) -> None:
    with pytest.raises(NotFound):
        site.erasure.erase("nobody")
    site.erasure.erase(ada.id)
    with pytest.raises(NotFound):
        site.erasure.erase(ada.id)
    assert len(list(site.journal.entries())) == 1
    assert site.erasure.receipt("nobody") is None


def test_employee_without_photos_can_be_erased(site: Process) -> None:
    employee = site.enrolment.add(Details("E-3", "Nobody's face"))
    receipt = site.erasure.erase(employee.id)
    assert (receipt.photos, receipt.templates, receipt.events_unlinked) == (0, 0, 0)


def test_if_the_journal_cannot_be_written_nobody_is_erased(site: Process, ada: Employee) -> None:
    class Full(JsonJournal):
        def append(self, entry: dict[str, object]) -> None:
            raise OSError("the disk is full")

    full = replace(site.erasure, journal=Full(Path("unused")))
    with pytest.raises(OSError):
        full.erase(ada.id)
    assert len(left_of(site, ada)) == 6
    assert site.sees(0) == "recognised"


def test_erasure_cut_off_before_its_commit_is_finished_at_the_next_start(
    site: Process, start: Start, ada: Employee
) -> None:
    class Cut(JsonJournal):
        def append(self, entry: dict[str, object]) -> None:
            site.journal.append(entry)
            raise NotRecorded("power cut")

    with pytest.raises(NotRecorded):
        replace(site.erasure, journal=Cut(Path("unused"))).erase(ada.id)
    assert len(left_of(site, ada)) == 6
    # when the service starts again
    again = start()
    assert again.erasure.replay() == 1
    assert left_of(again, ada) == [] and again.sees(0) == "not_recognised"
    receipt = again.erasure.receipt(ada.id)
    assert receipt is not None and again.signer.verify(message(receipt), receipt.signature)


def test_erased_person_stays_erased_after_a_restore(
    site: Process, start: Start, ada: Employee, database: str, tmp_path: Path
) -> None:
    if database != "sqlite":
        pytest.skip("a file to copy")
    # Given a backup that still holds Ada, taken before she was erased
    file, backup = tmp_path / "facegate.db", tmp_path / "backup.db"
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    site.erasure.erase(ada.id)
    site.store.close()
    # when it is restored
    for rest in ("-wal", "-shm"):
        file.with_name(file.name + rest).unlink(missing_ok=True)
    shutil.copy(backup, file)
    restored = start()
    assert len(left_of(restored, ada)) == 6, "she is back"
    # then the journal erases her before anything is served
    assert restored.erasure.replay() == 1
    assert left_of(restored, ada) == []
    assert restored.sees(0) == "not_recognised" and restored.sees(1) == "recognised"
    assert restored.recorded() == 4
    assert restored.erasure.replay() == 0


def test_start_searches_nothing_of_whom_is_gone(site: Process, ada: Employee, monkeypatch: pytest.MonkeyPatch) -> None:
    site.erasure.erase(ada.id)
    monkeypatch.setattr(AlertRows, "forget", None)
    assert site.erasure.replay() == 0


def test_journal_that_is_damaged_stops_the_start(site: Process, ada: Employee, tmp_path: Path) -> None:
    site.erasure.erase(ada.id)
    with (tmp_path / "erasures.jsonl").open("a") as journal:
        journal.write('{"employee_id": "torn\n')
    with pytest.raises(CryptoFault):
        site.erasure.replay()


def test_unsigned_journal_line_erases_nobody(site: Process, ada: Employee) -> None:
    # Given a signed receipt of somebody else, under Ada's id, and a line without a signature
    eva = site.enrol("E-7", photo(person(3)))
    receipt = as_json(site.erasure.erase(eva.id))
    site.journal.append({"employee_id": ada.id})
    site.journal.append({**receipt, "employee_id": ada.id})
    site.journal.append({"employee_id": ada.id, "signature": 7})
    # then the next start leaves Ada alone, and raises the alert
    assert site.erasure.replay() == 0
    assert len(left_of(site, ada)) == 6
    with site.store.read() as tx:
        assert [alert.kind for alert in tx.alerts.uncleared()] == [AlertKind.RECORD_ALTERED]


def test_concurrent_erasures_give_one_receipt(site: Process, start: Start, ada: Employee) -> None:
    outcomes: list[object] = []

    def erase(process: Process) -> None:
        try:
            outcomes.append(process.erasure.erase(ada.id))
        except NotFound as refusal:
            outcomes.append(refusal)

    threads = [threading.Thread(target=erase, args=(start(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NotFound", "NotFound", "Receipt"]
    assert len(list(site.journal.entries())) == 1


def test_erasure_while_photos_are_added_does_not_deadlock(site: Process, start: Start, ada: Employee) -> None:
    # Given an enrolment that holds the feed and has not read the employee's key yet
    receipts: list[Receipt] = []
    eraser = threading.Thread(target=lambda: receipts.append(start().erasure.erase(ada.id)))
    refresh = site.gallery.refresh

    def meanwhile(tx: Transaction) -> None:
        refresh(tx)
        eraser.start()
        eraser.join(0.3)

    site.gallery.refresh = meanwhile  # type: ignore[method-assign]
    results = site.enrolment.add_photos(ada.id, [photo(person(0), note="a third")])
    eraser.join()
    # then both are done, one after the other
    assert [result.accepted for result in results] == [True]
    assert [receipt.photos for receipt in receipts] == [3]
    assert left_of(site, ada) == []


def test_erasure_waits_for_a_decision_in_progress(site: Process, start: Start, ada: Employee) -> None:
    # Given a decision that holds the employee and has not read the key yet
    receipts: list[Receipt] = []
    eraser = threading.Thread(target=lambda: receipts.append(site.erasure.erase(ada.id)))

    deciding = start()

    def meanwhile(*asked: Any) -> float:
        if not eraser.ident:
            eraser.start()
            eraser.join(0.3)
        return deciding.threshold(*asked)

    answer = start(threshold=meanwhile).decide(ADA)
    eraser.join()
    # then neither waits for the other, and the event is of nobody afterwards
    assert answer.reason == "recognised"
    assert [receipt.events_unlinked for receipt in receipts] == [2]
    assert left_of(site, ada) == []


def test_photos_added_after_an_erasure_are_refused(site: Process, start: Start, ada: Employee, clock: Clock) -> None:
    other = start()
    slow = replace(other.enrolment, look=lambda data: (site.erasure.erase(ada.id), other.enrolment.look(data))[1])
    clock.advance(seconds=1)
    with pytest.raises(NotFound):
        slow.add_photos(ada.id, [photo(person(0), note="late")])
    assert left_of(site, ada) == []
