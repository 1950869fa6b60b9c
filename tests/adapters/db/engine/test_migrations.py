"""The migrations and the tables must agree, in both databases, and survive two processes that start together."""

import subprocess
import sys
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import delete, inspect, text

from app.adapters.db.engine import migrate
from app.adapters.db.engine.connect import make_engine
from app.adapters.db.tables import COUNTED, metadata, seal_totals
from app.core.credentials.formats import CardFormat
from app.core.credentials.stored import Credential, CredentialKind
from app.core.gates.commands import DriverKind
from app.core.gates.gate import Gate
from app.core.types import Employee
from tests.fakes import NOW
from tests.stores import open_store, upgrade

FIRST_TABLES = ("employees", "templates", "gates", "api_keys")
FIRST_ROWS = (
    """INSERT INTO employees (id, number, name, name_folded, status, groups)
       VALUES ('01A', 'E-1', 'Ada', 'ada', 'active', '[]')""",
    """INSERT INTO templates (employee_id, sealed_vector, photos, pack_digest, precision)
       VALUES ('01A', CAST('vector' AS {blob}), 1, 'digest', 'float32')""",
    """INSERT INTO gates (id, name, enabled, open_ms, head_sequence, head_hash)
       VALUES ('01G', 'lobby-1', true, 5000, 7, 'hash')""",
    """INSERT INTO api_keys (id, role, hash, name, gate_id, created_at)
       VALUES ('01K', 'gate', 'hash', 'lobby', '01G', 0)""",
)


def test_up_down_and_up_again(empty_database_url: str) -> None:
    assert migrate.current(empty_database_url) is None
    upgrade(empty_database_url)
    assert migrate.current(empty_database_url) == migrate.head()
    migrate.downgrade(empty_database_url, "base")
    assert migrate.current(empty_database_url) is None
    upgrade(empty_database_url)
    assert migrate.current(empty_database_url) == migrate.head() is not None


def test_first_versions_rows_survive_upgrade_and_downgrade(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    migrate.downgrade(empty_database_url, "0001")
    engine = make_engine(empty_database_url)
    with engine.begin() as connection:
        for statement in FIRST_ROWS:
            connection.execute(text(statement.format(blob="BLOB" if engine.dialect.name == "sqlite" else "BYTEA")))
    upgrade(empty_database_url)
    store = open_store(empty_database_url)
    with store.write() as tx:
        assert tx.gates.all() == [Gate("01G", "lobby-1")]
        ada = tx.employees.get("01A")
        assert ada is not None and ada.card_number is None and ada.photos == 1
        tx.employees.update(replace(ada, card_number="4711"))
        tx.gates.update(Gate("01G", "lobby-1", driver=DriverKind.MQTT))
        assert tx.events.lock_head("01G").sequence == 7
    store.close()
    migrate.downgrade(empty_database_url, "0001")
    with engine.begin() as connection:
        counts = [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in FIRST_TABLES]
    engine.dispose()
    assert counts == [1, 1, 1, 1]


def test_upgrade_removes_clear_text_of_imports_and_keeps_their_counts(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    migrate.downgrade(empty_database_url, "0010")
    said = """INSERT INTO imports (id, state, dry_run, by, created_at, fingerprint, done, done_photos, done_before,
        notices, detail, counts) VALUES ('01I', 'failed', false, 'ada', 0, '', 7, 0, 0, '["Kahn.jpg"]', 'Kahn',
        '{"added": 7}')"""
    engine = make_engine(empty_database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(said)
    engine.dispose()
    upgrade(empty_database_url)
    store = open_store(empty_database_url)
    with store.read() as tx:
        (job,) = tx.imports.all()
    store.close()
    assert (job.id, job.done, job.counts, job.sealed_notes, job.attempts) == ("01I", 7, {"added": 7}, None, 0)


@pytest.mark.parametrize("before", ["0013", "0030", "0038"])
def test_tables_that_came_later_are_sealed_and_counted(empty_database_url: str, before: str) -> None:
    """The audit of an upgraded site finds nothing, and its new tables can be written to."""
    upgrade(empty_database_url)
    migrate.downgrade(empty_database_url, before)
    engine = make_engine(empty_database_url)
    with engine.begin() as connection:
        # A database of that time has no totals of later tables.
        later = [table.name for table in COUNTED if not inspect(connection).has_table(table.name)]
        connection.execute(delete(seal_totals).where(seal_totals.c.name.in_(later)))
    engine.dispose()
    assert "credentials" in later
    upgrade(empty_database_url)
    store = open_store(empty_database_url)
    with store.read() as tx:
        flaws = list(tx.seals.flaws())
    with store.write() as tx:
        tx.employees.add(Employee("E", "N-1", "Name"))
        badge = Credential("B", "E", CredentialKind.BADGE, CardFormat.RAW, b"sealed", "U", NOW)
        tx.credentials.add(badge, "32:00000001")
    with store.read() as tx:
        flaws += list(tx.seals.flaws())
    store.close()
    assert flaws == []


def test_migrations_build_the_declared_tables(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    assert len(metadata.tables) > 10


def test_processes_starting_together_migrate_once(empty_database_url: str) -> None:
    program = "import sys; from tests.stores import upgrade; upgrade(sys.argv[1])"
    processes = [
        subprocess.Popen([sys.executable, "-c", program, empty_database_url], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    outcomes = [(process.communicate()[1], process.returncode) for process in processes]
    assert [code for _, code in outcomes] == [0, 0, 0, 0], outcomes
    store = open_store(empty_database_url)
    with store.read() as tx:
        assert tx.templates.revision() == 0
    store.close()
