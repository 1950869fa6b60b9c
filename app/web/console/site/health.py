"""Health: cameras, gates, the gallery, decision times, and what the false-accept rate means today."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.events.histograms import TOOK_MS
from app.services.events.live_feed import FeedItem
from app.web.console.events.charts import Column, Plot, columns
from app.web.console.render import Link, render
from app.web.console.session import AnyPage
from app.web.console.words import CAMERAS
from app.web.security import SystemOf
from app.wiring import System

router = APIRouter(include_in_schema=False)
LINKS = (Link("/health", "Health", "health"),)
PHOTOS, FRAMES = (1, 3, 5), (1, 3)


@dataclass(frozen=True)
class Times:
    """Decision times of the last week. half_ms, most_ms: upper ends of the buckets that hold 50 % and 95 %."""

    plot: Plot
    count: int
    half_ms: str
    most_ms: str


@router.get("/health", response_class=HTMLResponse)
def health(request: Request, system: SystemOf, person: AnyPage) -> HTMLResponse:
    now, checks = system.feed.catch_up(None), request.app.state.health_checks()
    rate = system.false_accept_rate()
    pace = system.statistics.strangers()
    return render(
        request,
        "site/health.html",
        person,
        # Cameras have their own list.
        checks={name: check for name, check in checks.items() if not name.startswith("camera ")},
        gates=_of(now, "gate"),
        cameras=_of(now, "camera"),
        alerts=_of(now, "alert"),
        driven=system.gate_control.healthy(),
        camera_words=CAMERAS,
        enrolled=len(system.gallery),
        times=_times(system),
        rate=rate,
        pace=pace,
        let_in=pace.a_year * rate,
        thresholds=[(n, [system.threshold(n, frames) for frames in FRAMES]) for n in PHOTOS],
        frames=FRAMES,
    )


def _of(items: list[FeedItem], kind: str) -> list[dict[str, object]]:
    return [one.data for one in items if one.kind == kind]


def _times(system: System) -> Times:
    counts = [0] * (len(TOOK_MS) + 1)
    for bucket in system.statistics.took():
        counts[bucket.bucket] += bucket.count
    names = [f"{ms}" for ms in TOOK_MS] + ["more"]
    given = [Column([n], f"up to {name} ms: {n}", name) for n, name in zip(counts, names, strict=True)]
    total = sum(counts)
    label = f"How long {total} decisions of the last week took, in milliseconds"
    return Times(columns(label, given), total, _below(counts, names, 0.5), _below(counts, names, 0.95))


def _below(counts: list[int], names: list[str], share: float) -> str:
    seen = 0
    for count, name in zip(counts, names, strict=True):
        seen += count
        if seen >= share * sum(counts):
            return name
    return names[-1]
