"""What the audience reads: one line for each decision, within 100 columns, in a terminal or a pipe."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.core.types import Verdict
from app.demo.film.cast import Person
from app.demo.film.walks import Walk
from app.demo.play.desk import Json
from app.demo.play.script import Change
from app.demo.play.verdict import Assessment, Passage, Summary

WIDTH = 100
COLUMNS = (
    ("who", 17),
    ("how", 26),
    ("expected", 8),
    ("gate", 4),
    ("reason", 17),
    ("sim/thr", 10),  # -0.05/0.33
    ("ms", 5),
    ("right?", 6),
)


LIVE_COLUMNS = (
    ("second", 6),
    ("log names", 17),
    ("gate", 4),
    ("reason", 14),
    ("sim/thr", 10),  # -0.05/0.33
    ("frames", 7),
    ("camera", 9),
    ("gate did", 8),
    ("right?", 6),
)
Columns = tuple[tuple[str, int], ...]


def console() -> Console:
    """Returns a console with colours in a terminal, and without colours but at full width in a pipe."""
    plain = Console(highlight=False)
    return Console(highlight=False, width=min(WIDTH, plain.width) if plain.is_terminal else WIDTH)


def heading(out: Console) -> None:
    _heading(out, _widths(out))


def decision(out: Console, outcome: Assessment) -> None:
    answer, approach = outcome.answer, outcome.approach
    cells = {
        "who": approach.who,
        "how": approach.how,
        "expected": "open" if approach.opens else "deny",
        "gate": _gate(opened=outcome.opened),
        "reason": str(answer["reason"]),
        "sim/thr": _similarity(answer["similarity"], answer["threshold"]),
        "ms": f"{outcome.http_ms:.0f}",
        "right?": _right(outcome.complaint),
    }
    out.print(_line(_widths(out), cells))
    _complain(out, outcome.complaint)


def live_heading(out: Console) -> None:
    _heading(out, _live_widths(out))


def somebody_comes(out: Console, walk: Walk) -> None:
    """Announces who walks into the camera's picture."""
    known = walk.person.number or "stranger"
    out.print(f"{walk.comes_s:4.1f} s {walk.person.name} ({known}) {walk.how}", style="cyan", markup=False)


def event(out: Console, at_s: float, said: Json, wrong: str) -> None:
    """Prints one event of the live camera. wrong: what was expected instead, or nothing."""
    opened = said["decision"] == Verdict.OPEN
    did = said["gate_result"]["outcome"] if said["gate_result"] else "not yet" if opened else ""
    cells = {
        "second": f"{at_s:4.1f} s",
        "log names": (said["employee"] or {}).get("name", "nobody"),
        "gate": _gate(opened=opened),
        "reason": str(said["reason"]),
        "sim/thr": _similarity(said["similarity"], said["threshold"]),
        "frames": f"{said['frames_used']} of {said['frames_received']}",
        "camera": str(said["camera"]),
        "gate did": did,
        "right?": _right(wrong),
    }
    out.print(_line(_live_widths(out), cells))
    _complain(out, wrong)


def alert(out: Console, said: Json, at_s: float) -> None:
    """Prints an alert for the guards. Alerts are not judged right or wrong."""
    out.print(f"{at_s:4.1f} s ALERT {said['detail'] or said['kind']}", style="yellow", markup=False)


def live_summary(out: Console, found: Summary, passages: Sequence[Passage]) -> None:
    out.print()
    for passage in passages:
        if len(passage.events) != 1:
            _complain(out, passage.complaint)
    each = ": one event each, and none for people who only crossed behind" if found.good else ""
    out.print(
        f"{found.right} of {found.total} approaches right{each};\n"
        f"strangers let in: {found.let_in_wrongly}; employees turned away: {found.turned_away_wrongly}",
        style=_style(found),
    )
    out.print("frames   how many were compared, of those that showed the person", style="dim")


def change(out: Console, done: Change) -> None:
    out.print(f"  admin: {done.person.name} {done.verb.value}", style="cyan", markup=False)


def summary(out: Console, outcomes: list[Assessment], found: Summary) -> None:
    out.print()
    out.print(
        f"{found.right} of {found.total} right; strangers let in: {found.let_in_wrongly}; "
        f"employees turned away: {found.turned_away_wrongly}",
        style=_style(found),
    )


def audit(out: Console, said: Json) -> None:
    """Prints what `GET /v1/audit/verify` answered."""
    if said["valid"]:
        events = [gate["events"] for gate in said["gates"].values()]
        out.print(f"The log is intact: {sum(events)} decisions, each signed and chained to the last at its gate.")
    else:
        out.print(f"The log is BROKEN: {said['first_bad']}", style="bold white on red", markup=False)


def liveness(out: Console, answers: Sequence[Json]) -> None:
    """Says what a gate that requires liveness would have done, since the cast are pictures."""
    states = Counter(answer["liveness_state"] for answer in answers)
    if states["unavailable"]:
        words = (
            "Liveness was not measured: the weights are missing. A photo held up to a camera is not noticed.\n"
            "`python -m models fetch --group liveness` fetches the weights; `python -m app doctor` says more."
        )
    else:
        taken, measured = states["spoof_suspected"], states["spoof_suspected"] + states["live"]
        words = (
            f"Liveness was only recorded, because the cast are cut-out photos: {taken} of {measured} approaches\n"
            "looked like pictures. A gate outside this demo requires liveness and would refuse them."
        )
    out.print(words, style="dim", markup=False)


def legend(out: Console, outcomes: list[Assessment], false_accept_rate: float) -> None:
    http, inside = (
        median(times) for times in zip(*((o.http_ms, o.answer["duration_ms"]) for o in outcomes), strict=True)
    )
    out.print(
        "sim/thr  similarity to the nearest employee / the threshold, which follows\n"
        f"         from false_accept_rate: one stranger's attempt in {1 / false_accept_rate:,.0f} may open\n"
        f"ms       HTTP round trip with all frames of the approach: median {http:.0f}, and the\n"
        f"         service recognises, decides and records in {inside:.0f} of it",
        style="dim",
    )


def where_to_look(out: Console, url: str, gate: str, keys: dict[str, str], frames: Path, example: Path) -> None:
    """Prints links and a request to paste, without wrapping its lines."""
    out.print(f"\nStill serving: {url}/ and {url}/docs; the frames are in {frames}/.", soft_wrap=True, markup=False)
    for role, key in keys.items():
        out.print(f"  {role} key, for this demo only: {key}", soft_wrap=True, markup=False)
    out.print("Be the gate yourself:\n", markup=False)
    out.print(
        f"curl -H 'Authorization: Bearer {keys['gate']}' \\\n"
        f"  -F 'image=@{example}' \\\n"
        f"  {url}/v1/gates/{gate}/decisions",
        soft_wrap=True,
        markup=False,
    )


def what_goes_on(out: Console, url: str, gate: str, security_key: str, gone: Person) -> None:
    """Prints how to read the events of the camera, which now watches its clip in a loop."""
    out.print(
        f"\nThe camera is on again and watches its clip in a loop ({gone.name}, who was erased, is a stranger now).\n"
        "Read its events:\n",
        markup=False,
    )
    out.print(
        f"curl -H 'Authorization: Bearer {security_key}' \\\n  '{url}/v1/events?gate={gate}&limit=3'",
        soft_wrap=True,
        markup=False,
    )
    out.print("\nCtrl-C ends it.", style="bold")


def _widths(out: Console) -> dict[str, int]:
    """Returns columns and widths for this window. Without room for `expected`, wrong answers state it."""
    return _fitted(out, COLUMNS, optional="expected", flexible="how")


def _live_widths(out: Console) -> dict[str, int]:
    return _fitted(out, LIVE_COLUMNS, optional="camera", flexible="log names")


def _fitted(out: Console, columns: Columns, optional: str, flexible: str) -> dict[str, int]:
    """Drops the optional column in a narrow window, and gives the flexible one what the others leave."""
    widths = dict(columns)
    if out.width < WIDTH:
        del widths[optional]
        widths[flexible] = max(8, out.width - sum(widths.values()) + widths[flexible] - len(widths))
    return widths


def _heading(out: Console, widths: dict[str, int]) -> None:
    out.print()
    out.print(_line(widths, {name: Text(name, style="bold") for name in widths}))
    out.print(_line(widths, {name: Text("-" * width, style="dim") for name, width in widths.items()}))


def _line(widths: dict[str, int], cells: Mapping[str, str | Text]) -> Table:
    """Returns one row of a table, to print by itself: rich prints a table only when its last row is known."""
    line = Table.grid(padding=(0, 1, 0, 0))
    for width in widths.values():
        line.add_column(width=width, overflow="fold")
    line.add_row(*(cells[name] for name in widths))
    return line


def _gate(*, opened: bool) -> Text:
    return Text("OPEN", "bold green") if opened else Text("deny", "red")


def _right(wrong: str) -> Text:
    return Text("WRONG", "bold white on red") if wrong else Text("right", "green")


def _complain(out: Console, wrong: str) -> None:
    if wrong:
        out.print(f"  {wrong}", style="bold red", markup=False)


def _style(found: Summary) -> str:
    return "bold green" if found.good else "bold white on red"


def _similarity(similarity: float | None, threshold: float | None) -> str:
    if similarity is None:
        return ""
    return f"{similarity:.2f}" + (f"/{threshold:.2f}" if threshold is not None else "")
