"""Decisions beside a directory that sends people over SCIM: 10 a second alone and beside its 25 requests a second.

`python -m tests.bench scim [--turns N] [--seconds S]`
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from itertools import count

import httpx
import numpy as np
import uvicorn
from rich.console import Console

from app.core.types import Role
from app.web.app import create_app
from tests.bench.ground import ENROLLED, add_gate, frame, jpeg, service

USERS = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PER_S, SENT_PER_S = 10, 25

# Another process, as gate hardware is: decisions at their times, whether the last was answered or not.
GATE = """
import http.client, json, sys, threading, time
port, key, per_s = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
data = sys.stdin.buffer.read(int(sys.stdin.buffer.readline()))
headers = {"Authorization": "Bearer " + key, "Content-Type": "image/jpeg"}
for line in sys.stdin.buffer:
    took, threads = [], []
    def one():
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/v1/gates/bench/decisions", data, headers)
        answer = json.loads(connection.getresponse().read())
        took.append((time.perf_counter() - began) * 1000)
        assert answer["reason"] == "recognised", answer
        connection.close()
    start = time.perf_counter()
    for n in range(int(float(line) * per_s)):
        time.sleep(max(0, start + n / per_s - time.perf_counter()))
        threads.append(threading.Thread(target=one)); threads[-1].start()
    for thread in threads: thread.join()
    print(json.dumps(took), flush=True)
"""


def main(words: list[str]) -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench scim")
    options.add_argument("--turns", type=int, default=6)
    options.add_argument("--seconds", type=float, default=10)
    chosen = options.parse_args(words)
    console = Console(highlight=False)
    with service() as system:
        add_gate(system, "bench")
        gate_key, _ = system.keys.create(Role.GATE, "bench")
        directory = system.directories.add("bench")
        key, _ = system.keys.create(Role.DIRECTORY, directory_id=directory.id)
        server = uvicorn.Server(uvicorn.Config(create_app(system), port=0, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        data = jpeg(frame())
        gate = subprocess.Popen(
            [sys.executable, "-c", GATE, str(port), gate_key, str(PER_S)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert gate.stdin is not None and gate.stdout is not None
        gate.stdin.write(b"%d\n" % len(data) + data)
        took: dict[bool, list[float]] = {False: [], True: []}
        answers: list[float] = []
        for turn in range(2 * chosen.turns + 1):
            beside, stop = turn % 2 == 1, threading.Event()
            sender = threading.Thread(target=send, args=(port, key, stop, answers))
            if beside:
                sender.start()
            gate.stdin.write(b"%f\n" % (2.0 if turn == 0 else chosen.seconds))
            gate.stdin.flush()
            measured = json.loads(gate.stdout.readline())
            stop.set()
            if beside:
                sender.join()
            if turn:  # the first warms up
                took[beside].extend(measured)
        gate.stdin.close()
        gate.wait()
        server.should_exit = True
        thread.join()
    p50, p95 = ({kind: float(np.percentile(some, q)) for kind, some in took.items()} for q in (50, 95))
    console.print(
        f"a decision over HTTP, {PER_S} a second, {ENROLLED} enrolled, {len(took[False])} and {len(took[True])}: alone "
        f"median {p50[False]:.1f} ms, p95 {p95[False]:.1f}; beside {SENT_PER_S} SCIM requests a second median "
        f"{p50[True]:.1f}, p95 {p95[True]:.1f}: ratio of the p95 {p95[True] / p95[False]:.3f} (at most 1.1 wanted); "
        f"{len(answers)} SCIM requests, median {np.median(answers):.1f} ms, p95 {np.percentile(answers, 95):.1f}; load "
        f"{os.getloadavg()[0]:.1f}"
    )


_numbers = count(1)


def send(port: int, key: str, stop: threading.Event, answers: list[float]) -> None:
    """What Entra ID does in a run: looks somebody up, adds them, changes them, reads them; of four one writes anew."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/scim/v2", headers=headers, trust_env=False) as client:
        start, sent = time.perf_counter(), 0
        while not stop.is_set():
            name = f"user{next(_numbers)}@example.org"
            made = ""
            for step in range(4):
                time.sleep(max(0.0, start + sent / SENT_PER_S - time.perf_counter()))
                began = time.perf_counter()
                if step == 0:
                    answer = client.get("/Users", params={"filter": f'userName eq "{name}"'})
                elif step == 1:
                    answer = client.post("/Users", json={"schemas": [USERS], "userName": name, "displayName": "A name"})
                    made = answer.json()["id"]
                elif step == 2:
                    change = {"op": "Replace", "path": "displayName", "value": "Another name"}
                    answer = client.patch(f"/Users/{made}", json={"schemas": [PATCH], "Operations": [change]})
                else:
                    answer = client.get(f"/Users/{made}")
                answers.append((time.perf_counter() - began) * 1000)
                assert answer.status_code < 300, answer.text
                sent += 1
