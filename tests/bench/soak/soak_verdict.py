"""The soak judges itself, figure by figure; here stands what counts as a leak, and why.

A leak is memory that grows as long as the service runs, so peaks and the first of everything are left out: the least
resident memory of each five minutes counts, from when each kind of fault has happened once. Its slope is Theil and
Sen's, the median of all pairs', because an allocator grows in steps; its 95 % interval is Kendall's. No leak is shown
only where that interval is narrow (at most 10 MB an hour might be hidden in it) and holds zero, or its middle is so
little that three months are a gigabyte. Threads and files may step up once, as a pool does that opens its second
connection when two first ask at once; a leak goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tests.bench.soak.soak_report import Sample, Story

WARM_UP_S = 900.0  # five quiet minutes, and each of the seven faults once
WINDOW_S = 300.0
HIDDEN_MB = 10.0
LITTLE_MB = 0.5
GROWN = 0.05  # of the quiet minutes' memory, last against first
FEWEST_WINDOWS = 6


@dataclass(frozen=True)
class Verdict:
    figure: str
    good: bool
    words: str


def verdicts(stories: Sequence[Story], samples: Sequence[Sample], *, audit_valid: bool) -> list[Verdict]:
    return [
        _all(stories, "named within 5 s", [s.in_time for s in stories]),
        _all(stories, "named for what it was", [s.expected for s in stories]),
        _all(stories, "working again without help, within 25 s", [s.recovered for s in stories]),
        _all(stories, "decisions flow again", [s.flows for s in stories]),
        _all(stories, "its alert was cleared", [s.cleared for s in stories]),
        _all(stories, "nothing opened on a picture from before the fault", [not s.opened_stale for s in stories]),
        Verdict("audit", audit_valid, "valid" if audit_valid else "NOT valid"),
        memory(samples),
        quiet(samples),
        *(_level(samples, name) for name in ("threads", "files")),
    ]


def memory(samples: Sequence[Sample]) -> Verdict:
    """The slope of what is held for good."""
    held = floors(samples)
    if len(held) < FEWEST_WINDOWS:
        return Verdict("memory", False, f"{len(held)} windows of five minutes are too few to tell")
    low, middle, high = slope(held)
    words = (
        f"{middle:.1f} MB an hour (95 %: {low:.1f} to {high:.1f}) over {len(held)} windows, "
        f"{held[0][1]:.1f} to {held[-1][1]:.1f} MB"
    )
    return Verdict("memory", (low <= 0 or middle <= LITTLE_MB) and high <= HIDDEN_MB, words)


def floors(samples: Sequence[Sample]) -> list[tuple[float, float]]:
    """(hours, MB): the least of each whole window after the warm-up."""
    found = []
    begin = WARM_UP_S
    while samples and begin + WINDOW_S <= samples[-1].at_s + 15:
        within = [s.rss_mb for s in samples if begin <= s.at_s < begin + WINDOW_S]
        found.append(((begin + WINDOW_S / 2) / 3600, min(within)))
        begin += WINDOW_S
    return found


def slope(points: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Lower bound, median and upper bound (95 %) of the slopes of all pairs."""
    slopes = np.sort([(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2)])
    count, n = len(slopes), len(points)
    spread = 1.96 * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = max(0, round((count - spread) / 2) - 1)
    high = min(count - 1, round((count + spread) / 2))
    return float(slopes[low]), float(np.median(slopes)), float(slopes[high])


def quiet(samples: Sequence[Sample]) -> Verdict:
    """Without faults, at the end as at the beginning."""
    first, last = _ends(samples)
    before, after = min(s.rss_mb for s in first), min(s.rss_mb for s in last)
    words = f"{before:.1f} MB in the first quiet minutes, {after:.1f} in the last"
    return Verdict("memory in quiet minutes", after <= before * (1 + GROWN), words)


def _level(samples: Sequence[Sample], name: str) -> Verdict:
    thirds = np.array_split([getattr(s, name) for s in samples], 3)
    first, before, after = (float(np.median(third)) for third in thirds)
    # A pool's connection is two files, and comes once; what leaks grows from each third to the next.
    grows = before > first + 1 and after > before + 1
    words = f"{first:g} in the first third, {before:g} in the second, {after:g} in the last"
    return Verdict(name, not grows and after <= first + 3, words)


def _ends(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """The quiet minutes, less a minute for what began just before."""
    began, ended = samples[0].at_s, samples[-1].at_s
    first = [s for s in samples if s.at_s <= began + WINDOW_S - 60]
    return first, [s for s in samples if s.at_s >= ended - (WINDOW_S - 60)]


def _all(stories: Sequence[Story], figure: str, good: Sequence[bool]) -> Verdict:
    failed = [f"{s.fault} at {s.at}" for s, each in zip(stories, good, strict=True) if not each]
    words = f"{sum(good)} of {len(good)}" + (f"; not {', '.join(failed)}" if failed else "")
    return Verdict(figure, bool(good) and not failed, words)
