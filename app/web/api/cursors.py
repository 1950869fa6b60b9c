"""Cursors, which say where the last page ended. They are opaque to callers.

A foreign cursor is refused, because an empty page would tell a script that it has seen everything.
"""

import base64
import binascii
import re
from typing import Annotated

from fastapi import Depends, Query

from app.core.errors import BadInput

_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")  # a ULID


def not_ours() -> BadInput:
    return BadInput("bad_cursor", "Send the cursor that the last page gave.")


def after(text: str) -> str:
    """Returns the cursor for a list that is sorted by a text, such as a number."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _text(cursor: Annotated[str | None, Query(max_length=400)] = None) -> str | None:
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise not_ours() from None
    if after(text) != cursor or not text:
        raise not_ours()
    return text


def _id(cursor: Annotated[str | None, Query(max_length=64)] = None) -> str | None:
    if cursor is not None and not _ID.fullmatch(cursor):
        raise not_ours()
    return cursor


TextCursor = Annotated[str | None, Depends(_text)]
IdCursor = Annotated[str | None, Depends(_id)]
