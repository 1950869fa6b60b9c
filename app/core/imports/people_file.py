"""Reads a file of people into rows.

Other systems export the file, so nothing is guessed silently. An unknown column stops the import, since ignoring
`valid_untl` would let people in for ever. Every row is either used or says why not.
"""

import csv
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from app.core.errors import BadInput, TooLarge
from app.core.imports.people_cells import as_meant, plain, split, value
from app.core.imports.people_text import Text, text_of
from app.core.imports.reports import RowProblem
from app.core.people.details import Details
from app.core.types import Employee

COLUMNS = (
    "number",
    "name",
    "email",
    "status",
    "valid_from",
    "valid_until",
    "groups",
    "legal_basis",
    "consent_at",
    "card_number",
    "photos",
)
NEEDED = ("number", "name")
MOST_ROWS = 100_000
MOST_COLUMNS = 500
MOST_ROW_LINES = 1000  # per row, from line ends in its cells
_ABOVE = 20  # lines in which the header is searched for
_DELIMITERS = ",;\t|"


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
        kept = {name: getattr(before, name) for name in Details.__dataclass_fields__} if before else {}
        return Details(**{**kept, **self.sent})


@dataclass(frozen=True)
class PeopleFile:
    """The rows of a file, and sentences about it for the person who sent it."""

    rows: tuple[Row, ...]
    notices: tuple[str, ...] = ()


@dataclass
class _Table:
    """Rows of cells with the line on which each starts, counted as an editor counts lines."""

    lines: Iterator[str]
    delimiter: str
    before: int  # lines already taken off the top
    cut_off: bool = False  # the last line has no line end
    _line: int = 0
    _begins: int = 0

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yields (line, cells). Raises BadInput or TooLarge, which name the line."""
        self._line = self._begins = self.before
        reader = csv.reader(self._bounded(), delimiter=self.delimiter, strict=True)
        while True:
            self._begins = self._line + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise BadInput("bad_csv", self._unreadable(error)) from None
            if cells is None:
                return
            if len(cells) > MOST_COLUMNS:
                raise TooLarge("too_many_cells", f"Line {self._begins} of the CSV has more than {MOST_COLUMNS} cells.")
            yield self._begins, cells

    def _bounded(self) -> Iterator[str]:
        for line in self.lines:
            self._line += 1
            if self._line - self._begins >= MOST_ROW_LINES:
                raise BadInput("bad_csv", self._unreadable("a quote is not closed"))
            self.cut_off = line[-1] not in "\r\n"
            yield line

    def _unreadable(self, error: object) -> str:
        words = str(error)
        if words == "unexpected end of data":
            words = "a quote is not closed"
        return f"Line {self._begins} of the CSV cannot be read: {words}."


def read(data: bytes, encoding: str | None = None) -> PeopleFile:
    """Reads the rows of a CSV, in the encoding that a person named, if any.

    Raises BadInput or TooLarge if no row of the file can be used.
    """
    text = text_of(data, encoding)
    table, top = _table(text)
    rows: list[Row] = []
    header: list[str] = []  # as written
    short: list[int] = []
    columns: list[str | None] = []
    for line, cells in table.rows():
        if line < top or not any(cell.strip() for cell in cells):
            continue
        if not header:
            header, columns = cells, _columns(line, cells)
            continue
        if len(rows) == MOST_ROWS:
            raise TooLarge("too_many_rows", f"The CSV has more than {MOST_ROWS} rows; split it.")
        if cells == header:
            problem = RowProblem("repeated_header", "This line repeats the header; remove it.")
            rows.append(Row(line, "", problems=(problem,)))
            continue
        if len(cells) < len(columns):
            short.append(line)
        rows.append(_row(line, columns, cells, table))
    if not header:
        _columns(1, [])
    if not rows:
        raise BadInput("empty_csv", "The CSV has no rows below its header.")
    return PeopleFile(tuple(_unique(rows)), tuple(_notices(text, rows, table.before, top, short)))


def _table(text: Text) -> tuple[_Table, int]:
    """Returns the table, and the line of its header: the first with the columns number and name."""
    lines = text.lines()
    above = list(islice(lines, _ABOVE))
    before, delimiters = 0, _DELIMITERS
    first = above[0].strip().strip('"').lower() if above else ""
    if first.startswith("sep="):
        # A line for spreadsheets. A tab in it was stripped along with the line end.
        before, delimiters = 1, first[4:5] or "\t"
        if delimiters not in _DELIMITERS:
            raise BadInput("bad_delimiter", f"Line 1 of the CSV says {first!r}; the delimiter must be , ; | or a tab.")
    best = (0, 0, delimiters[0], 1)
    for delimiter in delimiters:
        reader = csv.reader(above[before:], delimiter=delimiter)
        try:
            for cells in reader:
                names = {_column(cell) for cell in cells[:MOST_COLUMNS]}
                found = (len(names.intersection(NEEDED)), len(names.intersection(COLUMNS)))
                if found > best[:2]:
                    best = (*found, delimiter, before + reader.line_num)
        except csv.Error:
            continue
    if not best[1]:
        head = next((line for line in above[before:] if line.strip()), "")
        best = (0, 0, max(delimiters, key=head.count), 1)
    return _Table(chain(above[before:], lines), best[2], before), best[3]


def _column(cell: str) -> str:
    """Normalises a column name: case, blanks, hyphens and full-width letters do not matter."""
    if len(cell) > 200:
        return cell
    shown = "".join(c for c in unicodedata.normalize("NFKC", cell) if unicodedata.category(c) != "Cf")
    return "_".join(shown.casefold().replace("-", " ").replace("_", " ").split())


def _columns(line: int, header: Sequence[str]) -> list[str | None]:
    """Returns the column names: None for an ignored column, "" for one without a name. Raises BadInput."""
    columns: list[str | None] = []
    for cell in header:
        name = _column(cell)
        if name.startswith("#"):
            columns.append(None)
        elif name in COLUMNS or not name:
            columns.append(name)
        else:
            shown = "".join(c for c in cell.strip()[:40] if c.isprintable())
            near = get_close_matches(name[:100], COLUMNS, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" The columns are: {', '.join(COLUMNS)}."
            detail = f"The column {shown!r} in line {line} is unknown.{hint} Put # before its name to ignore it."
            raise BadInput("unknown_column", detail)
    named = [name for name in columns if name]
    if twice := [name for name, count in Counter(named).items() if count > 1]:
        raise BadInput("duplicate_column", f"The column {twice[0]} appears twice.")
    if missing := [name for name in NEEDED if name not in named]:
        raise BadInput("missing_column", f"The CSV needs a column {missing[0]} in its header (line {line}).")
    return columns


def _row(line: int, columns: Sequence[str | None], cells: Sequence[str], table: _Table) -> Row:
    """Returns one row. Missing cells at its end count as empty, because spreadsheets leave them out."""
    needed = max(columns.index(name) for name in NEEDED) + 1
    over = any(cell.strip() for cell in cells[len(columns) :])
    if len(cells) < needed or over or (len(cells) < len(columns) and table.cut_off):
        detail = f"The row has {len(cells)} cells and the header {len(columns)}; quote cells that contain a comma."
        if not over and table.cut_off:
            detail = "The file ends inside this row; was it cut off? A complete file ends with a line end."
        at = columns.index("number")
        number = cells[at].strip()[:64] if at < len(cells) else ""
        return Row(line, number, problems=(RowProblem("wrong_cell_count", detail),))
    problems: list[RowProblem] = []
    sent: dict[str, Any] = {}
    photos: tuple[str, ...] | None = None
    for at, name in enumerate(columns):
        raw = cells[at] if at < len(cells) else ""
        try:
            if name == "" and raw.strip():
                detail = f"Column {at + 1} has a value here but no name in the header; name it, or # to ignore it."
                raise BadInput("unnamed_column", detail)
            if not name:
                continue
            cell = plain(name, raw)
            if name == "photos":
                photos = split(cell) or None
            elif name != "status" or cell:
                sent[name] = value(name, cell)
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


@lru_cache(maxsize=64)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns one shared tuple for equal names, so that many rows do not each keep a copy."""
    return names


def _notices(text: Text, rows: Sequence[Row], before: int, top: int, short: Sequence[int]) -> Iterator[str]:
    if not text.proved:
        names = islice((n for row in rows if not (n := str(row.sent.get("name", ""))).isascii()), 3)
        shown = ", ".join(name[:40] for name in names)
        yield f"Read as {text.encoding}{f': {shown}. Are these names right?' if shown else '.'}"
    for row in rows:
        name = str(row.value("name") or "")
        if meant := as_meant(name):
            yield f"Line {row.line}: {name[:40]!r} looks like {meant[:40]!r} saved wrongly; export the file again."
            break
        if "?" in name:
            yield f"Line {row.line}: {name[:40]!r} has a ?; if it replaces a letter, save the file as UTF-8."
            break
    if top > before + 1:
        yield f"The header is line {top}; the lines above it were ignored."
    if short:
        many = "1 row has" if len(short) == 1 else f"{len(short)} rows have"
        yield f"{many} fewer cells than the header, such as line {short[0]}; missing cells were read as empty."


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
