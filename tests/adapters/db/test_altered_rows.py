"""Whoever writes to the database without the master key: each alteration is found by the audit, and is not used.

Every sealed table, every column; rows that are planted, removed, moved or put back as they once were.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import zip_longest
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    Table,
    delete,
    insert,
    select,
    text,
    update,
)

from app.adapters.db.seals.row_seal import RowSeals, use
from app.adapters.db.seals.sealing import SealRows, check_mark
from app.adapters.db.store import SqlStore
from app.adapters.db.tables import COUNTED, SEALED, UNCOVERED, Day, Instant, metadata, seal_totals
from app.core.accounts.users import User
from app.core.errors import CryptoFault
from app.core.site.mode import SiteMode, SiteState
from app.core.types import Role
from tests.fakes import NOW
from tests.full_store import DAY, fill
from tests.stores import KEY, open_store

# Nothing opens, nobody is let in, erased or made an admin by what stands in these: caches, counters, whereabouts.
INERT = {"backups", "badge_reads", "directory_runs", "doors", "gallery", "gallery_changes", "heartbeat", "histograms",
         "import_rows", "key_uses", "leases", "pin_waits", "saved_views", "sent_pictures", "tallies",
         "watchers"}  # fmt: skip
ELSEWHERE = {"events", "seal_totals"}  # the chain's own tests; and below


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    """With seals of its own: they remember which rows were told."""
    store = open_store(database_url, seals=RowSeals(KEY))
    yield store
    store.close()


@pytest.fixture
def populated(store: SqlStore) -> SqlStore:
    fill(store)
    return store


def rewritten(connection: Connection, column: Column[Any], value: Any) -> Any:
    """Another value of the column's kind; of a key to another table, another row's."""
    for key in column.foreign_keys:
        spare = select(key.column).where(key.column.not_in(select(column).where(column.is_not(None))))
        found = connection.execute(spare.limit(1)).scalar()
        return found or connection.execute(select(key.column).where(key.column != value).limit(1)).scalar_one()
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, JSON):
        return json.loads('["another"]') if isinstance(value, list) else {"another": "admin"}
    if isinstance(column.type, Instant):
        return (value or NOW) + timedelta(days=365)
    if isinstance(column.type, Day):
        return (value or DAY) + timedelta(days=365)
    if isinstance(column.type, (Integer, Float)):
        return (value or 0) + 1
    if isinstance(column.type, LargeBinary):
        return b"another" + bytes(value or b"")
    return f"another {value}"


def alterations(connection: Connection, table: Table) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each with a name; to be rolled back before the next."""
    row = connection.execute(select(table).limit(1)).one()
    where = [column == row._mapping[column.name] for column in table.primary_key]
    for column in table.c:
        if column.name in UNCOVERED.get(table, ()):
            continue
        other = rewritten(connection, column, row._mapping[column.name])
        change = update(table).where(*where).values({column.name: other})
        yield f"{table.name}.{column.name}", lambda change=change: connection.execute(change)  # type: ignore[misc]
        if column.nullable and row._mapping[column.name] is not None:
            change = update(table).where(*where).values({column.name: None})
            yield f"{table.name}.{column.name} emptied", lambda change=change: connection.execute(change)  # type: ignore[misc]
    planted = {
        c.name: rewritten(connection, c, v) if c.primary_key or c.unique or _in_unique(c) else v
        for c, v in zip(table.c, row, strict=True)
    }
    yield f"{table.name} planted", lambda: connection.execute(insert(table).values(planted))
    if table in COUNTED:
        yield f"{table.name} removed", lambda: connection.execute(delete(table).where(*where))


def _in_unique(column: Column[Any]) -> bool:
    return any(column.name in index.columns for index in column.table.indexes if index.unique) or any(
        column.name in getattr(constraint, "columns", ())
        for constraint in column.table.constraints
        if type(constraint).__name__ == "UniqueConstraint"
    )


def found(connection: Connection) -> list[str]:
    return [flaw.table for flaw in SealRows(connection).flaws()]


def test_every_change_of_a_sealed_row_is_found(populated: SqlStore) -> None:
    """One change of every table at a time: seals of one table know nothing of another's."""
    tried = 0
    with populated._engine.connect() as connection:
        assert found(connection) == []
        connection.rollback()
        # Somebody who owns the database is not held by its constraints either.
        driver = connection.connection.driver_connection
        if connection.dialect.name == "postgresql":
            driver.execute("SET session_replication_role = replica")
            driver.commit()
        else:
            driver.execute("PRAGMA foreign_keys = OFF")
        with connection.begin():
            changes = [list(alterations(connection, table)) for table in SEALED]
            for together in zip_longest(*changes):
                altered = dict(filter(None, together))
                with connection.begin_nested() as savepoint:
                    for alter in altered.values():
                        alter()
                    tried += len(altered)
                    assert {re.split("[. ]", name)[0] for name in altered} == set(found(connection)), list(altered)
                    savepoint.rollback()
    assert tried >= 190


def test_every_table_is_sealed_or_listed_as_harmless() -> None:
    assert {table.name for table in SEALED} | INERT | ELSEWHERE == set(metadata.tables)


def test_replayed_row_is_found(populated: SqlStore) -> None:
    gate_key = text("SELECT * FROM api_keys WHERE id = 'K1'")
    with populated._engine.connect() as connection:
        before = dict(connection.execute(gate_key).one()._mapping)
    with populated.write() as tx:
        tx.api_keys.revoke("K1", NOW)
    with populated.write() as tx:
        assert list(tx.seals.flaws()) == []
    with populated._engine.begin() as connection:
        put_back = text("UPDATE api_keys SET revoked_at = :revoked_at, seal = :seal WHERE id = 'K1'")
        connection.execute(put_back, before)
    with populated.read() as tx:
        assert [(flaw.table, flaw.row) for flaw in tx.seals.flaws()] == [("api_keys", "")]


def test_altered_row_is_not_used_and_reported_once(populated: SqlStore) -> None:
    told: list[tuple[str, str]] = []
    populated._seals.on_altered = lambda table, row: told.append((table, row))
    with populated._engine.begin() as connection:
        for statement in (
            "UPDATE api_keys SET role = 'admin' WHERE id = 'K1'",
            "UPDATE employees SET status = 'active' WHERE id = 'E1'",
            """UPDATE users SET roles = '["admin"]' WHERE id = 'U1'""",
            "UPDATE gates SET fail_mode = 'safe' WHERE id = 'G1'",
            "UPDATE sessions SET user_id = 'U2' WHERE id = 'S1'",
            "UPDATE templates SET photos = 9 WHERE employee_id = 'E2'",
            "UPDATE orders SET gate_id = 'G2' WHERE event_id = 'V1'",
            "UPDATE questions SET event_id = 'V2' WHERE id = 'Q1'",
        ):
            connection.execute(text(statement))
    for _ in range(2):
        with populated.read() as tx:
            assert tx.api_keys.get("K1") is None and tx.api_keys.by_hash("hash-1") is None
            assert tx.employees.get("E1") is None
            assert tx.users.by_name("user-1") is None
            assert tx.gates.get("G1") is None and [gate.id for gate in tx.gates.all()] == ["G2", "G3"]
            assert tx.sessions.by_hash("hash-1") is None
            eva = tx.employees.get("E2")
            assert eva is not None and eva.photos == 0
            assert tx.remote_polls.answered("Q1") is None
    with populated.write() as tx:
        assert [order.event_id for order in tx.orders.take(["G1", "G2"])] == ["V2"]
    populated._seals.on_altered = lambda table, row: None
    assert len(told) == len(set(told)) == 7
    assert {("api_keys", "K1"), ("employees", "E1"), ("gates", "G1"), ("orders", "V1")} <= set(told)


@pytest.mark.parametrize("statement", ["DELETE FROM site", "UPDATE site SET mode = 'release'"])
def test_forged_mode_lets_nobody_in(populated: SqlStore, statement: str) -> None:
    with populated._engine.begin() as connection:
        connection.execute(text(statement))
    with populated.write() as tx:
        assert tx.site.get() == SiteState(SiteMode.LOCKDOWN)
        tx.site.put(SiteState(SiteMode.NORMAL, NOW))
    with populated.read() as tx:
        assert tx.site.get().mode is SiteMode.NORMAL


def test_update_does_not_reseal_an_altered_row(populated: SqlStore) -> None:
    with populated._engine.begin() as connection:
        connection.execute(text("UPDATE api_keys SET role = 'admin' WHERE id = 'K1'"))
    with populated.write() as tx:
        tx.api_keys.rename("K1", "mine")
    with populated.read() as tx:
        assert tx.api_keys.get("K1") is None


def test_removed_totals_are_found_and_nothing_stops(populated: SqlStore) -> None:
    with populated._engine.begin() as connection:
        connection.execute(delete(seal_totals).where(seal_totals.c.name == "users"))
    with populated.write() as tx:
        tx.users.add(User("U4", "user-4", frozenset({Role.VIEWER}), None, NOW))
    with populated.read() as tx:
        assert [(flaw.table, flaw.row) for flaw in tx.seals.flaws()] == [("seal_totals", "users")]


def test_wrong_master_key_is_distinguished(populated: SqlStore) -> None:
    other = RowSeals(bytes([7]) * 32)
    with populated._engine.connect() as connection:
        with pytest.raises(CryptoFault, match="restore"):
            check_mark(connection, other)
        assert len(found(connection.execution_options(**use(other)))) > len(SEALED)
