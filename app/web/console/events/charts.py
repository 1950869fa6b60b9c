"""Plots, laid out on the server: the place of each bar in an SVG. The template charts.html draws them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

WIDTH, HEIGHT = 720.0, 200.0
LEFT, BOTTOM, TOP = 44.0, 26.0, 12.0
# Width of a letter and of the space between labels, in plot units, when the plot is small and its labels are large.
LETTER, SPACE = 15.0, 12.0


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True)
class Tick:
    """spare: left out when the plot is small."""

    at: float
    text: str
    spare: bool = False


@dataclass(frozen=True)
class Plot:
    """label: a sentence for screen readers. mark: the place of a threshold."""

    label: str
    bars: list[Bar]
    across: list[Tick]
    up: list[Tick]
    mark: Tick | None = None


@dataclass(frozen=True)
class Column:
    """One place along the axis: a height for each series, a title, and an optional word below."""

    values: Sequence[float]
    title: str
    below: str = ""


def columns(label: str, given: Sequence[Column], *, mark: float | None = None, mark_text: str = "") -> Plot:
    """Stacked columns side by side. mark: in columns from the left."""
    most = max((sum(column.values) for column in given), default=0)
    top = _round_up(most)
    step = (WIDTH - LEFT) / max(len(given), 1)
    bars, across = [], []
    for i, column in enumerate(given):
        y = HEIGHT - BOTTOM
        for series, value in enumerate(column.values):
            height = _scaled(value, top)
            if value:
                y -= height
                gap = min(2.0, step * 0.15)
                bars.append(Bar(LEFT + i * step + gap / 2, y, step - gap, height, series, column.title))
        if column.below:
            across.append(Tick(LEFT + (i + 0.5) * step, column.below))
    across = _thinned(across)
    up = [Tick(HEIGHT - BOTTOM - _scaled(value, top), f"{value:g}") for value in (0, top / 2, top)]
    return Plot(label, bars, across, up, None if mark is None else Tick(LEFT + mark * step, mark_text))


def _thinned(ticks: list[Tick]) -> list[Tick]:
    """Marks as spare the ticks that lack room when the plot is small. Keeps the last; the rest stay evenly spaced."""
    if len(ticks) < 2:
        return ticks
    room = max(len(tick.text) for tick in ticks) * LETTER + SPACE
    every = ceil(room / (ticks[1].at - ticks[0].at))
    return [replace(tick, spare=(len(ticks) - 1 - i) % every != 0) for i, tick in enumerate(ticks)]


def _scaled(value: float, top: float) -> float:
    return value / top * (HEIGHT - BOTTOM - TOP)


def _round_up(value: float) -> float:
    """Returns the next round number, at which the axis ends and whose half is round too."""
    top = 2.0
    while True:
        for factor in (1, 2):
            if top * factor >= value:
                return top * factor
        top = top * 5 if top * 5 >= value else top * 10
