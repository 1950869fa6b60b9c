"""Compares the error rates before and after training, on people seen neither in training nor in validation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from models.accuracy.openset import Setting, Trial, play, pools
from models.data.embed import Embedded
from models.siamese.crops import Crops, Faces
from models.siamese.judging import FMRS, Embed, Vectors, judge

FPIRS = (0.01, 0.001)
VIEWS = ("portraits", "gate")


@dataclass(frozen=True)
class Change:
    """One error rate before and after training.

    Attributes:
        attempts: the number by mates and by strangers, averaged over galleries.
        low, high: the 5 and 95 % quantiles of the difference (after - before) over random galleries; None for a single
            sample.
    """

    what: str
    view: str
    attempts: tuple[int, int]
    before: float
    after: float
    low: float | None = None
    high: float | None = None


def compare(before: Embed, after: Embed, faces: Faces, views: Crops, seed: int, repeats: int = 100) -> list[Change]:
    """Compares verification over all pairs, and open-set identification with a third of the people enrolled.

    Templates are single photos. Attempts are photos under "portraits" and gate views under "gate".

    Args:
        views: `judging.gate_views(faces)`.
    """
    judged = [judge(embed, faces, views) for embed in (before, after)]
    rows = []
    for view in VIEWS:
        old, new = (getattr(j, view) for j in judged)
        for fmr, a, b in zip(FMRS[1:], old.fnmr[1:], new.fnmr[1:], strict=True):
            rows.append(Change(f"FNMR at FMR {_percent(fmr)}", view, (old.mates, old.strangers), a, b))
    vectors = [(embed(faces.crops), embed(views)) for embed in (before, after)]
    setting = Setting(len(faces.people) // 3, photos=1, frames=1)
    for number, view in enumerate(VIEWS):
        known = [_embedded(faces, both[0], both[number]) for both in vectors]
        trials = [_play(e, setting, seed, repeats) for e in known]
        mates, strangers = (int(np.mean([len(getattr(t, kind)) for t in trials[0]])) for kind in ("mate", "stranger"))
        for fpir in FPIRS:
            old_rates, new_rates = (np.array([fnir(t, fpir) for t in of]) for of in trials)
            low, high = np.quantile(new_rates - old_rates, (0.05, 0.95))
            what = f"FNIR at FPIR {_percent(fpir)}, {setting.enrolled} enrolled"
            rows.append(
                Change(what, view, (mates, strangers), float(old_rates.mean()), float(new_rates.mean()), low, high)
            )
    return rows


def fnir(trial: Trial, fpir: float) -> float:
    """Returns the share of mates' attempts not accepted as themselves, at the threshold with this FPIR."""
    descending = np.sort(trial.stranger)[::-1]
    limit = descending[min(int(fpir * len(descending)), len(descending) - 1)]
    return 1 - float((trial.mate_right & (trial.mate > limit)).mean())


def table(changes: Sequence[Change]) -> Table:
    """Returns the changes as a table for a terminal."""
    shown = Table("error rate", "attempts", "mates", "strangers", "before", "after", "change, 5-95 %")
    for c in changes:
        spread = "" if c.low is None or c.high is None else f"{c.low:+.2%} to {c.high:+.2%}"
        view = "portraits" if c.view == "portraits" else "gate views"
        counts = (f"{n:,}" for n in c.attempts)
        shown.add_row(c.what, view, *counts, f"{c.before:.2%}", f"{c.after:.2%}", spread)
    return shown


def _play(e: Embedded, setting: Setting, seed: int, repeats: int) -> list[Trial]:
    """Plays random galleries that depend only on the seed, so both networks get the same ones."""
    usable, rng = pools(e), np.random.default_rng(seed)
    return [play(e, usable, range(len(e.people)), setting, rng) for _ in range(repeats)]


def _embedded(faces: Faces, templates: Vectors, probes: Vectors) -> Embedded:
    ones, none = np.ones(len(probes), dtype=np.float32), np.full(len(probes), "")
    return Embedded(faces.people, faces.person, probes, probes, templates, ones, none, none, none)


def _percent(share: float) -> str:
    return f"{100 * share:g} %"
