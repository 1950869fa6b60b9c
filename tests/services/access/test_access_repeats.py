"""A gate that asks again, because a line was cut, is answered as before: once recorded, once opened."""

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app.adapters.db.engine.connect import make_engine
from app.core.errors import Conflict
from app.core.events.decision import RecordedDecision
from app.core.people.details import Details
from app.core.site.mode import SiteMode, SiteState
from app.core.types import Status
from tests.fakes import Clock, look, person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database

Start = Callable[..., Process]
ADA = photo(person(0))
STRANGER = photo(person(1))


@pytest.mark.both_databases
def test_the_same_key_gets_the_same_answer_and_one_event(site: Process, start: Start, clock: Clock) -> None:
    site.enrol("E-1", ADA)
    first = site.decide(ADA, idempotency_key="k")
    clock.advance(seconds=59)
    for process in (site, start()):
        assert process.decide(ADA, idempotency_key="k") == first
    assert site.recorded() == 1
    assert site.told == [first]


def test_key_with_another_request_is_refused(site: Process) -> None:
    """Found by a reviewer: a stranger's frames under an employee's key got the employee's opening (2026-11-23)."""
    site.enrol("E-1", ADA)
    site.decide(ADA, idempotency_key="k")
    with pytest.raises(Conflict) as refused:
        site.decide(STRANGER, idempotency_key="k")
    assert refused.value.code == "idempotency_key_reused"
    assert site.recorded() == 1


def test_repeat_does_not_open_for_somebody_deactivated_since(site: Process) -> None:
    ada = site.enrol("E-1", ADA)
    assert site.decide(ADA, idempotency_key="k").verdict == "open"
    site.enrolment.update(ada.id, lambda e: Details(e.number, e.name, status=Status.INACTIVE))
    assert site.decide(ADA, idempotency_key="k").reason == "employee_inactive"


def test_repeat_does_not_open_a_gate_disabled_since(site: Process) -> None:
    site.enrol("E-1", ADA)
    first = site.decide(ADA, idempotency_key="k")
    with site.store.write() as tx:
        tx.site.put(SiteState(SiteMode.LOCKDOWN, site.clock()))
    assert site.decide(ADA, idempotency_key="k").reason == "lockdown"
    with site.store.write() as tx:
        tx.site.put(SiteState(SiteMode.NORMAL, site.clock()))
    site.change_gate("lobby-1", enabled=False)
    assert first.verdict == "open"
    assert site.decide(ADA, idempotency_key="l").reason == "gate_disabled"


def test_without_a_key_every_request_is_a_decision(site: Process) -> None:
    site.enrol("E-1", ADA)
    assert site.decide(ADA).id != site.decide(ADA).id
    assert site.recorded() == 2


def test_another_key_is_another_decision(site: Process) -> None:
    site.enrol("E-1", ADA)
    assert site.sees(0, idempotency_key="k") == "recognised"
    assert site.sees(1, idempotency_key="l") == "not_recognised"


def test_key_is_free_after_a_minute(site: Process, clock: Clock) -> None:
    site.enrol("E-1", ADA)
    site.decide(ADA, idempotency_key="k")
    clock.advance(seconds=60)
    with pytest.raises(Conflict):
        site.sees(1, idempotency_key="k")  # a minute includes its end
    clock.advance(milliseconds=1)
    assert site.sees(1, idempotency_key="k") == "not_recognised"
    assert site.recorded() == 2


def test_gates_do_not_share_keys(site: Process) -> None:
    site.gates.add("dock")
    site.enrol("E-1", ADA)
    here = site.decide(ADA, idempotency_key="k")
    there = site.decide(ADA, idempotency_key="k", gate="dock")
    assert here.id != there.id
    assert (here.gate, there.gate) == ("lobby-1", "dock")
    assert site.recorded() == 2


def test_failed_request_may_be_repeated_under_its_key(site: Process) -> None:
    site.enrol("E-1", ADA)
    with pytest.raises(Exception, match="Send a JPEG"):
        site.decide(b"torn", idempotency_key="k")
    assert site.sees(0, idempotency_key="k") == "recognised"


def test_erased_answer_is_not_repeated(site: Process) -> None:
    ada = site.enrol("E-1", ADA)
    site.decide(ADA, idempotency_key="k")
    site.erasure.erase(ada.id)
    again = site.decide(ADA, idempotency_key="k")
    assert (again.reason, again.employee) == ("not_recognised", None)


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.both_databases
def test_concurrent_repeats_are_one_event(site: Process, start: Start, processes: int) -> None:
    site.enrol("E-1", ADA)
    together = threading.Barrier(4)

    def meeting(frames: Any, *, liveness: bool, who: Any, within_s: Any) -> Any:
        together.wait(30)  # so that all have found nothing recorded before the first records
        return [look(frame) for frame in frames]

    running = [start(looks=meeting, record_deadline_ms=20_000) for _ in range(processes)]
    answers: list[RecordedDecision] = []
    threads = [
        threading.Thread(target=lambda p=running[n % processes]: answers.append(p.decide(ADA, idempotency_key="k")))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert all(answer == answers[0] for answer in answers)
    assert site.recorded() == 1
    assert sum(len(process.told) for process in running) == 1


@pytest.mark.both_databases
def test_concurrent_requests_are_all_recorded_in_one_chain(site: Process, start: Start) -> None:
    site.enrol("E-1", ADA)
    running = [start(record_deadline_ms=20_000) for _ in range(2)]

    def work(process: Process, who: int) -> None:
        for n in range(5):
            process.decide(ADA, idempotency_key=f"{who}-{n}")

    threads = [threading.Thread(target=work, args=(running[who % 2], who)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert site.recorded() == 20


def test_stored_repeats_do_not_reveal_a_card_number(site: Process, database_url: str) -> None:
    ada, engine = site.enrol("E-1", ADA), make_engine(database_url)
    site.decide(ADA, credential="4711", idempotency_key="k")  # nobody's
    assert site.decide(ADA, idempotency_key="l").verdict == "open"
    site.erasure.erase(ada.id)
    with engine.connect() as connection:
        (digest,) = connection.execute(text("SELECT digest FROM idempotency")).scalars()
    assert digest != hashlib.sha256(hashlib.sha256(ADA).digest() + b"4711").hexdigest()
    engine.dispose()
