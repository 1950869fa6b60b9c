"""Which column of a file is which of ours: by its name, or as a person mapped it.

Nothing is guessed silently. A column that nobody mapped and that is not ours stops the import, since ignoring
`valid_untl` would let people in for ever. A guess is only shown to the person who maps.
"""

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from app.core.errors import BadInput
from app.core.imports.people_dates import DateOrder

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
SEVERAL = ("name", "groups", "photos")  # may be read from several columns
MOST_JOINED = 5
MOST_MAPPING_BYTES = 20_000
_TITLE_CHARS = 200


class Unmapped(BadInput):
    """A person has to say what the columns mean, or how their dates are written."""


@dataclass(frozen=True)
class ColumnMapping:
    """Which of a file's columns ours are read from, as a person said. Raises BadInput on construction.

    Attributes:
        columns: titles of the file's columns by ours, in the order in which they are joined; empty: the file names its
            columns as we do. A column that is not named is not read.
        dates: the order of day and month; None: the cells must prove it.
    """

    columns: Mapping[str, tuple[str, ...]]
    dates: DateOrder | None = None

    def __post_init__(self) -> None:
        for name, titles in self.columns.items():
            if name not in COLUMNS:
                raise _bad(f"{name[:40]!r} is none of the columns {', '.join(COLUMNS)}")
            most = MOST_JOINED if name in SEVERAL else 1
            if not 1 <= len(titles) <= most:
                raise _bad(f"{name} is read from {f'1 to {most} columns' if most > 1 else 'one column'}")
            if len({_folded(title) for title in titles}) < len(titles):
                raise _bad(f"{name} names a column twice")
        if self.columns and (missing := [name for name in NEEDED if name not in self.columns]):
            raise _bad(f"choose the column with the {missing[0]}")

    def plain(self) -> dict[str, Any]:
        """Returns it as plain values, which `mapping_of` reads back."""
        return {"columns": {name: list(titles) for name, titles in self.columns.items()}, "dates": self.dates}


@dataclass(frozen=True)
class Header:
    """The header of a file. `titles` are unique: a second "Name" is "Name (2)", one without a name "Column 4"."""

    line: int
    cells: tuple[str, ...]

    @cached_property
    def titles(self) -> tuple[str, ...]:
        seen: Counter[str] = Counter()
        titles: list[str] = []
        for at, cell in enumerate(self.cells, 1):
            title = _shown(cell) or f"Column {at}"
            seen[_folded(title)] += 1
            while seen[_folded(title)] > 1:
                title = f"{_shown(cell) or 'Column'} ({seen[_folded(title)]})"
                seen[_folded(title)] += 1
            titles.append(title)
        return tuple(titles)

    def fingerprint(self) -> str:
        """Returns the same text for every file with these columns in this order."""
        text = json.dumps([_folded(title) for title in self.titles])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Layout:
    """Where the values of our columns are. unnamed: places that must be empty. width: of the header, in cells."""

    places: Mapping[str, tuple[int, ...]]
    unnamed: tuple[int, ...]
    unread: tuple[str, ...]
    width: int

    @cached_property
    def needed(self) -> int:
        """The least number of cells of a row."""
        return max(self.places[name][0] for name in NEEDED) + 1


def mapping_of(plain: object) -> ColumnMapping:
    """Reads a mapping from plain values, as they come as JSON. Raises BadInput."""
    if not isinstance(plain, dict) or plain.keys() - {"columns", "dates"}:
        raise _bad('send {"columns": {"number": "...", "name": ["...", "..."]}, "dates": "day_first"}')
    columns = plain.get("columns", {})
    if not isinstance(columns, dict):
        raise _bad("columns is an object: the title of a column of the file, or a list of titles, for each of ours")
    read = {str(name): (titles,) if isinstance(titles, str) else titles for name, titles in columns.items()}
    for name, titles in read.items():
        texts = isinstance(titles, (list, tuple)) and all(isinstance(title, str) for title in titles)
        if not texts or any(not 1 <= len(title) <= _TITLE_CHARS + 10 for title in titles):
            raise _bad(f"{name[:40]} is the title of a column of the file, or a list of titles")
    dates = plain.get("dates")
    if dates not in (None, *DateOrder):
        raise _bad("dates is day_first, month_first or null")
    ordered = {name: tuple(read[name]) for name in (*COLUMNS, *read) if name in read}
    return ColumnMapping(ordered, DateOrder(dates) if dates else None)


def mapping_from_json(text: bytes | str) -> ColumnMapping:
    """Reads a mapping from JSON. Raises BadInput."""
    if len(text) > MOST_MAPPING_BYTES:
        raise _bad(f"it has more than {MOST_MAPPING_BYTES} bytes")
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        raise _bad("it is no JSON") from None
    return mapping_of(plain)


def layout_of(header: Header, mapping: ColumnMapping | None) -> Layout:
    """Finds our columns, as mapped or else by their own names. Raises Unmapped if that does not fit the header."""
    if mapping is None or not mapping.columns:
        return _own(header)
    where = {_folded(title): at for at, title in enumerate(header.titles)}
    places: dict[str, tuple[int, ...]] = {}
    for name, titles in mapping.columns.items():
        for title in titles:
            if _folded(title) not in where:
                shown = ", ".join(header.titles[:20])
                detail = f"The CSV has no column {title[:40]!r} for {name}. Its columns (line {header.line}): {shown}."
                raise Unmapped("mapping_does_not_fit", detail[:1500])
        places[name] = tuple(where[_folded(title)] for title in titles)
    read = {at for several in places.values() for at in several}
    unread = tuple(title for at, title in enumerate(header.titles) if at not in read and _shown(header.cells[at]))
    return Layout(places, (), unread, len(header.cells))


def fits(cells: Sequence[str], mapping: ColumnMapping) -> int:
    """Returns how many of the mapped titles a row has, for the search of the header."""
    titles = {_folded(title) for title in Header(1, tuple(cells)).titles}
    return sum(_folded(title) in titles for several in mapping.columns.values() for title in several)


def column_name(cell: str) -> str:
    """Normalises a column name: case, blanks, hyphens and full-width letters do not matter."""
    if len(cell) > _TITLE_CHARS:
        return cell
    return "_".join(_shown(cell).casefold().replace("-", " ").replace("_", " ").split())


def _own(header: Header) -> Layout:
    """Finds the columns by our names. One whose name begins with # is not read."""
    names: list[str | None] = []
    for cell in header.cells:
        name = column_name(cell)
        if name.startswith("#"):
            names.append(None)
        elif name in COLUMNS or not name:
            names.append(name)
        else:
            shown = "".join(c for c in cell.strip()[:40] if c.isprintable())
            near = get_close_matches(name[:100], COLUMNS, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" The columns are: {', '.join(COLUMNS)}."
            detail = f"The column {shown!r} in line {header.line} is unknown.{hint}"
            raise Unmapped("unknown_column", f"{detail} Put # before its name to ignore it, or map the columns.")
    named = [name for name in names if name]
    if twice := [name for name, count in Counter(named).items() if count > 1]:
        raise Unmapped("duplicate_column", f"The column {twice[0]} appears twice. Map the columns to say which counts.")
    if missing := [name for name in NEEDED if name not in named]:
        detail = f"The CSV needs a column {missing[0]} in its header (line {header.line}), or a mapping of its columns."
        raise Unmapped("missing_column", detail)
    places = {name: (at,) for at, name in enumerate(names) if name}
    return Layout(places, tuple(at for at, name in enumerate(names) if name == ""), (), len(names))


def _shown(cell: str) -> str:
    """Returns a title without invisible characters."""
    text = unicodedata.normalize("NFKC", cell[: 4 * _TITLE_CHARS])
    return " ".join("".join(c if c.isprintable() else " " for c in text if unicodedata.category(c) != "Cf").split())[
        :_TITLE_CHARS
    ]


def _folded(title: str) -> str:
    return _shown(title).casefold()


def _bad(why: str) -> BadInput:
    return BadInput("bad_mapping", f"The mapping of columns cannot be used: {why}.")
