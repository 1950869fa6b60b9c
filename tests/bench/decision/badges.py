"""A badge to its recorded opening; and badge and face, which searches nothing, beside a face that is searched for."""

from itertools import cycle

import numpy as np
from rich.console import Console

from app.core.access.rules import EntryMode, GateMode
from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.services.access.access import Approach
from tests.bench.ground import ENROLLED, add_gate, frame, jpeg, service, timed

TURNS, BATCH, WARM_UP = 20, 6, 6
BADGE = Badge(56, 0x04A1B2C3D4E5F6)


def measure(console: Console) -> None:
    data = jpeg(frame())
    with service() as system:
        for name in ("bench-either", "bench-both"):
            add_gate(system, name)
        both = system.gates.get("bench-both").id
        with system.store.write() as tx:
            tx.rules.put(GateMode("bench-mode", both, EntryMode.BADGE_AND_FACE))
        seen = system.access.decide(Approach("bench-either", (data,), system.clock()))
        assert seen.employee is not None
        system.credentials.give(seen.employee.id, BADGE, CardFormat.RAW, "bench")
        kinds = {
            "badge": ("bench-either", (), BADGE.text),
            "badge and face": ("bench-both", (data,), BADGE.text),
            "face": ("bench-either", (data,), None),
        }
        took: dict[str, list[float]] = {kind: [] for kind in kinds}

        def decide(kind: str) -> None:
            gate, frames, badge = kinds[kind]
            assert system.access.decide(Approach(gate, frames, system.clock(), badge)).opens

        for kind in kinds:
            for _ in range(WARM_UP):
                decide(kind)
        for _, kind in zip(range(TURNS * len(kinds)), cycle(kinds), strict=False):
            for _ in range(BATCH):
                took[kind].append(timed(lambda: decide(kind))[0])  # noqa: B023
        p95 = {kind: float(np.percentile(all_, 95)) for kind, all_ in took.items()}
        console.print(
            f"a badge to its recorded opening, {ENROLLED} enrolled: median {np.median(took['badge']):.2f} ms, p95 "
            f"{p95['badge']:.2f} (under 60 wanted); badge and face p95 {p95['badge and face']:.2f}, a face alone "
            f"{p95['face']:.2f}, ratio {p95['badge and face'] / p95['face']:.3f} (under 1 wanted); medians "
            f"{np.median(took['badge and face']):.2f} and {np.median(took['face']):.2f} ({TURNS * BATCH} each)"
        )
