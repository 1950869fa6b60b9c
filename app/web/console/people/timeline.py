"""What happened to a person, newest first: at gates, and to their record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from app.core.credentials.stored import CredentialKind
from app.core.events.logged import LoggedEvent
from app.core.types import OPENING, Employee, Photo
from app.web.console.words import REASONS, number_word
from app.web.language.catalog import counted
from app.web.language.catalog import translated as _


@dataclass(frozen=True)
class Happened:
    """One entry, its words in the language of the page. kind: good, bad or "". gate, event: of an event with a page."""

    at: datetime
    words: str
    kind: str = ""
    gate: str | None = None
    event: str | None = None


def timeline(
    employee: Employee, photos: Sequence[Photo], events: Sequence[LoggedEvent], now: datetime
) -> list[Happened]:
    """Returns the events, and the changes of the record that are known, since the oldest of the events or ever.

    Args:
        events: the newest, newest first.
    """
    found = [_event(one) for one in events]
    if employee.created_at is not None:
        found.append(Happened(employee.created_at, _("Added")))
    for _begin, group in groupby(sorted(photos, key=_minute), key=_minute):
        times = [photo.created_at for photo in group]
        words = counted("{number} photo added", "{number} photos added", len(times), number=_(number_word(len(times))))
        found.append(Happened(max(times), words[:1].upper() + words[1:]))
    if employee.blocked_at is not None:
        found.append(Happened(employee.blocked_at, _("Blocked: {reason}", reason=employee.block_reason), "bad"))
        if employee.blocked_until is not None and employee.blocked_until <= now:
            found.append(Happened(employee.blocked_until, _("The block ended")))
    return sorted(found, key=lambda one: one.at, reverse=True)


def _event(event: LoggedEvent) -> Happened:
    ordered = event.decision is not None and not event.decision.method.decides
    kind = "good" if event.reason in OPENING else "" if ordered else "bad"
    words = _(REASONS[event.reason])
    badge = None if event.decision is None else event.decision.credential
    if badge is not None and not badge.kind.is_pin:
        if badge.kind is CredentialKind.QR:
            words = _("{what}: QR pass ending {last_four}", what=words, last_four=badge.last_four)
        else:
            words = _("{what}: badge ending {last_four}", what=words, last_four=badge.last_four)
    return Happened(event.at, words, kind, event.gate, event.id)


def _minute(photo: Photo) -> datetime:
    return photo.created_at.replace(second=0, microsecond=0)
