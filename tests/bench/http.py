"""What HTTP adds to a decision: the round trip of a real client to a real server, less what the service says it took."""

import threading
import time

import httpx
import numpy as np
import uvicorn
from rich.console import Console

from app.core.types import Role
from app.web.app import create_app
from tests.bench.ground import frame, jpeg, service

ROUNDS = 200


def measure(console: Console) -> None:
    with service() as system:
        system.gates.add("bench")
        secret, _ = system.keys.create(Role.GATE, "bench")
        server = uvicorn.Server(uvicorn.Config(create_app(system), port=0, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        data = jpeg(frame())
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "image/jpeg"}
        added = []
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
                for i in range(ROUNDS + 20):
                    started = time.perf_counter()
                    answer = client.post("/v1/gates/bench/decisions", content=data).json()
                    if i >= 20:
                        added.append((time.perf_counter() - started) * 1000 - answer["took_ms"])
        finally:
            server.should_exit = True
            thread.join()
    console.print(
        f"HTTP and the commit on top of `took_ms`: median {np.median(added):.2f} ms, "
        f"p95 {np.quantile(added, 0.95):.2f}, {ROUNDS} requests, client and server in one process (at most 3 wanted)"
    )
