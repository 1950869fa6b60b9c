"""How long the certificate of an erasure takes, in a site of 10,000 people with photos and 100,000 events; and what its
search costs a decision, by turns alone and beside it.

`python -m tests.bench certificates [--events N] [--photo-kb N] [--turns N] [--database postgresql://...]`
"""

import argparse
import os
import random
import time
from collections.abc import Iterator
from threading import Event, Thread

import numpy as np
from rich.console import Console
from rich.progress import track

from app.core.people.records import EmployeeFilter
from app.core.sealing import Sealed, context
from app.core.types import Photo
from app.process.minding import LONG_REST_S
from app.services.access.access import Approach
from app.web.turns import resting
from app.wiring import System, new_id
from tests.bench.decision.retention import fill
from tests.bench.ground import add_gate, frame, jpeg, service, timed

AT_ONCE, DECISIONS, WARM_UP, TOGETHER = 250, 25, 10, 20


def give_photos(system: System, size: int) -> None:
    """One of so many bytes for everybody, with the embedding of a stranger."""
    dice, vectors = random.Random(2), np.random.default_rng(2)
    with system.store.read() as tx:
        people = tx.employees.ids(EmployeeFilter(limit=100_000))
        keys = tx.data_keys.all()

    def batches() -> Iterator[list[Photo]]:
        for start in range(0, len(people), AT_ONCE):
            made = []
            for one in people[start : start + AT_ONCE]:
                image = system.vault.seal(keys[one], dice.randbytes(size), context(Sealed.PHOTO, one))
                vector = vectors.standard_normal(128).astype(np.float32).tobytes()
                embedding = system.vault.seal(keys[one], vector, context(Sealed.EMBEDDING, one))
                made.append(Photo(new_id(), one, image, embedding, "image/jpeg", 0.9, system.clock()))
            yield made

    for photos in track(batches(), "Giving photos", total=-(-len(people) // AT_ONCE)):
        with system.store.write() as tx:
            tx.photos.add(photos)


def main(words: list[str]) -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench certificates")
    options.add_argument("--events", type=int, default=100_000)
    options.add_argument("--photo-kb", type=int, default=50)
    options.add_argument("--turns", type=int, default=10)
    options.add_argument("--database", default=None)
    chosen, console, data = options.parse_args(words), Console(highlight=False), jpeg(frame())
    more = {"database_url": chosen.database} if chosen.database else {}
    with service(**more) as system:
        add_gate(system, "bench-now")
        fill(system, chosen.events)
        give_photos(system, chosen.photo_kb * 1000)
        with system.store.read() as tx:
            people = tx.employees.ids(EmployeeFilter(limit=1000))
        some = iter([one for one in people if system.enrolment.get(one).number != "E-1"])
        console.print(f"{len(people)}+ people, {chosen.events} events; load {os.getloadavg()[0]:.1f}")
        for count in (1, TOGETHER):
            erased = [timed(lambda: system.erasure.erase(next(some)))[0] for _ in range(count)]
            wall, cpu = timed(system.certificates.make)
            documents = [one.document or {} for one in system.certificates.all(count)]
            assert not any(one["left"] for one in documents), [one["left"] for one in documents]
            document = documents[0]
            read = sum(one["size"] for one in document["places"] if one["place"] in ("database", "files", "imports"))
            console.print(
                f"erasing {count}: median {np.median(erased):.0f} ms each; the search after it, all together: "
                f"{wall / 1000:.1f} s ({cpu / 1000:.1f} s of processor time) for {read / 1e6:.0f} MB"
            )
        beside(system, data, some, chosen.turns, console)


def beside(system: System, data: bytes, some: Iterator[str], turns: int, console: Console) -> None:
    """Decisions by turns alone, and while one search follows the other."""
    going, stop, made = Event(), Event(), [0]

    def work() -> None:
        rest = resting(LONG_REST_S)

        def rest_or_wait() -> None:
            rest()
            going.wait()

        while not stop.is_set():
            going.wait()
            system.erasure.erase(next(some))
            made[0] += system.certificates.make(rest_or_wait, stop.is_set)

    def decide() -> None:
        assert system.access.decide(Approach("bench-now", (data,), system.clock())).opens

    for _ in range(WARM_UP):
        decide()
    thread = Thread(target=work)
    thread.start()
    took: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(turns):
        for during in (False, True) if turn % 2 else (True, False):
            (going.set if during else going.clear)()
            time.sleep(0.05)
            took[during] += [timed(decide)[0] for _ in range(DECISIONS)]
    stop.set()
    going.set()
    thread.join()
    p50, p95 = ({kind: float(np.percentile(some, q)) for kind, some in took.items()} for q in (50, 95))
    console.print(
        f"{len(took[False])} decisions alone: median {p50[False]:.1f} ms, p95 {p95[False]:.1f}; {len(took[True])} "
        f"beside searches ({made[0]} certificates): median {p50[True]:.1f}, p95 {p95[True]:.1f}; ratio of the medians "
        f"{p50[True] / p50[False]:.2f}, of the p95 {p95[True] / p95[False]:.2f}; load {os.getloadavg()[0]:.1f}"
    )
