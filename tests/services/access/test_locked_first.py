"""A decision that has to wait for the person's row decides by what was committed while it waited (PostgreSQL)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core.access.rules import Grant, Where
from app.core.ports.store import Transaction
from app.core.types import Employee, Status
from tests.fakes import new_id, person, photo
from tests.services.access.contractors.works import Works
from tests.services.process import Process
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def rows_are_locked(database: str) -> None:
    if database != "postgresql":
        pytest.skip("SQLite has one writer: a decision waits for it before it reads anything")


def decided_meanwhile(site: Process, who: int, held: Employee, change: Callable[[Transaction], object]) -> str:
    """The reason of a decision about `who` that waits while somebody else holds their row, and commits a change."""

    def is_waiting() -> bool:
        with site.store._engine.connect() as connection:
            query = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            return bool(connection.execute(text(query)).scalar())

    with ThreadPoolExecutor(1) as pool:
        with site.store.write() as tx:
            tx.employees.get(held.id, for_update=True)
            decision = pool.submit(site.sees, who)
            eventually(is_waiting)
            change(tx)
        return str(decision.result(20))


def test_grant_that_was_taken_back_meanwhile_opens_nothing(site: Process) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    now = site.clock()
    grant = Grant(new_id(), ada.id, Where(everywhere=True), now, now + timedelta(days=1), "a visit", "tests")
    with site.store.write() as tx:
        tx.rules.lock()
        for rule in tx.rules.all().rules:
            tx.rules.delete(rule)
        tx.rules.put(grant)
    assert site.sees(0) == "recognised"
    site.clock.advance(minutes=1)

    def take_back(tx: Transaction) -> None:
        tx.rules.lock()
        tx.rules.delete(grant)

    assert decided_meanwhile(site, 0, ada, take_back) == "no_rule"


def test_sponsor_who_was_deactivated_meanwhile_answers_for_nobody(site: Process) -> None:
    works = Works(site)
    assert site.sees(3) == "recognised"
    site.clock.advance(minutes=1)

    def deactivate(_: Transaction) -> None:
        with site.store.write() as tx:
            selma = tx.employees.get(works.selma.id, for_update=True)
            assert selma is not None
            tx.employees.update(replace(selma, status=Status.INACTIVE))

    assert decided_meanwhile(site, 3, works.carl, deactivate) != "recognised"
