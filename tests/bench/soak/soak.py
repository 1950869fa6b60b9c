"""The real service before one RTSP camera for an hour, with a fault every minute: what it notices, and what it leaks.

Each fault has to be named within 5 s, be over without help, and decisions have to flow again. The first and the last
minutes have no fault. Memory, threads and open files are sampled all the while; `soak_verdict` says what is a leak.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from rich.console import Console

from app.core.approach.tries import Region
from app.demo.film.cast import EMPLOYEES
from app.services.cameras.camera_list import Address
from app.settings import read_settings
from app.wiring import open_backbone
from tests.bench.rtsp import Camera, Line, clips
from tests.bench.soak.soak_report import FLOWS_S, Sample, Story, report
from tests.bench.soak.soak_verdict import verdicts
from tests.e2e.server import GATE, Server, Site

FAULT_S = 12.0
QUIET_S = 300.0
TICK_S = 0.25
SAMPLE_S = 10.0
STALE_S = 3.0  # the greatest age of a frame that opens, and a second for the way to the log
NAMED = {"dead", "frozen", "black", "slow", "wrong_size"}


@dataclass(frozen=True)
class Fault:
    name: str
    begin: Callable[[], None]
    end: Callable[[], None]
    expected: frozenset[str]


class Watcher:
    """Looks at the service as an admin would, four times a second, and at its process every ten seconds."""

    def __init__(self, site: Site, server: Server) -> None:
        self._server = server
        self._process = psutil.Process(server.process.pid)
        self._office = open_backbone(read_settings(site.data))
        self._began = self._sampled = time.monotonic()
        self.samples: list[Sample] = []
        self.events: dict[str, dict[str, object]] = {}
        self.state = ""

    def tick(self) -> None:
        time.sleep(TICK_S)
        assert self._server.process.poll() is None, self._server.printed()[-5000:]
        self.state = str(self._server.get("/v1/cameras")["items"][0]["state"])
        for event in self._server.get("/v1/events", limit=10)["items"]:
            self.events.setdefault(event["decision_id"], event)
        now = time.monotonic()
        if now - self._sampled >= SAMPLE_S:
            self._sampled = now
            with self._process.oneshot():
                times = self._process.cpu_times()
                heap, arenas = self._allocated()
                self.samples.append(
                    Sample(
                        round(now - self._began, 1),
                        self._process.memory_info().rss / 2**20,
                        self._process.num_threads(),
                        self._process.num_fds(),
                        times.user + times.system,
                        heap,
                        arenas,
                    )
                )

    def _allocated(self) -> tuple[float, float]:
        """MB resident in the allocator's heap, and in its arenas for threads, which begin at multiples of 64 MB."""
        maps = self._process.memory_maps(grouped=False)
        heap = sum(m.rss for m in maps if m.path == "[heap]")
        arenas = sum(m.rss for m in maps if m.path == "[anon]" and int(m.addr.split("-")[0], 16) % (64 << 20) == 0)
        return heap / 2**20, arenas / 2**20

    def wait(self, seconds: float) -> None:
        """Without a fault."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.tick()

    def alerts(self) -> set[str]:
        with self._office.store.read() as tx:
            return {str(alert.kind.value) for alert in tx.alerts.uncleared()}

    def close(self) -> None:
        self._office.close()


def tell(watcher: Watcher, fault: Fault, lasting_s: float, minute_ends: float) -> Story:
    """Lets the fault happen and waits until the minute is over."""
    story = Story(fault.name, datetime.now(UTC).isoformat(timespec="seconds"))
    began = time.monotonic()
    fault.begin()
    while (now := time.monotonic()) < began + lasting_s:
        watcher.tick()
        after = round(time.monotonic() - began, 2)
        if watcher.state not in story.states:
            story.states.append(watcher.state)
            story.states_s.append(after)
        if watcher.state != "working" and story.noticed_s is None:
            story.noticed_s = after
        if watcher.state in NAMED and story.named_s is None:
            story.named_s = after
        if story.alert_s is None and watcher.alerts():
            story.alert_s = after
        if now - began < STALE_S:
            known = set(watcher.events)
    fresh = [e for i, e in watcher.events.items() if i not in known]
    if fault.name != "size":
        story.opened_stale = sum(e["decision"] == "open" for e in fresh)
    story.expected = bool(fault.expected & set(story.states))
    fault.end()
    ended = time.monotonic()
    known = set(watcher.events)
    while time.monotonic() < minute_ends or (story.flows_s is None and time.monotonic() < ended + FLOWS_S):
        watcher.tick()
        after = round(time.monotonic() - ended, 2)
        if watcher.state == "working" and story.recovered_s is None:
            story.recovered_s = after
        if story.flows_s is None and set(watcher.events) - known:
            story.flows_s = after
    story.cleared = not watcher.alerts()
    return story


def faults(camera: Camera, line: Line) -> list[Fault]:
    def play(name: str) -> Callable[[], None]:
        return lambda: camera.play(name)

    main = play("main")

    def start_again() -> None:
        camera.plug_in()

    return [
        Fault("kill", camera.unplug, start_again, frozenset({"dead"})),
        Fault("freeze", play("frozen"), main, frozenset({"frozen"})),
        Fault("garbage", lambda: line.spoil(True), lambda: line.spoil(False), frozenset({"dead"})),
        Fault("size", play("small"), main, frozenset({"wrong_size"})),
        Fault("black", play("black"), main, frozenset({"black"})),
        Fault("stop", camera.pause, camera.resume, frozenset({"dead"})),
        Fault("spoilt", play("spoilt"), main, NAMED_BY_SPOILT),
    ]


# Pictures that cannot be decoded, or that a decoder makes something of: whatever it is, it is not well.
NAMED_BY_SPOILT = frozenset({"dead", "frozen", "black", "slow"})


@contextmanager
def watched(folder: Path) -> Iterator[tuple[Watcher, Camera, Line, Server]]:
    """The service, with three employees, before the camera."""
    with ExitStack() as stack:
        camera = stack.enter_context(Camera(clips(folder)))
        line = stack.enter_context(Line(camera.port))
        site = Site.make(folder / "data")
        server = Server(site).ready()
        try:
            for person in EMPLOYEES:
                employee = server.employ(person.number, person.name)
                assert any(result["accepted"] for result in server.photograph(employee, *person.enrolled_with))
            office = open_backbone(read_settings(site.data))
            # A camera on the loopback is one that the API refuses.
            office.cameras.add("soak", GATE, Address(f"rtsp://127.0.0.1:{line.port}/stream", local=True), Region())
            office.close()
            watcher = Watcher(site, server)
            stack.callback(watcher.close)
            yield watcher, camera, line, server
            code = server.stop()
            assert code == 0, server.printed()[-5000:]
            server.said_nothing_personal()
        finally:
            server.kill()


def main(words: Sequence[str]) -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench soak")
    options.add_argument("--minutes", type=int, default=60)
    options.add_argument("--every", type=float, default=60, help="seconds from one fault to the next")
    options.add_argument("--lasting", type=float, default=FAULT_S, help="seconds that a fault lasts")
    options.add_argument("--only", help="one kind of fault")
    options.add_argument("--quiet", type=float, default=QUIET_S, help="seconds without a fault, first and last")
    options.add_argument("--out", type=Path, default=Path("soak.json"))
    given = options.parse_args(words)
    console = Console(highlight=False, width=150)
    stories: list[Story] = []
    with TemporaryDirectory() as folder, watched(Path(folder)) as (watcher, camera, line, server):
        deadline = time.monotonic() + 60
        while watcher.state != "working" or not watcher.events:
            watcher.tick()
            assert time.monotonic() < deadline, "no decision came: " + server.printed()[-5000:]
        console.print(f"{datetime.now(UTC):%H:%M:%S} working; {given.minutes} minutes begin")
        watcher.wait(given.quiet)
        kinds = [f for f in faults(camera, line) if given.only in {None, f.name}]
        began = time.monotonic()
        times = int((given.minutes * 60 - 2 * given.quiet) / given.every)
        for number, fault in zip(range(times), cycle(kinds), strict=False):
            story = tell(watcher, fault, given.lasting, began + given.every * (number + 1))
            stories.append(story)
            last = watcher.samples[-1]
            console.print(
                f"{number + 1:3} {story.fault:8} {'good' if story.good else 'BAD '} noticed {story.noticed_s} named "
                f"{story.named_s} alert {story.alert_s} recovered {story.recovered_s} flows {story.flows_s} cleared "
                f"{story.cleared} {'>'.join(story.states)} | {last.rss_mb:.1f} MB "
                f"(heap {last.heap_mb:.0f}, arenas {last.arenas_mb:.0f}) {last.threads} threads "
                f"{last.files} files {len(watcher.events)} events",
                soft_wrap=True,
            )
            report(given.out, stories, watcher.samples, watcher.events)
        watcher.wait(given.quiet)
        audit = server.get("/v1/audit/verify")
        log = Counter(text.split(" ", 2)[2][:110] for text in server.log.read_text().splitlines() if " ERROR " in text)
        report(given.out, stories, watcher.samples, watcher.events, console)
        console.print(f"{audit['gates'][GATE]['events']} events in the log; errors logged: {dict(log)}")
        judged = verdicts(stories, watcher.samples, audit_valid=audit["valid"])
    for verdict in judged:
        console.print(f"{'good' if verdict.good else 'BAD '} {verdict.figure}: {verdict.words}")
    sys.exit(0 if all(verdict.good for verdict in judged) else 1)
