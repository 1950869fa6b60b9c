"""Two 1080p cameras at 15 fps before one process: does it keep up, how late are its answers, and what takes the time.

The cameras are servers in processes of their own that send what was encoded before; people are in view half of the
time, at both at once. Latency counts from when a picture's last byte was received to the end of the frame's work.
"""

import argparse
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from app.adapters.cameras.decode import pictures
from app.adapters.cameras.mailbox import Mailbox
from app.core.approach.tries import Region
from app.core.people.details import Details
from app.demo.film.cast import EMPLOYEES, photo_bytes
from app.services.access.approaches import Approaches
from app.services.access.decision_service import DecisionService
from app.services.cameras.camera_list import Address
from app.services.recognition.recognition import Engine
from app.settings import default_cache, read_settings
from app.wiring import System, open_system
from app.wiring.watching import supervisor
from app.worker.supervisor import WatchedCamera
from tests.bench import clip
from tests.bench.ground import add_gate
from tests.bench.rtsp import Camera

SIZE = (1920, 1080)
WANTED_MS = 250
SETTLE_S = 5.0
MJPEG = Path(__file__).parents[1] / "e2e" / "mjpeg_camera.py"


class Stages:
    """Where the time goes: milliseconds on the wall and of the thread's CPU, by stage.

    Inference works in threads of its own, so of `detect`, `refine` and `embed` the CPU is more than what stands here.
    """

    def __init__(self) -> None:
        self.spent: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(work)
        def measured(*args: Any, **kwargs: Any) -> Any:
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return work(*args, **kwargs)
            finally:
                took = (time.perf_counter() - wall) * 1000, (time.thread_time() - cpu) * 1000
                self.spent[name].append(took)

        return measured


class Timed:
    """Another object, one of whose methods are measured."""

    def __init__(self, inner: Any, stages: Stages, **names: str) -> None:
        self._inner = inner
        for method, name in names.items():
            setattr(self, method, stages.timed(name, getattr(inner, method)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@contextmanager
def measuring(system: System, stages: Stages) -> Iterator[None]:
    """Every stage is measured inside the block."""
    recognition: Any = system.recognition
    engines = [recognition._pool._idle.pop() for _ in range(recognition.engines)]
    for engine in engines:
        detector: Any = Timed(engine.detector, stages, detect="detect", refine="refine landmarks")
        embedder: Any = Timed(engine.embedder, stages, embed="embed")
        judge: Any = engine.liveness and Timed(engine.liveness, stages, score="liveness")
        recognition._pool._idle.append(Engine(detector, embedder, judge))
    with ExitStack() as patches:
        for owner, method, name in (
            (recognition, "_align", "warp"),
            (Mailbox, "_put", "compare with the last"),
            (DecisionService, "evidence", "search and weigh"),
            (DecisionService, "record", "record"),
            (Approaches, "frame", "track and decide (with search and record)"),
        ):
            patches.enter_context(mock.patch.object(owner, method, stages.timed(name, getattr(owner, method))))
        decode = stages.timed("decode", lambda packet: list(pictures(packet)))
        patches.enter_context(mock.patch("app.adapters.cameras.live.pictures", decode))
        yield


@contextmanager
def cameras(codec: str, folder: Path) -> Iterator[tuple[list[str], list[psutil.Process]]]:
    """The addresses of two cameras, and their processes."""
    packets = clip.encode(clip.walk_ups(SIZE), "libx264" if codec == "h264" else "mjpeg")
    with ExitStack() as running:
        if codec == "h264":
            file = clip.write(folder / "main.h264", packets)
            both = [running.enter_context(Camera({"main": file})) for _ in range(2)]
            yield [f"rtsp://127.0.0.1:{c.port}/stream" for c in both], [psutil.Process(c.pid) for c in both]
            return
        for i, (data, _) in enumerate(packets):
            (folder / f"{i:04}.jpg").write_bytes(data)
        ports, processes = [], []
        for _ in range(2):
            command = [sys.executable, str(MJPEG), "127.0.0.1", "0", str(clip.FPS), str(folder)]
            process = running.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            running.callback(process.kill)
            assert process.stdout is not None
            ports.append(process.stdout.readline().strip())
            processes.append(psutil.Process(process.pid))
        yield [f"http://127.0.0.1:{port}/" for port in ports], processes


@contextmanager
def service(folder: Path, addresses: Sequence[str]) -> Iterator[System]:
    """On a disk, with the demo's employees, and a gate for each camera."""
    system = open_system(read_settings(folder / "data"))
    try:
        for person in EMPLOYEES:
            employee = system.enrolment.add(Details(number=person.number, name=person.name))
            system.enrolment.add_photos(employee.id, [photo_bytes(p, default_cache()) for p in person.enrolled_with])
        for i, address in enumerate(addresses, 1):
            add_gate(system, f"gate-{i}")
            system.cameras.add(f"camera-{i}", f"gate-{i}", Address(address, local=True), Region())
        yield system
    finally:
        system.close()


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def measure(codec: str, seconds: float, console: Console) -> None:
    stages = Stages()
    by_faces: dict[bool, list[float]] = {True: [], False: []}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        addresses, servers = stack.enter_context(cameras(codec, folder))
        system = stack.enter_context(service(folder, addresses))
        stack.enter_context(measuring(system, stages))
        system.gate_control.start()
        watching = supervisor(system)
        stack.callback(watching.stop)
        watching.start()
        deadline = time.monotonic() + 30
        while len(running := watching.watched()) < 2 or not all(p.health and p.health.well for p in running):
            assert time.monotonic() < deadline, "the cameras do not come"
            time.sleep(0.1)
        for watched in running:
            _split(watched, by_faces)
        time.sleep(SETTLE_S)
        stages.spent.clear()
        for values in by_faces.values():
            values.clear()
        others = psutil.cpu_times()
        own, theirs = cpu_s(psutil.Process()), sum(map(cpu_s, servers))
        before, began = [_counts(watched) for watched in running], time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        counts = [[b - a for a, b in zip(x, _counts(p), strict=True)] for x, p in zip(before, running, strict=True)]
        own, theirs = cpu_s(psutil.Process()) - own, sum(map(cpu_s, servers)) - theirs
        after = psutil.cpu_times()
        busy = sum(getattr(after, k) - getattr(others, k) for k in ("user", "nice", "system"))
        rest = max(0.0, busy - own - theirs)
    console.print(
        f"{codec}, two cameras of {SIZE[0]} x {SIZE[1]} at {clip.FPS} fps, {took:.0f} s, {os.cpu_count()} cores:"
    )
    for watched, row in zip(running, counts, strict=True):
        received, dropped, frames, skipped, late, faults = row
        console.print(
            f"  {watched.camera.name}: received {received} ({received / took:.1f} a second), seen {frames}, skipped "
            f"with nobody in view {skipped}, dropped as an older one {dropped}, no engine free {late}, faults {faults}"
        )
    for label, values in (("all", [*by_faces[True], *by_faces[False]]), ("somebody in view", by_faces[True])):
        p50, p95 = np.quantile(values, [0.5, 0.95])
        console.print(
            f"  latency, {label}: median {p50:.0f} ms, p95 {p95:.0f} (under {WANTED_MS} wanted), "
            f"most {max(values):.0f}, {len(values)} frames"
        )
    console.print(
        f"  CPU: {own / took:.2f} cores, the cameras' servers {theirs / took:.2f}, whatever else ran on the machine "
        f"{rest / took:.2f}; load {os.getloadavg()[0]:.2f}"
    )
    table = Table("stage", "times a second", "median ms", "p95 ms", "own CPU ms (mean)", "own cores")
    for name, spent in sorted(stages.spent.items(), key=lambda item: -sum(cpu for _, cpu in item[1])):
        wall, cpu = np.array(spent).T
        table.add_row(
            name,
            f"{len(wall) / took:.1f}",
            f"{np.median(wall):.2f}",
            f"{np.quantile(wall, 0.95):.2f}",
            f"{cpu.mean():.2f}",
            f"{cpu.sum() / 1000 / took:.3f}",
        )
    console.print(table)


def _counts(watched: WatchedCamera) -> list[int]:
    tally, mailbox = watched.loop.tally, watched.mailbox
    assert isinstance(mailbox, Mailbox)
    return [mailbox.received, mailbox.dropped, tally.frames, tally.skipped, tally.busy, tally.faults]


def _split(watched: WatchedCamera, by_faces: dict[bool, list[float]]) -> None:
    """Keeps each frame's latency apart, by whether anybody is in view."""
    loop: Any = watched.loop
    frame = loop._frame

    def kept(*args: Any, **kwargs: Any) -> None:
        frame(*args, **kwargs)
        by_faces[loop.watch.busy()].append(loop.tally.latency_ms[-1])

    loop._frame = kept


def main(words: Sequence[str]) -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench cameras")
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--codec", choices=["h264", "mjpeg", "both"], default="both")
    given = options.parse_args(words)
    console = Console(highlight=False, width=150)
    for codec in ("h264", "mjpeg") if given.codec == "both" else (given.codec,):
        measure(codec, given.seconds, console)
