"""Tables of the detectors' figures, one per scene, for a terminal and for a Markdown page."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from models.attempts.page import markdown_table
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
Missed: no box contains the true centre of the face. Other boxes: per frame. Landmark error: the mean over five points,
in eye distances, of the faces found. For photos, the reference is the same detector on a copy rotated, scaled, shifted
and mirrored by a known map. For frames, it is the same detector's landmarks on the full-size photo, mapped as the frame
was rendered; in parentheses, the mean of both detectors there. It shows variation, not an error that is the same
everywhere. FNMR: faces against other photos of the same people, both embedded with SFace through the row's landmarks;
a missed face counts as a missed pair. 95 % intervals resample people; differences are for the same pairs, in points.
ms: median, one thread. The ratio is to the base, alternating on the same pictures; with the second look, only for faces
found. Photos are never enlarged: a width missing in their table searches them like the widest one there.
"""


def title(rows: Sequence[Score]) -> str:
    """Returns the title of one scene."""
    first = rows[0]
    what = f"{first.pictures} frames, face {first.face_px} px wide" if first.face_px else f"{first.pictures} photos"
    return f"{what}; {first.mated:,} mated pairs, {max(r.impostors for r in rows):,} of strangers"


def cells(s: Score, *, intervals: bool = True) -> list[str]:
    """Returns one row. The base is marked and not compared with itself."""
    sure, difference = (_interval(ends) if intervals else "" for ends in (s.fnmr_people95, s.more_people95))
    both = f" ({_pair(s.both)})" if s.both else ""
    return [
        f"{s.label}{', the base' if s.base else ''}",
        "yes" if s.refined else "no",
        f"{s.missed} ({100 * s.missed / s.pictures:.1f} %)",
        f"{s.others:.3f}" if s.face_px else "-",  # in a photo they may be people
        "-" if s.ms is None or s.ms_ratio is None else f"{s.ms:.1f} ({s.ms_ratio:.2f})",
        f"{_pair(s.own)}{both}",
        "-" if s.fnmr is None else f"{100 * s.fnmr:.1f}{sure}",
        "" if s.base or s.more is None else f"{100 * s.more:+.1f}{difference}",
    ]


def table(rows: Sequence[Score]) -> Table:
    """Returns one scene as a table for a terminal, without intervals to save space."""
    shown = Table(*HEADS, title=title(rows))
    for score in rows:
        shown.add_row(*cells(score, intervals=False), style="bold" if score.base else "")
    return shown


def markdown(report: dict[str, Any], scenes: Sequence[Sequence[Score]]) -> str:
    """Returns the report as a Markdown page."""
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
        heads = ("Where", "Faces both found", "Distance %: median, p95", "minus the mean offset")
        distances = [
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
            *markdown_table(heads, distances),
        ]
    return "\n".join(lines) + "\n"


def _pair(of: Sequence[float] | None) -> str:
    return "-" if of is None else ", ".join(f"{100 * value:.1f}" for value in of)


def _interval(ends: Sequence[float] | None) -> str:
    return "" if ends is None else f" ({100 * ends[0]:.1f} to {100 * ends[1]:.1f})"
