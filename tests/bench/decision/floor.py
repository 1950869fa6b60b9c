"""`python -m tests.bench floor`: the service's decision against one written by hand (`floor_pipeline`), in one run.

Both see the same frames, each new to both, and take turns; the order within a round changes each time. The service runs
as it is served, with a worker for each core. Counted is processor time, of all threads: the wall's depends on others.
"""

import argparse
import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console

from app.services.access.access import Approach
from app.wiring import System
from tests.bench.decision.floor_pipeline import Floor
from tests.bench.ground import add_gate, frame, jpeg, service, timed

WARM = 20


def new_frames(data: bytes) -> Iterator[bytes]:
    """The JPEG, each time with another comment in it: other bytes, which no request has brought before."""
    for number in itertools.count():
        yield data[:2] + b"\xff\xfe\x00\x0a" + b"%08d" % number + data[2:]


def copied(system: System, file: Path) -> Path:
    """A copy of the service's database."""
    source = sqlite3.connect(system.settings.data / "facegate.db")
    target = sqlite3.connect(file)
    with source, target:
        source.backup(target)
    source.close()
    target.close()
    return file


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench floor", description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--precision", choices=("auto", "f32", "bf16"), default="auto")
    parser.add_argument("--workers", type=int, default=0, help="as the setting; 0: one a core, as served")
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    with service(precision=options.precision, workers=options.workers) as system, TemporaryDirectory() as folder:
        gate = add_gate(system, "bench")
        if not system.recognition.liveness_works:
            raise SystemExit("the floor scores liveness: python -m models fetch")
        floor = Floor(system, copied(system, Path(folder) / "floor.db"), gate.name)
        frames = new_frames(jpeg(frame()))

        def by_hand() -> None:
            answer = floor.decide(data)
            assert answer["open"], answer

        def served() -> None:
            assert system.access.decide(Approach(gate.name, (data,), system.clock())).opens

        taken: dict[str, list[tuple[float, float]]] = {"by hand": [], "the service": []}
        for number in range(WARM + options.rounds):
            data = next(frames)
            turn = [("by hand", by_hand), ("the service", served)]
            for name, work in turn if number % 2 else reversed(turn):
                taken[name].append(timed(work))
        precision = system.recognition.precision
    wall, cpu = (np.array([taken[name] for name in taken])[:, WARM:, i] for i in (0, 1))
    for name, on_wall, on_cpu in zip(taken, wall, cpu, strict=True):
        console.print(f"{name}: CPU {np.median(on_cpu):.2f} ms, wall {np.median(on_wall):.2f} ms (medians)")
    drawn = np.random.default_rng(0).integers(0, options.rounds, (1000, options.rounds))
    ratios = np.median(cpu[1][drawn], axis=1) / np.median(cpu[0][drawn], axis=1)
    low, high = np.quantile(ratios, (0.025, 0.975))
    console.print(
        f"ratio of CPU time {np.median(cpu[1]) / np.median(cpu[0]):.3f} (95 %: {low:.3f} to {high:.3f}; at most 1.00 "
        f"wanted), {options.rounds} rounds, {precision}"
    )
