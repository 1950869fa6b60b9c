"""`python -m tests.bench start [OTHER_CHECKOUT]`: what `python -m app serve` costs until it is ready.

Processor time (user and system, of all threads) and wall time from the process's start to the first 200 of `/readyz`,
then of the first decision. Checkouts take turns, so that a noisy neighbour troubles both alike. Compiled Python lies
beside the site's data, and each checkout's first start, which compiles it, does not count.
"""

import argparse
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console

from app.core.people.details import Details
from app.core.types import Role
from app.settings import Settings
from app.wiring import open_system
from tests.adapters.gates.peers import free_port
from tests.bench.ground import ENROLLED, add_gate, frame, jpeg, photo, populate
from tests.waiting import eventually

HERE = Path(__file__).parents[2]
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Start:
    """Milliseconds until ready, and of the first decision after it."""

    cpu: float
    wall: float
    decision_cpu: float
    decision_wall: float


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench start", description=__doc__)
    parser.add_argument("other", type=Path, nargs="?", help="another checkout of this project, such as a git worktree")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args(arguments)
    checkouts = [HERE] if options.other is None else [options.other.resolve(), HERE]
    picture = jpeg(frame())
    console = Console(highlight=False)
    for people in (0, ENROLLED):
        with TemporaryDirectory() as folder:
            data = Path(folder) / "site"
            key = _site(data, people)
            taken: dict[Path, list[Start]] = {checkout: [] for checkout in checkouts}
            for number in range(options.rounds + 1):
                for checkout in checkouts if number % 2 else reversed(checkouts):
                    start = _start(checkout, data, key, picture)
                    if number:
                        taken[checkout].append(start)
            for checkout, starts in taken.items():
                console.print(f"{checkout.name}, {people:,} people: {_in_words(starts)}")


def _site(data: Path, people: int) -> str:
    """Sets up a site with a gate. Returns the gate's key."""
    system = open_system(Settings(data=data, workers=1, replayed_picture="alert"))
    try:
        if people:
            populate(system, people - 1)
            person = system.enrolment.add(Details(number="E-1", name="Real Person"))
            system.enrolment.add_photos(person.id, [photo("obama"), photo("obama2")])
        add_gate(system, "bench")
        secret, _ = system.keys.create(Role.GATE, "bench")
        return secret
    finally:
        system.close()


def _start(checkout: Path, data: Path, key: str, picture: bytes) -> Start:
    port = free_port()
    began_s = time.perf_counter()
    with _service(checkout, data, port) as process:
        eventually(lambda: _ready(port), seconds=60)
        wall_s, cpu_s = time.perf_counter() - began_s, _cpu_s(process.pid)
        asked_s = time.perf_counter()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "image/jpeg"}
        status, answer = _ask(port, "POST", "/v1/gates/bench/decisions", picture, headers)
        decided_s = time.perf_counter() - asked_s
        assert status == HTTPStatus.OK, answer
        return Start(cpu_s * 1000, wall_s * 1000, (_cpu_s(process.pid) - cpu_s) * 1000, decided_s * 1000)


@contextmanager
def _service(checkout: Path, data: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": str(data.parent / "compiled"), "FACEGATE_WORKERS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve", "--data", str(data), "--port", str(port)],
        cwd=checkout,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _ready(port: int) -> bool:
    try:
        return _ask(port, "GET", "/readyz")[0] == HTTPStatus.OK
    except OSError:  # nobody listens yet
        return False


def _ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _cpu_s(process: int) -> float:
    """Seconds of processor time that a process has taken, as the kernel counts them: to 10 ms."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def _in_words(starts: list[Start]) -> str:
    def median(name: str) -> str:
        return f"{np.median([getattr(start, name) for start in starts]):.0f} ms"

    return (
        f"ready after {median('cpu')} of processor time, {median('wall')} on the wall; the first decision "
        f"{median('decision_cpu')} and {median('decision_wall')} (medians of {len(starts)} starts)"
    )
