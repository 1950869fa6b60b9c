"""The dates of people are days: how they are stored, and what becomes of the times that older versions stored."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, text, update

from app.adapters.db.engine import migrate
from app.adapters.db.engine.connect import make_engine
from app.adapters.db.seals import people_by_day
from app.adapters.db.seals.row_seal import RowSeals
from app.adapters.db.seals.sealing import read_total, write_total
from app.adapters.db.store import SqlStore
from app.core.access.rules import Site
from app.core.people.records import EmployeeFilter
from app.core.types import Employee
from tests.fakes import NOW
from tests.stores import open_store, upgrade

SEALS = RowSeals(bytes(range(32)))
SYDNEY, NEW_YORK = timezone(timedelta(hours=11)), timezone(timedelta(hours=-5))
# As a page or an import stored them, whatever the site's zone.
FIRST = datetime(2026, 12, 1, tzinfo=UTC)
LAST = datetime(2026, 12, 31, 23, 59, 59, 999000, UTC)


def test_time_is_not_stored_as_a_day(store: SqlStore) -> None:
    with pytest.raises(ValueError, match="a time is not a day"), store.write() as tx:
        tx.employees.add(Employee("E1", "N-1", "Ada", valid_from=NOW))


def test_filter_by_last_day_includes_both_ends(store: SqlStore) -> None:
    with store.write() as tx:
        for day in range(1, 6):
            tx.employees.add(Employee(f"E{day}", f"N-{day}", "Ada", valid_until=date(2026, 12, day)))
        tx.employees.add(Employee("E9", "N-9", "Ada"))
    which = EmployeeFilter(ends=(date(2026, 12, 2), date(2026, 12, 4)))
    with store.read() as tx:
        assert [one.id for one in tx.employees.find(which)] == ["E2", "E3", "E4"]
        assert tx.employees.count(which) == 3


def older(url: str, times: dict[str, tuple[datetime | None, ...]], zone: str = "UTC") -> None:
    """Makes a database of the version before, sealed, whose people have these times, in the order of DATES."""
    upgrade(url, seals=SEALS)
    store = open_store(url, seals=SEALS)
    with store.write() as tx:
        for i, person in enumerate(times):
            tx.employees.add(Employee(person, f"N-{i}", f"Name {i}"))
        site = tx.rules.all().sites[0]
        tx.rules.put(Site(site.id, site.name, zone))
    store.close()
    migrate.downgrade(url, migrate.TIMES_AT)
    engine = make_engine(url)
    with engine.begin() as connection:
        for person, values in times.items():
            change_as_then(connection, person, dict(zip(people_by_day.DATES, values, strict=True)))
    engine.dispose()


def change_as_then(connection: Connection, person: str, values: dict[str, datetime | None]) -> None:
    table = people_by_day._BEFORE
    row = connection.execute(table.select().where(table.c.id == person)).one()
    seal = SEALS.seal(table, {**row._mapping, **values})
    connection.execute(update(table).where(table.c.id == person).values(**values, seal=seal))
    version, total = SEALS.open_total("employees", read_total(connection, "employees"))
    total += SEALS.element(seal) - SEALS.element(row.seal)
    write_total(connection, "employees", SEALS.close_total("employees", version + 1, total))


def test_days_of_pages_and_imports_stay_the_same_in_any_zone(empty_database_url: str) -> None:
    older(empty_database_url, {"E1": (FIRST, LAST, FIRST), "E2": (None, None, None)}, "Australia/Sydney")
    upgrade(empty_database_url, seals=SEALS)
    store = open_store(empty_database_url, seals=SEALS)
    with store.write() as tx:
        ada = tx.employees.get("E1")
        assert ada is not None
        assert (ada.valid_from, ada.valid_until) == (date(2026, 12, 1), date(2026, 12, 31))
        assert ada.consent_at == date(2026, 12, 1)
        assert tx.employees.get("E2") == Employee("E2", "N-1", "Name 1")
        assert list(tx.seals.flaws()) == []
        tx.employees.update(replace(ada, valid_until=None))
    with store.read() as tx:
        assert list(tx.seals.flaws()) == []
    store.close()


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Australia/Sydney", datetime(2026, 12, 1, tzinfo=SYDNEY), date(2026, 12, 1)),
        ("America/New_York", datetime(2026, 12, 31, 20, 0, tzinfo=NEW_YORK), date(2026, 12, 31)),
    ],
)
def test_any_other_time_becomes_the_date_at_the_site(
    empty_database_url: str, zone: str, at: datetime, day: date
) -> None:
    older(empty_database_url, {"E1": (at, at, at)}, zone)
    upgrade(empty_database_url, seals=SEALS)
    store = open_store(empty_database_url, seals=SEALS)
    with store.read() as tx:
        ada = tx.employees.get("E1")
        assert ada is not None and (ada.valid_from, ada.valid_until, ada.consent_at) == (day, day, day)
        assert list(tx.seals.flaws()) == []
    store.close()


@pytest.mark.parametrize(
    "planted",
    [
        "UPDATE employees SET valid_until = 4102444800000 WHERE id = 'E1'",
        "UPDATE employees SET status = 'active', legal_basis = 'x' WHERE id = 'E1'",
    ],
)
def test_altered_row_is_not_sealed_again(empty_database_url: str, planted: str) -> None:
    older(empty_database_url, {"E1": (FIRST, LAST, None), "E2": (FIRST, LAST, None)})
    engine = make_engine(empty_database_url)
    with engine.begin() as connection:
        connection.execute(text(planted))
    engine.dispose()
    upgrade(empty_database_url, seals=SEALS)
    store = open_store(empty_database_url, seals=SEALS)
    with store.read() as tx:
        assert tx.employees.get("E1") is None
        assert tx.employees.get("E2") is not None
        assert [(flaw.table, flaw.row) for flaw in tx.seals.flaws()] == [("employees", "E1")]
    store.close()


def test_altered_total_stays_altered(empty_database_url: str) -> None:
    older(empty_database_url, {"E1": (FIRST, LAST, None)})
    engine = make_engine(empty_database_url)
    with engine.begin() as connection:
        write_total(connection, "employees", b"planted")
    engine.dispose()
    upgrade(empty_database_url, seals=SEALS)
    store = open_store(empty_database_url, seals=SEALS)
    with store.read() as tx:
        assert [(flaw.table, flaw.row) for flaw in tx.seals.flaws()] == [("seal_totals", "employees")]
    store.close()


def test_downgrade_gives_first_and_last_moment_of_each_day(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    store = open_store(empty_database_url)
    day = date(2026, 12, 31)
    with store.write() as tx:
        tx.employees.add(Employee("E1", "N-1", "Ada", valid_from=day, valid_until=day, consent_at=day))
    store.close()
    migrate.downgrade(empty_database_url, migrate.TIMES_AT)
    engine = make_engine(empty_database_url)
    with engine.connect() as connection:
        (row,) = connection.execute(people_by_day._BEFORE.select()).all()
    engine.dispose()
    begins = datetime(2026, 12, 31, tzinfo=UTC)
    assert (row.valid_from, row.valid_until, row.consent_at) == (begins, LAST, begins)
