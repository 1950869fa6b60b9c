"""What the audience reads: one line a decision as it falls, within 100 columns, in a terminal as in a pipe."""

from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.demo.script import Change
from app.demo.verdict import Outcome, Summary

WIDTH = 100
COLUMNS = (
    ("who", 17),
    ("how", 26),
    ("expected", 8),
    ("gate", 4),
    ("reason", 17),
    ("sim/thr", 9),
    ("ms", 5),
    ("right?", 6),
)


def console() -> Console:
    """Colours in a terminal, none in a pipe; there also the full width, as nobody's window limits it."""
    plain = Console(highlight=False)
    return Console(highlight=False, width=min(WIDTH, plain.width) if plain.is_terminal else WIDTH)


def heading(out: Console) -> None:
    out.print()
    widths = _widths(out)
    out.print(_line(out, {name: Text(name, style="bold") for name in widths}))
    out.print(_line(out, {name: Text("-" * width, style="dim") for name, width in widths.items()}))


def decision(out: Console, outcome: Outcome) -> None:
    answer, approach = outcome.answer, outcome.approach
    out.print(
        _line(
            out,
            {
                "who": approach.who,
                "how": approach.how,
                "expected": "open" if approach.opens else "deny",
                "gate": Text("OPEN", "bold green") if outcome.opened else Text("deny", "red"),
                "reason": str(answer["reason"]),
                "sim/thr": _similarity(answer["similarity"], answer["threshold"]),
                "ms": f"{outcome.http_ms:.0f}",
                "right?": Text("right", "green") if outcome.right else Text("WRONG", "bold white on red"),
            },
        )
    )
    if outcome.complaint:
        out.print(f"  {outcome.complaint}", style="bold red", markup=False)


def change(out: Console, done: Change) -> None:
    out.print(f"  admin: {done.person.name} {done.verb.value}", style="cyan", markup=False)


def summary(out: Console, outcomes: list[Outcome], found: Summary) -> None:
    style = "bold green" if found.good else "bold white on red"
    out.print()
    out.print(
        f"{found.right} of {found.total} right; strangers let in: {found.let_in_wrongly}; "
        f"employees turned away: {found.turned_away_wrongly}",
        style=style,
    )


def audit(out: Console, said: dict[str, Any], gate: str) -> None:
    """What `GET /v1/audit/verify` answered."""
    if said["valid"]:
        out.print(f"The log is whole: {said['gates'][gate]['events']} decisions, each signed and chained to the last.")
    else:
        out.print(f"The log is BROKEN: {said['first_bad']}", style="bold white on red", markup=False)


def legend(out: Console, outcomes: list[Outcome], false_accept_rate: float) -> None:
    http, inside = (median(times) for times in zip(*((o.http_ms, o.answer["took_ms"]) for o in outcomes), strict=True))
    out.print(
        "sim/thr  similarity to the nearest employee / the threshold, which follows\n"
        f"         from false_accept_rate: one stranger's attempt in {1 / false_accept_rate:,.0f} may open\n"
        f"ms       HTTP round trip with all frames of the approach: median {http:.0f}, and the\n"
        f"         service looks, decides and records in {inside:.0f} of it",
        style="dim",
    )


def where_to_look(out: Console, url: str, gate: str, keys: dict[str, str], frames: Path, example: Path) -> None:
    """Links, and a request to paste; its lines are not wrapped, or they could not be pasted."""
    out.print(f"\nStill serving: {url}/ and {url}/docs; the frames lie in {frames}/.", soft_wrap=True, markup=False)
    for role, key in keys.items():
        out.print(f"  {role} key, of this demo only: {key}", soft_wrap=True, markup=False)
    out.print("Be the gate yourself:\n", markup=False)
    out.print(
        f"curl -H 'Authorization: Bearer {keys['gate']}' \\\n"
        f"  -F image=@{example} \\\n"
        f"  {url}/v1/gates/{gate}/decisions",
        soft_wrap=True,
        markup=False,
    )
    out.print("\nCtrl-C ends it.", style="bold")


def _widths(out: Console) -> dict[str, int]:
    """Columns and their widths for this window; `how` gets what the others leave."""
    widths = dict(COLUMNS)
    # In a window of 80 columns there is no room for what was expected; it is said where the answer was another.
    if out.width < WIDTH:
        del widths["expected"]
        widths["how"] = max(8, out.width - sum(widths.values()) + widths["how"] - len(widths))
    return widths


def _line(out: Console, cells: dict[str, str | Text]) -> Table:
    """One row of the table, printed by itself: a table of rich's own appears when its last row is known."""
    line = Table.grid(padding=(0, 1, 0, 0))
    widths = _widths(out)
    for width in widths.values():
        line.add_column(width=width, overflow="fold")
    line.add_row(*(cells[name] for name in widths))
    return line


def _similarity(similarity: float | None, threshold: float | None) -> str:
    if similarity is None:
        return ""
    return f"{similarity:.2f}" + (f"/{threshold:.2f}" if threshold is not None else "")
