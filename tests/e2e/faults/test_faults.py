"""A database that is locked, a disk that is full, a log that was altered: the gate stays shut and somebody is told."""

import resource
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import psutil

from app.core.recognition.liveness import LivenessMode
from app.services.gates.gate_settings import GateUpdate
from app.settings import default_cache, read_settings
from app.wiring import open_backbone
from tests import pictures
from tests.e2e.server import GATE, Server, Site, quick, serving

DEADLINE_S = 0.8


def refused(server: Server, portrait: str | None = None) -> float:
    """Asserts that nothing opens; the seconds it took to say so."""
    started = time.monotonic()
    answer = server.approach(portrait)
    assert answer.status_code == 503, answer.text
    assert set(answer.json()) == {"error", "detail"} and answer.json()["error"] == "not_recorded"
    assert int(answer.headers["retry-after"]) >= 1
    return time.monotonic() - started


def test_locked_database_and_full_disk_are_named(site: Site) -> None:
    with serving(site, record_deadline_ms=str(int(DEADLINE_S * 1000))) as server:
        ada = server.employ("E-1", "Ada Lovelace")
        server.photograph(ada, pictures.ADA[0])
        assert server.approach(pictures.ADA[1]).json()["decision"] == "open"

        # Another process holds the write lock.
        with closing(sqlite3.connect(site.data / "facegate.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert refused(server, pictures.ADA[1]) < DEADLINE_S + 1
            ready = server.http.get("/readyz")
            assert ready.status_code == 503 and ready.json()["checks"]["database"]["ok"] is False
            assert server.http.get("/healthz").status_code == 200
            other.execute("ROLLBACK")
        assert server.approach(pictures.ADA[1]).json()["decision"] == "open"

        # No file can grow any more, as on a full disk.
        process = psutil.Process(server.process.pid)
        unlimited = process.rlimit(psutil.RLIMIT_FSIZE)
        process.rlimit(psutil.RLIMIT_FSIZE, (0, unlimited[1]))
        assert refused(server, pictures.ADA[1]) < DEADLINE_S + 1
        body = {"number": "E-2", "name": "Bob Kahn"}
        assert server.http.post("/v1/employees", headers=site.key("admin"), json=body).status_code == 503
        answer = server.http.delete(f"/v1/employees/{ada}", headers=site.key("admin"))
        assert answer.status_code == 503 and answer.json()["error"] in ("not_recorded", "system_fault")
        assert server.http.get("/healthz").status_code == 200
        process.rlimit(psutil.RLIMIT_FSIZE, unlimited)

        assert unlimited[1] == resource.RLIM_INFINITY
        assert server.approach(pictures.ADA[1]).json()["decision"] == "open"
        report = server.get("/v1/audit/verify")
        assert report["valid"] is True and report["gates"][GATE]["events"] == 3, "what was refused was not recorded"
        assert [e["number"] for e in server.get("/v1/employees")["items"]] == ["E-1"]


def test_altered_log_is_named(site: Site) -> None:
    with serving(site) as server:
        ids = [server.approach().json()["decision_id"] for _ in range(4)]
    whole = quick("audit", "verify", data=site.data)
    assert whole.returncode == 0 and f"{GATE}: 4 events" in whole.stdout and "The log is intact." in whole.stdout
    healthy = quick("doctor", data=site.data)
    assert healthy.returncode == 0 and "Nothing is wrong." in healthy.stdout, healthy.stdout
    assert not [word for word in site.unspeakable if word in healthy.stdout]

    with closing(sqlite3.connect(site.data / "facegate.db")) as database, database:
        database.execute("UPDATE events SET verdict = 'open', reason = 'recognised' WHERE sequence = 3")
    altered = quick("audit", "verify", data=site.data)
    assert altered.returncode == 1
    assert f"gate {GATE}, record 3 ({ids[2]})" in altered.stderr and "whole" not in altered.stdout
    told = quick("doctor", data=site.data)
    assert told.returncode == 1 and "WRONG" in told.stdout and "record 3" in " ".join(told.stdout.split())

    # The tail cut off together with the head: only the checkpoint that left the database tells.
    with closing(sqlite3.connect(site.data / "facegate.db")) as database, database:
        head = database.execute("SELECT hash FROM events WHERE sequence = 2").fetchone()[0]
        database.execute("DELETE FROM events WHERE sequence > 2")
        database.execute("UPDATE gates SET head_sequence = 2, head_hash = ?", (head,))
    cut = quick("audit", "verify", data=site.data)
    assert cut.returncode == 1 and f"gate {GATE}" in cut.stderr


def test_doctor_compares_liveness_modes_with_the_weights(site: Site, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(default_cache(), cache, ignore=lambda _, names: [n for n in names if "minifasnet" in n])
    told = " ".join(quick("doctor", data=site.data, cache_dir=str(cache)).stdout.split())
    assert "1 monitor; the weights are missing" in told and "Nothing is wrong." in told, told
    office = open_backbone(read_settings(site.data))
    office.gate_settings.change(GATE, GateUpdate(liveness=LivenessMode.REQUIRED))
    office.close()
    ended = quick("doctor", data=site.data, cache_dir=str(cache))
    told = " ".join(ended.stdout.split())
    assert ended.returncode == 1 and "1 required; the weights are missing" in told and "models fetch" in told, told


def test_doctor_tries_the_journals(site: Site, tmp_path: Path) -> None:
    """Without the one nobody can be erased; what it tried is not there afterwards."""
    (tmp_path / "file").touch()
    settings = {"erasure_journal": str(tmp_path / "file" / "j"), "checkpoint_file": str(tmp_path / "new" / "c")}
    told = quick("doctor", data=site.data, **settings)
    assert told.returncode == 1 and "nobody can be erased" in " ".join(told.stdout.split())
    assert "1 thing(s) to fix" in told.stdout and not (tmp_path / "new" / "c").exists()


def test_doctor_masks_secrets_and_reports_missing_protection(site: Site) -> None:
    key = site.data / "master.key"
    key.chmod(0o644)
    told = quick("doctor", data=site.data)
    assert told.returncode == 1 and "readable by others" in told.stdout and "chmod 600" in " ".join(told.stdout.split())
    secret = key.read_text().strip()
    told = quick("doctor", data=site.data, master_key=secret)
    assert secret not in told.stdout.replace("\n", "") and "**********" in told.stdout
    key.chmod(0o600)
    (site.data / "facegate.db").write_bytes(b"no database at all")
    told = quick("doctor", data=site.data)
    assert told.returncode == 1 and "database" in told.stdout and "Traceback" not in told.stdout + told.stderr
