"""The filters of the activity page, as its address holds them, and in words for print."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from app.core.canonical import instant
from app.core.errors import BadInput
from app.core.events.records import EventFilter
from app.core.events.time_range import MOST_CHARS, TimeRange, in_parts, read_range, written_range
from app.core.types import Reason, Verdict
from app.services.access.site_clock import WallClocks
from app.web.console.page_clock import from_field
from app.web.console.words import REASONS
from app.web.language.catalog import translated as _
from app.wiring import System

NAMES = ("q", "when", "gate", "decision", "reason", "camera", "employee", "from", "to")
QUICK = {"last hour": "Last hour", "today": "Today", "yesterday": "Yesterday", "last 7 days": "Last 7 days"}
DRAWN = timedelta(hours=24)  # of the timeline, where the filters have no start
PARTS = 60
NOBODY = "nobody"  # an id that no employee has
_LONGEST = {"q": 200, "when": MOST_CHARS}


@dataclass(frozen=True)
class ActivityFilters:
    """What the address asks for.

    Attributes:
        fields: by name, "" where it does not filter; unknown decisions and reasons do not.
        span: the times; relative ones as of now.
        people: the ids of the people that match the number, and the name or number; None: anybody.
        employee_id: of the one with the number; None: no such filter, or nobody has it.
        problems: a sentence for each field that cannot be read. Then nothing is listed.
    """

    fields: dict[str, str]
    span: TimeRange
    clocks: WallClocks
    people: tuple[str, ...] | None
    problems: dict[str, str]
    employee_id: str | None = None

    def which(self, before: str | None = None, limit: int = 50) -> EventFilter:
        verdict, reason = self.fields["decision"], self.fields["reason"]
        return EventFilter(
            self.fields["gate"] or None,
            None,
            Verdict(verdict) if verdict else None,
            Reason(reason) if reason else None,
            self.span.since,
            self.span.until,
            before,
            limit,
            self.fields["camera"] or None,
            self.people,
        )

    @property
    def query(self) -> str:
        return urlencode({name: value for name, value in self.fields.items() if value})

    @property
    def when(self) -> str:
        """The times as the field shows them."""
        return self.fields["when"] or written_range(self.span, self.clocks.zone)

    @property
    def for_decisions_alone(self) -> bool:
        """Whether a filter leaves out what is no decision."""
        return any(self.fields[name] for name in ("q", "employee", "decision", "reason", "camera"))

    @property
    def goes_on(self) -> bool:
        """Whether events that are yet to come may match."""
        return not self.problems and (self.span.until is None or self.span.until > self.clocks.now)

    def with_range(self, text: str) -> str:
        """The query of the same filters at other times."""
        kept = {name: value for name, value in self.fields.items() if value and name not in ("when", "from", "to")}
        return urlencode({**kept, "when": text} if text else kept)

    def csv_query(self) -> str:
        """As /v1/events.csv takes them, with the facts of the list before its rows."""
        kept = {name: self.fields[name] for name in ("gate", "decision", "reason", "camera", "q") if self.fields[name]}
        if self.fields["employee"]:
            kept["employee"] = self.employee_id or NOBODY
        times = {"from": self.span.since, "to": self.span.until}
        return urlencode({**kept, **{name: instant(at) for name, at in times.items() if at}, "head": "true"})

    def words(self) -> str:
        """The filters but for the times, for people."""
        shown = {**self.fields, "decision": _(_DECISIONS.get(self.fields["decision"], ""))}
        said = [f"{_(label)} {shown[name]}" for name, label in _LABELS.items() if shown[name]]
        if self.fields["reason"]:
            said.append(_("reason “{reason}”", reason=_(REASONS[self.fields["reason"]])))
        return ", ".join(said) or _("none")

    def drawn(self) -> list[datetime]:
        """The edges of the timeline's parts; none for times that have not begun."""
        until = min(self.span.until or self.clocks.now, self.clocks.now)
        since = self.span.since or until - DRAWN
        return [] if since >= until else in_parts(since, until, PARTS, self.clocks.zone)


_DECISIONS = {"open": "opened", "deny": "denied"}
_LABELS = {
    "q": "name or number",
    "gate": "gate",
    "decision": "decision",
    "camera": "camera",
    "employee": "employee number",
}


def read_filters(sent: QueryParams, system: System) -> ActivityFilters:
    """Returns the filters of an address, whatever it holds."""
    fields = {name: sent.get(name, "").strip()[: _LONGEST.get(name, 64)] for name in NAMES}
    for name, known in (("decision", Verdict), ("reason", Reason)):
        if fields[name] not in set(known):
            fields[name] = ""
    clocks, problems = system.site_clock.read(), {}
    span = TimeRange()
    people: tuple[str, ...] | None = None
    for name, value in fields.items():
        if not value.isprintable():
            problems[name] = "Write plain text, without control characters."
            fields[name] = "".join(c for c in value if c.isprintable())
    if fields["when"]:
        fields["from"] = fields["to"] = ""
        try:
            span = read_range(fields["when"], clocks.now, clocks.zone)
        except BadInput as refusal:
            problems["when"] = refusal.detail
    else:
        span = _between(fields, clocks)
    employee = system.enrolment.by_number(fields["employee"]) if fields["employee"] else None
    employee_id = employee.id if employee else None
    if not problems:
        try:
            people = system.events.people(employee_id or (NOBODY if fields["employee"] else None), fields["q"])
        except BadInput as refusal:
            problems["q"] = refusal.detail
    return ActivityFilters(fields, span, clocks, people, problems, employee_id)


def _between(fields: dict[str, str], clocks: WallClocks) -> TimeRange:
    """The times of links, which name both ends exactly. What is no time does not filter."""
    found: dict[str, Any] = {
        name: from_field(fields[name], clocks.zone, latest=name == "to") for name in ("from", "to")
    }
    for name, at in found.items():
        fields[name] = instant(at) if at else ""
    return TimeRange(found["from"], found["to"])
