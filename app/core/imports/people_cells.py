"""Converts the cells of a file of people to values, and values to cells that no spreadsheet runs as a formula."""

import re
from collections.abc import Sequence
from typing import Any

from app.core.errors import BadInput
from app.core.imports.people_dates import DateOrder, read_day
from app.core.types import Status

DATES = ("valid_from", "valid_until", "consent_at")
MOST_VALUES = 200  # in one cell
_LONGEST = 20_000  # characters in a cell with several values
_RUNS = re.compile(r"'*[=+\-@\t\r]")  # what a spreadsheet would run, plain or escaped
_TEXT = re.compile(r'="([^"]*)"')  # a formula that is only text, which some people use to keep leading zeros
_SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)  # how a spreadsheet shortens a long number
# Invisible blanks. A tab is not one of them, because it hides a formula that follows it.
_BLANKS = " \n\r\u00a0\u3000\u200b\u2060\ufeff"


def join(parts: Sequence[str]) -> str:
    """Joins several values into one cell."""
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def split(cell: str) -> tuple[str, ...]:
    """Undoes `join`. A backslash before any other character is part of the value, as in a Windows path.

    Raises:
        BadInput: there are too many values or characters.
    """
    if len(cell) > _LONGEST:
        raise BadInput("too_many_values", f"The cell has more than {_LONGEST} characters.")
    parts, part, at = [], [], 0
    while at < len(cell):
        pair = cell[at : at + 2]
        if pair in ("\\\\", "\\|"):
            part.append(pair[1])
            at += 2
            continue
        if cell[at] == "|":
            parts.append("".join(part).strip())
            part.clear()
            if len(parts) > MOST_VALUES:
                raise BadInput("too_many_values", f"The cell has more than {MOST_VALUES} values.")
        else:
            part.append(cell[at])
        at += 1
    parts.append("".join(part).strip())
    return tuple(part for part in parts if part)


def harmless(cell: str) -> str:
    """Puts an apostrophe before a cell that starts like a formula, so no spreadsheet runs it. `plain` removes it."""
    return f"'{cell}" if _RUNS.match(cell) else cell


def plain(name: str, raw: str) -> str:
    """Returns the text of a cell.

    Raises:
        BadInput: a spreadsheet would run the cell as a formula, or has damaged it.
    """
    cell = raw.strip(_BLANKS)
    if text := _TEXT.fullmatch(cell):
        cell = text[1].strip(_BLANKS)
    if "\ufffd" in cell:
        detail = f"{name} has \ufffd where saving the file lost a letter; export it again as UTF-8."
        raise BadInput("garbled_text", detail)
    if name in ("number", "card_number") and _SHORTENED.fullmatch(cell):
        detail = f"{name} is {cell[:20]}: the spreadsheet shortened it. Format the column as text and type it again."
        raise BadInput("shortened_by_spreadsheet", detail)
    if not _RUNS.match(cell):
        return cell
    if not cell.startswith("'"):
        detail = f"{name} starts with {cell[0]!r}, which spreadsheets run; if it is meant, put ' before it."
        raise BadInput("formula_injection", detail)
    return cell[1:]


def as_meant(name: str) -> str | None:
    """Repairs a name whose UTF-8 was read as Windows-1252 and saved again; None if that did not happen."""
    try:
        meant = name.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None
    return None if meant == name else meant


def value(name: str, cell: str, order: DateOrder | None = None) -> Any:
    """Returns the value of a cell in the column `name`. Raises BadInput if it is not valid there.

    order: of its dates, as a person said or the column proves.
    """
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
            raise BadInput("bad_status", "status must be active or inactive.") from None
    if name in ("valid_from", "valid_until", "consent_at"):
        return read_day(name, cell, order)
    return cell
