"""What HTTP adds to a decision: a client's round trip from another process, against the same decision called directly.

Both are taken in turns of 50 in one run, so that a noisy neighbour troubles both alike.
"""

import json
import subprocess
import sys
import threading
import time

import numpy as np
import uvicorn
from rich.console import Console

from app.core.types import Role
from app.services.access.access import Approach
from app.web.app import create_app
from tests.bench.ground import add_gate, frame, jpeg, service, timed

TURNS = 6
BATCH = 50

# Standard library only: what is measured is the service, not a client library.
CLIENT = """
import http.client, json, sys, time
port, key, batch = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
size = int(sys.stdin.buffer.readline())
data = sys.stdin.buffer.read(size)
connection = http.client.HTTPConnection("127.0.0.1", port)
headers = {"Authorization": "Bearer " + key, "Content-Type": "image/jpeg"}
for line in sys.stdin.buffer:
    took = []
    for _ in range(batch):
        started = time.perf_counter()
        connection.request("POST", "/v1/gates/bench/decisions", data, headers)
        answer = json.loads(connection.getresponse().read())
        took.append((time.perf_counter() - started) * 1000)
        assert answer["reason"] == "recognised", answer
    print(json.dumps(took), flush=True)
"""


def measure(console: Console) -> None:
    with service() as system:
        add_gate(system, "bench")
        secret, _ = system.keys.create(Role.GATE, "bench")
        server = uvicorn.Server(uvicorn.Config(create_app(system), port=0, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        data = jpeg(frame())
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(port), secret, str(BATCH)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert client.stdin is not None and client.stdout is not None
        over_http: list[float] = []
        direct: list[float] = []
        try:
            client.stdin.write(f"{len(data)}\n".encode() + data)
            for turn in range(TURNS + 1):
                client.stdin.write(b"go\n")
                client.stdin.flush()
                batch = json.loads(client.stdout.readline())
                alone = [
                    timed(lambda: system.access.decide(Approach("bench", (data,), system.clock())))[0]
                    for _ in range(BATCH)
                ]
                if turn:  # the first turn warms up
                    over_http += batch
                    direct += alone
        finally:
            client.stdin.close()
            client.wait()
            server.should_exit = True
            thread.join()
    added = float(np.median(over_http) - np.median(direct))
    console.print(
        f"HTTP: round trip {np.median(over_http):.2f} ms, called directly {np.median(direct):.2f} ms, "
        f"on top {added:.2f} ms (medians of {len(direct)} each; at most 3 wanted)"
    )
