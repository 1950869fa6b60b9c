"""How often pictures held up are taken for people (APCER) and people for pictures (BPCER), by attack and source.

Words and counting after ISO/IEC 30107-3: what counts is the presentation (one person's or one picture's time before the
camera), not the frame, for the frames of one clip are near copies of each other.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path
from statistics import median
from typing import Any

from app.core.recognition.liveness import LIVE_FROM, MOST_FRAMES, LivenessMode, LivenessState, fuse, state
from app.core.types import Box
from models.accuracy.intervals import wilson

LIVE = "live"
APART_S = 5.0  # between two frames of one clip; names often hold Unix time
APPROACH_FRAMES = 10  # so long a camera sees somebody walk up, at the least
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
AT_MOST = 1 << 20  # rows of a manifest


@dataclass(frozen=True)
class Shot:
    """One frame of a manifest. kind: `live`, or of the attack. box: None where the detector is to find it."""

    path: Path
    source: str
    kind: str
    presentation: str
    box: Box | None


@dataclass(frozen=True)
class Scored:
    shot: Shot
    score: float


@dataclass(frozen=True)
class Presentation:
    """The scores of one presentation's frames, in their order, or of a part of it."""

    source: str
    kind: str
    name: str
    scores: tuple[float, ...]

    @property
    def live(self) -> bool:
        return self.kind == LIVE


def read_manifest(folder: Path) -> list[Shot]:
    """manifest.csv: path, label (live, or the kind of attack), source; x, y, w, h of the face in pixels, or the
    detector finds it; presentation, or it follows from the names: in their order, a new one wherever the Unix times in
    them lie more than 5 s apart.

    Raises ValueError, naming the row.
    """
    shots = []
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if not {"path", "label", "source"} <= set(reader.fieldnames or ()):
            raise ValueError("manifest.csv needs the columns path, label and source")
        for number, row in enumerate(reader, 2):
            if number > AT_MOST:
                raise ValueError(f"manifest.csv has more than {AT_MOST} rows")
            shots.append(_shot(folder, row, number))
    if len({shot.kind == LIVE for shot in shots}) != 2:
        raise ValueError("manifest.csv needs live rows and rows of attacks")
    return _named(shots)


def _shot(folder: Path, row: dict[str, Any], number: int) -> Shot:
    try:
        path = folder / row["path"]
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{row['path']} leads out of the folder")
        sides = [row.get(side) or "" for side in ("x", "y", "w", "h")]
        box = Box(*map(float, sides)) if all(sides) else None
        if box is not None and not (isfinite(sum(vars(box).values())) and min(box.width_px, box.height_px) > 0):
            raise ValueError("the box must be four numbers, w and h above 0")
        if not (row["label"] and row["source"]):
            raise ValueError("label and source must not be empty")
        return Shot(path, row["source"], row["label"], row.get("presentation") or "", box)
    except (ValueError, TypeError) as error:
        raise ValueError(f"manifest.csv, row {number}: {error}") from error


def _named(shots: Sequence[Shot]) -> list[Shot]:
    """Sorted by source, kind and time, each with the name of its presentation."""
    ordered = sorted(shots, key=lambda shot: (shot.source, shot.kind, shot.presentation, _time(shot.path)))
    named, clip = [], 0
    for before, shot in pairwise([None, *ordered]):
        assert shot is not None  # pairwise's second is never the None in front
        same = before is not None and (before.source, before.kind) == (shot.source, shot.kind)
        if not same:
            clip = 0
        elif before is not None and _time(shot.path)[0] - _time(before.path)[0] > APART_S:
            clip += 1
        name = shot.presentation or f"{shot.source} {shot.kind} {clip}"
        named.append(Shot(shot.path, shot.source, shot.kind, name, shot.box))
    return named


def _time(path: Path) -> tuple[float, str]:
    """Seconds from the Unix time in a file's name (0 where there is none), and the name by its numbers."""
    digits = re.findall(r"\d+", path.stem)
    stamp = next((d for d in digits if len(d) >= 10), None)
    seconds = float(f"{stamp[:10]}.{stamp[10:] or 0}") if stamp else 0.0
    return seconds, re.sub(r"\d+", lambda found: found.group().zfill(20), path.stem)


def presentations(scored: Iterable[Scored], *, at_most: int | None = None) -> list[Presentation]:
    """Scores by presentation, in the frames' order. at_most: cut into pieces of so many frames; a shorter rest counts
    only where it is all there is."""
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for one in scored:
        found[one.shot.source, one.shot.kind, one.shot.presentation].append(one.score)
    if at_most is None:
        return [Presentation(*key, tuple(scores)) for key, scores in found.items()]
    return [
        Presentation(*key, tuple(scores[start : start + at_most]))
        for key, scores in found.items()
        for start in range(0, len(scores), at_most)
        if start == 0 or len(scores) - start >= at_most
    ]


# Who is let in


def by_rule(scores: Sequence[float]) -> bool:
    """As a gate decides on these frames, sent together."""
    return state(LivenessMode.REQUIRED, True, *fuse(scores)) is LivenessState.LIVE


def over_an_approach(scores: Sequence[float]) -> bool:
    """As a camera decides: tried at each frame with what was seen by then, until it opens."""
    return any(by_rule(scores[:seen]) for seen in range(1, len(scores) + 1))


def at(threshold: float) -> Callable[[Sequence[float]], bool]:
    """The median of the frames against one threshold."""
    return lambda scores: median(scores[-MOST_FRAMES:]) >= threshold


@dataclass(frozen=True)
class Rate:
    """errors of total, with the 95 % interval after Wilson, as if no two resembled each other."""

    errors: int
    total: int

    @property
    def value(self) -> float:
        return self.errors / self.total if self.total else float("nan")

    def as_json(self) -> dict[str, Any]:
        return {
            "errors": self.errors,
            "total": self.total,
            "rate": self.value,
            "interval_95": wilson(self.errors, self.total),
        }


def rates(of: Iterable[Presentation], passes: Callable[[Sequence[float]], bool]) -> tuple[Rate, Rate]:
    """APCER (attacks let in) and BPCER (people turned away)."""
    errors, total = {True: 0, False: 0}, {True: 0, False: 0}
    for one in of:
        total[one.live] += 1
        errors[one.live] += passes(one.scores) != one.live
    return Rate(errors[False], total[False]), Rate(errors[True], total[True])


def worst(pair: tuple[Rate, Rate]) -> float:
    return max(rate.value if rate.total else 0.0 for rate in pair)


def left_out(of: Sequence[Presentation]) -> list[dict[str, Any]]:
    """For each source: the threshold that is best on all others (the middle one of equals), judged on this one."""
    rows = []
    for source in sorted({one.source for one in of}):
        others = [one for one in of if one.source != source]
        if len({one.live for one in others}) < 2:
            continue
        costs = [worst(rates(others, at(threshold))) for threshold in THRESHOLDS]
        best = [threshold for threshold, cost in zip(THRESHOLDS, costs, strict=True) if cost == min(costs)]
        threshold = best[len(best) // 2]
        apcer, bpcer = rates([one for one in of if one.source == source], at(threshold))
        rows.append({"source": source, "threshold": threshold, "apcer": apcer.as_json(), "bpcer": bpcer.as_json()})
    return rows


def report_of(scored: Sequence[Scored]) -> dict[str, Any]:
    """Everything that is said about these frames, as JSON holds it."""
    groups: dict[str, list[Scored]] = {"all": list(scored)}
    for one in scored:
        groups.setdefault(f"source {one.shot.source}", []).append(one)
        if one.shot.kind != LIVE:
            groups.setdefault(f"attack {one.shot.kind}", []).append(one)
    windows = presentations(scored, at_most=MOST_FRAMES)
    return {
        "frames": len(scored),
        "presentations": {kind: len(clips) for kind, clips in _by_kind(presentations(scored)).items()},
        "rule": {"live_from": list(LIVE_FROM), "frames": MOST_FRAMES},
        "groups": {name: _judged(ones) for name, ones in groups.items()},
        "sweep": [
            {
                "frames": frames,
                "threshold": threshold,
                **_pair(rates(presentations(scored, at_most=frames), at(threshold))),
            }
            for frames in (1, 2, 3, MOST_FRAMES)
            for threshold in THRESHOLDS
        ],
        "left_out": left_out(windows),
    }


def _judged(scored: Sequence[Scored]) -> dict[str, Any]:
    whole, approaches = presentations(scored), presentations(scored, at_most=APPROACH_FRAMES)
    return {
        "frame": _pair(rates(presentations(scored, at_most=1), by_rule)),
        "window": _pair(rates(presentations(scored, at_most=MOST_FRAMES), by_rule)),
        "approach": _pair(rates(approaches, over_an_approach)),
        "presentation": _pair(rates(whole, over_an_approach)),
    }


def _pair(pair: tuple[Rate, Rate]) -> dict[str, Any]:
    return {"apcer": pair[0].as_json(), "bpcer": pair[1].as_json()}


def _by_kind(of: Iterable[Presentation]) -> dict[str, list[Presentation]]:
    found: dict[str, list[Presentation]] = defaultdict(list)
    for one in of:
        found[one.kind].append(one)
    return dict(found)
