"""Users from the command line, beside a running service; and the link of the first start."""

import re
import subprocess
from pathlib import Path

from tests.e2e.server import Site, app, quick, serving

PASSWORD = "a river runs uphill"


def add(site: Site, name: str, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return quick("users", "add", name, *words, data=site.data, typed=typed)


def test_the_first_start_prints_a_link_that_makes_the_first_admin(site: Site) -> None:
    with serving(site) as server:
        link = re.search(r"http://127\.0\.0\.1:\d+(/setup\?token=([\w-]+))", server.out.read_text())
        assert link, server.printed()
        assert "Welcome" in server.http.get(link[1]).text
        assert "Revoke the admin key" not in server.http.get(link[1]).text, "this site's keys were made by command"
        form = {"token": link[2], "name": "ada", "password": PASSWORD, "again": PASSWORD}
        assert server.http.post("/setup", data=form).status_code == 303
        assert server.http.get("/v1/users").json()["items"][0]["name"] == "ada"
        assert server.http.get(link[1]).status_code == 404
        site.unspeakable |= {PASSWORD, link[2]}
    with serving(site) as server:
        assert "/setup?token=" not in server.out.read_text()


def test_first_admin_revokes_the_key_that_the_first_start_printed(tmp_path: Path) -> None:
    site = Site(tmp_path / "data")
    with serving(site) as server:
        printed = server.out.read_text()
        (secret,), (token,) = re.findall(r"fg_admin_\S+", printed), re.findall(r"/setup\?token=([\w-]+)", printed)
        site.unspeakable |= {secret, token, PASSWORD}
        key = {"Authorization": f"Bearer {secret}"}
        assert server.http.get("/v1/keys", headers=key).status_code == 200
        assert "Revoke the admin key" in server.http.get(f"/setup?token={token}").text
        form = {"token": token, "name": "ada", "password": PASSWORD, "again": PASSWORD, "revoke_first_key": "yes"}
        assert server.http.post("/setup", data=form).status_code == 303
        server.http.cookies.clear()
        assert server.http.get("/v1/keys", headers=key).json()["error"] == "bad_key"
    with serving(site) as server:
        assert "fg_admin_" not in server.out.read_text(), "no new key is printed for the revoked one"


def test_users_beside_a_running_service(site: Site) -> None:
    with serving(site) as server:
        done = add(site, "grace", "--role", "security", "--role", "viewer", typed=PASSWORD + "\n")
        assert done.returncode == 0 and done.stdout == "" and PASSWORD not in done.stderr, done.stderr
        form = {"name": "grace", "password": PASSWORD}
        assert server.http.post("/signin", data=form).status_code == 303
        assert server.http.get("/v1/events").status_code == 200
        assert quick("users", "disable", "grace", data=site.data).returncode == 0
        assert server.http.get("/v1/events").status_code == 401
        assert "disabled" in quick("users", "list", data=site.data).stdout
        quick("users", "enable", "grace", data=site.data)
        link = quick("users", "reset", "grace", data=site.data).stdout.strip()
        assert link.startswith("http://127.0.0.1:8000/reset?token=")
        assert "grace" in server.http.get(link.removeprefix("http://127.0.0.1:8000")).text


def test_command_refuses_invalid_users(site: Site) -> None:
    for words, typed, says in (
        (("ada", "--role", "admin"), "short\n", "at least 12"),
        (("ada", "--role", "emperor"), PASSWORD, "admin, security or viewer"),
        (("ada", "--role", "gate"), PASSWORD, "no other"),
        (("ada", "--role", "admin"), "", "at least 12"),
    ):
        done = add(site, *words, typed=typed)
        assert done.returncode == 1 and says in done.stderr and "Traceback" not in done.stderr
    assert add(site, "ada", "--role", "admin", "--link").stdout.startswith("http://127.0.0.1:8000/reset?token=")
    again = add(site, "ADA", "--role", "admin", typed=PASSWORD)
    assert again.returncode == 1 and "user with this name already exists" in again.stderr
    for order in ("reset", "disable"):
        gone = quick("users", order, "nobody", data=site.data)
        assert gone.returncode == 1 and "no user of this name" in gone.stderr
    missing = app("users", "list", data=Path("/nonexistent"))
    assert missing.returncode == 1 and "no Facegate data" in missing.stderr
