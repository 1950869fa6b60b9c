"""Signed chain heads leave the database, so that a log whose end was cut off is found out."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from app.adapters.crypto.journal import JsonJournal
from app.core.events.chain import GENESIS
from app.core.events.checkpoint import Checkpoint
from app.process import serving
from app.services.events.audit import TABLE
from app.services.events.checkpoints import Checkpoints
from app.wiring import System
from tests.services.process import Process
from tests.waiting import eventually

pytestmark = pytest.mark.one_database

Start = Callable[..., Process]


@pytest.fixture
def journal(tmp_path: Path) -> JsonJournal:
    return JsonJournal(tmp_path / "elsewhere" / "checkpoints.jsonl")


@pytest.fixture
def checkpoints(site: Process, journal: JsonJournal) -> Checkpoints:
    return Checkpoints(site.audit, journal)


def of_gates(journal: JsonJournal) -> list[Checkpoint]:
    return [mark for mark in map(Checkpoint.read, journal.entries()) if not mark.gate_id.startswith(TABLE)]


def cut_off(site: Process, sequence: int, hash_hex: str) -> None:
    """What somebody with the database's password does who wants the newest events gone."""
    with site.store._engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM events WHERE sequence > {sequence}")
        connection.exec_driver_sql(f"UPDATE gates SET head_sequence = {sequence}, head_hash = '{hash_hex}'")


def test_checkpoint_is_written_for_each_gate_with_new_events(
    site: Process, checkpoints: Checkpoints, journal: JsonJournal
) -> None:
    site.gates.add("dock")
    assert checkpoints.write() == 0, "no gate has an event"
    site.sees(0)
    assert checkpoints.write() == 1
    assert checkpoints.write() == 0
    site.sees(0)
    answer = site.decide(gate="dock", credential="a badge")
    assert checkpoints.write() == 2
    written = of_gates(journal)
    assert sorted(mark.sequence for mark in written) == [1, 1, 2]
    assert answer.checkpoint is not None and answer.checkpoint.hash in [mark.hash for mark in written]
    assert all(site.signer.verify(mark.signed_part, mark.signature) for mark in written)


def test_first_checkpoint_of_a_gate_is_written_early(
    site: Process, checkpoints: Checkpoints, journal: JsonJournal
) -> None:
    site.gates.add("dock")
    site.sees(0)
    assert checkpoints.write(first=True) == 1
    site.sees(0)
    site.decide(gate="dock", credential="a badge")
    assert checkpoints.write(first=True) == 1
    assert [mark.sequence for mark in of_gates(journal)] == [1, 1]
    assert checkpoints.write() == 1


def test_running_service_writes_checkpoints_at_start_and_after_a_first_event(
    site: Process, checkpoints: Checkpoints, journal: JsonJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "FIRST_CHECKPOINT_S", 0.05)
    site.gates.add("dock")
    for _ in range(2):
        site.sees(0)
    settings = SimpleNamespace(checkpoint_every_s=300)
    with serving.checkpointing(cast(System, SimpleNamespace(checkpoints=checkpoints, settings=settings))):
        assert [mark.sequence for mark in of_gates(journal)] == [2], "at the start"
        site.decide(gate="dock", credential="a badge")
        eventually(lambda: len(of_gates(journal)) == 2)
        # Long before checkpoint_every_s, a log that was cut off is found.
        cut_off(site, 0, GENESIS)
        report = checkpoints.verify()
    assert report.flaw is not None and (report.flaw.gate, report.flaw.sequence) == ("dock", 1)


def test_complete_log_is_valid_after_a_restart(
    site: Process, start: Start, checkpoints: Checkpoints, journal: JsonJournal
) -> None:
    site.sees(0)
    checkpoints.write()
    site.sees(0)
    again = Checkpoints(start().audit, journal)
    assert again.verify().valid
    assert again.write() == 1 and again.verify().valid


def test_truncated_log_is_found_by_a_written_checkpoint(site: Process, checkpoints: Checkpoints) -> None:
    first, _ = site.decide(credential="a badge"), site.sees(0)
    checkpoints.write()
    cut_off(site, 1, first.checkpoint.hash)
    assert site.audit.verify().valid, "the chain alone does not see it"
    report = checkpoints.verify()
    assert not report.valid and report.flaw is not None
    assert (report.flaw.gate, report.flaw.sequence) == ("lobby-1", 2)


def test_truncated_log_is_found_by_a_gates_checkpoint(
    site: Process, checkpoints: Checkpoints, journal: JsonJournal
) -> None:
    answer = site.decide(credential="a badge")
    cut_off(site, 0, GENESIS)
    assert checkpoints.verify().valid and list(journal.entries()) == []
    assert not checkpoints.verify([answer.checkpoint.json()]).valid


def test_forged_checkpoint_is_a_flaw(site: Process, checkpoints: Checkpoints, journal: JsonJournal) -> None:
    answer = site.decide(credential="a badge")
    journal.append({**answer.checkpoint.json(), "sequence": 7})
    report = checkpoints.verify()
    assert not report.valid and report.flaw is not None and "signed" in report.flaw.problem
