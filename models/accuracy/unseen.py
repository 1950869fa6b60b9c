"""Checks whether a calibration holds for people it never saw: it is fitted on some people and tested on others.

It does so in two ways, because a large gallery leaves few people over. Halves: fit on one half; gallery, mates and
strangers come from the other, so nobody was seen. Folds: each twentieth of the people are the strangers in turn; the
fit and the gallery use all others. The fit never saw a stranger's comparison, and everybody is a stranger once.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from app.core.recognition.calibration import Calibration
from models.accuracy.openset import Pools, Setting, Trial, play
from models.accuracy.rates import at_set_rates, verdict
from models.data.embed import Embedded

RATES = (0.01, 0.003, 0.001)
FOLDS = 20

# Fits some people. Returns everybody's vectors and the calibration (the centre of the vectors is fitted too).
Fit = Callable[[Sequence[int]], tuple[Embedded, Calibration]]
Plays = dict[Setting, list[tuple[Trial, Calibration]]]


def halves(
    people: int, p: Pools, fit: Fit, settings: Sequence[Setting], repeats: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Returns one row per setting and rate, over `repeats` random halves."""
    plays: Plays = {}
    for _ in range(repeats):
        mixed = rng.permutation(people).tolist()
        half = people // 2
        e, c = fit(mixed[:half])
        for setting in settings:
            plays.setdefault(setting, []).append((play(e, p, mixed[half:], setting, rng), c))
    return _rows(plays, "halves", people, rng)


def folds(
    people: int,
    p: Pools,
    fit: Fit,
    settings: Sequence[Setting],
    rng: np.random.Generator,
    rates: Sequence[float] = RATES,
) -> list[dict[str, Any]]:
    """Returns one row per setting and rate; everybody is a stranger once."""
    plays: Plays = {}
    for strangers in np.array_split(rng.permutation(people), FOLDS):
        others = np.setdiff1d(np.arange(people), strangers).tolist()
        e, c = fit(others)
        for setting in settings:
            trial = play(e, p, others, setting, rng, outsiders=strangers.tolist())
            plays.setdefault(setting, []).append((trial, c))
    return _rows(plays, "folds", people, rng, rates)


def probability(people: int, p: Pools, fit: Fit, rng: np.random.Generator) -> dict[str, Any]:
    """Checks the probability that two photos show one person: fitted on one half of the people, tested on the other.

    It is tested on all pairs of one person and as many of strangers.

    Returns:
        brier, the mean squared error (always saying 0.5 gives 0.25), and the stated and the true share by bin.
    """
    mixed = rng.permutation(people).tolist()
    e, c = fit(mixed[: people // 2])
    usable = [p.gate[i] for i in mixed[people // 2 :]]
    pairs = [x[np.column_stack(np.triu_indices(len(x), 1))] for x in usable if len(x) > 1]
    same = np.concatenate(pairs)
    anybody = rng.choice(np.concatenate(usable), (4 * len(same), 2))
    strangers = anybody[e.person[anybody[:, 0]] != e.person[anybody[:, 1]]][: len(same)]
    both = np.concatenate([same, strangers])
    truth = np.arange(len(both)) < len(same)
    similarity = np.einsum("ij,ij->i", e.gate_flip[both[:, 0]], e.gate_flip[both[:, 1]])
    said = np.array([c.probability(float(s)) for s in similarity])
    bins = [(said >= low) & (said < high) for low, high in itertools.pairwise((0, 0.01, 0.1, 0.5, 0.9, 0.99, 1.01))]
    return {
        "brier": float(((said - truth) ** 2).mean()),
        "pairs": len(both),
        "bins": [
            {"said": float(said[b].mean()), "true": float(truth[b].mean()), "pairs": int(b.sum())}
            for b in bins
            if b.any()
        ],
    }


def _rows(
    plays: Plays, way: str, people: int, rng: np.random.Generator, rates: Sequence[float] = RATES
) -> list[dict[str, Any]]:
    return [
        {"way": way} | row for setting, of in plays.items() for row in at_set_rates(of, setting, people, rates, rng)
    ]


def table(rows: Sequence[dict[str, Any]], title: str) -> Table:
    """Returns the rows as a table for a terminal."""
    heads = (
        "way",
        "N",
        "photos",
        "frames",
        "rate set",
        "FPIR",
        "95 % (people)",
        "ratio",
        "0.5 to 2",
        "FNIR",
        "let in",
        "of attempts",
    )
    shown = Table(*heads, title=title)
    for r in rows:
        low, high = r["fpir_people95"] or (float("nan"), float("nan"))
        shown.add_row(
            r["way"],
            f"{r['enrolled']}",
            f"{r['photos']}",
            f"{r['frames']}",
            f"{r['rate']:.1%}",
            f"{r['fpir']:.3%}",
            f"{100 * low:.2f}-{100 * high:.2f}",
            f"{r['fpir_over_rate']:.2f}",
            verdict(r),
            f"{r['fnir']:.2%}",
            f"{r['false_accepts']} by {r['false_accept_people']}",
            f"{r['stranger_attempts']}",
        )
    return shown
