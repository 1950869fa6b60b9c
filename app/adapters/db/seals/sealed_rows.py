"""How repositories read and write sealed tables: altered rows are left out, written ones are sealed.

Each write also changes its table's total, which is stored as the last step before the commit.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Insert,
    LargeBinary,
    Row,
    Select,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from app.adapters.db.fixed import Fixed
from app.adapters.db.seals.noting import note, notes
from app.adapters.db.seals.row_seal import Altered, covered, seals_of
from app.adapters.db.tables import COUNTED, seal_totals

_PENDING = "facegate_totals"
_IDS_PER_QUERY = 900  # below both databases' bounds on parameters


class SealedRows:
    """One sealed table within one transaction. Rows are plain dicts. Altered ones are left out."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self._table = table
        self._seals = seals_of(connection)

    # Reading

    def checked(self, row: Row[Any] | None) -> dict[str, Any] | None:
        """The columns of a row selected whole; None for no row and for an altered one."""
        return None if row is None else self.intact(dict(zip(row._fields, row, strict=True)))

    def intact(self, values: dict[str, Any] | None) -> dict[str, Any] | None:
        """The same of a row as a dict, which this changes."""
        if values is None:
            return None
        if not self._seals.is_valid(self._table, values):
            self._seals.note_altered(self._table, values)
            return None
        del values["seal"]
        return values

    def one(self, *, for_update: bool = False, **key: Any) -> dict[str, Any] | None:
        """The row that has these values in columns of these names."""
        return self.first(_by(self._table, tuple(key), for_update), key)

    def first(self, query: Fixed, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The first row of a select of whole rows, if it is intact."""
        return self.intact(first_readable(self._connection, self._table, query, values))

    def find(self, query: Select[Any], values: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """The intact rows of a select of whole rows. values: its parameters."""
        for row in readable(self._connection, self._table, query, values):
            found = self.checked(row)
            if found is not None:
                yield found

    # Writing

    def sealed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A whole row with its seal. Missing columns are NULL."""
        whole = {name: values.get(name) for name, _ in covered(self._table)} | dict(values)
        return {**values, "seal": self._seals.seal(self._table, whole)}

    def insert(self, *rows: Mapping[str, Any]) -> None:
        new = [self.sealed(values) for values in rows]
        if new:
            if len(new) == 1:
                _one_into(self._table, tuple(new[0])).run(self._connection, new[0])
            else:
                self._connection.execute(_into(self._table), new)
            self.count(*(values["seal"] for values in new))
            for values in new if notes(self._connection, self._table) else ():
                note(self._connection, self._table, None, values)

    def put(self, values: Mapping[str, Any]) -> None:
        """Inserts the row, or replaces whatever has its key."""
        noted = notes(self._connection, self._table)
        if not noted and self._table not in COUNTED:  # nobody asks what was there
            whole = {column.name: values.get(column.name) for column in self._table.c}
            self._connection.execute(_over(self._table, self._connection.dialect.name), whole | self.sealed(values))
            return
        key = {_KEY + column.name: values[column.name] for column in self._table.primary_key}
        before = _before(self._table, noted).row(self._connection, key)
        if before is None:
            self.insert(values)
        else:
            new = self.sealed(values)
            self._change(values, new)
            self._recount(before["seal"], new["seal"])
            if noted:
                note(self._connection, self._table, before, new)

    def update(self, changes: Mapping[str, Any], *where: ColumnElement[bool]) -> int:
        """Returns how many rows were changed. An altered row stays as it is: a change must not give it a good seal."""
        changed = 0
        for row in readable(self._connection, self._table, held(select(self._table).where(*where))):
            values = self.checked(row)
            if values is None:
                continue
            new = self.sealed({**values, **changes})["seal"]
            self._change(values, {**changes, "seal": new})
            self._recount(row.seal, new)
            if notes(self._connection, self._table):
                note(self._connection, self._table, dict(row._mapping), {**values, **changes, "seal": new})
            changed += 1
        return changed

    def _change(self, row: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
        key = {_KEY + column.name: row[column.name] for column in self._table.primary_key}
        values = {_TO + name: value for name, value in changes.items()}
        _changed(self._table, tuple(changes)).run(self._connection, values | key)

    def delete(self, *where: ColumnElement[bool]) -> int:
        """Deletes rows and their children, and returns how many rows are gone, without the children."""
        for child, column, parent in _children(self._table):
            SealedRows(self._connection, child).delete(column.in_(select(parent).where(*where)))
        noted = notes(self._connection, self._table)
        # Of what is gone the trail shows nothing sealed, so pictures are not read to be deleted.
        plain = (column for column in self._table.c if noted and not isinstance(column.type, LargeBinary))
        gone = delete(self._table).where(*where).returning(self._table.c.seal, *plain)
        rows = self._connection.execute(gone).all()
        for row in rows if noted else ():
            note(self._connection, self._table, dict(row._mapping), None)
        self.discount(*(row.seal for row in rows))
        return len(rows)

    def take(self, *where: ColumnElement[bool]) -> list[dict[str, Any]]:
        """Removes rows and returns the intact ones. If two transactions take the same row, one gets it."""
        rows = self._connection.execute(delete(self._table).where(*where).returning(*self._table.c)).all()
        self.discount(*(row.seal for row in rows))
        for row in rows if notes(self._connection, self._table) else ():
            note(self._connection, self._table, dict(row._mapping), None)
        return [values for values in map(self.checked, rows) if values is not None]

    # Counting

    def count(self, *seals: bytes) -> None:
        self._add(sum(self._seals.element(seal) for seal in seals))

    def discount(self, *seals: bytes) -> None:
        self._add(-sum(self._seals.element(seal) for seal in seals if isinstance(seal, bytes)))

    def _recount(self, before: bytes, after: bytes) -> None:
        self.discount(before)
        self.count(after)

    def _add(self, delta: int) -> None:
        if self._table in COUNTED:
            pending = self._connection.info.setdefault(_PENDING, {})
            pending[self._table.name] = pending.get(self._table.name, 0) + delta


def readable(
    connection: Connection, table: Table, query: Select[Any], values: Mapping[str, Any] | None = None
) -> Iterable[Row[Any]]:
    """The rows of a select of whole rows, without those that hold a value of the wrong kind. values: its parameters."""
    try:
        return connection.execute(query, values).all()
    except (TypeError, ValueError, OverflowError):
        key = list(table.primary_key)
        found: list[Row[Any]] = []
        for place in connection.execute(query.with_only_columns(*key, maintain_column_froms=True), values).all():
            here = query.where(*(c == v for c, v in zip(key, place, strict=True)))
            try:
                found += connection.execute(here, values).all()
            except (TypeError, ValueError, OverflowError):
                seals_of(connection).note_altered(table, dict(place._mapping))
        return found


def first_readable(
    connection: Connection, table: Table, query: Fixed, values: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The first row of a select of whole rows; None also if it holds a value of the wrong kind."""
    try:
        return query.row(connection, values)
    except (TypeError, ValueError, OverflowError):
        assert isinstance(query.statement, Select)
        rows = list(readable(connection, table, query.statement, values))
        return dict(rows[0]._mapping) if rows else None


def batches(ids: Iterable[str], size: int = _IDS_PER_QUERY) -> Iterator[list[str]]:
    """Splits ids into lists that one query takes."""
    rest = iter(ids)
    while batch := list(islice(rest, size)):
        yield batch


def held(query: Select[Any], for_update: bool = True) -> Select[Any]:
    """Locks the rows until the transaction ends, so writing them back undoes nobody's change.

    For PostgreSQL; SQLite's single writer locks everything anyway. Rows that refer to them can still be added.
    """
    return query.with_for_update(key_share=True) if for_update else query


def begin_totals(connection: Connection) -> None:
    """Called at the start of a write. Forgets what a rolled-back write left."""
    connection.info.pop(_PENDING, None)


def settle_totals(connection: Connection) -> None:
    """Stores the changed totals. Called last before the commit, and in order of name, as the order of locks says."""
    seals = seals_of(connection)
    pending: dict[str, int] = connection.info.pop(_PENDING, {})
    for name, delta in sorted(pending.items()):
        try:
            stored = _TOTAL.row(connection, {"of": name})
            version, total = seals.open_total(name, b"" if stored is None else stored["sealed"])
        except Altered:
            # Left for the audit to find: a site with a damaged total still has to work.
            continue
        new = seals.close_total(name, version + 1, total + delta)
        _NEW_TOTAL.run(connection, {"of": name, "new": new})


_OF = seal_totals.c.name == bindparam("of")
_TOTAL = Fixed(select(seal_totals.c.sealed).where(_OF).with_for_update())
_NEW_TOTAL = Fixed(update(seal_totals).where(_OF).values(sealed=bindparam("new")))
# Before the name of a column: it says which row changes, or what the column becomes.
_KEY, _TO = "key_", "to_"


# To make a statement takes longer than to run it, so those of a decision are made once, with parameters.
@cache
def _by(table: Table, columns: tuple[str, ...], for_update: bool) -> Fixed:
    return Fixed(held(select(table).where(*(table.c[name] == bindparam(name) for name in columns)), for_update))


@cache
def _before(table: Table, whole: bool) -> Fixed:
    """The row of a key that is about to be written over; whole, or its seal alone."""
    query = select(table) if whole else select(table.c.seal)
    return Fixed(held(query.where(*_is_keyed(table))))


@cache
def _changed(table: Table, columns: tuple[str, ...]) -> Fixed:
    new = {name: bindparam(_TO + name, type_=table.c[name].type) for name in columns}
    return Fixed(update(table).where(*_is_keyed(table)).values(new))


def _is_keyed(table: Table) -> list[ColumnElement[bool]]:
    return [column == bindparam(_KEY + column.name) for column in table.primary_key]


@cache
def _one_into(table: Table, columns: tuple[str, ...]) -> Fixed:
    return Fixed(insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in columns}))


@cache
def _into(table: Table) -> Insert:
    return insert(table)


@cache
def _over(table: Table, dialect: str) -> Insert:
    """An insert of a whole row, or in the place of the one with its key."""
    # As engine.connect.upsert_in, which is above this module.
    new = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    key = list(table.primary_key)
    changed = {column.name: new.excluded[column.name] for column in table.c if not column.primary_key}
    return new.on_conflict_do_update(index_elements=key, set_=changed)


def _children(table: Table) -> Iterable[tuple[Table, Column[Any], Column[Any]]]:
    """Counted tables whose rows are deleted with this one's."""
    for child in COUNTED:
        for key in child.foreign_keys:
            if key.column.table is table and key.ondelete == "CASCADE":
                yield child, key.parent, key.column
