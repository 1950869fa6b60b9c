"""Fits the tail of strangers' similarities, and the curve of the probability that two pictures show one person."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.core.recognition.calibration import Tail
from models.accuracy.openset import Pools, fuse, unit
from models.data.embed import Embedded
from models.data.enough import LEAST_EXCEEDANCES

# Nobody is accepted below the similarity of this rate. Between it and the start of the tail, rates are counted.
BODY_RATE = 1e-3
# The tail starts here, with some hundred points to fit. Starting at 1e-3, it gave 0.6 times the rate set at 1e-6 per
# comparison and 1.5 times at 4e-7, because ordinary strangers thin out faster than relatives and wrong labels.
TAIL_RATE = 1e-4
DRAWS = 4  # of templates and attempts, for a shift; one leaves a standard deviation of a tenth
LEAST = 100  # exceedances; a dataset with fewer starts its tail at a higher rate
# A smaller shape would mean that strangers are hardly ever more similar than those seen, but brothers are. Fitted on
# all people here, it is 0.053; on halves of them, 0.03 with a standard deviation of 0.08 (2026-11-30). Until then, 0.1
# was the least: with 2,500 enrolled and a rate of 0.1 %, 2,836 other people were accepted 0.06 times as often as set.
LEAST_SHAPE = 0.05
GRID = [(p, f) for p in (1, 2, 3, 5) for f in (1, 2, 3, 5) if (p, f) != (1, 1)]
LEAST_BEYOND = 30  # comparisons beyond the quantiles whose difference is a shift
# Few people have several photos, so their shifts are the least certain numbers: over halves of the people, their
# standard deviation is a quarter of them. They are raised by as much. A threshold too high costs less than one too low.
SAFE = 1.25


def fit_pareto(exceedances: NDArray[np.floating]) -> tuple[float, float]:
    """Returns (shape, scale) of a generalised Pareto distribution by probability-weighted moments.

    Hosking & Wallis, "Parameter and quantile estimation for the generalized Pareto distribution", Technometrics 29(3),
    1987; their k is minus the shape. It has a closed form, and a few outliers hardly change it.

    Raises:
        ValueError: there are fewer than 50 exceedances.
    """
    x = np.sort(np.asarray(exceedances, dtype=np.float64))
    if len(x) < LEAST_EXCEEDANCES:
        raise ValueError(f"{len(x)} exceedances are too few to fit a tail")
    mean = x.mean()
    weighted = float((np.arange(len(x) - 1, -1, -1) / (len(x) - 1) * x).mean())
    k = mean / (mean - 2 * weighted) - 2
    return float(-k), float(2 * mean * weighted / (mean - 2 * weighted))


def fit_logistic(same: NDArray[np.floating], different: NDArray[np.floating]) -> tuple[float, float]:
    """Returns (midpoint, steepness) of the logistic curve between two samples of equal weight, by Newton's method."""
    x = np.concatenate([same, different]).astype(np.float64)
    y = np.concatenate([np.ones(len(same)), np.zeros(len(different))])
    weight = np.concatenate([np.full(len(same), 0.5 / len(same)), np.full(len(different), 0.5 / len(different))])
    design = np.column_stack([x, np.ones_like(x)])
    beta = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ beta))
        # A small ridge term keeps the solution finite for perfectly separated samples.
        gradient = design.T @ (weight * (y - chance)) - 1e-6 * beta
        hessian = (design * (weight * chance * (1 - chance))[:, None]).T @ design + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        beta += step
        if np.abs(step).max() < 1e-9:
            break
    return float(-beta[1] / beta[0]), float(beta[0])


def fit_tail(
    e: Embedded, p: Pools, people: Sequence[int], rng: np.random.Generator, draws: int = DRAWS
) -> tuple[Tail, int]:
    """Returns the tail over `people`, and the number of comparisons it was fitted on. draws: as DRAWS."""
    strangers = impostors(e, p, people, 1, 1, rng, at_least=(1, 1))
    rate = min(BODY_RATE, max(TAIL_RATE, LEAST / max(1, len(strangers))))
    lowest, start = (float(x) for x in np.quantile(strangers, (1 - BODY_RATE, 1 - rate)))
    beyond = strangers[strangers > start].astype(np.float64) - start
    shape, scale = fit_pareto(beyond)
    if shape < LEAST_SHAPE:
        shape, scale = LEAST_SHAPE, float(beyond.mean()) * (1 - LEAST_SHAPE)
    body = (start - lowest) / math.log(BODY_RATE / rate) if rate < BODY_RATE else 0.0
    shift = _shifts(e, p, people, rate, rng, draws)
    tail = Tail(start, rate, scale, shape, *shift, body_scale=body, body_rate=BODY_RATE, alike=_alike(e, p, people))
    return tail, len(strangers)


def _shifts(
    e: Embedded, p: Pools, people: Sequence[int], rate: float, rng: np.random.Generator, draws: int
) -> tuple[float, float]:
    """Returns by how much several photos and frames raise the similarity at the start of the tail."""
    rows, shifts, weights = [], [], []
    for photos, frames in GRID:
        # Compare with the same people at one photo and one frame: people with many photos are not a random sample.
        fused, single = (
            np.concatenate([impostors(e, p, people, *of, rng, at_least=(photos, frames)) for _ in range(draws)])
            for of in ((photos, frames), (1, 1))
        )
        compared = min(len(fused), len(single))
        level = max(rate, LEAST_BEYOND / max(1, compared))
        if level <= BODY_RATE:
            rows.append((1 - 1 / photos, 1 - 1 / frames))
            shifts.append(float(np.quantile(fused, 1 - level) - np.quantile(single, 1 - level)))
            weights.append(math.sqrt(compared))
    if not rows:
        return 0.0, 0.0
    weight = np.array(weights)
    by_photo, by_frame = np.linalg.lstsq(np.array(rows) * weight[:, None], np.array(shifts) * weight, rcond=None)[0]
    return SAFE * max(0.0, float(by_photo)), SAFE * max(0.0, float(by_frame))


def _alike(e: Embedded, p: Pools, people: Sequence[int]) -> float:
    """Returns the mean similarity of two pictures of one person, each person counted once."""
    pairs = [e.gate[mine] @ e.gate[mine].T for mine in (p.gate[i] for i in people) if len(mine) > 1]
    means = [float(pair[np.triu_indices(len(pair), 1)].mean()) for pair in pairs]
    return min(1.0, max(0.01, float(np.mean(means)))) if means else 1.0


def impostors(
    e: Embedded,
    p: Pools,
    people: Sequence[int],
    photos: int,
    frames: int,
    rng: np.random.Generator,
    at_least: tuple[int, int],
) -> NDArray[np.float32]:
    """Returns the similarities of everybody's templates to everybody else's attempts.

    Args:
        at_least: the photos a person needs to take part, for a template and for an attempt.
    """
    ids = np.array([i for i in people if len(p.enrolment[i]) >= at_least[0]])
    templates = [unit(e.enrolment[rng.permutation(p.enrolment[i])[:photos]].mean(axis=0)) for i in ids]
    who: list[int] = []
    probes: list[NDArray[np.float32]] = []
    for i in people:
        if len(p.gate[i]) >= at_least[1]:
            mixed = rng.permutation(p.gate[i])
            for first in range(0, len(mixed) - frames + 1, frames):
                who.append(i)
                probes.append(fuse(e, mixed[first : first + frames], flip=False))
    if not templates or not probes:
        return np.empty(0, dtype=np.float32)
    similarity = np.stack(probes) @ np.stack(templates).T
    different: NDArray[np.float32] = similarity[np.array(who)[:, None] != ids[None]]
    return different
