"""How a cell of a file of people becomes a value, and a value a cell that no spreadsheet runs."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from app.core.errors import BadInput
from app.core.types import Status

MOST_VALUES = 200  # in one cell
_LONGEST = 20_000  # characters of several values
_RUNS = re.compile(r"'*[=+\-@\t\r]")  # what a spreadsheet would run, or an escaped one of those
_TEXT = re.compile(r'="([^"]*)"')  # a formula that is nothing but a text: how some keep leading zeros
_SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)  # how a spreadsheet shows a long number
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# Blanks that nobody sees. A tab is none: before a formula it hides it from whoever looks.
_BLANKS = " \n\r\u00a0\u3000\u200b\u2060\ufeff"


def join(parts: Sequence[str]) -> str:
    """Several values in one cell."""
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def split(cell: str) -> tuple[str, ...]:
    """Undoes `join`. A backslash before anything else is part of the value, as in a path of Windows.

    Raises BadInput for too many values.
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
    """The cell as no spreadsheet runs it: an apostrophe before what begins like a formula, which `plain` takes off."""
    return f"'{cell}" if _RUNS.match(cell) else cell


def plain(name: str, raw: str) -> str:
    """What a cell says. Raises BadInput for what a spreadsheet would run, or has spoiled."""
    cell = raw.strip(_BLANKS)
    if text := _TEXT.fullmatch(cell):
        cell = text[1].strip(_BLANKS)
    if "\ufffd" in cell:
        detail = f"{name} has \ufffd where a letter was lost when the file was saved; export it again as UTF-8."
        raise BadInput("lost_letter", detail)
    if name in ("number", "card_number") and _SHORTENED.fullmatch(cell):
        detail = f"{name} is {cell[:20]}: the spreadsheet shortened it; format the column as text, type it again."
        raise BadInput("shortened_number", detail)
    if not _RUNS.match(cell):
        return cell
    if not cell.startswith("'"):
        detail = f"{name} begins with {cell[0]!r}, which spreadsheets run; put ' before it if it is meant."
        raise BadInput("formula_injection", detail)
    return cell[1:]


def as_meant(name: str) -> str | None:
    """What a name was before its UTF-8 was read as Windows-1252 and saved again; None for a name that was not."""
    try:
        meant = name.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None
    return None if meant == name else meant


def value(name: str, cell: str) -> Any:
    """A cell's value, by its column. Raises BadInput."""
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
