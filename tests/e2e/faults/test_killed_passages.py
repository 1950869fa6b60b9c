"""kill -9 at each step of a passage: granted, reported, lapsed. Afterwards it is right who is inside."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Timer
from typing import Any

import httpx
import pytest

from app.core.access.rules import GatePlace, Zone
from app.core.access.zone_policy import AntiPassback, ZonePolicy
from app.core.gates.commands import PassageSource
from app.core.types import Role
from app.settings import read_settings
from app.wiring import open_backbone
from tests.e2e.server import GATE, Server, Site
from tests.waiting import eventually

EXIT, HALL = "exit-1", "01HALL"
BADGE = "32:00000ADA"
UNLOCKED = timedelta(minutes=3)  # a restart takes longer on a busy machine than a passage usually may


@pytest.fixture
def hall(site: Site) -> Site:
    """One gate leads into a hall where nobody may enter twice, another out of it; both have sensors."""
    office = open_backbone(read_settings(site.data))
    try:
        office.gates.add(EXIT)
        site.keys[EXIT], _ = office.keys.create(Role.GATE, EXIT)
        unlock_ms = UNLOCKED // timedelta(milliseconds=1)
        with office.store.write() as tx:
            where = tx.rules.all().sites[0].id
            tx.rules.put(Zone(HALL, "Hall", where, policy=ZonePolicy(AntiPassback.HARD)))
            for name, way in ((GATE, (None, HALL)), (EXIT, (HALL, None))):
                gate = tx.gates.by_name_or_id(name)
                assert gate is not None
                tx.rules.put(GatePlace(gate.id, name, where, *way))
                tx.gates.update(replace(gate, passages=PassageSource.SENSOR, unlock_ms=unlock_ms))
    finally:
        office.close()
    return site


@pytest.fixture
def servers(hall: Site) -> Iterator[list[Server]]:
    """Those that were started; none outlives the test."""
    started: list[Server] = []
    yield started
    for server in started:
        server.kill()


def post(server: Server, gate: str, what: str, body: dict[str, Any], key: str | None = None) -> httpx.Response:
    secret = server.site.keys["gate" if gate == GATE else gate]
    headers = {"Authorization": f"Bearer {secret}"} | ({} if key is None else {"Idempotency-Key": key})
    answer = server.http.post(f"/v1/gates/{gate}/{what}", headers=headers, json=body)
    assert answer.status_code in (200, 204), answer.text
    return answer


def granted(server: Server, gate: str, key: str) -> None:
    answer = post(server, gate, "decisions", {"credential": BADGE}, key).json()
    assert (answer["decision"], answer["reason"]) == ("open", "credential_accepted"), answer
    assert "passage" in answer


def reported(server: Server, gate: str, report: str) -> None:
    post(server, gate, "heartbeat", {"state": "closed", "passed": 1, "report_id": report})


def inside(server: Server) -> tuple[int, int]:
    """How many known and unknown people are in the hall."""
    found = server.get("/v1/occupancy", "security")
    return found["people"], found["unknown"]


def test_who_is_inside_is_right_after_a_kill_at_each_step(hall: Site, servers: list[Server]) -> None:
    def restarted() -> Server:
        if servers:
            servers[-1].kill()
        servers.append(Server(hall))
        return servers[-1].ready()

    server = restarted()
    badge = {"employee": server.employ("E-1", "Ada Byron"), "number": BADGE}
    assert server.http.post("/v1/credentials", headers=hall.key("admin"), json=badge).status_code == 201
    granted(server, GATE, "in")
    server = restarted()  # reserved, and not confirmed
    assert inside(server) == (0, 0)
    reported(server, GATE, "1")
    assert inside(server) == (1, 0)
    server = restarted()  # confirmed
    assert inside(server) == (1, 0)
    reported(server, GATE, "1")  # the gate never heard that it was counted
    assert inside(server) == (1, 0)
    refused = post(server, GATE, "decisions", {"credential": BADGE}).json()
    assert refused["reason"] == "anti_passback"

    # In and out again and again, while somebody pulls the plug: the gates repeat what was not answered.
    dice, steps, done = random.Random(3), [(EXIT, "out"), (GATE, "in")], 0
    for _ in range(2):
        plug = Timer(dice.uniform(0.3, 1.5), server.process.kill)
        plug.start()
        with suppress(httpx.TransportError):
            while True:
                gate, way = steps[done % 2]
                granted(server, gate, f"{way}-{done}")
                reported(server, gate, f"{way}-{done}")
                done += 1
        server = restarted()
        gate, way = steps[done % 2]
        before = inside(server)
        assert before in ((1, 0), (0, 0))
        # Either nothing of the step was recorded, or its grant, or all of it.
        if before == (done % 2 == 0, 0):
            granted(server, gate, f"{way}-{done}-again")
        reported(server, gate, f"{way}-{done}")
        done += 1
        assert inside(server) == (done % 2 == 0, 0)
    assert server.get("/v1/alerts", "security", kind="passed_without_grant", state="all")["items"] == []

    # Lapsed: nobody goes through after the grant, and the process that granted it is gone.
    change = {"unlock_ms": 1000}
    for name in (GATE, EXIT):
        answer = server.http.patch(f"/v1/gates/{name}", headers=hall.key("admin"), json=change)
        assert answer.status_code == 200, answer.text
    people = inside(server)
    gate = EXIT if people[0] else GATE
    granted(server, gate, "lapses")
    server = restarted()

    def lapsed() -> bool:
        return bool(server.get("/v1/events", "security", reason="did_not_enter")["items"])

    eventually(lapsed, "the passage lapses", seconds=60)
    assert inside(server) == people
    assert server.get("/v1/audit/verify", "security")["valid"] is True
