"""What rules are made of: places, groups, and who may pass where and when.

Rules only allow. What no rule allows is denied, so to leave a room out, leave it out of `where`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.core.access.schedules import NAME_CHARS
from app.core.access.time_zones import time_zone
from app.core.access.zone_policy import DEFAULT_POLICY, ZonePolicy
from app.core.errors import BadInput
from app.core.text import plain_text

NOTE_CHARS = 500
GROUP_CHARS = 64


class GroupSource(StrEnum):
    """Who decides on a group's members: an admin here, or the directory that sends them."""

    LOCAL = "local"
    SCIM = "scim"


class EntryMode(StrEnum):
    """What a gate does by schedule. NORMAL: the rules decide, by badge or face. FREE: it opens for everybody.

    FACE, BADGE, QR: the rules decide, by that alone. BADGE_AND_FACE: the face must be that of the badge's holder.
    PIN_AND_FACE, BADGE_AND_PIN: whoever was identified confirms it with their PIN. A QR pass counts as a badge. Whoever
    has no template presents badge or QR pass in place of their face, at all of them.
    """

    NO_ENTRY = "no_entry"
    PIN_AND_FACE = "pin_and_face"
    BADGE_AND_FACE = "badge_and_face"
    BADGE_AND_PIN = "badge_and_pin"
    QR = "qr"
    FACE = "face"
    BADGE = "badge"
    NORMAL = "normal"
    FREE = "free"

    @classmethod
    def _missing_(cls, value: object) -> "EntryMode | None":
        return cls.NORMAL if value == "badge_or_face" else None  # what the other modes would call it

    @property
    def asks_who(self) -> bool:
        """Whether it depends on the person."""
        return self not in (EntryMode.NO_ENTRY, EntryMode.FREE)

    @property
    def by_face(self) -> bool:
        """Whether a face says who somebody is, so it is searched for among all."""
        return self in (EntryMode.NORMAL, EntryMode.FACE, EntryMode.PIN_AND_FACE)

    @property
    def by_badge(self) -> bool:
        """Whether the badge of somebody who has a template does without their face."""
        return self in (EntryMode.NORMAL, EntryMode.BADGE, EntryMode.BADGE_AND_PIN)

    @property
    def asks_pin(self) -> bool:
        """Whether whoever was identified confirms it with their PIN."""
        return self in (EntryMode.PIN_AND_FACE, EntryMode.BADGE_AND_PIN)

    @property
    def without_pin(self) -> "EntryMode":
        """The same mode at a gate that asks for no PIN."""
        return {EntryMode.PIN_AND_FACE: EntryMode.FACE, EntryMode.BADGE_AND_PIN: EntryMode.BADGE}.get(self, self)

    @property
    def by_qr(self) -> bool:
        return self.by_badge or self is EntryMode.QR


# Where two modes hold at once, the one that lets fewer people in counts.
STRICTEST_FIRST = tuple(EntryMode)


@dataclass(frozen=True)
class Site:
    """A place with one wall clock. Raises BadInput for an unknown time zone."""

    id: str
    name: str
    time_zone: str

    def __post_init__(self) -> None:
        plain_text("name", self.name, NAME_CHARS)
        time_zone(self.time_zone)


@dataclass(frozen=True)
class Zone:
    """Rooms that people enter through gates. A person in a zone is also in its parent."""

    id: str
    name: str
    site_id: str
    parent_id: str | None = None
    policy: ZonePolicy = DEFAULT_POLICY

    def __post_init__(self) -> None:
        plain_text("name", self.name, NAME_CHARS)
        if self.parent_id == self.id:
            raise BadInput("zone_circle", f'Zone "{self.name}" cannot be inside itself.')


@dataclass(frozen=True)
class GatePlace:
    """Where a gate stands: it leads from one zone to another; None is outside. time_zone: None for the site's."""

    id: str
    name: str
    site_id: str
    zone_from: str | None = None
    zone_to: str | None = None
    time_zone: str | None = None

    def __post_init__(self) -> None:
        if self.zone_from is not None and self.zone_from == self.zone_to:
            raise BadInput("bad_gate_zones", f'Gate "{self.name}" leads from a zone into the same zone.')
        if self.time_zone is not None:
            time_zone(self.time_zone)


@dataclass(frozen=True)
class Lane:
    """Two gates that are one turnstile: one lets people in, the other lets them out."""

    id: str
    name: str
    gates: tuple[str, str]

    def __post_init__(self) -> None:
        plain_text("name", self.name, NAME_CHARS)
        if self.gates[0] == self.gates[1]:
            raise BadInput("bad_lane", "A lane pairs two different gates.")


@dataclass(frozen=True)
class Group:
    id: str
    name: str
    source: GroupSource = GroupSource.LOCAL
    description: str | None = None

    def __post_init__(self) -> None:
        plain_text("name", self.name, GROUP_CHARS)
        if self.description is not None:
            plain_text("description", self.description, NOTE_CHARS)


@dataclass(frozen=True)
class Who:
    """The people a rule allows: everybody but guests, or groups together with single people. Raises BadInput."""

    everybody: bool = False
    groups: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.everybody == bool(self.groups or self.people):
            raise BadInput("rule_reaches_nobody", "A rule is for everybody, or for groups and people that it names.")

    def includes(self, person: "Person") -> bool:
        return (self.everybody and not person.guest) or bool({person.id} & self.people or self.groups & person.groups)

    def among(self, groups: set[str]) -> "Who | None":
        """The same people without groups that are not there; None for nobody."""
        left = self.groups & groups
        return Who(self.everybody, left, self.people) if self.everybody or left or self.people else None


@dataclass(frozen=True)
class Where:
    """The gates a rule opens: all, or those of sites and zones together with single gates. Raises BadInput.

    A zone stands for the gates that lead into it, and for those that lead from it to the outside or to a zone around
    it. The zones inside it are not included: each is named, or left out.
    """

    everywhere: bool = False
    sites: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    gates: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.everywhere == bool(self.sites or self.zones or self.gates):
            raise BadInput(
                "rule_reaches_nothing", "A rule is for every gate, or for sites, zones and gates that it names."
            )

    def among(self, sites: set[str], zones: set[str], gates: set[str]) -> "Where | None":
        """The same places without those that are not there; None for none."""
        left = self.sites & sites, self.zones & zones, self.gates & gates
        return Where(self.everywhere, *left) if self.everywhere or any(left) else None


@dataclass(frozen=True)
class Rule:
    """Who may pass where and when. schedule_id: None is always. Both dates belong to it, as days at the gate."""

    id: str
    name: str
    who: Who
    where: Where
    schedule_id: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        plain_text("name", self.name, NAME_CHARS)
        if self.note is not None:
            plain_text("note", self.note, NOTE_CHARS)
        for name in ("valid_from", "valid_until"):
            day: date | None = getattr(self, name)
            if day is not None and not 2000 <= day.year <= 2999:
                raise BadInput(f"bad_{name}", f"{name} lies between the years 2000 and 2999.")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise BadInput("bad_valid_until", "valid_until is before valid_from.")


@dataclass(frozen=True)
class Grant:
    """One person may pass for a while, for a reason. The end does not belong to it; both are instants."""

    id: str
    person_id: str
    where: Where
    starts_at: datetime
    ends_at: datetime
    reason: str
    granted_by: str

    def __post_init__(self) -> None:
        plain_text("reason", self.reason, NOTE_CHARS)
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise BadInput(
                "bad_grant", "The start and the end of a grant need a time zone, such as 2026-11-23T08:00:00Z."
            )
        if self.ends_at <= self.starts_at:
            raise BadInput("bad_grant", "A grant ends after it starts.")

    @property
    def name(self) -> str:
        """What a list of rules calls it."""
        return f"temporary: {self.reason}"


@dataclass(frozen=True)
class GateMode:
    """What a gate does while a schedule is open. schedule_id: None is always.

    first_person_group_id: a free period starts only once a member of this group has passed within the window.
    """

    id: str
    gate_id: str
    mode: EntryMode
    schedule_id: str | None = None
    first_person_group_id: str | None = None

    def __post_init__(self) -> None:
        if self.first_person_group_id is not None and self.mode is not EntryMode.FREE:
            raise BadInput("bad_gate_mode", "Only a free period can wait for a first person.")


@dataclass(frozen=True)
class Block:
    """Why a person may pass nowhere, until an instant; None: until somebody lifts it."""

    reason: str
    until: datetime | None = None

    def __post_init__(self) -> None:
        plain_text("block_reason", self.reason, NOTE_CHARS)
        if self.until is not None and self.until.tzinfo is None:
            raise BadInput("bad_blocked_until", "blocked_until needs a time zone, such as 2026-11-23T08:00:00Z.")

    def holds(self, at: datetime) -> bool:
        """Whether the person is blocked at this instant."""
        return self.until is None or at < self.until


@dataclass(frozen=True)
class Person:
    """What the rules know of a person. groups: ids. Both dates are days at the gate, the last one included."""

    id: str
    groups: frozenset[str] = frozenset()
    active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    block: Block | None = None
    guest: bool = False  # rules for everybody leave them out
