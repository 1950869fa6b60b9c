"""Kinds of fields that routes and pages share."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator


def _plain(value: str) -> str:
    # It is printed in terminals by `keys list`; and SQLite ends a pattern at a NUL, so that a search finds everybody.
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in value):
        raise ValueError("send plain text without control characters")
    return value


PlainText = Annotated[str, AfterValidator(_plain)]
