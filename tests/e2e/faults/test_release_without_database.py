"""A fire while PostgreSQL is down: whoever could order a release a moment ago still can, and may do nothing else."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.process.standing_by import EVERY_S
from app.services.accounts.sessions import csrf_of
from tests.adapters.gates.peers import closing
from tests.adapters.gates.relays.relay import HttpRelay
from tests.e2e.postgres import Postgres
from tests.e2e.server import GATE, Server, Site, quick, serving
from tests.waiting import eventually, pass_time

PASSWORD = "a river runs uphill"
FIRE = {"active": True}


@pytest.fixture
def postgres_to_kill() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def relay() -> Iterator[HttpRelay]:
    with closing(HttpRelay()) as relay:
        yield relay


def drive(server: Server, relay: HttpRelay) -> None:
    wanted = {"driver": "webhook", "config": {name: relay.config[name] for name in ("url", "secret")}}
    answer = server.http.patch(f"/v1/gates/{GATE}", headers=server.site.key("admin"), json=wanted)
    assert answer.status_code == 200, answer.text
    eventually(lambda: relay.mode == "secure", "the gate's driver")


def sign_in(server: Server, name: str) -> dict[str, str]:
    """What the browser of this person sends."""
    quick(
        "users", "add", name, "--role", "security", data=server.site.data, typed=PASSWORD + "\n", **server.site.settings
    )
    answer = httpx.post(f"{server.http.base_url}/signin", data={"name": name, "password": PASSWORD}, trust_env=False)
    token = answer.cookies["facegate"]
    return {"Cookie": f"facegate={token}", "X-CSRF-Token": csrf_of(token)}


def carried_out(answer: httpx.Response) -> bool:
    detail = answer.json()["detail"]
    assert "nothing was done" not in detail
    return answer.status_code == 503 and answer.json()["error"] == "not_recorded" and "is in force" in detail


def reasons(server: Server) -> list[str]:
    return [event["reason"] for event in server.get("/v1/events")["items"]][::-1]


def test_release_is_carried_out_and_recorded_later(
    postgres_to_kill: Postgres, relay: HttpRelay, tmp_path: Path
) -> None:
    site = Site.make(tmp_path / "data", database_url=postgres_to_kill.url)
    with serving(site) as server:
        drive(server, relay)
        admin, security = site.key("admin"), site.key("security")
        guard, gone = sign_in(server, "grace"), sign_in(server, "ada")
        site.unspeakable |= {PASSWORD, guard["Cookie"], gone["Cookie"]}
        made = server.http.post("/v1/keys", headers=admin, json={"role": "security", "name": "old panel"}).json()
        old = {"Authorization": f"Bearer {made['key']}"}
        eventually(lambda: server.http.get("/v1/events", headers=guard).status_code == 200, "the guard")
        assert server.http.post("/v1/release", headers=old, json={"active": False}).status_code == 200
        assert server.http.delete(f"/v1/keys/{made['id']}", headers=admin).status_code == 204
        assert server.http.delete("/v1/account/sessions", headers=gone).status_code in (204, 200)
        assert quick("users", "disable", "ada", data=site.data, **site.settings).returncode == 0
        eventually(lambda: server.http.get("/v1/events", headers=gone).status_code == 401, "the end of a session")

        pass_time(2 * EVERY_S)  # it learns each second who may order a release, which shows only without a database
        postgres_to_kill.kill()
        fire = lambda headers, **body: server.http.post("/v1/release", headers=headers, json={**FIRE, **body})  # noqa: E731
        for nobody in (old, {"Authorization": "Bearer fg_security_never"}, site.key("gate"), {}):
            assert fire(nobody).status_code in (401, 403, 503) and "in force" not in fire(nobody).text
        assert fire({**guard, "X-CSRF-Token": "wrong"}).status_code == 403
        assert relay.mode == "secure"

        assert carried_out(fire(guard, gates=[GATE]))
        eventually(lambda: relay.mode == "release", "the release")
        assert carried_out(fire(security)) and carried_out(fire(admin))
        ready = server.http.get("/readyz").json()["checks"]
        assert "not recorded yet" in ready["gates"]["detail"], ready
        # Nothing else: no end of it, no opening, no work of an admin.
        for path, body in (
            ("/v1/release", {"active": False}),
            ("/v1/lockdown", FIRE),
            (f"/v1/gates/{GATE}/open", {"comment": "a visitor"}),
            ("/v1/employees", {"number": "E-1", "name": "Nobody"}),
        ):
            answer = server.http.post(path, headers=admin, json=body)
            assert answer.status_code == 503 and "in force" not in answer.text, answer.text
        assert server.http.get("/v1/events", headers=guard).status_code == 503
        assert relay.mode == "release"

        postgres_to_kill.start()
        eventually(lambda: server.http.get("/readyz").status_code == 200, "readiness")
        eventually(lambda: "released" in reasons(server), "the record")
        assert reasons(server) == ["released"]
        assert server.get("/v1/audit/verify")["valid"]
        ended = server.http.post("/v1/release", headers=guard, json={"active": False})
        assert (ended.status_code, ended.json()["mode"]) == (200, "normal"), ended.text
        eventually(lambda: relay.mode == "secure", "the end of it")
        assert reasons(server) == ["released", "restored"]
        log = server.log.read_text()
    assert "Traceback" not in log, log


def test_hanging_database_delays_no_release(postgres_to_kill: Postgres, relay: HttpRelay, tmp_path: Path) -> None:
    site = Site.make(tmp_path / "data", database_url=postgres_to_kill.url)
    with serving(site) as server:
        drive(server, relay)
        postgres_to_kill.freeze()
        try:
            answer = httpx.post(
                f"{server.http.base_url}/v1/release",
                headers=site.key("security"),
                json=FIRE,
                timeout=20,
                trust_env=False,
            )
            assert carried_out(answer)
            eventually(lambda: relay.mode == "release", "the release")
        finally:
            postgres_to_kill.thaw()
        eventually(lambda: reasons(server) == ["released"], "the record")
