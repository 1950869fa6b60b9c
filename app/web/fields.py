"""Types of fields that routes and pages share."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer

from app.web.language.catalog import translated


def _plain(value: str) -> str:
    # `keys list` prints names in terminals, and SQLite ends a search pattern at a NUL, which then matches everybody.
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in value):
        raise ValueError("send plain text without control characters")
    return value


PlainText = Annotated[str, AfterValidator(_plain)]

# A sentence for people: in the language of the page whose script asked, in English for programs.
Words = Annotated[str, PlainSerializer(translated, return_type=str)]
