"""A fixed statement does what SQLAlchemy does with the same one: values, errors, and who listens."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Select, bindparam, insert, select, text, update
from sqlalchemy import exc as sql

from app.adapters.db.fixed import Fixed
from app.adapters.db.store import SqlStore
from app.adapters.db.tables import employees, gates, sent_pictures, site
from app.core.errors import NotRecorded
from app.core.gates.gate import Gate
from app.core.site.mode import SiteMode, SiteState
from app.core.types import Employee
from tests.stores import statements

AT = datetime(2026, 11, 30, 12, 0, 0, 123000, tzinfo=UTC)
EVERY_KIND: list[Select] = [select(site), select(gates), select(employees), select(gates.c.id.label("other"))]


def test_values_come_out_as_from_sqlalchemy(store: SqlStore) -> None:
    with store.write() as tx:
        tx.gates.add(Gate("01G", "lobby-1", created_at=AT))
        tx.employees.add(Employee("01A", "E-1", "Ada", groups=("staff",), created_at=AT))
        tx.site.put(SiteState(SiteMode.LOCKDOWN, AT, "somebody", ("01G",), "a comment"))
    with store.snapshot() as connection:
        for query in EVERY_KIND:
            expected = [dict(row._mapping) for row in connection.execute(query)]
            assert expected
            assert Fixed(query).rows(connection) == expected


def test_values_go_in_as_from_sqlalchemy(store: SqlStore) -> None:
    added = Fixed(insert(sent_pictures).values(digest=bindparam("digest"), at=bindparam("when")))
    moved = Fixed(
        update(sent_pictures).where(sent_pictures.c.digest == bindparam("which")).values(at=bindparam("moved"))
    )
    with store._engine.begin() as connection:
        added.run(connection, {"digest": "a", "when": AT})
        connection.execute(insert(sent_pictures), {"digest": "b", "at": AT})
        assert moved.run(connection, {"which": "none", "moved": AT}) == 0
        added.run_each(connection, [{"digest": name, "when": AT} for name in "cd"])
        stored = connection.execute(text("SELECT at FROM sent_pictures")).scalars().all()
        found = connection.execute(select(sent_pictures.c.at)).scalars().all()
    assert (len(stored), len(set(stored)), found) == (4, 1, [AT] * 4)


def test_errors_are_those_of_sqlalchemy_and_show_no_values(store: SqlStore) -> None:
    added = Fixed(insert(sent_pictures).values(digest=bindparam("digest"), at=bindparam("when")))
    with pytest.raises(sql.IntegrityError) as caught, store._engine.begin() as connection:
        for _ in range(2):
            added.run(connection, {"digest": "secret-digest", "when": AT})
    assert "secret-digest" not in str(caught.value)
    with store._engine.begin() as connection:
        connection.execute(text("DROP TABLE sent_pictures"))
    with pytest.raises(NotRecorded), store.write() as tx:
        tx.pictures.add(["a"], AT)


def test_missing_parameter_is_an_error_and_not_null(store: SqlStore) -> None:
    query = Fixed(select(gates).where(gates.c.id == bindparam("gate")))
    with pytest.raises((KeyError, sql.StatementError)), store._engine.begin() as connection:
        query.rows(connection, {})


def test_who_listens_to_statements_hears_of_it(store: SqlStore) -> None:
    with statements(store) as heard, store.read() as tx:
        tx.rules.version()
    assert any("FROM rule_version" in one for one in heard)


def test_value_that_cannot_be_read_is_an_error_of_the_database(store: SqlStore) -> None:
    with store.write() as tx:
        tx.gates.add(Gate("01G", "lobby-1", created_at=AT))
    if store._engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL takes no text that is not UTF-8")
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE gates SET name = CAST(x'FF6578' AS TEXT)"))
    with pytest.raises(NotRecorded), store.read() as tx:
        tx.gates.get("01G")
