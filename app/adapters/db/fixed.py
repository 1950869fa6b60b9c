"""Runs the few statements of every decision without what SQLAlchemy does anew at each execution.

Text, order of parameters and conversions are worked out once. In SQLite a select of one row takes 5 instead of 21
microseconds, and right after the networks have filled the processor's caches 20 instead of 85 (2026-11-30). PostgreSQL
takes longer than that to answer, so there SQLAlchemy runs the statement.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy import exc as sql
from sqlalchemy.sql.dml import UpdateBase

Convert = Callable[[Any], Any] | None
Cursor = sqlite3.Cursor
Answer = TypeVar("Answer")


class Fixed:
    """A statement with all its parameters bound by name. Shared by all threads."""

    def __init__(self, statement: Select[Any] | UpdateBase) -> None:
        self.statement = statement
        self._prepared: _Prepared | None = None

    def rows(self, connection: Connection, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows by column name. Raises as `Connection.execute`, and TypeError or ValueError for a value that no
        column of its kind can hold."""
        if connection.dialect.name != "sqlite":
            return [dict(row._mapping) for row in connection.execute(self.statement, values)]
        prepared = self._of(connection)
        return [prepared.read(row) for row in self._run(connection, prepared, values or {}, _rows)]

    def row(self, connection: Connection, values: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """The first row, or None. Raises as `rows`."""
        found = self.rows(connection, values)
        return found[0] if found else None

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """How many rows an update changed. Raises as `Connection.execute`."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self.statement, values).rowcount
        return self._run(connection, self._of(connection), values, _count)

    def run_each(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> None:
        """Once for each of the values. Raises as `Connection.execute`."""
        if connection.dialect.name != "sqlite":
            connection.execute(self.statement, values)
            return
        for one in values:
            self._run(connection, self._of(connection), one, _count)

    def _of(self, connection: Connection) -> "_Prepared":
        if self._prepared is None:
            self._prepared = _Prepared(self.statement, connection.dialect)
        return self._prepared

    def _run(
        self, connection: Connection, prepared: "_Prepared", values: Mapping[str, Any], what: Callable[[Cursor], Answer]
    ) -> Answer:
        given = prepared.given(values)
        told = connection.dispatch  # whoever listens to statements hears of these too
        if told.before_execute:
            told.before_execute(connection, self.statement, [], values, {})
        if told.before_cursor_execute:
            told.before_cursor_execute(connection, None, prepared.text, given, None, False)
        raw = connection.connection.driver_connection
        assert raw is not None
        try:
            return what(raw.execute(prepared.text, given))  # a damaged page shows only when its row is read
        except sqlite3.Error as error:
            raise sql.DBAPIError.instance(
                prepared.text, None, error, sqlite3.Error, hide_parameters=True, dialect=connection.dialect
            ) from error


def _rows(cursor: Cursor) -> list[tuple[Any, ...]]:
    return cursor.fetchall()


def _count(cursor: Cursor) -> int:
    return cursor.rowcount


class _Prepared:
    """A statement for SQLite: its text, and how values go in and come out."""

    def __init__(self, statement: Select[Any] | UpdateBase, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._parameters: list[tuple[str, Convert]] = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]
        self._columns: list[tuple[str, Convert]] = [
            (str(column.key), column.type.dialect_impl(dialect).result_processor(dialect, None))
            for column in statement.exported_columns
        ]

    def given(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(values[name] if of is None else of(values[name]) for name, of in self._parameters)

    def read(self, row: tuple[Any, ...]) -> dict[str, Any]:
        return {name: value if of is None else of(value) for (name, of), value in zip(self._columns, row, strict=True)}
