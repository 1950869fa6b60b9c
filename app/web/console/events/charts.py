"""Plots, drawn on the server: where each bar of an SVG stands. The template charts.html writes them out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

WIDTH, HEIGHT = 720.0, 200.0
LEFT, BOTTOM, TOP = 44.0, 26.0, 12.0
# Where the plot is small its labels are larger, in its own units: so wide is a letter then, and the space between two.
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
    """spare: a small plot has no room for it."""

    at: float
    text: str
    spare: bool = False


@dataclass(frozen=True)
class Plot:
    """label: what it shows, in a sentence, for who cannot see it. mark: where a threshold stands."""

    label: str
    bars: list[Bar]
    across: list[Tick]
    up: list[Tick]
    mark: Tick | None = None


@dataclass(frozen=True)
class Column:
    """One place along the axis: a height for each series, a title, and a word below, where there is one."""

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
    """The last stays, and before it each that has room. They stand equally far apart."""
    if len(ticks) < 2:
        return ticks
    room = max(len(tick.text) for tick in ticks) * LETTER + SPACE
    every = ceil(room / (ticks[1].at - ticks[0].at))
    return [replace(tick, spare=(len(ticks) - 1 - i) % every != 0) for i, tick in enumerate(ticks)]


def _scaled(value: float, top: float) -> float:
    return value / top * (HEIGHT - BOTTOM - TOP)


def _round_up(value: float) -> float:
    """The next round number: the axis ends there and has a middle."""
    top = 2.0
    while True:
        for factor in (1, 2):
            if top * factor >= value:
                return top * factor
        top = top * 5 if top * 5 >= value else top * 10
