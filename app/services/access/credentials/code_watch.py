"""QR passes that people hold up to a gate's camera. Only what says of itself that it is a pass is decided about."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.core.credentials.qr_pass import LEAVES_WITHIN, is_pass
from app.core.errors import NotRecorded
from app.core.gates.commands import DriverKind
from app.core.ports.store import Store
from app.core.types import Pixels
from app.services.access.rules.current_rules import CurrentRules

LOOKS_EVERY = timedelta(milliseconds=200)
ASKS_EVERY = timedelta(seconds=2)  # whether the gate takes passes, and whether there are any


@dataclass
class CodeWatch:
    """Looks at one camera's frames. A site without passes pays one query every two seconds.

    Attributes:
        read: Returns the texts of the QR codes in a picture.
        reported: Called with what was read; it decides, and opens. It raises nothing.
    """

    gate_id: str
    store: Store
    rules: CurrentRules
    read: Callable[[Pixels], list[str]]
    reported: Callable[[str, str, datetime], object]
    _looked: datetime | None = field(default=None, init=False)
    _asked: datetime | None = field(default=None, init=False)
    _wanted: bool = field(default=False, init=False)

    def frame(self, pixels: Pixels, captured_at: datetime) -> None:
        """Looks for a pass in a frame, if it is time to. While the database is gone, nothing is a pass."""
        if self._looked is not None and abs(captured_at - self._looked) < LOOKS_EVERY:
            return
        self._looked = captured_at
        if not self._takes_passes(captured_at):
            return
        for text in self.read(pixels):
            if is_pass(text):  # any other code is nobody's business
                self.reported(self.gate_id, text, captured_at)
                return

    def _takes_passes(self, now: datetime) -> bool:
        if self._asked is None or abs(now - self._asked) >= ASKS_EVERY:
            self._asked, self._wanted = now, False
            with suppress(NotRecorded), self.store.read() as tx:  # the cameras' supervisor tells of the outage
                gate = tx.gates.get(self.gate_id)
                mode = self.rules.at(tx).mode_at(self.gate_id, now).mode
                by_us = gate is not None and gate.driver is not DriverKind.PLAIN
                self._wanted = by_us and mode.asks_who and tx.credentials.any_pass(now - LEAVES_WITHIN)
        return self._wanted
