"""A PIN as gates send it: its digits, and how long typing them took."""

from datetime import timedelta

from app.core.credentials.pin import MOST_TYPING, TypedPin
from app.core.errors import BadInput

MOST_MS = MOST_TYPING // timedelta(milliseconds=1)


def typed_pin(digits: object, took_ms: object) -> TypedPin:
    """Raises BadInput('bad_pin') without what was sent. took_ms: None counts as 0."""
    milliseconds = int(took_ms) if isinstance(took_ms, str) and took_ms.isascii() and took_ms.isdecimal() else took_ms
    if milliseconds is None:
        milliseconds = 0
    if not isinstance(digits, str) or type(milliseconds) is not int or not 0 <= milliseconds <= MOST_MS:
        raise BadInput("bad_pin", f"Send a PIN as text of digits, and in pin_ms 0 to {MOST_MS} ms.")
    return TypedPin(digits, timedelta(milliseconds=milliseconds))
