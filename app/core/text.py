"""Text that people write: what cannot be shown as it is, is refused; and what a search compares."""

import unicodedata

from app.core.errors import BadInput

# Control, surrogate, private and unassigned characters, line and paragraph separators.
HIDDEN = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


OVERRIDES = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


# Letters that are no base letter with an accent to take off.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "\u0131": "i"})


def folded(text: str) -> str:
    """What a search compares: without case and accents, so that "eva sorensen" finds "Éva Sørensen"."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in letters if not unicodedata.combining(c)).translate(_PLAIN)


def plain_text(name: str, value: str, most: int) -> None:
    """Raises BadInput, naming the field, for what is empty, too long or cannot be shown as it is."""
    if len(value) > most:
        raise BadInput(f"bad_{name}", f"{name} is {len(value)} characters long; at most {most} are kept.")
    # Bidirectional overrides and line separators disguise a name in a log.
    categories = [unicodedata.category(c) for c in value]
    if HIDDEN.intersection(categories) or any(unicodedata.bidirectional(c) in OVERRIDES for c in value):
        raise BadInput(f"bad_{name}", f"{name} contains control characters; send plain text.")
    # Spaces and zero-width characters alone show nothing.
    if not any(category[0] in "LNPS" for category in categories):
        raise BadInput(f"bad_{name}", f"{name} must not be empty.")
