"""The table that a site reads: what each rate meant for people whom the fit never saw, with intervals by people."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from app.adapters.vision.manifest import read_manifest, write_manifest
from app.adapters.vision.networks.runtime import best_precision
from app.core.recognition.measured import MeasuredRate, Share
from models.accuracy.intervals import wilson
from models.accuracy.openset import Pools, Setting
from models.accuracy.unseen import Fit, folds

RATES = (0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
SIZES, PHOTOS = (100, 500, 1000, 2500), (1, 3)


def measure(people: int, p: Pools, fit: Fit, rng: np.random.Generator) -> list[MeasuredRate]:
    """Returns the rows of every size that the dataset fills; everybody is a stranger once."""
    able = sum(1 for mine in p.enrolment if len(mine))
    settings = [Setting(size, photos, 1) for size in SIZES if size <= 0.93 * able for photos in PHOTOS]
    return table(folds(people, p, fit, settings, rng, RATES))


def write(pack: str, path: Path, p: Pools, fit: Callable[[float], Fit], rng: np.random.Generator) -> None:
    """Measures anew and keeps the calibration, whose thresholds are in use. fit: for the margin of the calibration."""
    before, how = read_manifest(pack, path), tomllib.loads(path.read_text(encoding="utf-8"))["packs"][pack]["how"]
    rows = measure(len(p.gate), p, fit(before.calibration.margin), rng)
    facts = {"measured_at": datetime.now(UTC).date().isoformat(), "measured_precision": best_precision()}
    write_manifest(path, replace(before, measured=tuple(rows)), how | facts)


def table(rows: Sequence[dict[str, Any]]) -> list[MeasuredRate]:
    return [
        MeasuredRate(
            rate=row["rate"],
            enrolled=row["enrolled"],
            photos=row["photos"],
            let_in=_share(row["fpir"], row["fpir_people95"], row["false_accepts"], row["stranger_attempts"]),
            turned_away=_share(
                row["fnir"], row["fnir_people95"], round(row["fnir"] * row["mate_attempts"]), row["mate_attempts"]
            ),
            strangers=row["stranger_attempts"],
            employees=row["mate_attempts"],
        )
        for row in rows
    ]


def _share(value: float, by_people: list[float] | None, count: int, of: int) -> Share:
    """Resampling people cannot tell how much a count of none may hide, so Wilson's interval bounds it too."""
    low, high = by_people or (value, value)
    if count == 0:
        low, high = wilson(count, of) or (0.0, 1.0)
    return Share(round(value, 6), round(max(0.0, min(low, value)), 6), round(min(1.0, max(high, value)), 6))
