"""Which badges and PINs that come over the broker are believed: with a secret, only signed, fresh and new ones.

Whoever can publish on the broker could otherwise present what they saw there before.
"""

import hmac
from datetime import datetime, timedelta
from typing import Any

from app.adapters.gates.relay_verifier import badge_text, pin_text, signature_of
from app.core.ports.store import Clock

APART = timedelta(seconds=5)  # the reader's clock and ours, and the way between them


class BadgeMessages:
    """Not for several threads at once."""

    def __init__(self, gate: str, secret: str | None, clock: Clock) -> None:
        self._gate, self._secret, self._clock = gate, secret, clock
        self._last: datetime | None = None

    def believes(self, message: dict[str, Any]) -> bool:
        """Whether the message's badge counts, or its PIN if it holds no badge. Each does once."""
        if self._secret is None:
            return True
        signature, said = message.get("signature"), message.get("at")
        text = pin_text if message.get("badge") is None else badge_text
        expected = signature_of(self._secret, text(self._gate, message))
        if not (isinstance(signature, str) and isinstance(said, str) and signature.isascii()):
            return False
        if not hmac.compare_digest(expected, signature):
            return False
        try:
            at = datetime.fromisoformat(said)
            fresh = abs(self._clock() - at) <= APART and (self._last is None or at > self._last)
        except (ValueError, TypeError, OverflowError):
            return False
        if fresh:
            self._last = at
        return fresh
