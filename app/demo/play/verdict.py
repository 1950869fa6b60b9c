"""Was a decision the right one? Right means the gate, the reason and the person named are what the script expects.

Of the live camera every approach makes one event; one that is missing, or one too many, is wrong as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.types import OPENING, Reason, Verdict
from app.demo.film.cast import Person
from app.demo.film.walks import WALKS, Walk
from app.demo.play.desk import Json
from app.demo.play.live import Recorded
from app.demo.play.script import Approach


@dataclass(frozen=True)
class Assessment:
    """One approach and what the service answered. http_ms: the round trip, of which `duration_ms` is a part."""

    approach: Approach
    answer: Json
    http_ms: float

    @property
    def opened(self) -> bool:
        return bool(self.answer["decision"] == Verdict.OPEN)

    @property
    def right(self) -> bool:
        return not self.complaint

    @property
    def complaint(self) -> str:
        """What was expected instead; empty if it was right."""
        return complaint(self.answer, self.approach.reason, self.approach.person)

    @property
    def let_in_wrongly(self) -> bool:
        """Whether the gate opened for somebody it should not, or in somebody else's name."""
        return self.opened and not self.right


@dataclass(frozen=True)
class Passage:
    """One walk of the clip and the events in its time, of which there should be one."""

    walk: Walk
    events: tuple[Json, ...]

    @property
    def complaint(self) -> str:
        """What was expected instead; empty if it was right."""
        if len(self.events) != 1:
            return f"{self.walk.person.name}: {len(self.events)} events instead of one"
        return walk_complaint(self.walk, self.events[0])

    @property
    def let_in_wrongly(self) -> bool:
        return any(event["decision"] == Verdict.OPEN and walk_complaint(self.walk, event) for event in self.events)

    @property
    def turned_away_wrongly(self) -> bool:
        return self.walk.opens and not any(event["decision"] == Verdict.OPEN for event in self.events)


@dataclass(frozen=True)
class Summary:
    total: int
    right: int
    let_in_wrongly: int
    turned_away_wrongly: int

    @property
    def good(self) -> bool:
        return self.total > 0 and self.right == self.total


def summarise(outcomes: Sequence[Assessment]) -> Summary:
    return Summary(
        total=len(outcomes),
        right=sum(o.right for o in outcomes),
        let_in_wrongly=sum(o.let_in_wrongly for o in outcomes),
        turned_away_wrongly=sum(o.approach.reason in OPENING and not o.opened for o in outcomes),
    )


def walk_at(at_s: float) -> Walk:
    """Returns the walk to which an event at this second of the clip belongs."""
    approaches = [walk for walk in WALKS if walk.reason is not None]
    return next((walk for walk in approaches if at_s <= walk.until_s), approaches[-1])


def walk_complaint(walk: Walk, event: Json) -> str:
    """Returns what this event of the walk should have been; empty if it was right."""
    return complaint(event, walk.reason, walk.person if walk.opens else None)


def passages(recorded: Sequence[Recorded]) -> list[Passage]:
    """Returns one passage for each walk that should have an event. Every event is in one of them."""
    of_walk: dict[str, list[Json]] = {}
    for one in recorded:
        of_walk.setdefault(walk_at(one.at_s).person.name, []).append(one.event)
    return [Passage(w, tuple(of_walk.get(w.person.name, ()))) for w in WALKS if w.reason is not None]


def summarise_live(found: Sequence[Passage]) -> Summary:
    return Summary(
        total=len(found),
        right=sum(not passage.complaint for passage in found),
        let_in_wrongly=sum(passage.let_in_wrongly for passage in found),
        turned_away_wrongly=sum(passage.turned_away_wrongly for passage in found),
    )


def complaint(answer: Json, reason: Reason | None, person: Person | None) -> str:
    """Returns what the answer or event should have been; empty if it was right. The reason implies the verdict."""
    named = (answer["employee"] or {}).get("number", "")
    meant = person.number if person else ""
    opens = reason in OPENING
    if ((answer["decision"] == Verdict.OPEN), answer["reason"]) != (opens, reason):
        return f"expected {'open' if opens else 'deny'}, {reason}"
    if named != meant:
        return f"expected {meant or 'nobody'} to be named, not {named or 'nobody'}"
    return ""
