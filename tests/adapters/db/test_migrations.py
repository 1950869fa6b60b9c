"""The migrations and the tables must agree, in both databases, and survive two processes that start together."""

import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from app.adapters.db import migrate
from app.adapters.db.engine import make_engine
from app.adapters.db.store import open_store
from app.adapters.db.tables import metadata


def test_up_down_and_up_again(empty_database_url: str) -> None:
    assert migrate.current(empty_database_url) is None
    migrate.upgrade(empty_database_url)
    assert migrate.current(empty_database_url) == migrate.head()
    migrate.downgrade(empty_database_url, "base")
    assert migrate.current(empty_database_url) is None
    migrate.upgrade(empty_database_url)
    assert migrate.current(empty_database_url) == migrate.head() is not None


def test_migrations_build_what_the_tables_say(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    assert len(metadata.tables) > 10


def test_processes_that_start_together_migrate_once(empty_database_url: str) -> None:
    program = "import sys; from app.adapters.db import migrate; migrate.upgrade(sys.argv[1])"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_database_url], stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    outcomes = [(process.communicate()[1], process.returncode) for process in processes]
    assert [code for _, code in outcomes] == [0, 0, 0, 0], outcomes
    store = open_store(empty_database_url)
    with store.read() as tx:
        assert tx.templates.revision() == 0
    store.close()
