"""Checks text that people write, and folds it for search."""

import re
import unicodedata

from app.core.errors import BadInput

# Control, surrogate, private-use and unassigned characters; line and paragraph separators.
HIDDEN = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
# Bidirectional classes that reorder the text around them.
OVERRIDES = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
MOST_COMMENT_CHARS = 200
# Letters that Unicode does not decompose into a base letter and an accent.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "\u0131": "i"})


def folded(text: str) -> str:
    """Strips case and accents for search, so that "eva sorensen" finds "Éva Sørensen"."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in letters if not unicodedata.combining(c)).translate(_PLAIN)


def plain_text(name: str, value: str, most: int) -> None:
    """Checks one field of text.

    Args:
        name: the field, as the error names it.
        most: the longest length allowed, in characters.

    Raises:
        BadInput: the text is empty, too long or contains characters that hide or reorder it.
    """
    if len(value) > most:
        raise BadInput(f"bad_{name}", f"{name} is {len(value)} characters long; the limit is {most}.")
    # Bidirectional overrides and line separators can disguise a name in a log.
    categories = [unicodedata.category(c) for c in value]
    if HIDDEN.intersection(categories) or any(unicodedata.bidirectional(c) in OVERRIDES for c in value):
        raise BadInput(f"bad_{name}", f"{name} contains control characters; send plain text.")
    # Spaces and zero-width characters alone are invisible.
    if not any(category[0] in "LNPS" for category in categories):
        raise BadInput(f"bad_{name}", f"{name} must not be empty.")


def plain_comment(comment: str, *, required: bool = False) -> str:
    """Returns what somebody wrote about what they did, without blanks around it. Raises BadInput as `plain_text`."""
    comment = comment.strip()
    if comment or required:
        plain_text("comment", comment, MOST_COMMENT_CHARS)
    return comment
