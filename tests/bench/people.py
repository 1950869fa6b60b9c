"""The console's list of employees among 10,000, as somebody types; and decisions beside an import on every engine.

`python -m tests.bench people FOLDER`: FOLDER holds a folder of photos a person.
"""

import argparse
import os
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import numpy as np
from rich.console import Console

from app.core.types import Role
from app.services.access.access import Approach
from app.settings import Settings
from app.web.app import create_app
from app.wiring import System, open_system
from tests.bench import imports
from tests.bench.ground import ENROLLED, photo, populate, timed

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have a newer httpx than the one the project ships
    from fastapi.testclient import TestClient

TYPED = ("r", "ra", "ran", "rand", "rando", "random 99", "R-00", "R-0099", "nobody", "\u00f6")
ROUNDS = 10
DECISIONS = 40  # a turn; turns with and without an import follow each other
TURNS = 4


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench people", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of photos a person")
    asked = parser.parse_args(arguments)
    console = Console(highlight=False)
    with TemporaryDirectory() as folder:
        system = open_system(Settings(data=Path(folder)))
        try:
            populate(system, ENROLLED)
            typing(system, console)
            beside(system, asked.folder, console)
        finally:
            system.imports.close()
            system.close()


def typing(system: System, console: Console) -> None:
    user = system.accounts.users.add("bench", frozenset({Role.ADMIN}), None)
    with system.store.write() as tx:
        cookie = system.accounts.sessions.open(tx, user, "127.0.0.1", "bench")
    with TestClient(create_app(system)) as client:
        client.cookies.set("facegate", cookie)

        def ask(q: str) -> None:
            assert client.get("/employees", params={"q": q, "part": "true"}).status_code == 200

        for q in TYPED:
            ask(q)
        took = [timed(lambda q=q: ask(q)) for _ in range(ROUNDS) for q in TYPED]  # type: ignore[misc]  # q is a str
    _say(console, f"list of {ENROLLED} employees, searched", took)


def beside(system: System, folder: Path, console: Console) -> None:
    """Decisions on an empty lobby and on a face, with nothing beside them and with an import on every engine."""
    system.gates.add("bench")
    frame = photo("obama2")
    people = imports._people(folder, 400, 3)
    alone: list[tuple[float, float]] = []
    busy: list[tuple[float, float]] = []

    def decide() -> None:
        system.access.decide(Approach("bench", (frame,), received_at=system.clock()))

    for _ in range(10):
        decide()
    for turn in range(TURNS):
        alone += [timed(decide) for _ in range(DECISIONS)]
        part = people[turn * 100 : (turn + 1) * 100]
        work = Thread(target=imports.bring, args=(system, part, turn * 100))
        work.start()
        time.sleep(1)  # until it is at work on every engine
        while work.is_alive() and len(busy) < (turn + 1) * DECISIONS:
            busy.append(timed(decide))
        work.join()
    _say(console, "decisions alone", alone)
    _say(console, f"decisions beside an import on {system.recognition.engines} engines", busy)


def _say(console: Console, what: str, took: list[tuple[float, float]]) -> None:
    wall, cpu = np.array(took).T
    console.print(
        f"{what}: median {np.median(wall):.1f} ms, p95 {np.quantile(wall, 0.95):.1f} ms of {len(took)}; "
        f"CPU of the process median {np.median(cpu):.1f} ms; load {os.getloadavg()[0]:.1f}"
    )
