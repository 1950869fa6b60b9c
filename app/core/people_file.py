"""A file of people as rows: what its columns are called, and how a cell becomes a value.

Bytes come from whoever exports them, so nothing is guessed silently: a column that is not known stops the import
(`valid_untl` ignored would let people in for ever), and a text that a spreadsheet would run is refused.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from difflib import get_close_matches
from typing import Any

from app.core.errors import BadInput, TooLarge
from app.core.imports import RowProblem
from app.core.registry import Details
from app.core.types import Employee, Status

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
MOST_BYTES = 64_000_000
_RUNS = re.compile(r"'*[=+\-@\t\r]")  # what a spreadsheet would run, or an escaped one of those
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_AS_1252 = "The file is not UTF-8 and was read as Windows-1252: look at the names with accents before you apply it."


@dataclass(frozen=True)
class Row:
    """One person as the file has them. sent: a value for each column it has. photos: named in the row, or None."""

    line: int
    number: str
    sent: Mapping[str, Any]
    photos: tuple[str, ...] | None = None
    problems: tuple[RowProblem, ...] = ()

    def details(self, before: Employee | None) -> Details:
        """What the employee will be: a column that the file lacks stays as it was, an empty cell clears its field."""
        kept = {name: getattr(before, name) for name in Details.__dataclass_fields__} if before else {}
        return Details(**{**kept, **self.sent})


@dataclass(frozen=True)
class PeopleFile:
    rows: tuple[Row, ...]
    notices: tuple[str, ...] = ()


def read(data: bytes) -> PeopleFile:
    """The rows of a CSV. Raises BadInput or TooLarge for a file of which no row can be used."""
    if len(data) > MOST_BYTES:
        raise TooLarge("csv_too_large", f"The CSV has more than {MOST_BYTES // 1_000_000} MB; split it.")
    text, notices = _decoded(data)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    try:
        columns = _columns(next(reader, []))
        rows: list[Row] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) == MOST_ROWS:
                raise TooLarge("too_many_rows", f"The CSV has more than {MOST_ROWS} rows; split it.")
            rows.append(_row(reader.line_num, columns, cells))
    except csv.Error as error:
        raise BadInput("bad_csv", f"Line {reader.line_num} of the CSV cannot be read: {error}.") from None
    if not rows:
        raise BadInput("empty_csv", "The CSV has no rows below its header.")
    return PeopleFile(tuple(_unique(rows)), notices)


def join(parts: Sequence[str]) -> str:
    """Several values in one cell."""
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def split(cell: str) -> tuple[str, ...]:
    """Undoes `join`."""
    parts = re.findall(r"((?:[^\\|]|\\.)*)(?:\||$)", cell)
    plain = (re.sub(r"\\(.)", r"\1", part).strip() for part in parts)
    return tuple(part for part in plain if part)


def harmless(cell: str) -> str:
    """The cell as no spreadsheet runs it: an apostrophe goes before what begins like a formula; `read` takes it off."""
    return f"'{cell}" if _RUNS.match(cell) else cell


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    for code in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(code)
        except UnicodeDecodeError:
            continue
        return text, (_AS_1252,) if code == "cp1252" else ()
    raise BadInput("bad_encoding", "The CSV is not text in UTF-8; save it as UTF-8.")


def _lines(text: str) -> Iterator[str]:
    # Not splitlines: that breaks at characters that are part of a cell.
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _columns(header: Sequence[str]) -> list[str | None]:
    """The columns' names; None for one that is marked to be ignored. Raises BadInput."""
    columns: list[str | None] = []
    for cell in header:
        name = cell.strip().casefold().replace(" ", "_").replace("-", "_")
        if name.startswith("#"):
            columns.append(None)
        elif name in COLUMNS:
            columns.append(name)
        else:
            shown = "".join(c for c in cell.strip()[:40] if c.isprintable())
            near = get_close_matches(name, COLUMNS, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" Known are: {', '.join(COLUMNS)}."
            detail = f"The column {shown!r} is not known.{hint} With # before its name it is ignored."
            raise BadInput("unknown_column", detail)
    named = [name for name in columns if name]
    if twice := [name for name, count in Counter(named).items() if count > 1]:
        raise BadInput("column_twice", f"The column {twice[0]} stands there twice.")
    if missing := [name for name in NEEDED if name not in named]:
        raise BadInput("missing_column", f"The CSV needs a column {missing[0]} in its first line.")
    return columns


def _row(line: int, columns: Sequence[str | None], cells: Sequence[str]) -> Row:
    if len(cells) != len(columns):
        detail = f"The row has {len(cells)} cells and the header {len(columns)}; put cells with a comma in quotes."
        number = cells[columns.index("number")] if len(cells) > columns.index("number") else ""
        return Row(line, number.strip()[:64], {}, None, (RowProblem("wrong_cells", detail),))
    problems: list[RowProblem] = []
    sent: dict[str, Any] = {}
    photos: tuple[str, ...] | None = None
    for name, raw in zip(columns, cells, strict=True):
        if name is None:
            continue
        cell = raw.strip(" \n\r")
        if _RUNS.match(cell):
            if not cell.startswith("'"):
                detail = f"{name} begins with {cell[0]!r}, which spreadsheets run; put ' before it if it is meant."
                problems.append(RowProblem("formula", detail))
                continue
            cell = cell[1:]
        try:
            if name == "photos":
                photos = split(cell) or None
            elif name != "status" or cell:
                sent[name] = _value(name, cell)
        except BadInput as bad:
            problems.append(RowProblem(bad.code, bad.detail))
    number = sent.get("number", "")
    if not problems:
        try:
            Details(**sent)
        except BadInput as bad:
            problems.append(RowProblem(bad.code, bad.detail))
    return Row(line, number[:64], sent, photos, tuple(problems))


def _value(name: str, cell: str) -> Any:
    if name in ("number", "name"):
        return cell
    if name == "groups":
        return split(cell)
    if not cell:
        return None
    if name == "status":
        try:
            return Status(cell.casefold())
        except ValueError:
            raise BadInput("bad_status", "status is active or inactive.") from None
    if name in ("valid_from", "valid_until", "consent_at"):
        return _moment(name, cell)
    return cell


def _moment(name: str, cell: str) -> datetime:
    """A date alone is the whole day, UTC: it begins at midnight, or, for valid_until, ends before the next."""
    try:
        moment = datetime.fromisoformat(cell)
        if _DATE.fullmatch(cell):
            ends = name == "valid_until"
            return datetime.combine(moment.date(), time(23, 59, 59, 999000) if ends else time(), UTC)
        if moment.tzinfo is not None:
            # Whole milliseconds are what is kept: more would differ from it in every import.
            return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)
    except (ValueError, OverflowError):
        pass
    raise BadInput(f"bad_{name}", f"{name} needs the form 2027-12-31 or 2027-12-31T18:00:00Z.")


def _unique(rows: Sequence[Row]) -> Iterator[Row]:
    """Rows that contradict each other are all refused: which of them is right, the file does not tell."""
    for key, code, what in (("number", "duplicate_number", "number"), ("card_number", "duplicate_card", "card number")):
        where: dict[str, list[int]] = {}
        for row in rows:
            if row.sent.get(key):
                where.setdefault(row.sent[key], []).append(row.line)
        rows = [_doubted(row, code, what, where.get(row.sent.get(key) or "", [])) for row in rows]
    yield from rows


def _doubted(row: Row, code: str, what: str, lines: Sequence[int]) -> Row:
    others = [str(line) for line in lines if line != row.line]
    if not others:
        return row
    shown = ", ".join(others[:5]) + (" and more" if len(others) > 5 else "")
    problem = RowProblem(code, f"The {what} stands in other lines, too: {shown}.")
    return replace(row, problems=(*row.problems, problem))
