"""The database server dies under a service with cameras and gates, and comes back: nothing opens in between, and nobody
has to help."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cameras import JACINDA, Film, NetworkCamera, add_camera, camera, seen_by
from tests.e2e.postgres import Postgres
from tests.e2e.server import GATE, Server, Site, serving
from tests.waiting import eventually


@pytest.fixture
def postgres_to_kill() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.close()


def openings(server: Server) -> set[str]:
    return {event["decision_id"] for event in seen_by(server, "north") if event["decision"] == "open"}


def test_database_server_is_killed_and_comes_back(postgres_to_kill: Postgres, tmp_path: Path) -> None:
    site = Site.make(tmp_path / "data", database_url=postgres_to_kill.url)
    (tmp_path / "film").mkdir()
    with serving(site) as server, NetworkCamera(Film.shot(tmp_path / "film")) as north:
        assert server.photograph(server.employ("E-1001", "Jacinda Ardern"), JACINDA)[0]["accepted"]
        gate = f"/v1/gates/{GATE}"
        assert server.http.patch(gate, headers=site.key("admin"), json={"unlock_ms": 500}).status_code == 200
        add_camera(site, "north", GATE, north.url)
        eventually(lambda: openings(server), "an opening")

        postgres_to_kill.kill()
        answer = server.approach(JACINDA)
        assert (answer.status_code, answer.json()["error"]) == (503, "not_recorded")
        eventually(lambda: "decision_not_recorded" in server.log.read_text(), "an approach without a record")
        ready = server.http.get("/readyz")
        assert ready.status_code == 503 and not ready.json()["checks"]["database"]["ok"]
        assert ready.json()["checks"]["camera north"]["ok"], "the camera is watched all the while"
        assert server.http.get("/healthz").status_code == 200

        postgres_to_kill.start()
        eventually(lambda: server.http.get("/readyz").status_code == 200, "readiness")
        before = openings(server)
        eventually(lambda: openings(server) - before, "an opening by the camera")
        assert server.approach(JACINDA).json()["decision"] == "open"
        assert camera(server, "north")["state"] == "working"
        report = server.get("/v1/audit/verify")
        assert report["valid"]
        eventually(lambda: "database_back for=gates" in server.log.read_text(), "the gates' return")
        log = server.log.read_text()
    assert "Traceback" not in log, log
    assert "pack_outdated" not in log, "nothing is known of the pack"
    assert (log.count("database_gone for=gates"), log.count("database_back for=gates")) == (1, 1)
    server.said_nothing_personal()
