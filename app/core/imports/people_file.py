"""Reads a file of people into rows, by the columns' own names or as a person mapped them.

Other systems export the file, so nothing is guessed silently. Every row is either used or says why not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import islice
from typing import Any

from app.core.errors import BadInput, TooLarge
from app.core.imports.people_cells import DATES, as_meant, plain, split, value
from app.core.imports.people_columns import (
    COLUMNS,
    NEEDED,
    SEVERAL,
    ColumnMapping,
    Header,
    Layout,
    Unmapped,
    column_name,
    fits,
    layout_of,
)
from app.core.imports.people_dates import ColumnOrder, DateOrder, spoken, written_in
from app.core.imports.people_guess import FilePreview, known_titles, preview
from app.core.imports.people_table import Score, Table, table_of
from app.core.imports.people_text import Text, text_of
from app.core.imports.reports import RowProblem
from app.core.people.details import Details
from app.core.types import Employee

MOST_ROWS = 100_000
_PREVIEWED = 200  # rows searched for samples of each column


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a value for each column of the file. `photos` are the photos that the row names, or None.

    It uses slots and tuples because garbage collection over a hundred thousand rows stops every thread.
    """

    line: int
    number: str
    columns: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    photos: tuple[str, ...] | None = None
    problems: tuple[RowProblem, ...] = ()

    @property
    def sent(self) -> dict[str, Any]:
        """The values by column."""
        return dict(zip(self.columns, self.values, strict=True))

    def value(self, column: str) -> Any:
        return self.values[self.columns.index(column)] if column in self.columns else None

    def details(self, before: Employee | None) -> Details:
        """Returns the employee's new details. A missing column keeps its field; an empty cell clears it."""
        return Details.of(before, **self.sent) if before else Details(**self.sent)


@dataclass(frozen=True)
class PeopleFile:
    """The rows of a file, and sentences about it for the person who sent it."""

    rows: tuple[Row, ...]
    notices: tuple[str, ...] = ()


def read(data: bytes, encoding: str | None = None, mapping: ColumnMapping | None = None) -> PeopleFile:
    """Reads the rows of a CSV, in the encoding that a person named, if any, and by the mapping, if any.

    Raises BadInput or TooLarge if no row of the file can be used; Unmapped if a mapping could change that.
    """
    text = text_of(data, encoding)
    header, layout = _laid_out(text, mapping)
    orders = _orders(text, layout, mapping)
    table = table_in(text, mapping)
    rows: list[Row] = []
    short: list[int] = []
    for line, cells in islice(table.rows(), 1, None):
        if len(rows) == MOST_ROWS:
            raise TooLarge("too_many_rows", f"The CSV has more than {MOST_ROWS} rows; split it.")
        if tuple(cells) == header.cells:
            problem = RowProblem("repeated_header", "This line repeats the header; remove it.")
            rows.append(Row(line, "", problems=(problem,)))
            continue
        if len(cells) < layout.width:
            short.append(line)
        rows.append(_row(line, layout, cells, table, orders))
    if not rows:
        raise BadInput("empty_csv", "The CSV has no rows below its header.")
    notices = _notices(text, rows, table, header, layout, short)
    return PeopleFile(tuple(_unique(rows)), (*notices, *_order_notices(orders, text, layout, mapping)))


def header_of(data: bytes, encoding: str | None = None, mapping: ColumnMapping | None = None) -> Header:
    """Returns the header of a CSV. Raises BadInput or TooLarge."""
    return _header(table_in(text_of(data, encoding), mapping))


def preview_of(data: bytes, encoding: str | None = None, mapping: ColumnMapping | None = None) -> FilePreview:
    """Returns what a person sees in order to map a CSV. Raises BadInput or TooLarge."""
    rows = list(islice(table_in(text_of(data, encoding), mapping).rows(), _PREVIEWED + 1))
    line, cells = rows[0] if rows else (1, [])
    return preview(Header(line, tuple(cells)), [cells for _, cells in rows[1:]])


def check_mapping(data: bytes, encoding: str | None, mapping: ColumnMapping) -> None:
    """Raises BadInput if a mapping does not fit a CSV, or leaves the order of its dates open."""
    text = text_of(data, encoding)
    _, layout = _laid_out(text, mapping)
    _orders(text, layout, mapping)


def _laid_out(text: Text, mapping: ColumnMapping | None) -> tuple[Header, Layout]:
    header = _header(table_in(text, mapping))
    return header, layout_of(header, mapping)


def _header(table: Table) -> Header:
    line, cells = next(table.rows(), (1, []))
    return Header(line, tuple(cells))


def table_in(text: Text, mapping: ColumnMapping | None = None) -> Table:
    """Returns the table below the row that has the columns number and name, the mapped ones, or what comes closest."""
    return table_of(text, partial(_score, mapping if mapping and mapping.columns else None))


def _score(mapping: ColumnMapping | None, cells: Sequence[str]) -> Score:
    names = {column_name(cell) for cell in cells}
    filled = sum(bool(cell.strip()) for cell in cells)
    own = (len(names.intersection(NEEDED)), len(names.intersection(COLUMNS)))
    return (fits(cells, mapping) if mapping else 0, *own, known_titles(cells), filled if filled > 1 else 0)


def _orders(text: Text, layout: Layout, mapping: ColumnMapping | None) -> dict[str, DateOrder | None]:
    """Returns the order of the dates of each column: as mapped, or as its cells prove. Raises Unmapped if they do not.

    The file is read for this once more, since a row in the middle can prove how the first one is meant.
    """
    dated = [name for name in DATES if name in layout.places]
    if mapping and mapping.dates:
        return dict.fromkeys(dated, mapping.dates)
    orders = {name: ColumnOrder(name) for name in dated}
    if dated:
        for line, cells in islice(table_in(text, mapping).rows(), 1, None):
            for name in dated:
                at = layout.places[name][0]
                if at < len(cells):
                    with suppress(BadInput):  # reading the row reports the bad cell
                        orders[name].take(line, plain(name, cells[at]))
    try:
        return {name: order.order() for name, order in orders.items()}
    except BadInput as doubt:
        raise Unmapped(doubt.code, doubt.detail) from None


def _row(line: int, layout: Layout, cells: Sequence[str], table: Table, orders: Mapping[str, DateOrder | None]) -> Row:
    """Returns one row. Missing cells at its end count as empty, because spreadsheets leave them out."""
    over = any(cell.strip() for cell in cells[layout.width :])
    if len(cells) < layout.needed or over or (len(cells) < layout.width and table.cut_off):
        detail = f"The row has {len(cells)} cells and the header {layout.width}; quote cells that contain a comma."
        if not over and table.cut_off:
            detail = "The file ends inside this row; was it cut off? A complete file ends with a line end."
        at = layout.places["number"][0]
        number = cells[at].strip()[:64] if at < len(cells) else ""
        return Row(line, number, problems=(RowProblem("wrong_cell_count", detail),))
    problems: list[RowProblem] = []
    sent: dict[str, Any] = {}
    photos: tuple[str, ...] | None = None
    for at in layout.unnamed:
        if at < len(cells) and cells[at].strip():
            detail = f"Column {at + 1} has a value here but no name in the header; name it, or # to ignore it."
            problems.append(RowProblem("unnamed_column", detail))
    for name, places in layout.places.items():
        try:
            found = [plain(name, cells[at] if at < len(cells) else "") for at in places]
            read = _joined(name, found) if name in SEVERAL else value(name, found[0], orders.get(name))
            if name == "photos":
                photos = read or None
            elif name != "status" or found[0]:
                sent[name] = read
        except BadInput as bad:
            problems.append(RowProblem(bad.code, bad.detail))
    number = sent.get("number", "")
    names = _shared(tuple(sent))
    if not problems:
        try:
            Details(**sent)
        except BadInput as bad:
            problems.append(RowProblem(bad.code, bad.detail))
    return Row(line, number[:64], names, tuple(sent.values()), photos, tuple(problems))


def _joined(name: str, cells: Iterable[str]) -> Any:
    """Returns the parts of a name in one text, or the values of all cells, each once."""
    if name == "name":
        return " ".join(cell for cell in cells if cell)
    return tuple(dict.fromkeys(one for cell in cells for one in split(cell)))


@lru_cache(maxsize=64)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns one shared tuple for equal names, so that many rows do not each keep a copy."""
    return names


def _notices(
    text: Text, rows: Sequence[Row], table: Table, header: Header, layout: Layout, short: Sequence[int]
) -> Iterator[str]:
    if not text.proved:
        names = islice((n for row in rows if not (n := str(row.sent.get("name", ""))).isascii()), 3)
        shown = ", ".join(name[:40] for name in names)
        yield f"Read as {text.encoding}{f': {shown}. Are these names right?' if shown else '.'}"
    for row in rows:
        name = str(row.value("name") or "")
        if likely := as_meant(name):
            yield f"Line {row.line}: {name[:40]!r} looks like {likely[:40]!r} saved wrongly; export the file again."
            break
        if "?" in name:
            yield f"Line {row.line}: {name[:40]!r} has a ?; if it replaces a letter, save the file as UTF-8."
            break
    if header.line > table.before + 1:
        yield f"The header is line {header.line}; the lines above it were ignored."
    if layout.unread:
        shown = ", ".join(title[:40] for title in layout.unread[:8]) + (" and more" if layout.unread[8:] else "")
        yield f"Columns that were not read: {shown}."
    if short:
        many = "1 row has" if len(short) == 1 else f"{len(short)} rows have"
        yield f"{many} fewer cells than the header, such as line {short[0]}; missing cells were read as empty."


def _order_notices(
    orders: Mapping[str, DateOrder | None], text: Text, layout: Layout, mapping: ColumnMapping | None
) -> Iterator[str]:
    """Yields a sentence for each column of dates whose order matters, with the first date as it was read."""
    open_ones = {name: order for name, order in orders.items() if order is not None}
    for _, cells in islice(table_in(text, mapping).rows(), 1, None) if open_ones else ():
        for name, order in list(open_ones.items()):
            at = layout.places[name][0]
            cell = ""
            if at < len(cells):
                with suppress(BadInput):  # reading the row reported the bad cell
                    cell = plain(name, cells[at])
            written = written_in(name, cell)
            if written and written.day_first != written.month_first and (day := written.day(order)):
                first = "day" if order is DateOrder.DAY_FIRST else "month"
                yield f"{name} was read with the {first} first: {cell[:30]} is {spoken(day)}."
                del open_ones[name]
        if not open_ones:
            return


def _unique(rows: Sequence[Row]) -> Iterator[Row]:
    """Refuses all rows that contradict each other, since the file does not say which of them is right."""
    for key, code, what in (("number", "duplicate_number", "number"), ("card_number", "duplicate_card", "card number")):
        first: dict[str, int] = {}
        several: dict[str, list[int]] = {}
        for row in rows:
            mine = row.value(key)
            if mine and first.setdefault(mine, row.line) != row.line:
                several.setdefault(mine, [first[mine]]).append(row.line)
        if several:
            rows = [_doubted(row, code, what, several.get(row.value(key) or "", [])) for row in rows]
    yield from rows


def _doubted(row: Row, code: str, what: str, lines: Sequence[int]) -> Row:
    others = [str(line) for line in lines[:7] if line != row.line][:6]
    if not others:
        return row
    shown = ", ".join(others[:5]) + (" and more" if len(others) > 5 else "")
    problem = RowProblem(code, f"Other lines have the same {what}: {shown}.")
    return replace(row, problems=(*row.problems, problem))
