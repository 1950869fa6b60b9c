"""Writes signed chain heads outside of the database, because a chain alone does not show that its tail was cut off."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from app.core.events.checkpoint import Checkpoint
from app.core.ports.crypto import Journal
from app.services.events.audit import Audit, AuditReport


@dataclass
class Checkpoints:
    """journal: where they go; best on another disk."""

    audit: Audit
    journal: Journal
    _written: dict[str, int] = field(default_factory=dict)

    def write(self, *, first: bool = False) -> int:
        """Appends the head of every gate that has moved since the last call, and the totals of the acting tables.

        Returns how many heads.

        first: only of gates for which nothing was written yet, so that a new gate's events do not wait for the rest.
        """
        moved = [
            c
            for c in self.audit.checkpoint()
            if c.sequence > self._written.get(c.gate_id, 0) and not (first and c.gate_id in self._written)
        ]
        self._append(moved)
        if not first:
            self._append([t for t in self.audit.totals() if t.sequence > self._written.get(t.gate_id, 0)])
        return len(moved)

    def _append(self, moved: Iterable[Checkpoint]) -> None:
        for checkpoint in moved:
            self.journal.append(checkpoint.json())
            self._written[checkpoint.gate_id] = checkpoint.sequence

    def verify(
        self,
        kept_elsewhere: Iterable[Mapping[str, Any]] = (),
        damaged: list[str] | None = None,
        rest: Callable[[], None] = lambda: None,
    ) -> AuditReport:
        """Checks every chain against itself, the checkpoints written so far, and those that were kept elsewhere.

        damaged: takes a sentence for each line of theirs that cannot be read, while they are read. rest: see `Audit`.
        """
        damaged = [] if damaged is None else damaged
        report = self.audit.verify(chain(self.journal.entries(damaged), kept_elsewhere), damaged, rest)
        if report.valid:
            self.audit.all_clear()
        return report
