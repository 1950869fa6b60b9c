"""The service as scripts start it: one admin key printed once, keys on stdout alone, an orderly end, clear refusals."""

import base64
import re
import shutil
import signal
import socket
import time
from pathlib import Path

from app.adapters.vision import weights
from app.core.people.records import EmployeeFilter
from app.settings import default_cache, read_settings
from app.wiring import open_backbone
from tests import pictures
from tests.e2e.server import GATE, Server, Site, app, quick, serving
from tests.waiting import eventually


def test_new_installation_opens_a_gate(tmp_path: Path) -> None:
    """The start as the contract describes it, every word of it over the command line."""
    data = tmp_path / "new" / "data"
    site = Site(data)
    data.parent.mkdir()
    with serving(site) as server:
        printed = server.out.read_text()
        (secret,) = re.findall(r"fg_admin_\S+", printed)
        site.unspeakable.add(secret)
        assert "Admin key, shown this once" in printed and secret not in server.log.read_text()
        assert (data / "master.key").stat().st_mode & 0o077 == 0
        assert data.stat().st_mode & 0o077 == 0

        assert quick("gates", "add", GATE, data=data).returncode == 0
        for role, gate, run in (("admin", [], app), ("security", [], quick), ("gate", ["--gate", GATE], quick)):
            made = run("keys", "create", "--role", role, *gate, data=data)
            assert made.returncode == 0 and made.stderr == ""
            assert re.fullmatch(rf"fg_{role}_[\w-]{{43}}\n", made.stdout), "the key stands alone on stdout"
            site.keys[role] = made.stdout.strip()
        site.unspeakable |= {*site.keys.values(), "Ada Lovelace"}

        assert server.approach(pictures.ADA[1]).json()["reason"] == "not_recognised"
        photo = tmp_path / "ada.jpg"
        photo.write_bytes(pictures.small(pictures.ADA[0], 720))
        enrolled = app("enroll", str(photo), "--number", "E-1", "--name", "Ada Lovelace", data=data)
        assert enrolled.returncode == 0 and "accepted" in enrolled.stdout, enrolled
        opened = server.approach(pictures.ADA[1]).json()
        assert (opened["decision"], opened["employee"]["number"]) == ("open", "E-1")
        # A number that is somebody else's: their gate would open for this face.
        mistyped = app("enroll", str(photo), "--number", "E-1", "--name", "Grace Hopper", data=data)
        assert mistyped.returncode == 1 and "Number E-1 is Ada Lovelace, not Grace Hopper" in mistyped.stderr

        # A signed head of every chain leaves the database when the service ends.
        server.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        assert server.process.wait(10) == 0
        assert time.monotonic() - started < 8
    assert '"sequence":2' in (data / "checkpoints.jsonl").read_text()

    with serving(site) as again:
        assert "fg_admin_" not in again.out.read_text() and "1 employees can be recognised" in again.out.read_text()
        assert again.approach(pictures.ADA[1]).json()["decision"] == "open"
        assert again.get("/v1/audit/verify")["valid"] is True


def test_commands_explain_errors(site: Site) -> None:
    for words, code, says in (
        (("keys", "create", "--role", "gate"), 1, "names its gate"),
        (("keys", "create", "--role", "gate", "--gate", "nowhere"), 1, "no gate of that name"),
        (("keys", "create", "--role", "god"), 2, "god"),
        (("keys", "revoke", "none"), 1, "no key"),
        (("gates", "add", GATE), 1, "already a gate"),
        (("gates", "add", "a b"), 1, "letters, digits"),
        (("enroll", "/nowhere.jpg", "--number", "1", "--name", "x"), 2, "does not exist"),
    ):
        ended = quick(*words, data=site.data)
        assert ended.returncode == code and says in " ".join(ended.stderr.split()), ended
        assert "Traceback" not in ended.stderr and ended.stdout == ""


def test_invalid_settings_are_refused(site: Site) -> None:
    for settings, says in (
        ({"false_acept_rate": "0.01"}, "Did you mean FACEGATE_FALSE_ACCEPT_RATE?"),
        ({"false_accept_rate": "2"}, "false_accept_rate"),
        ({"master_key": "too short"}, "master key"),
        ({"database_url": "mysql://u:hunter2@h/d"}, "sqlite:///a/file or postgresql://"),
        ({"database_url": "hunter2"}, "sqlite:///a/file or postgresql://"),
        ({"database_url": "postgresql://u:hunter2@127.0.0.1:1/d"}, "database"),
    ):
        for words in (("serve", "--port", "0"), ("doctor",)):
            ended = quick(*words, data=site.data, **settings)
            assert ended.returncode == 1, (settings, ended)
            everything = " ".join((ended.stdout + ended.stderr).split())
            assert says in everything, (settings, everything)
            assert "Traceback" not in everything and "hunter2" not in everything and "too short" not in everything
    (site.data / "facegate.toml").write_text("false_acept_rate = 0.01\n")
    ended = quick("keys", "list", data=site.data)
    assert ended.returncode == 1 and "false_acept_rate" in ended.stderr and "facegate.toml" in ended.stderr


def test_person_whose_photos_are_all_refused_is_not_kept(site: Site, tmp_path: Path) -> None:
    """Neither by a photo without a face nor by one that cannot be read; who was there before stays."""
    nobody, broken, ada = tmp_path / "nobody.jpg", tmp_path / "broken.jpg", tmp_path / "ada.jpg"
    nobody.write_bytes(pictures.empty())
    broken.write_bytes(b"not a picture")
    ada.write_bytes(pictures.small(pictures.ADA[0], 720))

    def numbers() -> list[str]:
        office = open_backbone(read_settings(site.data))
        try:
            with office.store.read() as tx:
                return [employee.number for employee in tx.employees.find(EmployeeFilter(limit=10))]
        finally:
            office.close()

    for photo in (nobody, broken):
        ended = app("enroll", str(photo), "--number", "E-1", "--name", "Ada Lovelace", data=site.data)
        assert ended.returncode == 1 and "Traceback" not in ended.stderr, ended
        assert numbers() == [] and not (site.data / "erasures.jsonl").exists(), "nobody was added and erased"
    for photo, code in ((ada, 0), (nobody, 1)):
        ended = app("enroll", str(photo), "--number", "E-1", "--name", "Ada Lovelace", data=site.data)
        assert ended.returncode == code, ended
        assert numbers() == ["E-1"]


def test_another_master_key_is_refused(site: Site) -> None:
    other = base64.b64encode(bytes(32)).decode()
    for words in (("serve", "--port", "0"), ("keys", "create", "--role", "admin"), ("audit", "verify")):
        ended = quick(*words, data=site.data, master_key=other)
        assert ended.returncode == 1 and ended.stdout == "", ended
        assert "master.key" in ended.stderr and "Traceback" not in ended.stderr and other not in ended.stderr


def test_damaged_weights_are_not_loaded(site: Site, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(default_cache(), cache, ignore=lambda _, names: [n for n in names if n.endswith((".npz", ".jpg"))])
    file = cache / weights.read_artifacts()["sface"].cached_name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    for damage in ("is damaged", "is not in"):
        ended = app("serve", "--port", "0", data=site.data, cache_dir=str(cache))
        assert ended.returncode == 1 and damage in ended.stderr
        assert "models fetch sface" in " ".join(ended.stderr.split()) and "Traceback" not in ended.stderr
        told = quick("doctor", data=site.data, cache_dir=str(cache))
        assert told.returncode == 1 and "WRONG" in told.stdout and "models fetch" in told.stdout
        file.unlink(missing_ok=True)


def test_used_port_is_reported_and_ctrl_c_ends_the_service(site: Site, tmp_path: Path) -> None:
    with serving(site) as server:
        # No key is shown, and no start announced, where nothing can be served.
        ended = quick("serve", "--port", str(server.port), data=tmp_path / "other")
        assert ended.returncode == 1 and "Address already in use; choose another" in ended.stderr
        assert "fg_admin" not in ended.stdout + ended.stderr and "serving" not in ended.stdout + ended.stderr
        assert server.http.get("/readyz").status_code == 200
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(10) == 0


def test_concurrent_first_starts(tmp_path: Path) -> None:
    """Whoever comes second finds the tables and the key there already."""
    site = Site(tmp_path / "data")
    pair = [Server(site), Server(site)]
    try:
        for server in pair:
            server.ready()
        keys = [re.findall(r"fg_admin_\S+", server.out.read_text()) for server in pair]
        assert sum(map(len, keys)) >= 1
        for secret in (key for found in keys for key in found):
            for server in pair:
                headers = {"Authorization": f"Bearer {secret}"}
                assert server.http.get("/v1/gates", headers=headers).status_code == 200
    finally:
        ends = [server.stop() for server in pair]
    assert ends == [0, 0]
    eventually(lambda: all(server.process.poll() is not None for server in pair), "the end of both")


def test_open_live_page_does_not_delay_shutdown(site: Site) -> None:
    """Who stops a container is not patient, and the gates must be let go of before it is killed."""
    with serving(site) as server:
        with server.http.stream("GET", "/v1/events/stream", headers=site.key("security")) as stream:
            lines = stream.iter_lines()
            assert next(lines)
            server.process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            eventually(lambda: not _accepts(server.port), "a closed door")
            for _ in lines:
                pass  # it ends in order, not as an error of the connection
        assert server.process.wait(10) == 0
        assert time.monotonic() - started < 8
        assert "Traceback" not in server.log.read_text()


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
