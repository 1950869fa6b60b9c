"""A visit: who comes, to whom, when and where. A visitor is a person with a grant and a QR pass, and nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app.core.errors import BadInput
from app.core.text import plain_text

EARLY = timedelta(minutes=30)  # before the start the pass opens already
LONGEST = timedelta(days=90)
LONGEST_BY_GUARD = timedelta(hours=24)  # guards decide about today, and admins about who comes for weeks
FURTHEST = timedelta(days=365)
GRACE = timedelta(minutes=15)  # after the end until somebody counts as still inside
COMPANY_CHARS = 200
REASON_CHARS = 200
MOST_TRIES = 12  # of one mail


class VisitState(StrEnum):
    """MISSED: nobody came. OVERDUE: inside after the end."""

    EXPECTED = "expected"
    INSIDE = "inside"
    OVERDUE = "overdue"
    LEFT = "left"
    MISSED = "missed"
    CANCELLED = "cancelled"


class LeftBy(StrEnum):
    """How a visit ended: a gate saw the visitor leave, or somebody said so."""

    GATE = "gate"
    PERSON = "person"


class Cancelled(StrEnum):
    """Why a visit was cancelled: by somebody, or because the host is no longer active."""

    PERSON = "person"
    HOST_INACTIVE = "host_inactive"


class MailState(StrEnum):
    """NONE: nobody wants it, or there is no address."""

    NONE = "none"
    DUE = "due"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class VisitDetails:
    """What is sealed under the visitor's key. token: what their link ends with. Raises BadInput."""

    company: str
    reason: str
    token: str

    def __post_init__(self) -> None:
        if self.company:
            plain_text("company", self.company, COMPANY_CHARS)
        if self.reason:
            plain_text("reason", self.reason, REASON_CHARS)


@dataclass(frozen=True)
class Visit:
    """One visit.

    Attributes:
        employee_id: the visitor's, as a person.
        host_id: the employee they visit.
        link_hash: of the token of the link to the pass.
        credential_id, grant_id: the pass and the grant that let the visitor in; gone once it is cancelled or over.
        actor: who invited them.
        arrived_at: when they first went in.
        left_at, left_by: None while they are inside, or before.
        pass_mail, host_mail: the mail with the pass, and the one that tells the host.
        tries: of the mails that are due; next_try_at: not before.
    """

    id: str
    employee_id: str
    host_id: str
    link_hash: str
    sealed: bytes
    credential_id: str
    grant_id: str
    starts_at: datetime
    ends_at: datetime
    actor: str
    created_at: datetime
    arrived_at: datetime | None = None
    left_at: datetime | None = None
    left_by: LeftBy | None = None
    cancelled_at: datetime | None = None
    cancelled_by: Cancelled | None = None
    pass_mail: MailState = MailState.NONE
    host_mail: MailState = MailState.NONE
    tries: int = 0
    next_try_at: datetime | None = None

    @property
    def inside(self) -> bool:
        """Whether the visitor is inside, by what we know."""
        return self.arrived_at is not None and self.left_at is None

    def state(self, now: datetime) -> VisitState:
        if self.inside:
            return VisitState.OVERDUE if now >= self.ends_at + GRACE else VisitState.INSIDE
        if self.arrived_at is not None:
            return VisitState.LEFT
        if self.cancelled_at is not None:
            return VisitState.CANCELLED
        return VisitState.MISSED if now >= self.ends_at else VisitState.EXPECTED

    def is_open(self, now: datetime) -> bool:
        """Whether the pass still lets the visitor in."""
        return self.cancelled_at is None and now < self.ends_at


class Visits(Protocol):
    """The stored visits; part of `ports.Transaction`. Whoever changes one holds the lock of its visitor's row."""

    def add(self, what: Visit) -> None: ...
    def get(self, visit_id: str) -> Visit | None: ...
    def by_link(self, link_hash: str) -> Visit | None: ...
    def of_person(self, employee_id: str) -> Visit | None: ...
    def between(self, since: datetime, until: datetime) -> list[Visit]:
        """Returns those that touch a span, and those of visitors who are still inside, by their start."""
        ...

    def unsettled(self, now: datetime) -> list[Visit]:
        """Returns those that something may still happen to: open, inside, or with a mail that is due."""
        ...

    def ended_before(self, before: datetime, limit: int | None) -> list[Visit]: ...
    def put(self, what: Visit) -> None:
        """Replaces the stored one."""
        ...


def checked_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Raises BadInput('bad_visit_times')."""
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        raise BadInput("bad_visit_times", "A visit starts and ends at instants with a time zone.")
    if not starts_at < ends_at or ends_at <= now:
        raise BadInput("bad_visit_times", "A visit ends in the future, and after it starts.")
    if ends_at - starts_at > LONGEST or starts_at - now > FURTHEST:
        raise BadInput("bad_visit_times", f"A visit lasts {LONGEST.days} days at most, and starts within a year.")
