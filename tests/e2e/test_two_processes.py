"""Two services on one database: what one has acknowledged, the other goes by in its next answer.

The last test takes the gate's key away.
"""

import base64
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.crypto.key_file import KeyFile
from tests import pictures
from tests.e2e.server import GATE, Server, Site, quick, serving


@pytest.fixture(scope="module")
def pair(kept_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """A and B, as on two machines: a data folder each, one database, one master key and one key file between them."""
    tmp_path = tmp_path_factory.mktemp("pair")
    master = base64.b64encode(secrets.token_bytes(32)).decode()
    shared = {"database_url": kept_database_url, "master_key": master, "people_keys": str(tmp_path / "people.keys")}
    site = Site.make(tmp_path / "a", **shared)
    site.unspeakable |= {master, kept_database_url}
    with serving(site) as a, serving(replace(site, data=tmp_path / "b")) as b:
        yield a, b


def test_a_machine_with_a_key_file_of_its_own_is_refused_and_the_other_works_on(
    pair: tuple[Server, Server], tmp_path: Path
) -> None:
    a, _ = pair
    shared = {name: value for name, value in a.site.settings.items() if name != "people_keys"}
    KeyFile(tmp_path / "own.keys").create()
    for settings, words in (
        (shared, "people.keys is missing"),
        ({**shared, "people_keys": str(tmp_path / "own.keys")}, "people.keys is another machine's"),
    ):
        ended = quick("serve", "--port", "0", data=tmp_path / "c", **settings)
        told = " ".join(ended.stderr.split())
        assert ended.returncode == 1 and "Traceback" not in told, ended
        assert words in told and "set people_keys to the file that the other machines use" in told
        assert not (tmp_path / "c" / "people.keys").exists()
    assert a.approach(pictures.ADA[1]).json()["reason"] == "not_recognised"


def test_mode_ordered_at_one_process_is_on_the_pages_of_the_other(pair: tuple[Server, Server]) -> None:
    a, b = pair
    password = "a river runs uphill"
    b.site.unspeakable.add(password)
    add = ("users", "add", "grace", "--role", "security")
    assert quick(*add, data=a.site.data, typed=f"{password}\n", **a.site.settings).returncode == 0
    assert b.http.post("/signin", data={"name": "grace", "password": password}).status_code == 303
    assert "mode-word" not in b.http.get("/account").text
    for mode, words in (("lockdown", "Nobody gets in at any gate"), ("release", "Every gate is open for everybody")):
        order = {"headers": a.site.key("admin"), "json": {"active": True, "comment": f"a {mode} drill"}}
        assert a.http.post(f"/v1/{mode}", **order).status_code == 200  # type: ignore[arg-type]
        for page in ("/account", "/live", "/mode-band"):
            text = b.http.get(page).text
            assert words in text and f"a {mode} drill" in text, page
        ended = a.http.post(f"/v1/{mode}", headers=a.site.key("admin"), json={"active": False})
        assert ended.json()["mode"] == "normal"
        assert "mode-word" not in b.http.get("/mode-band").text


def test_each_process_follows_the_others_changes(pair: tuple[Server, Server]) -> None:
    a, b = pair
    admin = a.site.key("admin")
    before = b.get("/v1/audit/verify")["gates"][GATE]["events"]

    def seen_by(server: Server) -> tuple[str, str]:
        answer = server.approach(pictures.ADA[1]).json()
        return answer["decision"], answer["reason"]

    assert seen_by(b) == ("deny", "not_recognised")

    ada = a.employ("E-1", "Ada Lovelace")
    assert a.photograph(ada, pictures.ADA[0])[0]["accepted"]
    assert seen_by(b) == seen_by(a) == ("open", "recognised")

    address = f"/v1/employees/{ada}"
    assert a.http.patch(address, headers=admin, json={"status": "inactive"}).status_code == 200
    assert seen_by(b) == ("deny", "employee_inactive")
    assert b.http.patch(address, headers=admin, json={"status": "active"}).status_code == 200
    assert seen_by(a) == ("open", "recognised")

    assert b.http.patch("/v1/gates/lobby-1", headers=admin, json={"enabled": False}).status_code == 200
    assert seen_by(a) == ("deny", "gate_disabled")
    assert a.http.patch("/v1/gates/lobby-1", headers=admin, json={"enabled": True}).status_code == 200

    assert b.http.delete(address, headers=admin).status_code == 200
    assert seen_by(a) == seen_by(b) == ("deny", "not_recognised")
    assert a.http.get(address, headers=admin).status_code == 404

    # Nobody is enrolled twice, wherever the second enrolment is asked for.
    first, second = a.employ("E-2", "Bob Kahn"), b.employ("E-3", "Rob Kahn")
    assert a.photograph(first, *pictures.BOB)[0]["accepted"]
    assert b.photograph(second, *pictures.BOB)[0]["problems"] == ["already_enrolled_as"]

    # One approach that was sent to both is one event.
    headers = {**a.site.key("gate"), "Content-Type": "image/jpeg", "Idempotency-Key": "both"}
    answers = [
        server.http.post("/v1/gates/lobby-1/decisions", headers=headers, content=pictures.empty()).json()
        for server in (a, b)
    ]
    assert answers[0] == answers[1]

    report = b.get("/v1/audit/verify")
    assert report["valid"] is True and report["gates"][GATE]["events"] == before + 9

    assert a.http.delete(f"/v1/keys/{a.site.key_ids['gate']}", headers=admin).status_code == 204
    assert b.approach().status_code == 401
    assert b.get("/v1/audit/verify")["gates"][GATE]["events"] == before + 9
