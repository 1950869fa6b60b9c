"""Compares ways to make templates and similarities with the baseline, on exactly the same galleries.

The figures are ratios of FNIR at equal FPIR, with intervals from resampling people, the same for both. The ratio is
more certain than the two rates it is made of.
"""

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from app.adapters.vision.networks.runtime import best_precision
from app.adapters.vision.packs import pack as packs
from app.core.errors import WeightsError
from app.settings import read_settings
from models.accuracy.intervals import over_people
from models.accuracy.openset import Setting, Trial, pools, trial
from models.accuracy.rates import Pooled
from models.attempts.page import markdown_table
from models.data.dataset import read_dataset
from models.data.embed import Raw, look_at
from models.experiments.variants.deal import deal
from models.experiments.variants.recipes import GROUPS, Group, Recipe, plain

FPIRS = (0.01, 0.001)
Kind = tuple[int, int]  # photos of a template, frames of an attempt
Trials = dict[tuple[str, str, Kind], list[Trial]]  # by group, variant and kind


@dataclass(frozen=True)
class Cell:
    """One variant in one setting.

    Attributes:
        ratio: its FNIR divided by the baseline's; None if the baseline misses nobody.
        ratio_people95: the interval from resampling people.
        why: why there is no FNIR.
    """

    group: str
    variant: str
    photos: int
    frames: int
    fpir: float
    fnir: float | None
    missed: int
    ratio: float | None
    ratio_people95: list[float] | None
    mate_attempts: int
    mate_people: int
    stranger_attempts: int
    stranger_people: int
    why: str = ""


def play(raw: Raw, enrolled: int, repeats: int, seed: int, console: Console) -> Trials:
    """Plays every variant on every gallery.

    Each repeat halves the people: one half are the teachers, and gallery, mates and strangers come from the other. Its
    draws depend only on the seed, its number and the setting.

    Raises:
        ValueError: half of the people are too few for the gallery.
    """
    p = pools(raw.off(None))
    people = len(raw.people)
    kinds = dict.fromkeys(kind for group in GROUPS for kind in group.kinds)
    found: Trials = {}
    with _bars(console) as bars:
        task = bars.add_task("galleries", total=repeats * len(kinds))
        for number in range(repeats):
            mixed = np.random.default_rng((seed, number)).permutation(people).tolist()
            teachers, players = mixed[: people // 2], mixed[people // 2 :]
            for kind in kinds:
                rng = np.random.default_rng((seed, number, *kind))
                d = deal(raw, p, players, teachers, Setting(enrolled, *kind), rng)
                for group in (g for g in GROUPS if kind in g.kinds):
                    e = group.base(d)
                    for name, recipe in {group.baseline: plain, **_that_apply(group, kind)}.items():
                        found.setdefault((group.title, name, kind), []).append(trial(d, recipe(d, e)))
                bars.advance(task)
    return found


def compare(trials: Trials, people: int, seed: int, console: Console) -> list[Cell]:
    """Returns the cells of every variant, with the baseline first in each group."""
    cells = []
    with _bars(console) as bars:
        for (group, name, kind), mine in bars.track(trials.items(), description="intervals"):
            baseline = next(g.baseline for g in GROUPS if g.title == group)
            setting = Setting(1, *kind)  # the size does not matter for plain similarities
            own, other = Pooled(mine, setting, None), Pooled(trials[group, baseline, kind], setting, None)
            for fpir in FPIRS:
                cells.append(_cell((group, name, kind), own, None if name == baseline else other, fpir, people, seed))
    return cells


def _cell(
    key: tuple[str, str, Kind], own: Pooled, baseline: Pooled | None, fpir: float, people: int, seed: int
) -> Cell:
    """Returns one cell; `baseline` is None for the baseline itself."""
    group, variant, (photos, frames) = key
    few = fpir * len(own.stranger) < 1
    fnir = own.fnir(own.threshold(fpir))
    ratio: float | None = None
    interval: list[float] | None = None
    if baseline is not None and not few:

        def over(drawn: NDArray[np.float64] | None) -> float:
            less = baseline.fnir(baseline.threshold(fpir, drawn), drawn)
            return own.fnir(own.threshold(fpir, drawn), drawn) / less if less else float("nan")

        point = over(None)
        ratio = None if np.isnan(point) else point
        # Every variant uses the same resampled people, so that variants can also be compared with each other.
        interval = over_people(people, over, np.random.default_rng((seed, photos, frames)))
    return Cell(
        group=group,
        variant=variant,
        photos=photos,
        frames=frames,
        fpir=fpir,
        fnir=None if few else fnir,
        missed=round(fnir * len(own.mate)),
        ratio=ratio,
        ratio_people95=interval,
        mate_attempts=len(own.mate),
        mate_people=len(np.unique(own.mate_id)),
        stranger_attempts=len(own.stranger),
        stranger_people=len(np.unique(own.stranger_id)),
        why=f"too few strangers' attempts to measure {fpir:.1%}" if few else "",
    )


def rows(cells: Sequence[Cell], group: Group) -> tuple[list[str], list[list[str]]]:
    """Returns (heads, rows) of a group's table: the FNIR of the baseline and the ratio of each variant."""
    columns = [(*kind, fpir) for kind in group.kinds for fpir in FPIRS]
    heads = ["Variant"] + [f"{n} photo{'s' if n > 1 else ''}, {fpir:.1%}".replace(".0", "") for n, _, fpir in columns]
    by_place = {(c.variant, c.photos, c.frames, c.fpir): c for c in cells if c.group == group.title}
    shown = []
    for name in (group.baseline, *group.recipes):
        mine = [by_place.get((name, *column)) for column in columns]
        if any(mine):
            shown.append([name] + [_words(c, baseline=name == group.baseline) for c in mine])
    return heads, shown


def markdown(cells: Sequence[Cell]) -> str:
    """Returns one Markdown table per group, with the numbers of attempts."""
    parts = []
    for group in GROUPS:
        heads, shown = rows(cells, group)
        if not shown:
            continue
        parts.append("\n".join([f"**{group.title}** ({counted(cells, group)})", "", *markdown_table(heads, shown)]))
    return "\n\n".join(parts) + "\n"


def counted(cells: Sequence[Cell], group: Group) -> str:
    """Says how many attempts of how many people a group's figures are based on."""
    first = {(c.photos, c.frames): c for c in cells if c.group == group.title and c.variant == group.baseline}
    return "; ".join(
        f"{n} photo{'s' if n > 1 else ''}: {c.mate_attempts:,} attempts of {c.mate_people} mates, "
        f"{c.stranger_attempts:,} of {c.stranger_people:,} strangers"
        for (n, _), c in first.items()
    )


def command(
    dataset: Annotated[Path, typer.Argument(help="A folder with one folder per person, such as LFW.", exists=True)],
    out: Annotated[Path, typer.Option(help="Folder for variants.json and variants.md.")] = Path("variants"),
    repeats: Annotated[int, typer.Option(help="Random halves of the people, one gallery each.", min=1)] = 16,
    enrolled: Annotated[int, typer.Option(help="Employees in each gallery.", min=2)] = 1000,
    seed: Annotated[int, typer.Option(min=0)] = 20261126,
    pack: Annotated[str, typer.Option(help="The model pack.")] = packs.NAME,
) -> None:
    """Compare ways to make templates and similarities with the baseline, on the same galleries."""
    console = Console()
    settings = read_settings()
    precision = best_precision()
    try:
        photos = read_dataset(dataset)
        raw = look_at(photos, settings.cache, precision, console, pack, settings.pack_folder)
        cells = compare(play(raw, enrolled, repeats, seed, console), len(raw.people), seed, console)
    except (ValueError, WeightsError) as error:
        raise typer.BadParameter(str(error)) from error
    for group in GROUPS:
        _print(cells, group, console)
    report = {
        "command": f"python -m models.experiments variants {shlex.quote(dataset.name)} --repeats {repeats} "
        f"--enrolled {enrolled} --seed {seed} --pack {pack}",
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "dataset": {"name": dataset.resolve().name, "people": len(raw.people), "photos": len(photos)},
        "precision": precision,
        "cells": [asdict(c) for c in cells],
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "variants.json").write_text(json.dumps(report, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    (out / "variants.md").write_text(markdown(cells), encoding="utf-8")
    console.print(f"wrote {out / 'variants.md'} and {out / 'variants.json'}", markup=False, soft_wrap=True)


def _that_apply(group: Group, kind: Kind) -> dict[str, Recipe]:
    return {name: recipe for name, recipe in group.recipes.items() if kind[0] > 1 or name not in group.of_several}


def _words(cell: Cell | None, *, baseline: bool) -> str:
    if cell is None:
        return ""
    if cell.fnir is None:
        return "not counted"
    if baseline:
        return f"FNIR {cell.fnir:.2%}"
    if cell.ratio is None:
        return f"{cell.missed} missed, baseline none"
    if cell.ratio_people95 is None:  # in half of the draws the baseline misses nobody
        return f"{cell.ratio:.2f}"
    return f"{cell.ratio:.2f} ({cell.ratio_people95[0]:.2f} to {cell.ratio_people95[1]:.2f})"


def _print(cells: Sequence[Cell], group: Group, console: Console) -> None:
    heads, shown = rows(cells, group)
    table = Table(*heads, title=f"{group.title}: FNIR divided by the baseline's, 95 % intervals over people")
    for row in shown:
        table.add_row(*row)
    if shown:
        console.print(table)
        console.print(counted(cells, group), markup=False)


def _bars(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console)
