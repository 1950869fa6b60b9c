"""What people who watch live cost a decision, and how soon they see it: 50 open streams, or none, in one run.

`python -m tests.bench live [--watchers N] [--turns N]`
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import uvicorn
from rich.console import Console

from app.core.types import Role
from app.services.access.access import Approach
from app.web.app import create_app
from tests.bench.ground import frame, jpeg, service, timed

BATCH = 25

# Standard library only, in a process of its own: as browsers are.
CLIENT = """
import json, selectors, socket, sys, time
port, key, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
request = f"GET /v1/events/stream HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer {key}\\r\\n\\r\\n".encode()
chosen = selectors.DefaultSelector()
for number in range(count):
    one = socket.create_connection(("127.0.0.1", port))
    one.sendall(request)
    chosen.register(one, selectors.EVENT_READ, number)
seen = 0
print("open", flush=True)
while True:
    for ready, _ in chosen.select():
        data = ready.fileobj.recv(65536)
        if not data:
            sys.exit()
        seen += data.count(b"event: decision")
        if ready.data == 0 and b"event: decision" in data:
            for line in data.decode(errors="replace").splitlines():
                if line.startswith("id: "):
                    print(json.dumps([line[4:], time.time()]), flush=True)
"""


def measure(watchers: int, turns: int, say: Console) -> None:
    with service() as system:
        system.gates.add("bench")
        secret, _ = system.keys.create(Role.SECURITY)
        server = uvicorn.Server(uvicorn.Config(create_app(system), port=0, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        data = jpeg(frame())
        decided: dict[str, float] = {}

        def decide() -> None:
            answer = system.access.decide(Approach("bench", (data,), system.clock()))
            decided[answer.id] = time.time()

        took: dict[bool, list[float]] = {True: [], False: []}
        late: list[float] = []
        try:
            for turn in range(turns + 1):
                for watched in (False, True):
                    client = start(port, secret, watchers) if watched else None
                    batch = [timed(decide)[0] for _ in range(BATCH)]
                    if client is not None:
                        time.sleep(0.5)
                        late += delays(client, decided)
                    if turn:  # the first turn warms up
                        took[watched] += batch
        finally:
            app: Any = server.config.app
            app.state.streams.close()
            server.should_exit = True
            thread.join()
    alone, with_them = np.median(took[False]), np.median(took[True])
    say.print(
        f"a decision: alone {alone:.2f} ms, with {watchers} watching {with_them:.2f} ms (medians of "
        f"{len(took[False])} each, in turns of {BATCH}): ratio {with_them / alone:.3f} (under 1.05 wanted); "
        f"load {os.getloadavg()[0]:.1f}"
    )
    say.print(
        f"decision to a watcher's socket: median {np.median(late) * 1000:.0f} ms, p95 "
        f"{np.percentile(late, 95) * 1000:.0f}, worst {max(late) * 1000:.0f} of {len(late)} (under 300 wanted)"
    )


def start(port: int, secret: str, watchers: int) -> "subprocess.Popen[str]":
    words = [sys.executable, "-c", CLIENT, str(port), secret, str(watchers)]
    client = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None and client.stdout.readline() == "open\n"
    time.sleep(0.5)  # until each has caught up
    return client


def delays(client: "subprocess.Popen[str]", decided: dict[str, float]) -> list[float]:
    """Seconds from the answer to the first watcher's socket."""
    client.terminate()
    told, _ = client.communicate()
    heard = [json.loads(line) for line in told.splitlines()]
    return [at - decided[event_id] for event_id, at in heard if event_id in decided]


def main(words: list[str]) -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench live")
    options.add_argument("--watchers", type=int, default=50)
    options.add_argument("--turns", type=int, default=8)
    chosen = options.parse_args(words)
    measure(chosen.watchers, chosen.turns, Console(highlight=False))
