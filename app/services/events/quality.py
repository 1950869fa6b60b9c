"""How well people are recognised at this site: what each rate would mean, and who or what stands out."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.core.events.corrections import CorrectionKind
from app.core.events.histograms import Figure
from app.core.events.outliers import Compared, compare
from app.core.ports.store import Clock, Store
from app.core.recognition.measured import MeasuredRate
from app.core.recognition.rate_choice import Choice, Traffic, choices
from app.core.types import Reason
from app.services.events.statistics import DAYS_SEEN, INSTANT, LONGEST, STRANGERS

# Reasons that a camera's picture, and not a person's standing, is behind.
OF_PICTURES = (
    Reason.NOT_RECOGNISED,
    Reason.EYES_COVERED,
    Reason.BACKLIT,
    Reason.LEFT_TOO_SOON,
    Reason.AMBIGUOUS,
    Reason.FACE_TOO_SMALL,
    Reason.POOR_QUALITY,
    Reason.SPOOF_SUSPECTED,
)
# Refusals that name somebody although recognition failed them, and openings by hand for somebody who was refused.
OF_PEOPLE = (Reason.SPOOF_SUSPECTED, Reason.OPENED_BY_HAND)
MOST_EVENTS = 5000  # of each reason, that are looked at for people
MOST_PEOPLE = 20
USUAL_PHOTOS = 3
# Where nobody has passed yet: a year with 1,000 attempts of strangers, and days with 1,000 of employees.
OF_A_THOUSAND = Traffic(365, 365_000, 1000)


@dataclass(frozen=True)
class SiteQuality:
    """The last `traffic.days` days.

    Attributes:
        choices: by falling rate; empty where nothing is measured for the pack. Before anybody has passed, of a thousand
            attempts each.
        accepted, refused: how often each similarity let somebody in, or did not, by bucket.
        cameras: each, those that stand out first. people: those with such refusals; `name` is an employee's id.
        corrections: how many records said that a person was wrong, or right.
    """

    traffic: Traffic
    choices: list[Choice]
    accepted: dict[int, int]
    refused: dict[int, int]
    cameras: list[Compared]
    people: list[Compared]
    corrections: dict[CorrectionKind, int]


@dataclass(frozen=True)
class Quality:
    """enrolled: how many people can be recognised now. measured: the pack's table."""

    store: Store
    clock: Clock
    measured: Sequence[MeasuredRate]
    enrolled: Callable[[], int]

    def look(self) -> SiteQuality:
        """Counts over the last 30 days, or since the first event within them. Raises Busy if that takes too long."""
        until = self.clock()
        since = until - timedelta(days=DAYS_SEEN)
        with self.store.read(LONGEST) as tx:
            hours = tx.counts.hourly(since, until + INSTANT)
            days = max(1, round((until - hours[0][0]) / timedelta(days=1))) if hours else 0
            totals: Counter[Reason] = Counter()
            for _, reason, count in hours:
                totals[reason] += count
            photos = tx.templates.photo_counts()
            figures = tx.histograms.between(since.date(), until.date())
            names = [camera.name for camera in tx.cameras.all()]
            seen = tx.counts.by_camera(names, (*OF_PICTURES, Reason.RECOGNISED), since)
            refused_people = tx.counts.by_employee(OF_PEOPLE, since, MOST_EVENTS)
            worst = sorted(refused_people, key=lambda one: -refused_people[one])[:MOST_PEOPLE]
            passed_people = tx.counts.of_employees(worst, Reason.RECOGNISED, since)
            corrections = tx.counts.corrections(since)
        unrecognised = sum(totals[reason] for reason in STRANGERS)
        traffic = Traffic(days, totals[Reason.RECOGNISED], unrecognised)
        refused_by, passed_by = Counter[str](), Counter[str]()
        for (camera, reason), count in seen.items():
            (passed_by if reason is Reason.RECOGNISED else refused_by)[camera] += count
        counted = traffic if traffic.recognised else OF_A_THOUSAND
        return SiteQuality(
            traffic,
            choices(self.measured, counted, self.enrolled(), photos or {USUAL_PHOTOS: 1}),
            {bucket.bucket: bucket.count for bucket in figures if bucket.kind is Figure.ACCEPTED},
            {bucket.bucket: bucket.count for bucket in figures if bucket.kind is Figure.REFUSED},
            compare(refused_by, passed_by),
            _people(refused_people, passed_people, worst, totals[Reason.RECOGNISED]),
            corrections,
        )


def _people(refused: dict[str, int], passed: dict[str, int], worst: Sequence[str], recognised: int) -> list[Compared]:
    """Each of the worst beside everybody else. others: openings of those who are not among them."""
    others = "others"
    shown = set(worst)
    found = compare(
        {**{who: refused[who] for who in worst}, others: sum(n for who, n in refused.items() if who not in shown)},
        {**{who: passed.get(who, 0) for who in worst}, others: max(0, recognised - sum(passed.values()))},
    )
    return [one for one in found if one.name != others]
