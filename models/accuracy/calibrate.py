"""Fits the impostor tail of a pack, checks it on people it was not fitted on, and writes the calibration.

The tail is extrapolated: a gate with 10,000 employees needs one false match in 10 million comparisons. So its
distribution has a theoretical basis, and the check is part of the command.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from app.adapters.vision.manifest import PackManifest, write_manifest
from app.adapters.vision.networks.runtime import best_precision
from app.adapters.vision.packs import pack as packs
from app.core.errors import WeightsError
from app.core.recognition.calibration import Calibration, Tail
from app.settings import read_settings
from models.accuracy import measured, plots, unseen
from models.accuracy.openset import Pools, Setting, errors, fuse, play, pools, unit
from models.accuracy.unseen import RATES, Fit
from models.data.dataset import read_dataset
from models.data.embed import Embedded, Raw, look_at
from models.data.enough import LEAST_EXCEEDANCES, enough_for_tail, tail_needs

# Nobody is accepted below the similarity of this rate. Between it and the start of the tail, rates are counted.
BODY_RATE = 1e-3
# The tail starts here, with some hundred points to fit. Starting at 1e-3, it gave 0.6 times the rate set at 1e-6 per
# comparison and 1.5 times at 4e-7, because ordinary strangers thin out faster than relatives and wrong labels.
TAIL_RATE = 1e-4
ATTEMPTS = 2000  # for a shift; enough for a quantile of a thousandth
LEAST = 100  # exceedances; a dataset with fewer starts its tail at a higher rate
# A smaller shape would mean that strangers are hardly ever more similar than those seen, but brothers are. From 2e-5 to
# 4e-7 per comparison, a shape of 0.1 accepts strangers 0.6 to 1.2 times as often as set (1 photo; 3 photos: 0.75 to
# 1.7), and a shape of 0 0.8 to 1.4 times (0.95 to 1.9). Measured on 14.8 million comparisons of half of LFW, seven of
# them beyond the last rate, 2026-11-24.
LEAST_SHAPE = 0.1
GRID = [(p, f) for p in (1, 2, 3, 5) for f in (1, 2, 3) if (p, f) != (1, 1)]
MARGINS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1)
MARGIN_COST = 0.0003  # share of mates' attempts, at a false accept rate of 0.1 %


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


def fit_tail(e: Embedded, p: Pools, people: Sequence[int], rng: np.random.Generator) -> tuple[Tail, int]:
    """Returns the tail over `people`, and the number of comparisons it was fitted on."""
    strangers = _impostors(e, p, people, 1, 1, rng, at_least=(1, 1))
    rate = min(BODY_RATE, max(TAIL_RATE, LEAST / max(1, len(strangers))))
    lowest, start = (float(x) for x in np.quantile(strangers, (1 - BODY_RATE, 1 - rate)))
    beyond = strangers[strangers > start].astype(np.float64) - start
    shape, scale = fit_pareto(beyond)
    if shape < LEAST_SHAPE:
        shape, scale = LEAST_SHAPE, float(beyond.mean()) * (1 - LEAST_SHAPE)
    body = (start - lowest) / math.log(BODY_RATE / rate) if rate < BODY_RATE else 0.0
    rows, shifts = [], []
    for photos, frames in GRID:
        # Compare with the same people at one photo and one frame: people with many photos are not a random sample.
        fused = _impostors(e, p, people, photos, frames, rng, at_least=(photos, frames), most=ATTEMPTS)
        single = _impostors(e, p, people, 1, 1, rng, at_least=(photos, frames), most=ATTEMPTS)
        if min(len(fused), len(single)) * BODY_RATE >= 30:
            rows.append((1 - 1 / photos, 1 - 1 / frames))
            shifts.append(np.quantile(fused, 1 - BODY_RATE) - np.quantile(single, 1 - BODY_RATE))
    by_photo, by_frame = np.linalg.lstsq(np.array(rows), np.array(shifts), rcond=None)[0] if rows else (0.0, 0.0)
    shift = max(0.0, float(by_photo)), max(0.0, float(by_frame))
    return Tail(start, rate, scale, shape, *shift, body_scale=body, body_rate=BODY_RATE), len(strangers)


def calibrate(e: Embedded, p: Pools, people: Sequence[int], rng: np.random.Generator) -> Calibration:
    """Fits everything but the margin, which stays 0."""
    tail, _ = fit_tail(e, p, people, rng)
    mates = [e.gate_flip[p.gate[i]] @ e.gate_flip[p.gate[i]].T for i in people if len(p.gate[i]) > 1]
    same = np.concatenate([m[np.triu_indices(len(m), 1)] for m in mates])
    different = _impostors(e, p, people, 1, 1, rng, at_least=(1, 1))
    midpoint, steepness = fit_logistic(same, rng.choice(different, min(len(different), 200_000), replace=False))
    return Calibration(tail=tail, same_person=tail.lowest, margin=0.0, midpoint=midpoint, steepness=steepness)


def choose_margin(
    e: Embedded,
    p: Pools,
    people: Sequence[int],
    c: Calibration,
    setting: Setting,
    repeats: int,
    rng: np.random.Generator,
) -> tuple[float, list[tuple[float, float, float]]]:
    """Returns the largest margin that costs at most MARGIN_COST, and (margin, FNIR, FPIR) of each margin tried."""
    trials = [play(e, p, people, setting, rng) for _ in range(repeats)]
    rows = []
    for margin in MARGINS:
        tried = replace(c, margin=margin)
        found = np.mean([errors(trial, tried, RATES[-1], setting) for trial in trials], axis=0)
        rows.append((margin, float(found[0]), float(found[1])))
    return max(margin for margin, fnir, _ in rows if fnir - rows[0][1] <= MARGIN_COST), rows


def fit(raw: Raw, centre: NDArray[np.float32] | None, p: Pools, margin: float, rng: np.random.Generator) -> Fit:
    """Returns how the check fits people: their calibration, and their centre unless it is given."""

    def fitted(people: Sequence[int]) -> tuple[Embedded, Calibration]:
        e = raw.off(raw.centre(people) if centre is None else centre)
        return e, replace(calibrate(e, p, people, rng), margin=margin)

    return fitted


def command(
    dataset: Annotated[
        Path, typer.Argument(help="A folder with one folder per person, such as LFW.", exists=True, file_okay=False)
    ],
    pack: Annotated[str, typer.Option(help="The model pack.")] = packs.NAME,
    repeats: Annotated[int, typer.Option(help="Random halves in the check.")] = 20,
    seed: Annotated[int, typer.Option()] = 20261123,
    new_centre: Annotated[
        bool, typer.Option(help="Measure the centre of all faces again; every template must then be made again.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the figures and the plot of the check.")] = None,
    write: Annotated[bool, typer.Option(help="Write the pack's calibration.")] = True,
    measure: Annotated[
        bool, typer.Option("--measure", help="Keep the calibration, and write what each rate means to sites.")
    ] = False,
) -> None:
    """Fit the impostor tail on a dataset, check it on people it has not seen, and write the calibration."""
    console = Console()
    settings = read_settings()
    folder = settings.pack_folder
    try:
        photos = read_dataset(dataset)
        described = packs.described(pack, folder)
        kept = packs.centre(pack, folder)
        raw = look_at(photos, settings.cache, best_precision(), console, pack, folder)
    except (ValueError, WeightsError) as error:
        raise typer.BadParameter(str(error)) from error
    p = pools(raw.off(None))
    needs = tail_needs(dataset.resolve().name, p, BODY_RATE)
    if not enough_for_tail(p, BODY_RATE):
        raise typer.BadParameter(needs)
    rng = np.random.default_rng(seed)
    everybody = list(range(len(raw.people)))
    remeasured = new_centre or kept is None
    centre = np.round(raw.centre(everybody), 6) if kept is None or new_centre else kept
    e = raw.off(centre)
    if measure:
        measured.write(pack, packs.calibration_path(pack, folder), p, lambda kept: fit(raw, None, p, kept, rng), rng)
        return
    try:
        c = calibrate(e, p, everybody, rng)
        size = min(1000, len(everybody) // 3)
        margin, tried = choose_margin(e, p, everybody, c, Setting(size, 1, 1), repeats, rng)
        c = replace(c, margin=margin)
        console.print(c)
        for row in tried:
            console.print(f"margin {row[0]:.2f}: FNIR {row[1]:.2%}, FPIR {row[2]:.3%}")
        _check(raw, p, fit(raw, None, p, margin, rng), repeats, rng, console, pack, out)
    except ValueError as error:  # a random half has too little in it
        raise typer.BadParameter(f"{needs} ({error})") from error
    if write:
        how = {
            "method": f"generalised Pareto tail beyond FMR {c.tail.rate:.0e} (shape at least {LEAST_SHAPE}), "
            "probability-weighted moments (Hosking and Wallis 1987); exponential from FMR 1e-3 to there; shifts for "
            "fused photos and frames; checked with strangers the fit never saw",
            "dataset": f"{dataset.resolve().name}, a folder for each person",
            "people": len(e.people),
            "photos": len(photos),
            "comparisons": fit_tail(e, p, everybody, rng)[1],
            "precision": best_precision(),
            "date": datetime.now(UTC).date().isoformat(),
            "command": f"python -m models calibrate DATASET --pack {pack}",
        }
        found = PackManifest(
            pack,
            described.dimension,
            packs.digest_with(pack, folder, centre),
            c,
            tuple(centre.tolist()),
            tuple(measured.measure(len(everybody), p, fit(raw, None, p, margin, rng), rng)),
        )
        path = packs.calibration_path(pack, folder)
        write_manifest(path, found, how)
        console.print(f"wrote {path}", markup=False)
        if remeasured:
            console.print(f"the centre changed; make the stored templates again: python -m app reembed --pack {pack}")


def _check(
    raw: Raw,
    p: Pools,
    fitted: Fit,
    repeats: int,
    rng: np.random.Generator,
    console: Console,
    pack: str,
    out: Path | None,
) -> None:
    able = sum(1 for mine in p.enrolment if len(mine))
    kinds = ((1, 1), (3, 1), (3, 3))
    small = [Setting(n, a, f) for n in (500, 1000) if n <= 0.4 * able for a, f in kinds]
    large = [Setting(n, a, f) for n in (500, 1000, 2500) if n <= 0.93 * able for a, f in kinds[:2]]
    rows = unseen.halves(len(raw.people), p, fitted, small or [Setting(able // 4, 1, 1)], repeats, rng)
    if large:
        rows += unseen.folds(len(raw.people), p, fitted, large, rng)
    console.print(unseen.table(rows, "a set rate, measured on strangers the fit never saw"))
    chance = unseen.probability(len(raw.people), p, fitted, rng)
    console.print(
        f"probability of one person, for people never seen: Brier {chance['brier']:.4f}, {chance['pairs']} pairs"
    )
    for b in chance["bins"]:
        console.print(f"  predicted {b['said']:.1%}, actual {b['true']:.1%} of {b['pairs']} pairs")
    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / "calibration.json").write_text(
        json.dumps({"set_rates": rows, "probability": chance}, indent=1) + "\n", encoding="utf-8"
    )
    if plots.available():
        shown = [row for row in rows if row["way"] == "folds" and row["frames"] == 1] or rows
        plots.set_rates(shown, f"{pack}: strangers the fit never saw", out / "calibration.png")
    else:
        console.print(plots.INSTALL, markup=False)


def _impostors(
    e: Embedded,
    p: Pools,
    people: Sequence[int],
    photos: int,
    frames: int,
    rng: np.random.Generator,
    at_least: tuple[int, int],
    most: int | None = None,
) -> NDArray[np.float32]:
    """Returns the similarities of everybody's templates to everybody else's attempts.

    Args:
        at_least: the photos a person needs to take part, for a template and for an attempt.
        most: the number of attempts at which to stop drawing people at random; None for all.
    """
    ids = np.array([i for i in people if len(p.enrolment[i]) >= at_least[0]])
    templates = [unit(e.enrolment[rng.permutation(p.enrolment[i])[:photos]].mean(axis=0)) for i in ids]
    who: list[int] = []
    probes: list[NDArray[np.float32]] = []
    for i in people if most is None else rng.permutation(np.asarray(people)):
        if most is not None and len(probes) >= most:
            break
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
