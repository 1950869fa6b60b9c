"""Reports: passages per hour, reasons for denials, and the similarity of accepted and refused faces."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.core.events.histograms import BUCKETS, Figure
from app.services.events.statistics import Hour, Period
from app.web.console.events.charts import Column, Plot, columns
from app.web.console.render import Link, render
from app.web.console.session import AnyPage
from app.web.console.words import REASONS
from app.web.language.catalog import now, translated
from app.web.language.dates import short_day
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/reports", "Reports", "reports"),)
SPANS = {1: "24 hours", 7: "7 days", 30: "30 days"}
HOUR = "%Y-%m-%d %H:%M"  # a zone may be half an hour off
USUAL = (3, 1)  # the drawn threshold is for this many photos and frames


@router.get("/reports", response_class=HTMLResponse)
def reports(
    request: Request, system: SystemOf, person: AnyPage, days: Annotated[int, Query(ge=1, le=30)] = 1
) -> HTMLResponse:
    days = days if days in SPANS else 1
    period = system.statistics.last(timedelta(days=days))
    zone = system.site_clock.read().zone
    hours = [replace(hour, at=hour.at.astimezone(zone)) for hour in period.hours]
    threshold = system.threshold(*USUAL)
    most = max((count for _, count in period.denials), default=1)
    return render(
        request,
        "events/reports.html",
        person,
        spans=SPANS,
        days=days,
        period=period,
        passages=_passages(hours, days),
        busy=[(f"{hour.at:{HOUR}}", hour.opened, hour.denied) for hour in hours if hour.opened or hour.denied],
        denials=[
            (translated(REASONS[reason]), reason.value, count, 100 * count / most) for reason, count in period.denials
        ],
        similarities=_similarities(period, threshold),
        threshold=threshold,
        opened=sum(hour.opened for hour in hours),
        denied=sum(hour.denied for hour in hours),
    )


def _passages(hours: list[Hour], days: int) -> Plot:
    every = {1: 3, 7: 24, 30: 120}[days]
    given = [
        Column(
            [hour.opened, hour.denied],
            f"{hour.at:{HOUR}}: {hour.opened} opened, {hour.denied} denied",
            (f"{hour.at:%H:%M}" if days == 1 else short_day(hour.at, now().language)) if i % every == 0 else "",
        )
        for i, hour in enumerate(hours)
    ]
    return columns("Passages per hour: opened below, denied above", given)


def _similarities(period: Period, threshold: float) -> Plot:
    counts = {Figure.ACCEPTED: [0] * BUCKETS, Figure.REFUSED: [0] * BUCKETS}
    for figure in period.figures:
        if figure.kind in counts:
            counts[figure.kind][figure.bucket] += figure.count
    accepted, refused = counts[Figure.ACCEPTED], counts[Figure.REFUSED]
    given = [
        Column(
            [accepted[i], refused[i]],
            f"similarity {i / BUCKETS:.2f} to {(i + 1) / BUCKETS:.2f}: {accepted[i]} accepted, {refused[i]} refused",
            f"{i / BUCKETS:.1f}" if i % 10 == 0 else "",
        )
        for i in range(BUCKETS)
    ]
    label = f"Similarity of accepted and refused faces, 0 to 1; the threshold at {threshold:.2f} is drawn"
    return columns(label, given, mark=threshold * BUCKETS, mark_text=f"threshold {threshold:.2f}")
