"""What the soak has seen, and what is made of it: slopes, a table, a file, a verdict."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

NAMED_S = 5.0
RECOVERED_S = 25.0
FLOWS_S = 50.0
WARM_UP_S = 300.0


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
    opened_while_frozen: int = 0
    states: list[str] = field(default_factory=list)
    expected: bool = False

    @property
    def good(self) -> bool:
        def within(value: float | None, limit: float) -> bool:
            return value is not None and value <= limit

        return (
            within(self.named_s, NAMED_S)
            and within(self.alert_s, NAMED_S + 1)
            and within(self.recovered_s, RECOVERED_S)
            and within(self.flows_s, FLOWS_S)
            and self.cleared
            and self.expected
            and not self.opened_while_frozen
        )


@dataclass(frozen=True)
class Sample:
    at_s: float
    rss_mb: float
    threads: int
    files: int
    cpu_s: float


def slope_per_hour(samples: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    """Least squares over what came after the warm-up; nan with too little of it."""
    late = [s for s in samples if s.at_s >= WARM_UP_S]
    if len(late) < 6:
        return float("nan")
    return float(np.polyfit([s.at_s / 3600 for s in late], [value(s) for s in late], 1)[0])


def report(
    out: Path,
    stories: Sequence[Story],
    samples: Sequence[Sample],
    events: Mapping[str, Mapping[str, object]],
    console: Console | None = None,
) -> bool:
    """Writes the file, and the table where there is somewhere to print it. True where all is well."""
    slopes = {
        "rss_mb_per_hour": slope_per_hour(samples, lambda s: s.rss_mb),
        "threads_per_hour": slope_per_hour(samples, lambda s: s.threads),
        "files_per_hour": slope_per_hour(samples, lambda s: s.files),
    }
    span = samples[-1].at_s - samples[0].at_s
    cpu = (samples[-1].cpu_s - samples[0].cpu_s) / span if span else float("nan")
    reasons = Counter(f"{e['decision']} {e['reason']}" for e in events.values())
    whole = {
        "stories": [asdict(s) | {"good": s.good} for s in stories],
        "slopes": slopes,
        "cpu_share": cpu,
        "events": dict(reasons),
        "samples": [asdict(s) for s in samples],
    }
    out.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    good = all(s.good for s in stories)
    if console is None:
        return good
    table = Table("fault", "times", "good", "named s (median, max)", "recovered s", "decisions again s")
    for name in dict.fromkeys(s.fault for s in stories):
        each = [s for s in stories if s.fault == name]
        table.add_row(name, str(len(each)), str(sum(s.good for s in each)), *(_spread(each, k) for k in _TIMES))
    console.print(table)
    late = [s for s in samples if s.at_s >= WARM_UP_S] or samples
    console.print(
        f"memory {late[0].rss_mb:.1f} -> {late[-1].rss_mb:.1f} MB, slope {slopes['rss_mb_per_hour']:.2f} MB an hour; "
        f"threads {late[0].threads} -> {late[-1].threads} ({slopes['threads_per_hour']:.2f} an hour); open files "
        f"{late[0].files} -> {late[-1].files} ({slopes['files_per_hour']:.2f} an hour); {cpu:.0%} of one core"
    )
    console.print(dict(reasons))
    console.print("every fault was seen and is over" if good else "NOT every fault was seen and is over")
    return good


_TIMES = ("named_s", "recovered_s", "flows_s")


def _spread(stories: Sequence[Story], name: str) -> str:
    values = [v for s in stories if (v := getattr(s, name)) is not None]
    return f"{np.median(values):.1f}, {max(values):.1f}" if values else "never"
