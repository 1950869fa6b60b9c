"""The detectors' figures as tables: one a scene, for a terminal and for a page."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from models.accuracy.report import markdown_table
from models.experiments.detectors.detector_scores import Score

HEADS = (
    "Searched at",
    "Second look",
    "Missed",
    "Other boxes",
    "ms (ratio)",
    "Landmark error %: median, p95",
    "FNMR % at FMR 0.1 %",
    "less the base",
)
ABOUT = """
Missed: no box holds the true middle of the face. Other boxes: a frame. Landmark error: mean of five points, in
distances between the eyes, of the faces found: for photos against the same detector in a copy turned, scaled, shifted
and mirrored by a known map; for frames against the same detector's landmarks in the photo at full size, moved as the
frame was rendered, and in brackets against the mean of both detectors there. It shows what varies, not what is wrong
alike everywhere. FNMR: faces against the other photos of the people, both embedded with SFace through the row's
landmarks, a missed face being a pair missed; 95 % intervals draw people anew, differences are of the same pairs, in
points. ms: median, one thread; ratio over the base's, in turns on the same pictures; with the second look,
of those found. Photos are never enlarged: a width missing in their table searches them as the widest there does.
"""


def title(rows: Sequence[Score]) -> str:
    """Of one scene."""
    first = rows[0]
    what = f"{first.pictures} frames, face {first.face_px} px wide" if first.face_px else f"{first.pictures} photos"
    return f"{what}; {first.mated:,} mated pairs, {max(r.impostors for r in rows):,} of strangers"


def cells(s: Score, *, intervals: bool = True) -> list[str]:
    """One row; the base is marked, and not compared with itself."""
    sure, difference = (_interval(ends) if intervals else "" for ends in (s.fnmr_people95, s.more_people95))
    both = f" ({_pair(s.both)})" if s.both else ""
    return [
        f"{s.label}{', the base' if s.base else ''}",
        "yes" if s.refined else "no",
        f"{s.missed} ({100 * s.missed / s.pictures:.1f} %)",
        f"{s.others:.3f}" if s.face_px else "-",  # on a photo they may be people
        "-" if s.ms is None or s.ms_ratio is None else f"{s.ms:.1f} ({s.ms_ratio:.2f})",
        f"{_pair(s.own)}{both}",
        "-" if s.fnmr is None else f"{100 * s.fnmr:.1f}{sure}",
        "" if s.base or s.more is None else f"{100 * s.more:+.1f}{difference}",
    ]


def table(rows: Sequence[Score]) -> Table:
    """One scene for a terminal, which has no room for intervals."""
    shown = Table(*HEADS, title=title(rows))
    for score in rows:
        shown.add_row(*cells(score, intervals=False), style="bold" if score.base else "")
    return shown


def markdown(report: dict[str, Any], scenes: Sequence[Sequence[Score]]) -> str:
    """The page."""
    width, height = report["frame_px"]
    lines = [f"# Detectors on {report['dataset']}", ""]
    lines.append(
        f"{report['photos']} photos of {report['people']} people, seed {report['seed']}; frames of {width} x {height}. "
        f"`{report['command']}`"
    )
    lines += [ABOUT.rstrip()]
    for rows in scenes:
        lines += ["", f"## {title(rows)}", "", *markdown_table(HEADS, [cells(score) for score in rows])]
    if report["disagreement"]:
        heads = ("Where", "Faces both found", "Apart %: median, p95", "less what is always the same")
        told = [
            [
                f"faces {d['face_px']} px wide" if d["face_px"] else "photos",
                f"{d['pictures']}",
                _pair(d["apart"]),
                _pair(d["rest"]),
            ]
            for d in report["disagreement"]
        ]
        lines += [
            "",
            "## YuNet against MTCNN, each at its widest, with the second look",
            "",
            *markdown_table(heads, told),
        ]
    return "\n".join(lines) + "\n"


def _pair(of: Sequence[float] | None) -> str:
    return "-" if of is None else ", ".join(f"{100 * value:.1f}" for value in of)


def _interval(ends: Sequence[float] | None) -> str:
    return "" if ends is None else f" ({100 * ends[0]:.1f} to {100 * ends[1]:.1f})"
