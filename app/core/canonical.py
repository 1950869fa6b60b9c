"""The one form in which values are signed and hashed, and times are printed."""

import json
from datetime import UTC, datetime


def canonical(value: object) -> bytes:
    """Encodes a JSON value as bytes in the one form that is signed and hashed here.

    UTF-8 without a byte order mark or white space. Object members are sorted by the code points of their names. Strings
    are unescaped except for `"`, `\\` and the control characters below U+0020 (`\\b \\t \\n \\f \\r`, else `\\u00xx` in
    lower case). Integers are decimal. Other numbers are the shortest text that reads back as the same IEEE 754 double,
    with at least `.0`; below 1e-4 and from 1e16 on they have an exponent of at least two digits: `0.71`, `1.0`,
    `1e-07`. A verifier that keeps the text of the numbers it received needs no number formatting of its own.

    Raises:
        ValueError: the value holds NaN, an infinity or a lone surrogate.
        TypeError: the value has no JSON form.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def instant(at: datetime) -> str:
    """Formats a time in UTC with milliseconds: 2026-11-23T08:00:00.123Z. Raises ValueError if it has no zone."""
    if at.tzinfo is None:
        raise ValueError("the time has no zone: use UTC")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """Reads what `instant` formatted. Raises ValueError for other text, also if it has no zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("the time has no zone: use UTC")
    return at.astimezone(UTC)
