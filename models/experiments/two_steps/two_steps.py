"""Tests whether two steps (detect, then compare) are better than one network from the picture to the name."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from models.experiments.two_steps.scores import METHODS, Budget, Result
from models.siamese.needs import require_torch

# (employees, photos of each). Few people have many photos, so the largest site stops at four.
CELLS = ((10, 1), (10, 8), (50, 1), (50, 2), (50, 4), (50, 8), (200, 1), (200, 4))
SMALLEST_STEPS = 20


def command(
    dataset: Annotated[Path, typer.Argument(help="A folder with one folder per person, such as LFW.", exists=True)],
    out: Annotated[Path, typer.Option(help="Folder for results, table.md and two_steps.png.")] = Path("two_steps"),
    budget_minutes: Annotated[float, typer.Option(help="Sets the number of steps unless --steps does.")] = 60,
    steps: Annotated[int, typer.Option(help="Steps of 64 pictures per classifier; 0: by the budget.")] = 0,
    seeds: Annotated[int, typer.Option(help="Repetitions with other people and weights.", min=1)] = 2,
    takes: Annotated[int, typer.Option(help="Frames rendered per photo.", min=1)] = 4,
    wide: Annotated[bool, typer.Option(help="Also a raw-frame network with 4 x the compute, at 50 employees.")] = True,
    threads: Annotated[int, typer.Option(help="Threads for torch.", min=1)] = 1,
) -> None:
    """Compare one network from the frame to the employee with detecting, cropping and comparing."""
    require_torch()
    from models.experiments.two_steps.stage import Stage

    console = Console()
    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    stage = Stage(dataset, threads, console, time.monotonic)
    if not steps:
        left_s = 60 * budget_minutes - stage.rendering_s(takes)
        steps = max(SMALLEST_STEPS, int(left_s / (stage.step_s() * _shares(wide) * seeds)))
        console.print(f"{steps} steps per classifier fit into {budget_minutes:g} minutes on this machine")
    budget = Budget(steps, 4 * steps, takes, wide)
    kept = out / f"results-{steps}.jsonl"
    done = {r.key: r for r in read_results(kept)}
    frames = stage.shoot(takes, out)
    for seed in range(1, seeds + 1):
        for result in stage.play(seed, CELLS, budget, done, frames):
            done[result.key] = result
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(result.row()) + "\n")
            console.print(
                f"{(time.monotonic() - began) / 60:5.1f} min  seed {result.seed}  {result.employees:3d} employees  "
                f"{result.photos} photos  {METHODS[result.method]:<48} named {result.named:6.1%}  "
                f"admitted at FPIR 1 % {result.admitted:6.1%}"
            )
    from models.experiments.two_steps.report import draw, markdown

    results = list(done.values())
    (out / "table.md").write_text(markdown(results), encoding="utf-8")
    draw(results, out / "two_steps.png")
    console.print(markdown(results), soft_wrap=True, markup=False)
    console.print(f"wrote {out / 'table.md'} and {out / 'two_steps.png'}")


def read_results(kept: Path) -> Iterator[Result]:
    """Yields the results of an earlier run, without a line that a crash cut short."""
    if kept.exists():
        for line in kept.read_text(encoding="utf-8").splitlines():
            try:
                yield Result(**json.loads(line))
            except ValueError:
                continue


def _shares(wide: bool) -> float:
    """Returns the work per seed in classifier runs: a and b in every cell, the siamese network, the wide ones."""
    return 2 * len(CELLS) + 4 + (4.0 * sum(n == 50 for n, _ in CELLS) if wide else 0)
