"""`python -m tests.bench overload`: useful decisions a second when more is asked than can be answered.

The service runs as it is served, in this process. Gates in another process ask as fast as they are answered, for
the peak, and then at random times (Poisson), whether or not the one before was answered: at half of the peak and at
double. They take turns, so that a noisy neighbour troubles all alike. A decision is useful if it is answered by
"recognised" while its picture is fresh.
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from collections import Counter

import numpy as np
import uvicorn
from rich.console import Console

from app.core.types import Role
from app.web.app import create_app
from app.web.edge.patience import IDLE_S, Backlog, ImpatientProtocol, Places
from tests.bench.ground import add_gate, frame, jpeg, service

GATES = 24  # each may have eight requests at once
FRESH_S = 2.0

# Standard library only, on connections that stay open, so that the client takes little of the service's cores.
CLIENT = """
import asyncio, json, random, sys, time
port, keys = int(sys.argv[1]), sys.argv[2].split(",")
data = sys.stdin.buffer.read(int(sys.stdin.buffer.readline()))
number = int(time.time()) % 10000 * 10000
idle = [[] for _ in keys]

async def ask(gate):
    global number
    number += 1
    body = data[:2] + bytes.fromhex("fffe000a") + b"%08d" % number + data[2:]
    head = (f"POST /v1/gates/g{gate}/decisions HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer {keys[gate]}\\r\\n"
            f"Content-Type: image/jpeg\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n").encode()
    began = time.perf_counter()
    try:
        reader, writer = idle[gate].pop() if idle[gate] else await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + body)
        status = int((await reader.readline()).split()[1])
        length = 0
        while (line := await reader.readline()) not in (b"\\r\\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        answer = json.loads(await reader.readexactly(length) or b"{}")
        idle[gate].append((reader, writer))
    except (OSError, IndexError, ValueError, asyncio.IncompleteReadError):
        status, answer = 0, {}
    return time.perf_counter() - began, status, answer.get("reason") or answer.get("code") or ""

async def closed(seconds, at_once):
    until, found = time.perf_counter() + seconds, []
    async def one(gate):
        while time.perf_counter() < until:
            found.append(await ask(gate))
    await asyncio.gather(*(one(i) for i in range(at_once)))
    return found

async def opened(seconds, rate):
    running, until = [], time.perf_counter() + seconds
    at = time.perf_counter()
    while at < until:
        await asyncio.sleep(max(0, at - time.perf_counter()))
        running.append(asyncio.create_task(ask(random.randrange(len(keys)))))
        at += random.expovariate(rate)
    return await asyncio.gather(*running)

async def main():
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.buffer.readline):
        kind, seconds, number = json.loads(line)
        print(json.dumps(await (closed if kind == "closed" else opened)(seconds, number)), flush=True)

asyncio.run(main())
"""


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench overload", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of one turn")
    parser.add_argument("--turns", type=int, default=6)
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    with service(workers=0) as system:
        keys = []
        for number in range(GATES):
            gate = add_gate(system, f"g{number}")
            keys.append(system.keys.create(Role.GATE, gate.name)[0])

        class Protocol(ImpatientProtocol):
            waiting, places = Backlog(), Places()

        config = uvicorn.Config(
            create_app(system), port=0, log_config=None, access_log=False, http=Protocol, timeout_keep_alive=IDLE_S
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(port), ",".join(keys)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert client.stdin is not None and client.stdout is not None
        data = jpeg(frame())
        client.stdin.write(f"{len(data)}\n".encode() + data)

        def asked(kind: str, seconds: float, number: float) -> tuple[float, list[tuple[float, int, str]]]:
            """Useful decisions a second, and every answer: seconds, status, reason or code."""
            assert client.stdin is not None and client.stdout is not None
            client.stdin.write(json.dumps([kind, seconds, number]).encode() + b"\n")
            client.stdin.flush()
            found = json.loads(client.stdout.readline())
            useful = sum(reason == "recognised" and took < FRESH_S for took, _, reason in found)
            return useful / seconds, found

        try:
            asked("closed", 3, 2)
            names = ("peak", "half", "double")
            useful: dict[str, list[float]] = {name: [] for name in names}
            every: dict[str, list[tuple[float, int, str]]] = {name: [] for name in names}
            for _ in range(options.turns):
                for name in names:
                    rate = {"half": 0.5, "double": 2.0}.get(name, 0) * float(np.mean(useful["peak"] or [0]))
                    good, found = asked("open", options.seconds, rate) if rate else asked("closed", options.seconds, 6)
                    useful[name].append(good)
                    every[name] += found
            peak = float(np.mean(useful["peak"]))
            for name in names:
                took = [1000 * one[0] for one in every[name] if one[2] == "recognised"] or [0.0]
                others = Counter(one[2] or str(one[1]) for one in every[name] if one[2] != "recognised")
                console.print(
                    f"{name}: asked {len(every[name]) / options.seconds / options.turns:.1f} a second, "
                    f"{np.mean(useful[name]):.1f} useful, {np.mean(useful[name]) / peak:.2f} of the peak; "
                    f"p50 {np.median(took):.0f} ms, p99 {np.quantile(took, 0.99):.0f}; {dict(others)}"
                )
        finally:
            client.stdin.close()
            client.wait()
            server.should_exit = True
            thread.join()
