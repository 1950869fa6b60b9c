"""Fits the impostor tail of a pack, checks it on people it was not fitted on, and writes the calibration.

The tail is extrapolated: a gate with 10,000 employees needs one false match in 10 million comparisons. So its
distribution has a theoretical basis, and the check is part of the command.
"""

import json
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
from app.core.recognition.calibration import Calibration
from app.settings import read_settings
from models.accuracy import measured, plots, unseen
from models.accuracy.openset import Pools, Setting, errors, play, pools
from models.accuracy.unseen import RATES, Fit
from models.data.dataset import read_dataset
from models.data.embed import Embedded, Raw, look_at
from models.data.enough import enough_for_tail, tail_needs
from models.fitting.tail import BODY_RATE, DRAWS, LEAST_SHAPE, SAFE, fit_logistic, fit_tail, impostors

# What the check plays.
PHOTOS, FRAMES, SIZES = (1, 3, 5), (1, 2, 3, 5), (100, 500, 1000, 2500)
MARGINS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1)
MARGIN_COST = 0.0003  # share of mates' attempts, at a false accept rate of 0.1 %


def calibrate(
    e: Embedded, p: Pools, people: Sequence[int], rng: np.random.Generator, draws: int = DRAWS
) -> Calibration:
    """Fits everything but the margin, which stays 0. draws: as in `fit_tail`."""
    tail, _ = fit_tail(e, p, people, rng, draws)
    mates = [e.gate_flip[p.gate[i]] @ e.gate_flip[p.gate[i]].T for i in people if len(p.gate[i]) > 1]
    same = np.concatenate([m[np.triu_indices(len(m), 1)] for m in mates])
    different = impostors(e, p, people, 1, 1, rng, at_least=(1, 1))
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
        return e, replace(calibrate(e, p, people, rng, draws=1), margin=margin)

    return fitted


def command(
    dataset: Annotated[
        Path, typer.Argument(help="A folder with one folder per person, such as LFW.", exists=True, file_okay=False)
    ],
    pack: Annotated[str, typer.Option(help="The model pack.")] = packs.NAME,
    repeats: Annotated[int, typer.Option(help="Random halves in the check.")] = 40,
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
            f"fused photos and frames, raised by {SAFE - 1:.0%}, and a tail that widens as their mean shortens; "
            "checked with strangers the fit never saw",
            "dataset": f"{dataset.resolve().name}, a folder for each person",
            "people": len(e.people),
            "photos": len(photos),
            "comparisons": fit_tail(e, p, everybody, rng, draws=1)[1],
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
    kinds = [(a, f) for a in PHOTOS for f in FRAMES]
    small = [Setting(n, a, f) for n in SIZES if n <= 0.4 * able for a, f in kinds]
    large = [Setting(n, a, 1) for n in SIZES if n <= 0.93 * able for a in PHOTOS]
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
