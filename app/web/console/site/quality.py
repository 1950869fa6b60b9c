"""Recognition quality: one slider from strangers let in to employees turned away, and who or what stands out."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.rule_edits import version_of
from app.core.errors import NotFound
from app.core.events.corrections import CorrectionKind
from app.core.events.histograms import BUCKETS
from app.core.events.outliers import Compared, Interval
from app.core.recognition.rate_choice import Choice, Span, between
from app.core.types import Role
from app.services.events.quality import SiteQuality
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.language.catalog import decimals, figures
from app.web.language.catalog import number as whole
from app.web.language.catalog import translated as _
from app.web.security import SystemOf
from app.wiring import System

router = APIRouter(include_in_schema=False)
LINKS = (Link("/settings/quality", "Recognition quality", "search", frozenset({Role.ADMIN}), section="settings"),)
PHOTOS = (1, 3, 5)  # thresholds differ a little by the photos that somebody has


@dataclass(frozen=True)
class Step:
    """One stop of the slider, in words. is_now: whether it is the present setting."""

    rate: float
    one_in: str
    is_now: bool
    let_in: str
    turned_away: str
    here: str
    change: str


@router.get("/settings/quality", response_class=HTMLResponse)
def quality(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    found, now = system.quality.look(), system.false_accept_rate()
    settings = system.site_settings.get()
    as_now = next((choice for choice in found.choices if is_same(choice.rate, now)), None)
    steps = [step(system, found, choice, now, as_now) for choice in found.choices]
    return render(
        request,
        "site/quality.html",
        person,
        found=found,
        steps=steps,
        place=min(range(len(steps)), key=lambda i: abs(steps[i].rate - now)) if steps else 0,
        now=one_in(now),
        started=one_in(system.settings.false_accept_rate),
        is_own=settings.false_accept_rate is not None,
        settings_version=version_of(settings),
        enrolled=len(system.gallery),
        measured_at=found.choices[0].enrolled if found.choices else 0,
        interval=interval,
        people=[(one, name_of(system, one)) for one in found.people],
        wrong=found.corrections.get(CorrectionKind.NOT_THIS_PERSON, 0),
        right=found.corrections.get(CorrectionKind.WAS, 0),
    )


def is_same(rate: float, other: float) -> bool:
    return abs(rate / other - 1) < 0.001


def step(system: System, found: SiteQuality, choice: Choice, now: float, as_now: Choice | None) -> Step:
    a_thousand = not found.traffic.recognised
    let_in, away = spanned(choice.let_in_a_year), spanned(choice.turned_away_a_day)
    return Step(
        choice.rate,
        one_in(choice.rate),
        is_same(choice.rate, now),
        _("{let_in} of 1,000 strangers' attempts" if a_thousand else "{let_in} strangers a year", let_in=let_in),
        _("{away} of 1,000 employees' attempts" if a_thousand else "{away} employees a day", away=away),
        "" if a_thousand else seen_here(system, found, choice.rate, now),
        "" if as_now is None or as_now is choice else change(as_now, choice),
    )


def change(before: Choice, after: Choice) -> str:
    """As in "Than now: about 3.1 fewer strangers, and 0.2 more employees"."""
    parts = [
        _(more if late.value > early.value else fewer, number=number(abs(late.value - early.value)))
        for early, late, more, fewer in (
            (before.let_in_a_year, after.let_in_a_year, "{number} more strangers", "{number} fewer strangers"),
            (before.turned_away_a_day, after.turned_away_a_day, "{number} more employees", "{number} fewer employees"),
        )
    ]
    return _("Than now: about {strangers}, and {employees}.", strangers=parts[0], employees=parts[1])


def seen_here(system: System, found: SiteQuality, rate: float, now: float) -> str:
    """What this site's own similarities say about a change of the rate; "" for no change."""
    if is_same(rate, now):
        return ""
    size = len(system.gallery)
    pairs = [[system.calibration.threshold(r, size, photos, 1) for r in (rate, now)] for photos in PHOTOS]
    counts = found.accepted if rate < now else found.refused
    spans = [between(counts, BUCKETS, min(pair), max(pair)) for pair in pairs]
    least, most = min(s[0] for s in spans), max(s[1] for s in spans)
    total = sum(counts.values())
    if rate < now:
        said = "Of the {total} faces that were let in here, {count} would be turned away."
    else:
        said = "Of the {total} faces that were refused here, {count} would pass; who they are, nobody knows."
    return _(said, total=total, count=count(least, most))


def count(least: int, most: int) -> str:
    if most == 0:
        return _("none")
    return _("{least} to {most}", least=least, most=most) if least != most else whole(most)


def one_in(rate: float) -> str:
    """As in "1 in 1,000"."""
    return _("1 in {number}", number=number(1 / rate))


def number(value: float) -> str:
    """Two significant digits below a hundred, and whole numbers above, as people read them."""
    if value >= 100:
        return decimals(float(f"{value:.3g}"), 0)
    return figures(float(f"{value:.2g}"), 6)


def spanned(span: Span) -> str:
    """As in "about 12 (3 to 40)"."""
    if span.value == 0:
        return _("none seen, at most {high}", high=number(span.high)) if span.high else _("none")
    low, high = number(span.low), number(span.high)
    return _("about {value} ({low} to {high})", value=number(span.value), low=low, high=high)


def interval(share: Interval) -> str:
    """As in "12 of 80, 15 % (9 to 24 %)"."""
    if not share.of:
        return _("none")
    value, low, high = (number(100 * part) for part in (share.value, share.low, share.high))
    said = "{count} of {of}, {value} % ({low} to {high} %)"
    return _(said, count=share.count, of=share.of, value=value, low=low, high=high)


def name_of(system: System, one: Compared) -> str:
    try:
        return system.enrolment.get(one.name).name
    except NotFound:
        return "somebody who was erased"
