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

import numpy as np
import uvicorn
from rich.console import Console

from app.core.types import Role
from app.web.app import create_app
from tests.bench.ground import ENROLLED, add_gate, frame, jpeg, service

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


# Another process too, as Entra ID in a run: it looks somebody up, adds, changes and reads them; of four requests two
# write. One connection is kept, and a request waits for the answer to the one before.
SENDER = """
import http.client, itertools, json, sys, time, urllib.parse
port, key, per_s = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
users, patch = "urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:api:messages:2.0:PatchOp"
headers = {"Authorization": "Bearer " + key, "Content-Type": "application/scim+json"}
number, took = itertools.count(1), []
def ask(method, path, body=None):
    began = time.perf_counter()
    connection.request(method, "/scim/v2" + path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    content = answer.read()
    took.append((time.perf_counter() - began) * 1000)
    assert answer.status < 300, content
    return json.loads(content)
for line in sys.stdin:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    start, seconds, sent = time.perf_counter(), float(line), 0
    took.clear()
    while time.perf_counter() - start < seconds:
        name = "user%d@example.org" % next(number)
        change = {"op": "Replace", "path": "displayName", "value": "Another name"}
        for step in range(4):
            time.sleep(max(0.0, start + sent / per_s - time.perf_counter()))
            if step == 0:
                ask("GET", "/Users?" + urllib.parse.urlencode({"filter": 'userName eq "%s"' % name}))
            elif step == 1:
                made = ask("POST", "/Users", {"schemas": [users], "userName": name, "displayName": "A name"})["id"]
            elif step == 2:
                ask("PATCH", "/Users/" + made, {"schemas": [patch], "Operations": [change]})
            else:
                ask("GET", "/Users/" + made)
            sent += 1
    connection.close()
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
        gate, sender = started(GATE, port, gate_key, PER_S), started(SENDER, port, key, SENT_PER_S)
        tell(gate, b"%d\n" % len(data) + data)
        took: dict[bool, list[float]] = {False: [], True: []}
        worked_s = {False: 0.0, True: 0.0}  # processor time of this process
        answers: list[float] = []
        for turn in range(2 * chosen.turns + 1):
            beside, seconds = turn % 2 == 1, 2.0 if turn == 0 else chosen.seconds
            began_s = time.process_time()
            if beside or turn == 0:
                tell(sender, b"%f\n" % seconds)
            tell(gate, b"%f\n" % seconds)
            measured = heard(gate)
            sent = heard(sender) if beside or turn == 0 else []
            if turn:  # the first warms up
                took[beside].extend(measured)
                worked_s[beside] += time.process_time() - began_s
                answers.extend(sent)
        for one in (gate, sender):
            one.communicate()
        server.should_exit = True
        thread.join()
    p50, p95 = ({kind: float(np.percentile(some, q)) for kind, some in took.items()} for q in (50, 95))
    each_ms = (worked_s[True] - worked_s[False]) * 1000 / len(answers)
    console.print(
        f"a decision over HTTP, {PER_S} a second, {ENROLLED} enrolled, {len(took[False])} and {len(took[True])}: alone "
        f"median {p50[False]:.1f} ms, p95 {p95[False]:.1f}; beside {SENT_PER_S} SCIM requests a second median "
        f"{p50[True]:.1f}, p95 {p95[True]:.1f}: ratio of the medians {p50[True] / p50[False]:.3f}, of the p95 "
        f"{p95[True] / p95[False]:.3f} (at most 1.1 wanted); {len(answers)} SCIM requests, median "
        f"{np.median(answers):.1f} ms, p95 {np.percentile(answers, 95):.1f}, {each_ms:.2f} ms of processor time each; "
        f"load {os.getloadavg()[0]:.1f}"
    )


def started(program: str, port: int, key: str, per_s: float) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-c", program, str(port), key, str(per_s)]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def tell(other: "subprocess.Popen[bytes]", words: bytes) -> None:
    assert other.stdin is not None
    other.stdin.write(words)
    other.stdin.flush()


def heard(other: "subprocess.Popen[bytes]") -> list[float]:
    assert other.stdout is not None
    return list(json.loads(other.stdout.readline()))
