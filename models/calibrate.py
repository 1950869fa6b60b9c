"""How similar strangers are: the impostor tail of a pack, fitted, checked on people it was not fitted on, and written.

The tail is extrapolated (a gate with 10,000 employees needs one false match in 10 million comparisons), so it is a
distribution with a reason to hold there, and the check is part of the command.
"""

import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from app.adapters.vision import pack as packs
from app.adapters.vision.manifest import MANIFEST_PATH
from app.adapters.vision.runtime import best_precision
from app.core.calibration import Calibration, Tail
from app.settings import read_settings
from models.dataset import read_dataset
from models.embed import DIMENSION, Embedded, embed
from models.openset import Pools, Setting, errors, fuse, play, pools, unit

# The tail begins where one stranger's comparison in a thousand lies beyond: thousands of points to fit on, and far
# enough out that the fit no longer changes with it (begun at 1 in 3,000 it puts 1 in 10^6 at 0.515 instead of 0.513).
TAIL_RATE = 1e-3
GRID = [(p, f) for p in (1, 2, 3, 5) for f in (1, 2, 3) if (p, f) != (1, 1)]
MARGINS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1)
MARGIN_COST = 0.0003  # of mates' attempts at a false accept rate of 0.1 %
RATES = (0.01, 0.003, 0.001)


def fit_pareto(exceedances: NDArray[np.floating]) -> tuple[float, float]:
    """(shape, scale) of a generalised Pareto distribution by probability-weighted moments.

    Hosking & Wallis, "Parameter and quantile estimation for the generalized Pareto distribution", Technometrics 29(3),
    1987; their k is minus the shape. Closed form, and a handful of outliers hardly moves it.

    Raises:
        ValueError: fewer than 50 exceedances.
    """
    x = np.sort(np.asarray(exceedances, dtype=np.float64))
    if len(x) < 50:
        raise ValueError(f"{len(x)} exceedances are too few to fit a tail")
    mean = x.mean()
    weighted = float((np.arange(len(x) - 1, -1, -1) / (len(x) - 1) * x).mean())
    k = mean / (mean - 2 * weighted) - 2
    return float(-k), float(2 * mean * weighted / (mean - 2 * weighted))


def fit_logistic(same: NDArray[np.floating], different: NDArray[np.floating]) -> tuple[float, float]:
    """(midpoint, steepness) of the logistic curve between two samples, each weighing the same; Newton's method."""
    x = np.concatenate([same, different]).astype(np.float64)
    y = np.concatenate([np.ones(len(same)), np.zeros(len(different))])
    weight = np.concatenate([np.full(len(same), 0.5 / len(same)), np.full(len(different), 0.5 / len(different))])
    design = np.column_stack([x, np.ones_like(x)])
    beta = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ beta))
        # A trace of ridge keeps perfectly separated samples from running to infinity.
        gradient = design.T @ (weight * (y - chance)) - 1e-6 * beta
        hessian = (design * (weight * chance * (1 - chance))[:, None]).T @ design + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        beta += step
        if np.abs(step).max() < 1e-9:
            break
    return float(-beta[1] / beta[0]), float(beta[0])


def fit_tail(e: Embedded, p: Pools, people: Sequence[int], rng: np.random.Generator) -> tuple[Tail, int]:
    """The tail over `people`, and how many comparisons it was fitted on."""
    strangers = _impostors(e, p, people, 1, 1, rng, at_least=(1, 1))
    start = float(np.quantile(strangers, 1 - TAIL_RATE))
    beyond = strangers[strangers > start] - start
    shape, scale = fit_pareto(beyond)
    if shape < 0:
        # A negative shape says that no stranger is more alike than some similarity; brothers are. With it, fitted on
        # one half, strangers of the other were accepted 1.6 times as often as set at 0.1 %; without, 0.4 to 1.0 times.
        shape, scale = 0.0, float(beyond.mean())
    rows, shifts = [], []
    for photos, frames in GRID:
        # Against the same people with one photo and one frame each: who has many photos is no random sample.
        fused = _impostors(e, p, people, photos, frames, rng, at_least=(photos, frames))
        single = _impostors(e, p, people, 1, 1, rng, at_least=(photos, frames))
        if min(len(fused), len(single)) * TAIL_RATE >= 30:
            rows.append((1 - 1 / photos, 1 - 1 / frames))
            shifts.append(np.quantile(fused, 1 - TAIL_RATE) - np.quantile(single, 1 - TAIL_RATE))
    by_photo, by_frame = np.linalg.lstsq(np.array(rows), np.array(shifts), rcond=None)[0] if rows else (0.0, 0.0)
    return Tail(start, TAIL_RATE, scale, shape, max(0.0, float(by_photo)), max(0.0, float(by_frame))), len(strangers)


def calibrate(e: Embedded, p: Pools, people: Sequence[int], rng: np.random.Generator) -> Calibration:
    """Everything but the margin, which is 0."""
    tail, _ = fit_tail(e, p, people, rng)
    mates = [e.gate_flip[p.gate[i]] @ e.gate_flip[p.gate[i]].T for i in people if len(p.gate[i]) > 1]
    same = np.concatenate([m[np.triu_indices(len(m), 1)] for m in mates])
    different = _impostors(e, p, people, 1, 1, rng, at_least=(1, 1))
    midpoint, steepness = fit_logistic(same, rng.choice(different, min(len(different), 200_000), replace=False))
    return Calibration(tail=tail, same_person=tail.start, margin=0.0, midpoint=midpoint, steepness=steepness)


def choose_margin(
    e: Embedded,
    p: Pools,
    people: Sequence[int],
    c: Calibration,
    setting: Setting,
    repeats: int,
    rng: np.random.Generator,
) -> tuple[float, list[tuple[float, float, float]]]:
    """The largest margin that costs at most MARGIN_COST of mates' attempts, and (margin, FNIR, FPIR) for each tried."""
    trials = [play(e, p, people, setting, rng) for _ in range(repeats)]
    rows = []
    for margin in MARGINS:
        tried = Calibration(c.tail, c.same_person, margin, c.midpoint, c.steepness)
        found = np.mean([errors(trial, tried, RATES[-1], setting) for trial in trials], axis=0)
        rows.append((margin, float(found[0]), float(found[1])))
    return max(margin for margin, fnir, _ in rows if fnir - rows[0][1] <= MARGIN_COST), rows


def check(
    e: Embedded, p: Pools, settings: Sequence[Setting], repeats: int, margin: float, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Fits on a random half of the people, plays on the other half; repeated. One row a setting and rate."""
    found: dict[tuple[Setting, float], list[tuple[float, float]]] = {}
    attempts: dict[Setting, list[int]] = {}
    for _ in range(repeats):
        people = rng.permutation(len(e.people))
        half = len(people) // 2
        c = calibrate(e, p, people[:half].tolist(), rng)
        c = Calibration(c.tail, c.same_person, margin, c.midpoint, c.steepness)
        for setting in settings:
            trial = play(e, p, people[half:].tolist(), setting, rng)
            attempts.setdefault(setting, []).append(len(trial.stranger))
            for rate in RATES:
                found.setdefault((setting, rate), []).append(errors(trial, c, rate, setting))
    return [
        {
            "enrolled": setting.enrolled,
            "photos": setting.photos,
            "frames": setting.frames,
            "rate": rate,
            "fpir": float(np.mean([b for _, b in pairs])),
            "fpir_90": [float(x) for x in np.quantile([b for _, b in pairs], (0.05, 0.95))],
            "fnir": float(np.mean([a for a, _ in pairs])),
            "stranger_attempts": int(np.mean(attempts[setting])),
            "repeats": repeats,
        }
        for (setting, rate), pairs in found.items()
    ]


def command(
    dataset: Annotated[Path, typer.Argument(help="A folder with one folder a person, such as LFW.", exists=True)],
    pack: Annotated[str, typer.Option(help="The model pack.")] = packs.NAME,
    repeats: Annotated[int, typer.Option(help="Random halves in the check.")] = 20,
    seed: Annotated[int, typer.Option()] = 20261123,
    write: Annotated[bool, typer.Option(help="Write models/manifest.toml.")] = True,
) -> None:
    """Fit the impostor tail on a dataset, check it on people it has not seen, and write the manifest."""
    console = Console()
    if pack != packs.NAME:
        raise typer.BadParameter(f"only the pack {packs.NAME!r} can be calibrated yet")
    photos = read_dataset(dataset)
    precision = best_precision()
    e = embed(photos, read_settings().cache, precision, console)
    p = pools(e)
    rng = np.random.default_rng(seed)
    everybody = list(range(len(e.people)))
    c = calibrate(e, p, everybody, rng)
    size = min(1000, len(everybody) // 3)
    margin, tried = choose_margin(e, p, everybody, c, Setting(size, 1, 1), repeats, rng)
    c = Calibration(c.tail, c.same_person, margin, c.midpoint, c.steepness)
    console.print(c)
    for row in tried:
        console.print(f"margin {row[0]:.2f}: FNIR {row[1]:.2%}, FPIR {row[2]:.3%}")
    sizes = [n for n in (500, 1000) if n <= 0.75 * len(everybody) / 2] or [len(everybody) // 4]
    rows = check(e, p, [Setting(n, a, f) for n in sizes for a, f in ((1, 1), (3, 1), (3, 3))], repeats, margin, rng)
    console.print(table(rows, "fitted on half of the people, measured on the other half"))
    if write:
        how = {
            "method": "generalised Pareto tail beyond FMR 1e-3 (shape at least 0), probability-weighted moments; "
            "shifts for fused photos and frames; checked on random halves of the people",
            "dataset": "folder-per-person press photos (half of LFW, deep-funnelled, at most 12 photos a person)",
            "people": len(e.people),
            "photos": len(photos),
            "comparisons": fit_tail(e, p, everybody, rng)[1],
            "precision": precision,
            "date": datetime.now(UTC).date().isoformat(),
            "command": "python -m models calibrate DATASET",
        }
        write_entry(MANIFEST_PATH, pack, packs.digest(), c, how)
        console.print(f"wrote {MANIFEST_PATH.name}")


def table(rows: Sequence[dict[str, Any]], title: str) -> Table:
    """Rows of `check` for a terminal."""
    shown = Table("N", "photos", "frames", "rate set", "FPIR", "5-95 %", "FNIR", "strangers", title=title)
    for r in rows:
        low, high = r["fpir_90"]
        shown.add_row(
            str(r["enrolled"]),
            str(r["photos"]),
            str(r["frames"]),
            f"{r['rate']:.1%}",
            f"{r['fpir']:.3%}",
            f"{low * 100:.2f}-{high * 100:.2f}",
            f"{r['fnir']:.2%}",
            str(r["stranger_attempts"]),
        )
    return shown


def write_entry(path: Path, pack: str, digest: str, c: Calibration, how: dict[str, Any]) -> None:
    """Puts one pack's calibration into the manifest; other packs' entries stay as they are."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["packs"] if path.exists() else {}
    tail = {name: round(getattr(c.tail, name), 6) for name in c.tail.__dataclass_fields__}
    rest = {name: round(getattr(c, name), 6) for name in c.__dataclass_fields__ if name != "tail"}
    entries[pack] = {"dimension": DIMENSION, "digest": digest, "calibration": rest | {"tail": tail}, "how": how}
    lines = ["# Which model packs can be served, and their calibration. Written by: python -m models calibrate DATASET"]
    for name, entry in entries.items():
        lines += _toml(f"packs.{name}", entry)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(name: str, values: dict[str, Any]) -> list[str]:
    plain = {key: value for key, value in values.items() if not isinstance(value, dict)}
    lines = ["", f"[{name}]"]
    lines += [f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in plain.items()]
    for key, value in values.items():
        if isinstance(value, dict):
            lines += _toml(f"{name}.{key}", value)
    return lines


def _impostors(
    e: Embedded,
    p: Pools,
    people: Sequence[int],
    photos: int,
    frames: int,
    rng: np.random.Generator,
    at_least: tuple[int, int],
) -> NDArray[np.float32]:
    """Similarities of everybody's templates to everybody else's attempts.

    at_least: only people with so many photos for a template take part as templates, for an attempt as attempts.
    """
    ids = np.array([i for i in people if len(p.enrolment[i]) >= at_least[0]])
    templates = [unit(e.enrolment[rng.permutation(p.enrolment[i])[:photos]].mean(axis=0)) for i in ids]
    who, probes = [], []
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
