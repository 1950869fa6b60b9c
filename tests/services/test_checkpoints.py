"""Signed chain heads leave the database, so that a log whose end was cut off is found out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.adapters.crypto.journal import JsonJournal
from app.core.chain import GENESIS, checkpoint_message
from app.services.checkpoints import Checkpoints
from tests.services.process import Process

Start = Callable[..., Process]


@pytest.fixture
def journal(tmp_path: Path) -> JsonJournal:
    return JsonJournal(tmp_path / "elsewhere" / "checkpoints.jsonl")


@pytest.fixture
def checkpoints(site: Process, journal: JsonJournal) -> Checkpoints:
    return Checkpoints(site.audit, journal)


def cut_off(site: Process, sequence: int, hash_hex: str) -> None:
    """What somebody with the database's password does who wants the newest events gone."""
    with site.store._engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM events WHERE sequence > {sequence}")
        connection.exec_driver_sql(f"UPDATE gates SET head_sequence = {sequence}, head_hash = '{hash_hex}'")


def test_where_each_gate_stands_is_written_when_it_has_moved(
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
    written = list(journal.entries())
    assert sorted(entry["sequence"] for entry in written) == [1, 1, 2]  # type: ignore[type-var]
    assert answer["checkpoint"]["hash"] in [entry["hash"] for entry in written]
    assert all(site.signer.verify(checkpoint_message(entry), str(entry["signature"])) for entry in written)


def test_a_whole_log_is_valid_also_after_a_restart(
    site: Process, start: Start, checkpoints: Checkpoints, journal: JsonJournal
) -> None:
    site.sees(0)
    checkpoints.write()
    site.sees(0)
    again = Checkpoints(start().audit, journal)
    assert again.verify().valid
    assert again.write() == 1 and again.verify().valid


def test_a_log_that_was_cut_off_is_found_by_what_was_written(site: Process, checkpoints: Checkpoints) -> None:
    first, _ = site.decide(credential="a badge"), site.sees(0)
    checkpoints.write()
    cut_off(site, 1, first["checkpoint"]["hash"])
    assert site.audit.verify().valid, "the chain alone does not see it"
    report = checkpoints.verify()
    assert not report.valid and report.flaw is not None
    assert (report.flaw.gate, report.flaw.sequence) == ("lobby-1", 2)


def test_a_log_that_was_cut_off_is_found_by_what_a_gate_kept(
    site: Process, checkpoints: Checkpoints, journal: JsonJournal
) -> None:
    answer = site.decide(credential="a badge")
    cut_off(site, 0, GENESIS)
    assert checkpoints.verify().valid and list(journal.entries()) == []
    assert not checkpoints.verify([answer["checkpoint"]]).valid


def test_a_forged_checkpoint_is_itself_a_flaw(site: Process, checkpoints: Checkpoints, journal: JsonJournal) -> None:
    answer = site.decide(credential="a badge")
    journal.append({**answer["checkpoint"], "sequence": 7})
    report = checkpoints.verify()
    assert not report.valid and report.flaw is not None and "signed" in report.flaw.problem
