"""Measures how often attacks are accepted (APCER) and live people refused (BPCER), by attack and source.

Terms and counting follow ISO/IEC 30107-3. The unit is the presentation (one appearance of a person or picture before
the camera), not the frame, because the frames of one clip are nearly identical.
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
APART_S = 5.0  # a longer gap starts a new clip; file names often hold Unix time
APPROACH_FRAMES = 10  # a camera sees somebody walk up for at least this long
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
AT_MOST = 1 << 20  # rows of a manifest


@dataclass(frozen=True)
class Shot:
    """One frame of a manifest. `kind` is `live` or the kind of attack; the detector finds the face if `box` is None."""

    path: Path
    source: str
    kind: str
    presentation: str
    box: Box | None


@dataclass(frozen=True)
class Scored:
    """A frame and its liveness score, from 0 (attack) to 1 (live)."""

    shot: Shot
    score: float


@dataclass(frozen=True)
class Presentation:
    """The scores of the frames of one presentation, or of a part of it, in order."""

    source: str
    kind: str
    name: str
    scores: tuple[float, ...]

    @property
    def live(self) -> bool:
        """Whether it shows a live person."""
        return self.kind == LIVE


def read_manifest(folder: Path) -> list[Shot]:
    """Reads manifest.csv.

    The columns are path, label (live, or the kind of attack) and source. Optional are x, y, w, h of the face in pixels,
    which the detector otherwise finds, and presentation. Without the latter, the frames are ordered by name, and a new
    presentation starts wherever the Unix times in the names are more than 5 s apart.

    Raises:
        ValueError: a row is not valid; the message names it.
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
        raise ValueError("manifest.csv needs rows of live people and of attacks")
    return _named(shots)


def _shot(folder: Path, row: dict[str, Any], number: int) -> Shot:
    try:
        path = folder / row["path"]
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{row['path']} is outside the folder")
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
    """Sorts the frames by source, kind and time, and names the presentation of each."""
    ordered = sorted(shots, key=lambda shot: (shot.source, shot.kind, shot.presentation, _time(shot.path)))
    named, clip = [], 0
    for before, shot in pairwise([None, *ordered]):
        assert shot is not None  # only the first of a pair can be None
        same = before is not None and (before.source, before.kind) == (shot.source, shot.kind)
        if not same:
            clip = 0
        elif before is not None and _time(shot.path)[0] - _time(before.path)[0] > APART_S:
            clip += 1
        name = shot.presentation or f"{shot.source} {shot.kind} {clip}"
        named.append(Shot(shot.path, shot.source, shot.kind, name, shot.box))
    return named


def _time(path: Path) -> tuple[float, str]:
    """Returns the Unix time in a file name (0 without one) and a key that sorts names by their numbers."""
    digits = re.findall(r"\d+", path.stem)
    stamp = next((d for d in digits if len(d) >= 10), None)
    seconds = float(f"{stamp[:10]}.{stamp[10:] or 0}") if stamp else 0.0
    return seconds, re.sub(r"\d+", lambda found: found.group().zfill(20), path.stem)


def presentations(scored: Iterable[Scored], *, at_most: int | None = None) -> list[Presentation]:
    """Groups scores by presentation, in the order of the frames.

    Args:
        at_most: if given, split each presentation into pieces of this many frames. A shorter remainder is dropped
            unless it is the whole presentation.
    """
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


# Acceptance rules


def by_rule(scores: Sequence[float]) -> bool:
    """Whether a gate accepts these frames when they are sent together."""
    return state(LivenessMode.REQUIRED, True, *fuse(scores)) is LivenessState.LIVE


def over_an_approach(scores: Sequence[float]) -> bool:
    """Whether a camera accepts: it tries at each frame, with the frames so far, until the gate opens."""
    return any(by_rule(scores[:seen]) for seen in range(1, len(scores) + 1))


def at(threshold: float) -> Callable[[Sequence[float]], bool]:
    """Returns a rule that compares the median of the newest frames with one threshold."""
    return lambda scores: median(scores[-MOST_FRAMES:]) >= threshold


@dataclass(frozen=True)
class Rate:
    """A number of errors out of a total."""

    errors: int
    total: int

    @property
    def value(self) -> float:
        """The share of errors; NaN without cases."""
        return self.errors / self.total if self.total else float("nan")

    def as_json(self) -> dict[str, Any]:
        """Returns the rate with its 95 % Wilson interval, which treats the cases as independent."""
        return {
            "errors": self.errors,
            "total": self.total,
            "rate": self.value,
            "interval_95": wilson(self.errors, self.total),
        }


def rates(of: Iterable[Presentation], passes: Callable[[Sequence[float]], bool]) -> tuple[Rate, Rate]:
    """Returns APCER (attacks accepted) and BPCER (live people refused)."""
    errors, total = {True: 0, False: 0}, {True: 0, False: 0}
    for one in of:
        total[one.live] += 1
        errors[one.live] += passes(one.scores) != one.live
    return Rate(errors[False], total[False]), Rate(errors[True], total[True])


def worst(pair: tuple[Rate, Rate]) -> float:
    """Returns the higher of APCER and BPCER."""
    return max(rate.value if rate.total else 0.0 for rate in pair)


def left_out(of: Sequence[Presentation]) -> list[dict[str, Any]]:
    """Tests each source at the threshold that is best on all others (the middle one of equals)."""
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
    """Returns every figure about these frames, ready for JSON."""
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
