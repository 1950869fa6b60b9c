"""An alert is a record: it outlives the process that raised it, and a second process does not raise it again."""

from pathlib import Path

from tests.e2e.server import GATE, Server, Site


def test_alert_survives_a_kill_and_is_raised_once_by_two_processes(tmp_path: Path) -> None:
    site = Site.make(tmp_path / "data")
    door = f"/v1/gates/{GATE}/heartbeat"
    servers = [Server(site).ready(), Server(site).ready()]
    try:
        for server in servers:
            assert server.http.post(door, headers=site.key("gate"), json={"state": "forced"}).status_code == 204
        servers[0].kill()
        servers[0] = Server(site).ready()
        for server in servers:
            (alert,) = server.get("/v1/alerts", role="security", kind="door_forced")["items"]
        closed = servers[0].http.post(door, headers=site.key("gate"), json={"state": "closed"})
        assert closed.status_code == 204
        (over,) = servers[1].get("/v1/alerts", role="security", kind="door_forced")["items"]
        assert (over["id"], over["acknowledged"]) == (alert["id"], None) and over["cleared_at"]
        path = f"/v1/alerts/{alert['id']}/acknowledge"
        answers = [server.http.post(path, headers=site.key("security"), json={}).status_code for server in servers]
        assert answers == [200, 409]
        assert servers[0].get("/v1/alerts", role="security", kind="door_forced")["items"] == []
    finally:
        for server in servers:
            server.kill()
