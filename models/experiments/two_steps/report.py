"""The experiment's table and its one plot."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.experiments.two_steps.scores import METHODS, Result
from models.siamese.chart import Line, Panel, draw_panels


def markdown(results: Sequence[Result]) -> str:
    """Returns a Markdown table of the frames named right (and admitted at FPIR 1 %), as means over the seeds."""
    methods = [m for m in METHODS if any(r.method == m for r in results)]
    lines = ["| Employees | Photos of each | " + " | ".join(f"({m}) {METHODS[m]}" for m in methods) + " |"]
    lines.append("|---|---|" + "---|" * len(methods))
    for n, k in sorted({(r.employees, r.photos) for r in results}):
        cells = []
        for m in methods:
            found = _cell(results, m, n, k)
            named, admitted = (float(np.mean([getattr(r, x) for r in found])) for x in ("named", "admitted"))
            cells.append(f"{named:.0%} ({admitted:.0%})" if found else "")
        lines.append(f"| {n} | {k} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def spread(results: Sequence[Result]) -> float:
    """Returns the largest difference in `named` between two seeds, over all cells and methods."""
    cells: dict[tuple[str, int, int], list[float]] = {}
    for r in results:
        cells.setdefault((r.method, r.employees, r.photos), []).append(r.named)
    return max((max(v) - min(v) for v in cells.values()), default=0.0)


def draw(results: Sequence[Result], path: Path) -> None:
    """Draws the share of frames named right by photos per employee: a panel per site size, a line per method."""
    panels = []
    for n in sorted({r.employees for r in results}):
        photos = sorted({r.photos for r in results if r.employees == n})
        lines = []
        for m in METHODS:
            points = [(k, [r.named for r in _cell(results, m, n, k)]) for k in photos]
            known = [(float(k), float(np.mean(named))) for k, named in points if named]
            if known:
                lines.append(Line(f"({m}) {METHODS[m]}", known))
        panels.append(Panel(f"{n} employees", "photos of each", "frames named right", lines, log_x=True, top=1.0))
    draw_panels(panels, path)


def _cell(results: Sequence[Result], method: str, n: int, k: int) -> list[Result]:
    return [r for r in results if (r.method, r.employees, r.photos) == (method, n, k)]
