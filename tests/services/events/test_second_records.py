"""Whatever becomes of an opening is written beside it, when the database is back, and once."""

import logging

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.core.errors import CryptoFault, Unconfirmed
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import CommandOutcome, DriverKind
from app.core.gates.result import GateResultRow
from app.services.events import second_records
from app.services.events.second_records import GONE, MOST_WAITING, STOPPED, SecondRecords
from tests.fakes import Clock, person, photo
from tests.services.failing_site import Failing
from tests.services.process import Process
from tests.waiting import eventually


@pytest.fixture
def store(site: Process) -> Failing:
    return Failing(site.store)


@pytest.fixture
def records(store: Failing, signer: Ed25519Signer, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> SecondRecords:
    monkeypatch.setattr(second_records, "AGAIN_S", 0.01)
    return SecondRecords(store, signer, clock)  # type: ignore[arg-type]  # the part of a store that it needs


@pytest.fixture
def opening(site: Process) -> RecordedDecision:
    site.enrol("E-1", photo(person(0)))
    return site.decide(photo(person(0)))


def result(site: Process, event_id: str) -> GateResultRow | None:
    with site.store.read() as tx:
        return tx.gate_results.of([event_id]).get(event_id)


def test_an_opening_that_was_not_sent_says_why_and_is_signed(
    site: Process, records: SecondRecords, opening: RecordedDecision, signer: Ed25519Signer
) -> None:
    records.not_sent("lobby-1", opening.id, STOPPED)
    row = eventually(lambda: result(site, opening.id))
    assert row is not None and (row.outcome, row.detail) == (CommandOutcome.TOO_LATE, STOPPED.detail)
    assert signer.verify(row.signed_part, row.signature)
    eventually(lambda: not records.is_waiting(opening.id))
    assert not records.was_too_late(opening.id)


def test_a_record_waits_for_the_database(
    site: Process, records: SecondRecords, store: Failing, opening: RecordedDecision
) -> None:
    store.writes = False
    records.too_late("lobby-1", opening.id)
    assert records.was_too_late(opening.id) and records.is_waiting(opening.id)
    assert result(site, opening.id) is None
    store.writes = True
    assert eventually(lambda: result(site, opening.id)) is not None
    eventually(lambda: not records.is_waiting(opening.id))
    assert records.was_too_late(opening.id), "whoever asks again still hears that it never opened"


def test_records_still_waiting_at_the_end_are_logged_as_lost(
    records: SecondRecords, store: Failing, opening: RecordedDecision, caplog: pytest.LogCaptureFixture
) -> None:
    store.writes = False
    records.not_sent("lobby-1", opening.id, GONE)
    records.close()
    records.close()
    assert "second_record_lost count=1 reason=database_gone" in caplog.text


def test_nothing_is_written_where_nothing_opened(
    site: Process, records: SecondRecords, opening: RecordedDecision
) -> None:
    denied = site.decide(photo(person(1))).id
    for gate, event in (("lobby-1", denied), ("lobby-1", "no event"), ("no gate", opening.id)):
        records.not_sent(gate, event, STOPPED)
    records.not_sent("lobby-1", opening.id, STOPPED)
    assert eventually(lambda: result(site, opening.id)) is not None
    assert result(site, denied) is None


def test_polling_gate_records_only_late_openings(
    site: Process, records: SecondRecords, opening: RecordedDecision
) -> None:
    site.change_gate("lobby-1", driver=DriverKind.PLAIN)
    records.not_sent("lobby-1", opening.id, STOPPED)
    eventually(lambda: not records.is_waiting(opening.id))
    assert result(site, opening.id) is None
    records.too_late("lobby-1", opening.id)
    assert eventually(lambda: result(site, opening.id)) is not None


@pytest.mark.parametrize("fault", [CryptoFault("a row was altered"), RuntimeError("a mistake of ours")])
def test_one_record_that_cannot_be_written_holds_up_no_other(
    site: Process,
    records: SecondRecords,
    store: Failing,
    opening: RecordedDecision,
    fault: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other, write, raised = site.decide(photo(person(0))), store.write, []

    def fail_once(*deadline: object) -> object:
        if not raised:
            raised.append(fault)
            raise fault
        return write(*deadline)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(store, "write", fail_once)
    with caplog.at_level(logging.ERROR):
        records.not_sent("lobby-1", opening.id, STOPPED)
        records.not_sent("lobby-1", other.id, STOPPED)
        assert eventually(lambda: result(site, other.id)) is not None
    assert f"second_record_failed event={opening.id}" in caplog.text
    assert result(site, opening.id) is None


def test_a_write_whose_end_is_unknown_is_tried_again(
    site: Process, records: SecondRecords, store: Failing, opening: RecordedDecision, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, raised = store.write, []

    def lose_once(*deadline: object) -> object:
        if not raised:
            raised.append(True)
            raise Unconfirmed("the connection broke off at the commit")
        return write(*deadline)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(store, "write", lose_once)
    records.not_sent("lobby-1", opening.id, STOPPED)
    assert eventually(lambda: result(site, opening.id)) is not None


def test_no_more_wait_than_the_memory_holds(records: SecondRecords, store: Failing) -> None:
    store.writes = False
    for number in range(MOST_WAITING + 1):
        records.not_sent("lobby-1", f"event-{number}", GONE)
    assert not records.is_waiting("event-0") and records.is_waiting(f"event-{MOST_WAITING}")
    records.close()
