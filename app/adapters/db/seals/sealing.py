"""Seals, once, what an installation stored before there were seals, and checks all seals."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from app.adapters.db.seals.row_seal import Altered, RowSeals, seals_of
from app.adapters.db.tables import (
    COUNTED,
    SEALED,
    api_keys,
    cameras,
    employees,
    gates,
    photos,
    provider,
    seal_totals,
    site,
    site_settings,
    templates,
    users,
)
from app.adapters.db.tables.access import RULE_TABLES
from app.core.errors import CryptoFault
from app.core.events.records import SealFlaw, TableTotal

_MARK = ""
_ROWS_AT_ONCE = 200
_ACTING = (api_keys, cameras, employees, gates, photos, provider, site, site_settings, templates, users, *RULE_TABLES)
NOT_OURS = (
    "the rows of this database were sealed with another master key, or the mark that says so was removed: "
    "restore master.key, or the database, from its backup"
)


def seal_all(connection: Connection, seals: RowSeals) -> None:
    """Every row of the sealed tables, as it stands. Right after the migration that made the columns, and never later:
    whoever could have this done again could have planted rows sealed."""
    seal_tables(connection, seals, SEALED)
    write_total(connection, _MARK, seals.close_total(_MARK, 0, 0))


def seal_tables(connection: Connection, seals: RowSeals, tables: Iterable[Table]) -> None:
    """Every row of these tables, as it stands, with new totals; as `seal_all`, right after the tables were made."""
    for table in tables:
        total = 0
        for batch in _batches(connection, table):
            new = [{**_key_of(table, row), "new_seal": seals.seal(table, row)} for row in batch]
            key = [column == bindparam(f"_pk_{column.name}") for column in table.primary_key]
            connection.execute(update(table).where(*key).values(seal=bindparam("new_seal")), new)
            total += sum(seals.element(row["new_seal"]) for row in new)
        if table in COUNTED:
            write_total(connection, table.name, seals.close_total(table.name, 0, total))


def check_mark(connection: Connection, seals: RowSeals) -> None:
    """Raises CryptoFault if this database was sealed with another key."""
    try:
        seals.open_total(_MARK, read_total(connection, _MARK))
    except Altered:
        raise CryptoFault(NOT_OURS) from None


class SealRows:
    """Implements `ports.events.Seals`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seals = seals_of(connection)

    def flaws(self, *, thorough: bool = True) -> Iterator[SealFlaw]:
        for table in SEALED if thorough else (table for table in _ACTING if table is not photos):
            total, whole = 0, True
            for row in self._rows(table):
                if self._seals.is_valid(table, row):
                    total += self._seals.element(row["seal"])
                    continue
                whole = False
                name = " ".join(str(value) for value in _key_of(table, row).values())
                yield SealFlaw(table.name, name, "was written without the master key")
            if table not in COUNTED or not whole:
                continue
            try:
                _, counted = self._seals.open_total(table.name, read_total(self._connection, table.name))
            except Altered:
                yield SealFlaw("seal_totals", table.name, "was altered or removed")
                continue
            if (total - counted) % (1 << 256):
                yield SealFlaw(table.name, "", "has rows that were removed, or put back as they once were")

    def _rows(self, table: Table) -> Iterator[Mapping[str, Any]]:
        """Every row; only the key of one that holds a value of the wrong kind."""
        given: set[tuple[Any, ...]] = set()
        try:
            for batch in _batches(self._connection, table):
                for row in batch:
                    given.add(tuple(row[column.name] for column in table.primary_key))
                    yield row
        except (TypeError, ValueError, OverflowError):
            key = list(table.primary_key)
            for place in self._connection.execute(select(*key)).all():
                if tuple(place) in given:
                    continue
                try:
                    where = (column == value for column, value in zip(key, place, strict=True))
                    yield dict(self._connection.execute(select(table).where(*where)).one()._mapping)
                except (TypeError, ValueError, OverflowError):
                    yield dict(place._mapping)

    def totals(self) -> list[TableTotal]:
        found = []
        for name in (table.name for table in _ACTING):
            try:
                version, total = self._seals.open_total(name, read_total(self._connection, name))
            except Altered:
                continue
            found.append(TableTotal(name, version, self._seals.fingerprint(name, version, total)))
        return found


def _batches(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    with connection.execute(select(table), execution_options={"yield_per": _ROWS_AT_ONCE}) as rows:
        while batch := [dict(row._mapping) for row in islice(rows, _ROWS_AT_ONCE)]:
            yield batch


def _key_of(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return {f"_pk_{column.name}": row[column.name] for column in table.primary_key}


def read_total(connection: Connection, name: str) -> bytes:
    return (
        connection.execute(select(seal_totals.c.sealed).where(seal_totals.c.name == name)).scalar_one_or_none() or b""
    )


def write_total(connection: Connection, name: str, sealed: bytes) -> None:
    connection.execute(delete(seal_totals).where(seal_totals.c.name == name))
    connection.execute(insert(seal_totals).values(name=name, sealed=sealed))
