"""Draws line charts in panels for training and the experiments, with matplotlib and without a window."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Line:
    """One line of a chart, as (x, y) points."""

    label: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """One chart. `top` is the upper end of the vertical axis, if it is known."""

    title: str
    x: str
    y: str
    lines: Sequence[Line]
    log_x: bool = False
    top: float | None = None


def draw_panels(panels: Sequence[Panel], path: Path) -> None:
    """Draws the panels side by side, in the format of the path's extension; equal lines share one legend."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    shared = len(panels) > 1 and len({tuple(line.label for line in panel.lines) for panel in panels}) == 1
    figure = Figure(figsize=(4.2 * len(panels), 4.2), layout="constrained")
    for number, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), number)
        for line in panel.lines:
            axes.plot([x for x, _ in line.points], [y for _, y in line.points], marker=".", label=line.label)
        axes.set(title=panel.title, xlabel=panel.x, ylabel=panel.y)
        axes.set_ylim(bottom=0, top=panel.top)
        axes.grid(alpha=0.3)
        if panel.log_x:
            axes.set_xscale("log", base=2)
            ticks = sorted({x for line in panel.lines for x, _ in line.points})
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        if not shared:
            axes.legend(fontsize=7)
    if shared:
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "facegate"}):  # text stays text, files repeat
        figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)
