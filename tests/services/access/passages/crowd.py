"""A crowd at the gates of one zone, as a process of its own: `python -m tests.services.access.passages.crowd URL SEED
ATTEMPTS` makes so many attempts in several threads, and prints a line `person event` for each opening.
"""

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import combinations, count
from pathlib import Path

import numpy as np
from ulid import ULID

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.core.types import Vector
from tests.fakes import DIMENSION, Clock, photo
from tests.services.process import Process

MASTER = bytes(range(32))
GATES = ("north", "east", "south", "west")
THREADS = 8
SHARED_CLOCK = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # nothing lapses while the crowd is at it


def faces(most: int) -> Iterator[Vector]:
    """Different people: no two are more than half alike."""
    for number, (one, other) in zip(count(), combinations(range(DIMENSION), 2), strict=False):
        if number == most:
            return
        vector = np.zeros(DIMENSION, np.float32)
        vector[[one, other]] = np.sqrt(0.5)
        yield vector


def open_process(url: str, folder: Path) -> Process:
    return Process(url, Vault(MASTER), Ed25519Signer(MASTER), Clock(SHARED_CLOCK), folder, new_id=lambda: str(ULID()))


def main(url: str, seed: int, attempts: int, people: int) -> None:
    process = open_process(url, Path())
    draw, looks_like = random.Random(seed), list(faces(people))
    wanted = [(draw.randrange(people), draw.choice(GATES)) for _ in range(attempts)]

    def attempt(one: tuple[int, str]) -> str:
        who, gate = one
        answer = process.decide(photo(looks_like[who], note=str(ULID())), gate=gate)
        return f"{who} {answer.id}" if answer.opens else ""

    with ThreadPoolExecutor(THREADS) as pool:
        sys.stdout.write("\n".join(filter(None, pool.map(attempt, wanted))))
    process.store.close()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
