"""What a gate did is signed: a record that was changed is shown as forged, and the audit names it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from app.core.events.decision import RecordedDecision
from app.core.gates.commands import CommandOutcome
from app.core.gates.result import GateResultRow
from tests.fakes import NOW, empty
from tests.services.process import Process

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True, params=[2, 500])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, whether the chain is read in one batch or in three."""
    monkeypatch.setattr("app.services.events.audit.BATCH", request.param)


@pytest.fixture
def answers(site: Process) -> list[RecordedDecision]:
    """Five events at lobby-1; what the gate did with each is recorded."""
    found = [site.decide(empty()) for _ in range(5)]
    with site.store.write() as tx:
        for answer in found:
            row = GateResultRow(answer.id, NOW, CommandOutcome.FAILED, "no answer")
            tx.gate_results.put(replace(row, signature=site.signer.sign(row.signed_part)))
    return found


@pytest.fixture
def tamper(site: Process) -> Callable[..., None]:
    def run(statement: str, **values: Any) -> None:
        with site.store._engine.begin() as connection:
            connection.execute(text(statement), values)

    return run


def first_bad(site: Process) -> tuple[int, str | None, bool]:
    """Its sequence and id, and whether it is what the gate did that is forged."""
    report = site.audit.verify()
    assert not report.valid and report.flaw is not None
    return report.flaw.sequence, report.flaw.event_id, "the gate's report" in report.flaw.problem


def test_untouched_results_are_valid(site: Process, answers: list[RecordedDecision]) -> None:
    assert site.recorded() == 5


@pytest.mark.parametrize(
    "change", ["outcome = 'opened'", "detail = 'opened'", "at = at + 1", "signature = ''", "outcome = 'vaporised'"]
)
def test_changed_result_is_found(
    site: Process, answers: list[RecordedDecision], tamper: Callable[..., None], change: str
) -> None:
    third = answers[2].id
    tamper(f"UPDATE gate_results SET {change} WHERE event_id = :third", third=third)
    assert first_bad(site) == (3, third, True)


def test_result_belongs_to_its_own_event(
    site: Process, answers: list[RecordedDecision], tamper: Callable[..., None]
) -> None:
    first, second = (answer.id for answer in answers[:2])
    tamper("DELETE FROM gate_results WHERE event_id = :second", second=second)
    tamper("UPDATE gate_results SET event_id = :second WHERE event_id = :first", first=first, second=second)
    assert first_bad(site) == (2, second, True)
    assert site.events.get(second).gate_report.forged is True


def test_first_of_two_flaws_is_named(
    site: Process, answers: list[RecordedDecision], tamper: Callable[..., None]
) -> None:
    ids = [answer.id for answer in answers]
    tamper("UPDATE gate_results SET detail = '' WHERE event_id = :id", id=ids[3])
    tamper("UPDATE events SET reason = 'recognised' WHERE id = :id", id=ids[1])
    assert first_bad(site) == (2, ids[1], False)
    tamper("UPDATE gate_results SET detail = '' WHERE event_id = :id", id=ids[0])
    assert first_bad(site) == (1, ids[0], True)


def test_record_that_cannot_be_read_is_named_at_its_own_place(
    site: Process, answers: list[RecordedDecision], tamper: Callable[..., None]
) -> None:
    tamper("UPDATE events SET reason = 'magic' WHERE id = :id", id=answers[3].id)
    report = site.audit.verify()
    assert report.flaw is not None and report.flaw.sequence == 4
    assert report.gates["lobby-1"].events == 3
