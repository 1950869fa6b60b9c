"""Was a decision the right one? Right means the gate, the reason and the person named are what the script expects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.core.types import OPENING, Verdict
from app.demo.script import Approach


@dataclass(frozen=True)
class Outcome:
    """One approach and what the service answered. http_ms: the round trip; the answer's `took_ms` is a part of it."""

    approach: Approach
    answer: dict[str, Any]
    http_ms: float

    @property
    def opened(self) -> bool:
        return bool(self.answer["decision"] == Verdict.OPEN)

    @property
    def right(self) -> bool:
        return not self.complaint

    @property
    def complaint(self) -> str:
        """What was expected instead, or nothing."""
        named = (self.answer["employee"] or {}).get("number", "")
        meant = self.approach.person.number if self.approach.person else ""
        if (self.opened, self.answer["reason"]) != (self.approach.opens, self.approach.reason):
            return f"expected {'open' if self.approach.opens else 'deny'}, {self.approach.reason}"
        if named != meant:
            return f"expected {meant or 'nobody'} to be named, not {named or 'nobody'}"
        return ""

    @property
    def let_in_wrongly(self) -> bool:
        """Open for whom it should have stayed shut, or in somebody else's name."""
        return self.opened and not self.right


@dataclass(frozen=True)
class Summary:
    total: int
    right: int
    let_in_wrongly: int
    turned_away_wrongly: int

    @property
    def good(self) -> bool:
        return self.total > 0 and self.right == self.total


def summarise(outcomes: Sequence[Outcome]) -> Summary:
    return Summary(
        total=len(outcomes),
        right=sum(o.right for o in outcomes),
        let_in_wrongly=sum(o.let_in_wrongly for o in outcomes),
        turned_away_wrongly=sum(o.approach.reason in OPENING and not o.opened for o in outcomes),
    )
