"""`python -m tests.bench compare OTHER_CHECKOUT`: a frame to its decision, this version against another in one run.

Each version runs in two processes, each on a database of its own with 10,000 employees. One process is not enough: two
of the same version differed by 13 % for as long as they ran. All take turns of a few decisions, so that a noisy
neighbour troubles all alike; the order within a round changes each time.
"""

import argparse
import http.client
import json
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from rich.console import Console

from tests.bench.ground import frame, jpeg

HERE = Path(__file__).parents[3]
# Runs in either checkout, so it uses only what both have.
SERVICE = """
import json, sys, threading, time
import uvicorn
from app.core.types import Role
from app.services.access.access import Approach
from app.web.app import create_app
from tests.bench.ground import add_gate, service
data = sys.stdin.buffer.read(int(sys.stdin.buffer.readline()))
with service() as system:
    add_gate(system, "bench")
    secret, _ = system.keys.create(Role.GATE, "bench")
    server = uvicorn.Server(uvicorn.Config(create_app(system), port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    print(json.dumps([server.servers[0].sockets[0].getsockname()[1], secret]), flush=True)
    for line in sys.stdin.buffer:
        took = []
        for _ in range(int(line)):
            started = time.perf_counter()
            system.access.decide(Approach("bench", (data,), system.clock()))
            took.append((time.perf_counter() - started) * 1000)
        print(json.dumps(took), flush=True)
    server.should_exit = True
    thread.join()
"""


class Service:
    """One checkout's service in a process of its own, as a context manager."""

    def __init__(self, checkout: Path, data: bytes) -> None:
        self._data = data
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVICE], cwd=checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._tell(f"{len(data)}\n".encode() + data)
        self.over_http: list[float] = []
        self.called: list[float] = []

    def __enter__(self) -> "Service":
        port, key = self._answer()
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "image/jpeg"}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def turn(self, count: int) -> None:
        """So many decisions over HTTP, and as many called directly; both in ms."""
        self._connection.close()  # the service may have, while the other had its turn; the next request connects
        self._connection.connect()
        for _ in range(count):
            started = time.perf_counter()
            self._connection.request("POST", "/v1/gates/bench/decisions", self._data, self._headers)
            answer = json.loads(self._connection.getresponse().read())
            self.over_http.append((time.perf_counter() - started) * 1000)
            assert answer["reason"] == "recognised", answer
        self._tell(f"{count}\n".encode())
        self.called += self._answer()

    def forget(self) -> None:
        self.over_http.clear()
        self.called.clear()

    def _tell(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench compare", description=__doc__)
    parser.add_argument("other", type=Path, help="another checkout of this project, for instance a git worktree")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--batch", type=int, default=5)
    options = parser.parse_args(arguments)
    data = jpeg(frame())
    services = [Service(checkout, data) for checkout in (options.other, HERE, HERE, options.other)]
    with ExitStack() as running:
        for service in services:
            running.enter_context(service)
        for service in services:
            service.turn(20)
            service.forget()
        for number in range(options.rounds):
            for service in services if number % 2 else reversed(services):
                service.turn(options.batch)
    console = Console(highlight=False)
    for name, taken in (
        ("over HTTP", [service.over_http for service in services]),
        ("called directly", [service.called for service in services]),
    ):
        before, after = np.concatenate([taken[0], taken[3]]), np.concatenate([taken[1], taken[2]])
        console.print(
            f"frame to decision, {name}: median {np.median(before):.2f} ms before, {np.median(after):.2f} ms now, best "
            f"decile {np.quantile(before, 0.1):.2f} and {np.quantile(after, 0.1):.2f}; ratio of the medians "
            f"{np.median(after) / np.median(before):.3f}, of the best deciles "
            f"{np.quantile(after, 0.1) / np.quantile(before, 0.1):.3f} ({len(after)} decisions each; at most 1.00 "
            f"wanted); medians of the four processes, before, now, now, before: "
            f"{', '.join(f'{np.median(one):.2f}' for one in taken)}"
        )
