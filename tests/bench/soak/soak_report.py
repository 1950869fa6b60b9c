"""What the soak has seen, told in a table and a file."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

NAMED_S = 5.0
RECOVERED_S = 25.0
FLOWS_S = 50.0


@dataclass
class Story:
    """What came of one fault. Seconds count from its begin, or for recovered_s and flows_s from its end."""

    fault: str
    at: str
    noticed_s: float | None = None  # the state was no longer `working`
    named_s: float | None = None  # the state was one that raises an alert
    alert_s: float | None = None  # the alert was in the database
    recovered_s: float | None = None
    flows_s: float | None = None
    cleared: bool = False
    opened_stale: int = 0  # openings from 3 s after it began until it was over
    states: list[str] = field(default_factory=list)
    states_s: list[float] = field(default_factory=list)
    expected: bool = False

    @property
    def in_time(self) -> bool:
        return _within(self.named_s, NAMED_S) and _within(self.alert_s, NAMED_S + 1)

    @property
    def recovered(self) -> bool:
        return _within(self.recovered_s, RECOVERED_S)

    @property
    def flows(self) -> bool:
        return _within(self.flows_s, FLOWS_S)

    @property
    def good(self) -> bool:
        whole = self.in_time and self.expected and self.recovered and self.flows and self.cleared
        return whole and not self.opened_stale


def _within(value: float | None, limit: float) -> bool:
    return value is not None and value <= limit


@dataclass(frozen=True)
class Sample:
    at_s: float
    rss_mb: float
    threads: int
    files: int
    cpu_s: float
    heap_mb: float = 0.0
    arenas_mb: float = 0.0


def report(
    out: Path,
    stories: Sequence[Story],
    samples: Sequence[Sample],
    events: Mapping[str, Mapping[str, object]],
    console: Console | None = None,
) -> None:
    """Writes the file, and the table where there is somewhere to print it."""
    span = samples[-1].at_s - samples[0].at_s
    cpu = (samples[-1].cpu_s - samples[0].cpu_s) / span if span else float("nan")
    reasons = Counter(f"{e['decision']} {e['reason']}" for e in events.values())
    whole = {
        "stories": [asdict(s) | {"good": s.good} for s in stories],
        "cpu_share": cpu,
        "events": dict(reasons),
        "samples": [asdict(s) for s in samples],
    }
    out.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    if console is None:
        return
    table = Table("fault", "times", "good", "named s (median, max)", "recovered s", "decisions again s")
    for name in dict.fromkeys(s.fault for s in stories):
        each = [s for s in stories if s.fault == name]
        table.add_row(name, str(len(each)), str(sum(s.good for s in each)), *(_spread(each, k) for k in _TIMES))
    console.print(table)
    console.print(f"{cpu:.0%} of one core; {dict(reasons)}")


_TIMES = ("named_s", "recovered_s", "flows_s")


def _spread(stories: Sequence[Story], name: str) -> str:
    values = [v for s in stories if (v := getattr(s, name)) is not None]
    return f"{np.median(values):.1f}, {max(values):.1f}" if values else "never"
