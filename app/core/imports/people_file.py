"""A file of people as rows: what its columns are called, and which row says what.

It comes from whoever exports it, so nothing is guessed silently: a column that is not known stops the import
(`valid_untl` ignored would let people in for ever), and every row is used or says why not.
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
MOST_ROW_LINES = 1000  # of one row, by line ends in its cells
_ABOVE = 20  # lines among which the header is looked for
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Row:
    """One person as the file has them: a value for each column it has. photos: named in the row, or None.

    Slots and tuples, because the collector of garbage stops everything while it goes through a hundred thousand.
    """

    line: int
    number: str
    columns: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    photos: tuple[str, ...] | None = None
    problems: tuple[RowProblem, ...] = ()

    @property
    def sent(self) -> dict[str, Any]:
        return dict(zip(self.columns, self.values, strict=True))

    def value(self, column: str) -> Any:
        return self.values[self.columns.index(column)] if column in self.columns else None

    def details(self, before: Employee | None) -> Details:
        """What the employee will be: a column that the file lacks stays as it was, an empty cell clears its field."""
        kept = {name: getattr(before, name) for name in Details.__dataclass_fields__} if before else {}
        return Details(**{**kept, **self.sent})


@dataclass(frozen=True)
class PeopleFile:
    rows: tuple[Row, ...]
    notices: tuple[str, ...] = ()


@dataclass
class _Table:
    """Rows of cells with the line where each begins. Lines are counted as an editor counts them."""

    lines: Iterator[str]
    delimiter: str
    before: int  # lines that were taken off the top
    cut_off: bool = False  # the last line has no end
    _line: int = 0
    _begins: int = 0

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Raises BadInput and TooLarge, naming the line."""
        self._line = self._begins = self.before
        reader = csv.reader(self._bounded(), delimiter=self.delimiter, strict=True)
        while True:
            self._begins = self._line + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise BadInput("bad_csv", self._said(error)) from None
            if cells is None:
                return
            if len(cells) > MOST_COLUMNS:
                raise TooLarge("too_many_cells", f"Line {self._begins} of the CSV has more than {MOST_COLUMNS} cells.")
            yield self._begins, cells

    def _bounded(self) -> Iterator[str]:
        for line in self.lines:
            self._line += 1
            if self._line - self._begins >= MOST_ROW_LINES:
                raise BadInput("bad_csv", self._said("a quote is not closed"))
            self.cut_off = line[-1] not in "\r\n"
            yield line

    def _said(self, error: object) -> str:
        words = str(error)
        if words == "unexpected end of data":
            words = "a quote is not closed"
        return f"Line {self._begins} of the CSV cannot be read: {words}."


def read(data: bytes, encoding: str | None = None) -> PeopleFile:
    """The rows of a CSV. encoding: what it is said to have. Raises BadInput or TooLarge for a file of which no row can
    be used."""
    text = text_of(data, encoding)
    table, top = _table(text)
    rows: list[Row] = []
    header: list[str] = []  # as it is written
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
            problem = RowProblem("header_again", "The header stands here again; take this line out.")
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
    """The file's table, and the line of its header: the first with a number and a name, whatever separates them."""
    lines = text.lines()
    above = list(islice(lines, _ABOVE))
    before, delimiters = 0, _DELIMITERS
    said = above[0].strip().strip('"').lower() if above else ""
    if said.startswith("sep="):
        # A line for spreadsheets. A tab in it was stripped with the line's end.
        before, delimiters = 1, said[4:5] or "\t"
        if delimiters not in _DELIMITERS:
            raise BadInput("bad_delimiter", f"Line 1 of the CSV says {said!r}; cells are separated by , ; | or a tab.")
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
    """The name of a column, however it is written: full width, with blanks of any kind, in capitals."""
    if len(cell) > 200:
        return cell
    shown = "".join(c for c in unicodedata.normalize("NFKC", cell) if unicodedata.category(c) != "Cf")
    return "_".join(shown.casefold().replace("-", " ").replace("_", " ").split())


def _columns(line: int, header: Sequence[str]) -> list[str | None]:
    """The columns' names; None for one that is marked to be ignored, "" for one without a name. Raises BadInput."""
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
            hint = f" Did you mean {near[0]}?" if near else f" Known are: {', '.join(COLUMNS)}."
            detail = f"The column {shown!r} in line {line} is not known.{hint} With # before its name it is ignored."
            raise BadInput("unknown_column", detail)
    named = [name for name in columns if name]
    if twice := [name for name, count in Counter(named).items() if count > 1]:
        raise BadInput("duplicate_column", f"The column {twice[0]} stands there twice.")
    if missing := [name for name in NEEDED if name not in named]:
        raise BadInput("missing_column", f"The CSV needs a column {missing[0]} in its header, line {line}.")
    return columns


def _row(line: int, columns: Sequence[str | None], cells: Sequence[str], table: _Table) -> Row:
    """A row's values. Cells that the end of a row lacks are empty, as spreadsheets leave them out."""
    needed = max(columns.index(name) for name in NEEDED) + 1
    over = any(cell.strip() for cell in cells[len(columns) :])
    if len(cells) < needed or over or (len(cells) < len(columns) and table.cut_off):
        detail = f"The row has {len(cells)} cells and the header {len(columns)}; put cells with a comma in quotes."
        if not over and table.cut_off:
            detail = "The file ends within this row; was it cut off? A whole file ends with an empty line."
        at = columns.index("number")
        number = cells[at].strip()[:64] if at < len(cells) else ""
        return Row(line, number, problems=(RowProblem("wrong_cells", detail),))
    problems: list[RowProblem] = []
    sent: dict[str, Any] = {}
    photos: tuple[str, ...] | None = None
    for at, name in enumerate(columns):
        raw = cells[at] if at < len(cells) else ""
        try:
            if name == "" and raw.strip():
                detail = f"Column {at + 1} has no name in the header, but a cell here; name it, or # to ignore it."
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
    """The same names once, however many rows have them."""
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
            yield f"Line {row.line}: {name[:40]!r} has a ?; was a letter lost? Then save the file as UTF-8."
            break
    if top > before + 1:
        yield f"The header is line {top}; what stands above it was left out."
    if short:
        many = "1 row has" if len(short) == 1 else f"{len(short)} rows have"
        yield f"{many} fewer cells than the header, such as line {short[0]}; what is missing was read as empty."


def _unique(rows: Sequence[Row]) -> Iterator[Row]:
    """Rows that contradict each other are all refused: which of them is right, the file does not tell."""
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
    problem = RowProblem(code, f"The {what} stands in other lines, too: {shown}.")
    return replace(row, problems=(*row.problems, problem))
