"""Checks every write transaction of the tests against the order of locks in app/adapters/db/README.md.

Two writers that lock the same rows in different orders can wait for each other until one of them is refused, and a
decision that is refused keeps a gate shut. Such a meeting is rare, so the order is checked and not the meeting. The
statements are read before they are sent, so SQLite, which has one writer and no row locks, shows a mistake as well.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Delete, Engine, Insert, Select, Table, Update, event

import app
from app.adapters.db.transaction import SqlTransaction

SERVICES = str(Path(app.__file__).parent / "services")
README = Path(app.__file__).parent / "adapters" / "db" / "README.md"
COVERED_BY = {"gallery_changes": "gallery"}
_HELD = "tests_locks"


def stated_order() -> list[str]:
    """The tables in the order that the README gives."""
    section = README.read_text("utf-8").partition("## The order of locks")[2].partition("\n## ")[0]
    items = re.findall(r"^\d+\. .*(?:\n   .*)*", section, re.MULTILINE)
    return [name for item in items for name in re.findall(r"`(\w+)`", item)]


class LockOrder:
    """mistakes: one sentence for each lock that came too late in its transaction."""

    def __init__(self) -> None:
        self.order = stated_order()
        self._place = {name: place for place, name in enumerate(self.order)}
        self.mistakes: list[str] = []

    def begin(self, connection: Connection) -> None:
        connection.info[_HELD] = []

    def end(self, connection: Connection) -> None:
        connection.info.pop(_HELD, None)

    def locks(self, connection: Connection, statement: Any) -> None:
        held: list[str] | None = connection.info.get(_HELD)
        if held is None:  # a read, or a migration, which has the database to itself
            return
        for table in sorted(locked_by(statement), key=lambda name: self._place.get(name, -1)):
            self._take(held, table)

    def _take(self, held: list[str], table: str) -> None:
        if table in held:
            return
        if table in COVERED_BY:
            if COVERED_BY[table] not in held:
                self._note(f"{table} is written without a lock on {COVERED_BY[table]}")
            return
        if table not in self._place:
            self._note(f"{table} has no place in the order of locks")
            return
        late = [other for other in held if self._place[other] > self._place[table]]
        if late:
            self._note(f"{table} is locked after {', '.join(late)}")
        held.append(table)

    def _note(self, mistake: str) -> None:
        """Unless a test writes by itself, without a service: it runs alone."""
        service = next((at for at in _callers() if at.startswith(SERVICES)), None)
        if service is not None:
            self.mistakes.append(f"{service.removeprefix(SERVICES)}: {mistake}")


def _callers() -> Iterator[str]:
    """File and line of each frame, the innermost first."""
    frame = sys._getframe(1)
    while frame is not None:
        yield f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]


def locked_by(statement: Any) -> set[str]:
    """The tables of which a statement locks rows."""
    if isinstance(statement, Select) and statement._for_update_arg is not None:
        named = statement._for_update_arg.of
        sources = named if named else statement.get_final_froms()
        return {table.name for source in sources for table in source._from_objects if isinstance(table, Table)}
    if isinstance(statement, Update | Delete) and isinstance(statement.table, Table):
        return {statement.table.name}
    if isinstance(statement, Insert) and statement._post_values_clause is not None:
        return {statement.table.name}
    return set()


@contextmanager
def watched() -> Iterator[LockOrder]:
    """Inside the block, every write transaction of every store is watched."""
    order, begin = LockOrder(), SqlTransaction.__init__

    def begin_watched(self: Any, connection: Connection, *, writing: bool, **more: Any) -> None:
        if writing:
            order.begin(connection)
        begin(self, connection, writing=writing, **more)

    def before(connection: Connection, statement: Any, *_: Any) -> None:
        order.locks(connection, statement)

    listeners: list[tuple[str, Any]] = [("before_execute", before), ("commit", order.end), ("rollback", order.end)]
    SqlTransaction.__init__ = begin_watched  # type: ignore[method-assign]
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield order
    finally:
        SqlTransaction.__init__ = begin  # type: ignore[method-assign]
        for name, listener in listeners:
            event.remove(Engine, name, listener)
