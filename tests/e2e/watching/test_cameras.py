"""Real processes before real cameras: what they see, what becomes of it, and what happens when something is killed."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cameras import (
    JACINDA,
    Film,
    NetworkCamera,
    Program,
    add_camera,
    alerts_of,
    cable,
    camera,
    network,
    seen_by,
)
from tests.e2e.server import GATE, Server, Site, _free_port, quick, serving
from tests.waiting import eventually, pass_time

WEST = "lobby-2"
NAMED = timedelta(seconds=5)  # by the clock of the service, which dates the alert


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return Film.shot(tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service, alone, with one employee and a gate that shuts after a second."""
    with serving(Site.make(tmp_path_factory.mktemp("cameras") / "data")) as server:
        furnish(server)
        yield server


def furnish(server: Server) -> None:
    employee = server.employ("E-1001", "Jacinda Ardern")
    assert server.photograph(employee, JACINDA)[0]["accepted"]
    shut_soon = {"unlock_ms": 500}
    answer = server.http.patch(f"/v1/gates/{GATE}", headers=server.site.key("admin"), json=shut_soon)
    assert answer.status_code == 200, answer.text


def opened(event: dict[str, Any]) -> bool:
    return bool(event["decision"] == "open" and event["employee"]["name"] == "Jacinda Ardern")


@pytest.fixture
def east(server: Server, film: Film) -> Iterator[str]:
    """A camera that is a film, played again and again."""
    assert quick("cameras", "add", "east", f"file:{film.video}", "--gate", GATE, data=server.site.data).returncode == 0
    yield "east"
    assert quick("cameras", "remove", "east", data=server.site.data).returncode == 0
    eventually(lambda: "camera east" not in checks(server), "no longer watched")


def checks(server: Server) -> dict[str, Any]:
    """What /readyz says of each part."""
    return dict(server.http.get("/readyz").json()["checks"])


def ask(server: Server) -> dict[str, Any]:
    """What polling hardware asks."""
    headers = server.site.key("gate")
    answer = server.http.post(f"/v1/gates/{GATE}/decisions", headers=headers, json={"from_camera": True})
    return {"status": answer.status_code, **answer.json()}


def test_employee_who_walks_up_is_let_in_and_recorded(server: Server, east: str) -> None:
    eventually(lambda: seen_by(server, east), "an event")
    eventually(lambda: seen_by(server, east)[-1]["gate_result"], "what the gate did")

    (event,) = seen_by(server, east)[-1:]

    assert opened(event) and event["gate"] == GATE and event["snapshot"]
    assert event["gate_result"]["outcome"] == "dry_run" and not event["gate_result"]["forged"]
    assert camera(server, east)["watched_by"]
    assert checks(server)["camera east"]["ok"]
    audit = server.get("/v1/audit/verify")
    assert audit["valid"] and audit["gates"][GATE]["events"] >= 1


def test_hardware_that_polls_is_answered_with_what_the_camera_sees(server: Server, east: str) -> None:
    answers: list[dict[str, Any]] = []

    def reasons() -> set[Any]:
        answers.append(ask(server))
        pass_time(0.1)  # as hardware polls
        return {answer.get("reason", answer.get("error")) for answer in answers}

    eventually(lambda: {"no_face", "recognised"} <= reasons(), "nobody and somebody")

    for answer in answers:
        if answer["status"] == 200:
            assert (answer["decision"] == "open") is (answer["reason"] == "recognised")
        else:
            assert answer["status"] == 503 and answer["error"] == "camera_unavailable"  # between two showings


def named_at(server: Server, name: str) -> datetime:
    (at,) = [alert["at"] for alert in server.get("/v1/alerts")["items"] if alert["camera"] == name]
    return datetime.fromisoformat(at)


@pytest.fixture
def north(server: Server, film: Film) -> Iterator[NetworkCamera]:
    """A camera in the network, at work."""
    with NetworkCamera(film) as north:
        add_camera(server.site, "north", GATE, north.url)
        try:
            eventually(lambda: camera(server, "north")["state"] == "working", "the camera")
            yield north
        finally:
            server.http.delete("/v1/cameras/north", headers=server.site.key("admin"))
            eventually(lambda: "camera north" not in checks(server), "no longer watched")


def test_locked_database_lets_nobody_in_and_decisions_resume(server: Server, north: NetworkCamera) -> None:
    lock = sqlite3.connect(server.site.data / "facegate.db", isolation_level=None)
    try:
        lock.execute("BEGIN IMMEDIATE")
        before = {event["decision_id"] for event in seen_by(server, "north")}
        eventually(lambda: "decision_not_recorded" in server.log.read_text(), "an approach without a record")
        assert {event["decision_id"] for event in seen_by(server, "north")} == before
        assert server.http.get("/readyz").status_code == 503
        assert camera(server, "north")["state"] == "working"
    finally:
        lock.execute("ROLLBACK")
        lock.close()

    eventually(lambda: {e["decision_id"] for e in seen_by(server, "north") if opened(e)} - before, "an opening")
    eventually(lambda: server.http.get("/readyz").status_code == 200, "readiness")
    assert server.get("/v1/audit/verify")["valid"]


def test_camera_without_power_is_named_and_reconnects(server: Server, north: NetworkCamera) -> None:
    north.unplug()
    cut = datetime.now(UTC)
    eventually(lambda: alerts_of(server, "north") == ["camera_dead"], "an alert")
    assert named_at(server, "north") - cut <= NAMED
    eventually(lambda: not checks(server)["camera north"]["ok"], "readiness")
    assert checks(server)["camera north"]["detail"].startswith("dead")
    assert server.http.get("/readyz").status_code == 200  # the other gates serve on

    north.plug_in()
    known = len(seen_by(server, "north"))
    eventually(lambda: camera(server, "north")["state"] == "working", "the camera's return")
    eventually(lambda: alerts_of(server, "north") == [], "the end of the alert")
    eventually(lambda: len(seen_by(server, "north")) > known, "decisions")


def networks() -> str:
    """Why no network can be made here, or nothing."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "cutting a network needs root and iproute2"
    name = f"fgp{os.getpid() % 10_000}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return "" if made else "this machine does not allow a network of its own"


def test_cut_cable_is_named_within_5_s_and_the_camera_reconnects(server: Server, film: Film) -> None:
    if why := networks():
        pytest.skip(why)
    number = os.getpid() % 10_000
    name, subnet = f"fg{number}", f"10.203.{number % 256}"
    with network(name, subnet) as inside, NetworkCamera(film, f"{subnet}.2", inside) as south:
        body = {"name": "south", "gate": GATE, "url": south.url}
        answer = server.http.post("/v1/cameras", headers=server.site.key("admin"), json=body)
        assert answer.status_code == 201, answer.text
        try:
            eventually(lambda: camera(server, "south")["state"] == "working", "the camera")

            cable(name, "down")
            cut = datetime.now(UTC)
            eventually(lambda: alerts_of(server, "south") == ["camera_dead"], "an alert")
            assert named_at(server, "south") - cut <= NAMED
            assert camera(server, "south")["state"] == "dead"

            cable(name, "up")
            eventually(lambda: camera(server, "south")["state"] == "working", "the camera's return")
            eventually(lambda: alerts_of(server, "south") == [], "the end of the alert")
        finally:
            server.http.delete("/v1/cameras/south", headers=server.site.key("admin"))


def test_workers_share_cameras_and_take_over_from_each_other(film: Film, tmp_path: Path) -> None:
    site = Site.make(tmp_path / "data")
    port = _free_port()
    with ExitStack() as running:

        def run(name: str, *words: str, port: int = 0) -> Program:
            program = Program(site, name, *words, port=port)
            running.callback(program.kill)
            return program

        desk = run("desk", "serve", "--no-cameras", "--port", str(port), port=port).ready()
        furnish(desk)
        west = {"name": WEST, "liveness": "monitor"}
        assert desk.http.post("/v1/gates", headers=site.key("admin"), json=west).status_code == 201
        for name, gate in (("east", GATE), ("west", WEST)):
            add_camera(site, name, gate, f"file:{film.video}")
        assert ask(desk)["status"] == 503
        workers = [run(f"worker-{i}", "worker") for i in range(2)]
        for worker in workers:
            worker.watching()

        # Each is seen, by one of them.
        eventually(lambda: seen_by(desk, "east") and seen_by(desk, "west"), "an event of each camera")
        assert camera(desk, "east")["state"] == "working"  # known from the database: this process does not watch it
        holder = {worker: f":{worker.process.pid}:" for worker in workers}

        def held_by(worker: Program) -> list[str]:
            return [n for n in ("east", "west") if holder[worker] in str(camera(desk, n)["watched_by"])]

        assert sorted(held_by(workers[0]) + held_by(workers[1])) == ["east", "west"]

        # One is killed, and the other takes what it had.
        dead, heir = sorted(workers, key=lambda worker: -len(held_by(worker)))
        dead.kill()
        known = {event["decision_id"] for event in seen_by(desk, "east")}
        eventually(lambda: held_by(heir) == ["east", "west"], "the other's cameras")
        eventually(lambda: {event["decision_id"] for event in seen_by(desk, "east")} - known, "an event")

        # It is stopped in order: what it had is free at once.
        assert heir.stop() == 0
        assert [camera(desk, name)["watched_by"] for name in ("east", "west")] == [None, None]
        heir.said_nothing_personal()

        # A film takes four seconds: two events within one would be one approach, seen twice.
        for name in ("east", "west"):
            times = sorted(datetime.fromisoformat(event["at"]) for event in seen_by(desk, name))
            assert all(b - a > timedelta(seconds=3) for a, b in pairwise(times)), times
            assert all(opened(event) for event in seen_by(desk, name))
        assert desk.get("/v1/audit/verify")["valid"]
        assert desk.stop() == 0
        desk.said_nothing_personal()
