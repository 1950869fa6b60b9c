"""All rows of a database as bytes that either kind of database takes back, read from one consistent snapshot.

A table is a line with its name and columns, then its rows, then a line with their number. A row is a line with a JSON
list, in which bytes are given by their length; those bytes follow, in order. Values are as stored, so seals stay good.
"""

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    insert,
    select,
    type_coerce,
)

from app.adapters.db.tables import Day, Instant, backups, leases, metadata, remote_polls, watchers
from app.core.errors import CryptoFault

# Of processes that will be gone, and of this disk's backups.
LEFT_OUT = frozenset({leases.name, watchers.name, remote_polls.name, backups.name})
_AT_ONCE = 50  # rows with photos take megabytes
LONGEST_LINE = 64_000_000


def stored_tables() -> list[Table]:
    """The tables of a dump: whatever refers to another comes after it."""
    return [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]


def counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in stored_tables()
    }


def dump(
    connection: Connection, row_done: Callable[[], None], tables: Sequence[Table] | None = None
) -> Generator[bytes]:
    """Yields the dump, read in the connection's transaction. row_done: called after each row. tables: None for all."""
    for table in tables or stored_tables():
        names = [column.name for column in table.columns]
        sealed = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
        yield _line({"table": table.name, "columns": names, "bytes": sealed})
        query = select(*(_as_stored(column) for column in table.columns)).execution_options(yield_per=_AT_ONCE)
        number = 0
        with connection.execute(query) as rows:
            for row in rows:
                blobs = [bytes(value) for value in row if isinstance(value, bytes | memoryview)]
                plain = [len(value) if isinstance(value, bytes | memoryview) else value for value in row]
                yield _line(plain) + b"".join(blobs)
                number += 1
                row_done()
        yield _line({"rows": number})


def _as_stored(column: Column[Any]) -> Any:
    """Times and days as their numbers and texts, whatever somebody wrote there."""
    if isinstance(column.type, Instant):
        return type_coerce(column, BigInteger()).label(column.name)
    return type_coerce(column, String()).label(column.name) if isinstance(column.type, Day) else column


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def load(
    connection: Connection,
    tables: Iterable[tuple[dict[str, Any], Iterator[list[Any]]]],
    begun: Callable[[str], None] = lambda table: None,
) -> None:
    """Replaces all rows of a freshly migrated database.

    begun: called with the name of each table.

    The schema is that of the dump, which may be older than this version's, so it is taken from the database.
    """
    known = MetaData()
    known.reflect(connection)
    for table in reversed(known.sorted_tables):
        if table.name != "alembic_version":
            connection.execute(table.delete())
    for head, rows in tables:
        table = known.tables[head["table"]]
        begun(table.name)
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type.none_as_null = True  # as NULL, not as the JSON text null
        if any(key.column.table is table for key in table.foreign_keys):
            rows = iter(_parents_first(table, head["columns"], list(rows)))
        _insert(connection, table, head["columns"], rows)


def _insert(connection: Connection, table: Table, names: list[str], rows: Iterator[list[Any]]) -> None:
    waiting: list[dict[str, Any]] = []
    for row in rows:
        waiting.append(dict(zip(names, row, strict=True)))
        if len(waiting) >= _AT_ONCE:
            connection.execute(insert(table), waiting)
            waiting = []
    if waiting:
        connection.execute(insert(table), waiting)


def _parents_first(table: Table, names: list[str], rows: list[list[Any]]) -> list[list[Any]]:
    """Of a table that refers to itself, such as zones in zones. There are few such rows."""
    (own,) = (key for key in table.foreign_keys if key.column.table is table)
    parent, key = names.index(own.parent.name), names.index(own.column.name)
    ready: list[list[Any]] = []
    there: set[Any] = {None}
    while rows:
        now = [row for row in rows if row[parent] in there]
        if not now:
            raise CryptoFault(f"the backup's rows of {table.name} refer to each other in a circle")
        ready += now
        there |= {row[key] for row in now}
        rows = [row for row in rows if row[key] not in there]
    return ready


def rows_of(source: BinaryIO, head: dict[str, Any]) -> Iterator[list[Any]]:
    """The rows of the table whose first line was read. Raises CryptoFault for what `dump` does not write."""
    places = [head["columns"].index(name) for name in head["bytes"]]
    number = 0
    while (line := source.readline(LONGEST_LINE)).startswith(b"["):
        row = json.loads(line)
        for place in places:
            if row[place] is not None:
                row[place] = source.read(row[place])
        number += 1
        yield row
    if line != _line({"rows": number}):
        raise CryptoFault(f"the backup is damaged in the rows of {head['table']}")
