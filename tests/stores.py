"""How tests open and migrate a database: sealed under a key of their own, which no code in `app` knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.util import LRUCache

from app.adapters.db.engine import migrate
from app.adapters.db.seals.person_box import Vault
from app.adapters.db.seals.row_seal import RowSeals
from app.adapters.db.store import SqlStore
from app.adapters.db.store import open_store as open_keyed

KEY = b"a key that only the tests know. "
SEALS = RowSeals(KEY)


class Statements(LRUCache[Any, Any]):
    """Compiled SQL by the kind of database. By itself, each engine compiles what each test before it compiled."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), value)


COMPILED = Statements(1000)


def upgrade(url: str, *, seals: RowSeals = SEALS, vault: Vault | None = None, sealed_before: bool = False) -> None:
    migrate.upgrade(url, lambda: seals, lambda: vault, sealed_before=sealed_before)


def open_store(
    url: str, *, seals: RowSeals = SEALS, vault: Vault | None = None, server_clock: bool = False
) -> SqlStore:
    """vault: None seals all people under the seals' key, so that a test need not give each of them one."""
    store = open_keyed(url, seals, vault, server_clock=server_clock)
    store._engine.update_execution_options(compiled_cache=COMPILED)
    return store


@contextmanager
def statements(store: SqlStore) -> Iterator[list[str]]:
    """Yields a list that takes the SQL of whatever the store runs inside the block."""
    run: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        run.append(statement)

    event.listen(store._engine, "before_cursor_execute", note)
    try:
        yield run
    finally:
        event.remove(store._engine, "before_cursor_execute", note)
