"""Draws the plots of a report: error trade-offs, and the measured rate against the set one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

INSTALL = "plots need matplotlib: .venv/bin/pip install -e '.[lab]'"


def available() -> bool:
    """Whether matplotlib is installed. A gate does not need it, so it is an extra."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def _axes(title: str, x: str, y: str) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=x, ylabel=y)
    axes.grid(visible=True, which="both", alpha=0.25)
    return figure, axes


def det(curve: Sequence[dict[str, float]], title: str, path: Path) -> None:
    """Draws the detection error trade-off: FNMR against FMR."""
    figure, axes = _axes(title, "FMR: strangers' pairs that match", "FNMR: one person's pairs that do not")
    axes.plot([p["fmr"] for p in curve], [p["fnmr"] for p in curve])
    axes.set_xscale("log")
    if any(p["fnmr"] > 0 for p in curve):
        axes.set_yscale("log")
    figure.savefig(path)


def open_set(rows: Sequence[dict[str, Any]], label: str, title: str, path: Path) -> None:
    """Draws FNIR against FPIR with intervals, one line per value of `label` ("photos", "frames", "enrolled")."""
    figure, axes = _axes(title, "FPIR: strangers' attempts that open", "FNIR: employees' attempts turned away")
    for value in sorted({row[label] for row in rows}):
        mine = sorted((r for r in rows if r[label] == value and r["fnir"] is not None), key=lambda r: r["fpir"])
        if not mine:
            continue
        y = [row["fnir"] for row in mine]
        low, high = ([row["fnir_people95"][side] for row in mine] for side in (0, 1))
        line = axes.plot([row["fpir"] for row in mine], y, marker="o", label=f"{value} {label}")[0]
        axes.fill_between([row["fpir"] for row in mine], low, high, alpha=0.15, color=line.get_color())
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    if axes.lines:
        axes.legend()
    figure.savefig(path)


def set_rates(rows: Sequence[dict[str, Any]], title: str, path: Path) -> None:
    """Draws the measured FPIR divided by the rate set, with intervals; the band is a factor of two."""
    figure, axes = _axes(title, "rate set by the operator", "FPIR measured / rate set")
    axes.axhspan(0.5, 2, color="green", alpha=0.08)
    axes.axhline(1, color="grey", linewidth=1)
    kinds = sorted({(row["enrolled"], row["photos"], row["frames"]) for row in rows})
    for i, kind in enumerate(kinds):
        mine = [r for r in rows if (r["enrolled"], r["photos"], r["frames"]) == kind]
        x = [row["rate"] * (1 + 0.06 * (i - len(kinds) / 2)) for row in mine]
        y = [row["fpir"] / row["rate"] for row in mine]
        ends = [row["fpir_people95"] or (row["fpir"], row["fpir"]) for row in mine]
        up = [max(0.0, end[1] / row["rate"] - value) for end, row, value in zip(ends, mine, y, strict=True)]
        down = [max(0.0, value - end[0] / row["rate"]) for end, row, value in zip(ends, mine, y, strict=True)]
        name = f"{kind[0]:,} enrolled, {kind[1]} photos, {kind[2]} frames"
        axes.errorbar(x, y, yerr=[down, up], marker="o", linestyle="none", capsize=3, label=name)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize="small")
    figure.savefig(path)


def attacks(sweep: Sequence[dict[str, Any]], path: Path) -> None:
    """Draws BPCER against APCER over the thresholds, one line per number of frames; a cross marks the aim."""
    figure, axes = _axes("pictures held up to the camera", "APCER: attacks let in", "BPCER: people turned away")
    for frames in sorted({row["frames"] for row in sweep}):
        rows = [row for row in sweep if row["frames"] == frames]
        label = "one frame" if frames == 1 else f"median of {frames}"
        axes.plot([r["apcer"]["rate"] for r in rows], [r["bpcer"]["rate"] for r in rows], marker=".", label=label)
    axes.plot([0.03], [0.03], marker="+", color="black", linestyle="none", label="aim: 3 % and 3 %")
    axes.legend()
    figure.savefig(path)
