"""What the removal of old events costs a decision: the same decisions by turns alone and while the job runs.

`python -m tests.bench retention [--events N] [--turns N]`
"""

import argparse
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from threading import Event, Thread
from typing import Any, cast

import numpy as np
from rich.console import Console
from rich.progress import track
from sqlalchemy import insert, update

from app.adapters.db.seals.row_seal import blinded
from app.adapters.db.tables import events, gates
from app.core.events.chain import GENESIS
from app.core.events.decision import Identity, Method, RecordedDecision
from app.core.events.records import ChainHead, EventRow
from app.core.people.records import EmployeeFilter
from app.core.ports.store import Transaction
from app.core.types import Reason
from app.services.access.access import Approach
from app.wiring import System, new_id
from tests.bench.ground import add_gate, frame, jpeg, service, timed

BATCH, DECISIONS, WARM_UP = 5000, 25, 10
PICTURE = bytes(random.Random(1).randbytes(6000))  # as large as the picture of a face, kept for strangers
DAYS = 200


class _Drawer:
    """Stands for a transaction of `AccessLog.append`: keeps rows until they are stored in bulk."""

    def __init__(self, system: System) -> None:
        self.events = self.data_keys = self
        with system.store.read() as tx:
            self.keys: dict[str, bytes] = tx.data_keys.all()
        self.vault, self.new = system.vault, {}  # type: ignore[var-annotated]
        self.heads: dict[str, ChainHead] = {}
        self.rows: list[EventRow] = []

    def lock_head(self, gate_id: str) -> ChainHead:
        return self.heads.get(gate_id, ChainHead(gate_id, 0, GENESIS))

    def append(self, row: EventRow) -> None:
        self.heads[row.gate_id] = ChainHead(row.gate_id, row.sequence, row.hash)
        self.rows.append(row)

    def get(self, subject: str) -> bytes:
        if subject not in self.keys:
            self.keys[subject] = self.new[subject] = self.vault.new_key()
        return self.keys[subject]


def fill(system: System, count: int) -> None:
    """Past events of one gate: nine in ten openings of people, the others strangers with a picture."""
    gate, drawer, dice = system.gates.add("bench-old"), _Drawer(system), random.Random(1)
    with system.store.read() as tx:
        people = [Identity.of(one) for one in tx.employees.find(EmployeeFilter(limit=500))]
    start, step = system.clock() - timedelta(days=DAYS), timedelta(days=DAYS) / count

    def batches() -> Iterator[list[EventRow]]:
        for number in range(count):
            who = dice.choice(people) if dice.random() < 0.9 else None
            reason = Reason.NOT_RECOGNISED if who is None else Reason.RECOGNISED
            decision = RecordedDecision(
                new_id(), gate.id, gate.name, start + number * step, reason, Method.FACE, employee=who, similarity=0.7,
                threshold=0.5, margin=0.4, faces=1, camera="bench-cam",
            )  # fmt: skip
            system.log.append(cast(Transaction, drawer), decision, PICTURE if who is None else None)
            if len(drawer.rows) == BATCH or number == count - 1:
                yield drawer.rows
                drawer.rows = []

    for rows in track(batches(), "Making the log", total=-(-count // BATCH)):
        with system.store._engine.begin() as connection:
            connection.execute(insert(events), [_columns(connection, row) for row in rows])
    with system.store.write() as tx:
        for subject, wrapped in drawer.new.items():
            tx.data_keys.add(subject, wrapped)
    head = drawer.heads[gate.id]
    with system.store._engine.begin() as connection:
        moved = update(gates).where(gates.c.id == gate.id)
        connection.execute(moved.values(head_sequence=head.sequence, head_hash=head.hash))


def _columns(connection: Any, row: EventRow) -> dict[str, Any]:
    columns = {**vars(row), "verdict": row.verdict.value, "reason": row.reason.value}
    del columns["has_snapshot"]
    return columns | {name: blinded(connection, columns[name]) for name in ("employee_id", "subject_id")}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench retention")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=40)
    asked, console, data = parser.parse_args(arguments), Console(highlight=False), jpeg(frame())
    with service() as system:
        add_gate(system, "bench-now")
        fill(system, asked.events)
        before = {one.kind.value: one.due for one in system.retention.states(counted=True) if one.due}
        going, stop = Event(), Event()
        worked_s = [0.0]

        def pause(seconds: float) -> bool:
            began = time.perf_counter()
            while not stop.is_set() and (not going.is_set() or time.perf_counter() - began < seconds):
                time.sleep(0.001)
            return stop.is_set()

        def work() -> None:
            while not stop.is_set():
                began = time.perf_counter()
                system.retention.run(pause)
                worked_s[0] += time.perf_counter() - began
                if pause(0.1):
                    return

        def decide() -> None:
            assert system.access.decide(Approach("bench-now", (data,), system.clock())).opens

        for _ in range(WARM_UP):
            decide()
        thread = Thread(target=work)
        thread.start()
        took: dict[bool, list[float]] = {False: [], True: []}
        for turn in range(asked.turns):
            for beside in (False, True) if turn % 2 else (True, False):
                (going.set if beside else going.clear)()
                time.sleep(0.05)
                took[beside] += [timed(decide)[0] for _ in range(DECISIONS)]
        stop.set()
        thread.join()
        gone = {one.kind.value: one.removed for one in system.retention.states() if one.removed}
        for beside, label in ((False, "alone"), (True, "beside it")):
            low, high = np.percentile(took[beside], [50, 95])
            console.print(f"{label}: median {low:.1f} ms, p95 {high:.1f} ({len(took[beside])} decisions)")
        ratio = np.percentile(took[True], 95) / np.percentile(took[False], 95)
        console.print(f"p95 ratio {ratio:.3f} (at most 1.1 wanted); due {before}, removed in this time {gone}")
        began = time.perf_counter()
        report = system.checkpoints.verify()
        console.print(f"audit valid: {report.valid} ({time.perf_counter() - began:.0f} s)")
