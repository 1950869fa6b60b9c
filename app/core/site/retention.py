"""For how long personal data is kept, by kind, and the signed receipts of what was removed on time."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from app.core.canonical import instant
from app.core.errors import BadField

DAY = 24  # hours
YEAR = 365 * DAY
LONGEST = 10 * YEAR


class Kind(StrEnum):
    """What has a period of its own, in the order in which it is removed: the faces of strangers first.

    STRANGER_PICTURES: pictures of events that name nobody. One that somebody reported or corrected goes with its event.
    PASSAGES: openings that name a person; they stay in the log without name, picture and details.
    EVENTS: all other events, denials and orders among them, likewise.
    ALERTS: alerts that are over. PRESENCES: where somebody is who went outside.
    FACES: template and photos of people who may not pass any more. The period begins when they were deactivated, or
    with the end of their last valid day.
    VISITORS: visitors, so long after the end of their visit.
    GATE_FACES: enrolments by badge that nobody finished, with their pictures.
    DOCUMENTS: of contractors who may not pass any more, counted as for FACES.
    SIGN_INS, TRAIL: the log of sign-ins and the audit trail. IMPORT_REPORTS: what an import reported on each row.
    """

    STRANGER_PICTURES = "stranger_pictures"
    PASSAGES = "passages"
    EVENTS = "events"
    ALERTS = "alerts"
    PRESENCES = "presences"
    FACES = "faces"
    VISITORS = "visitors"
    DOCUMENTS = "documents"
    GATE_FACES = "gate_faces"
    SIGN_INS = "sign_ins"
    TRAIL = "trail"
    IMPORT_REPORTS = "import_reports"


class Period(NamedTuple):
    """Hours: those of a site that chose none, and the fewest that it may choose."""

    usual: int
    least: int = DAY


# A gate and its pages read the events of the last day, so none may lose its details before.
PERIODS: Mapping[Kind, Period] = {
    Kind.STRANGER_PICTURES: Period(72, 1),
    Kind.PASSAGES: Period(90 * DAY),
    Kind.EVENTS: Period(180 * DAY),
    Kind.ALERTS: Period(180 * DAY),
    Kind.PRESENCES: Period(DAY, 1),
    Kind.FACES: Period(30 * DAY),
    Kind.VISITORS: Period(30 * DAY),
    Kind.DOCUMENTS: Period(30 * DAY),
    Kind.GATE_FACES: Period(30 * DAY),
    Kind.SIGN_INS: Period(YEAR, 7 * DAY),
    Kind.TRAIL: Period(YEAR, 7 * DAY),
    Kind.IMPORT_REPORTS: Period(30 * DAY),
}


# What each kind is called, and what becomes of it.
WORDS: Mapping[Kind, tuple[str, str]] = {
    Kind.STRANGER_PICTURES: (
        "Pictures of unknown people",
        "The picture goes; the event stays. One that somebody reported or corrected goes with its event.",
    ),
    Kind.PASSAGES: (
        "Passages with names",
        "The event stays in the chain, with gate, time and reason; name, picture and details go.",
    ),
    Kind.EVENTS: ("Denials and orders", "The event stays without name, picture and details, too."),
    Kind.ALERTS: ("Alerts that are over", "Removed."),
    Kind.PRESENCES: ("Where people were last", "Of people who are outside. Not during a roll call."),
    Kind.FACES: (
        "Faces of people who left",
        "Photos and template, counted from the deactivation or the last valid day. The person and their badge stay.",
    ),
    Kind.VISITORS: ("Visitors", "Erased, counted from the end of their visit."),
    Kind.DOCUMENTS: (
        "Documents of contractors who left",
        "Kind, end of the number and last day, counted from the deactivation or the last valid day.",
    ),
    Kind.GATE_FACES: (
        "Unfinished enrolments by badge",
        "Ended, and their pictures removed, counted from the beginning.",
    ),
    Kind.SIGN_INS: ("Sign-ins", "Removed."),
    Kind.TRAIL: ("Audit trail", "Removed."),
    Kind.IMPORT_REPORTS: ("Reports of imports", "The report on each row goes; the figures stay."),
}


class KeptHours(dict[str, int]):
    """The hours that a site chose, by kind. A kind that is missing has its usual period.

    Raises BadField for an unknown kind or a period out of bounds.
    """

    def __init__(self, chosen: Mapping[str, int | None] | Iterable[tuple[str, int | None]] = ()) -> None:
        super().__init__()
        for name, hours in sorted(dict(chosen).items()):
            if name not in PERIODS:
                raise BadField("bad_kept_hours", f"There is no kind of data named {name[:40]!r}.", "kept_hours")
            period = PERIODS[Kind(name)]
            if hours is None or hours == period.usual:
                continue
            if not period.least <= hours <= LONGEST:
                words = f"Keep {name} for {period.least} to {LONGEST} hours."
                raise BadField("bad_kept_hours", words, f"kept_hours.{name}")
            self[name] = hours

    def of(self, kind: Kind) -> timedelta:
        return timedelta(hours=self.get(kind.value, PERIODS[kind].usual))


class Place(NamedTuple):
    """Where a search for what is due goes on: behind this time and id."""

    at: datetime | None
    id: str


@dataclass(frozen=True)
class Found:
    """What one search found. ids: of what is due. end: where the next one goes on; None: there is no more to search."""

    ids: tuple[str, ...]
    end: Place | None


@dataclass(frozen=True)
class Removal:
    """The receipt of what was removed of one kind on one day (UTC). It grows while the day lasts.

    Attributes:
        at: When something was last removed.
        before: What was removed is older than this.
        count: How much was removed.
    """

    id: str
    kind: Kind
    at: datetime
    before: datetime
    count: int
    signature: str = ""


def removal_id(kind: Kind, at: datetime) -> str:
    return f"{kind.value}:{at:%Y-%m-%d}"


def message(removal: Removal) -> bytes:
    """What a receipt's signature covers: its JSON without the signature, keys sorted, no spaces."""
    fields = {
        "receipt": "retention",
        "id": removal.id,
        "kind": removal.kind.value,
        "at": instant(removal.at),
        "before": instant(removal.before),
        "count": removal.count,
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Explained:
    """What the signed receipts explain of what is missing in the log: how much of each kind, and until when."""

    counts: Mapping[Kind, int]
    before: Mapping[Kind, datetime]

    def covers(self, kinds: tuple[Kind, ...], at: datetime) -> bool:
        """Whether something of one of these kinds and of this time was due."""
        return any(kind in self.before and at < self.before[kind] for kind in kinds)

    def count(self, *kinds: Kind) -> int:
        return sum(self.counts.get(kind, 0) for kind in kinds)
