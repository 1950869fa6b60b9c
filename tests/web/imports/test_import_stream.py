"""Following an import over a real connection: it ends with the service, and with the right to follow."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.imports.reports import ImportState
from app.core.types import Role
from app.web.api.imports import imports
from tests import pictures
from tests.console.service import Service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service.running(tmp_path_factory.mktemp("import-stream")) as service:
        yield service


def test_following_an_import_ends_when_the_service_does(tmp_path: Path) -> None:
    """Else a page left open on a long import holds up the end of the service until uvicorn loses its patience."""
    with Service.running(tmp_path / "data") as service:
        engines = service.system.recognition._pool
        headers, files = (
            service.key("admin"),
            {"csv": ("people.csv", "number,name,photos\nI-1,Ada,a.jpg\n", "text/csv")},
        )
        photos: dict[str, Any] = {
            "photos": ("photos.zip", _zipped("a.jpg", pictures.small("biden")), "application/zip")
        }
        with engines.lease(), engines.lease(), httpx.Client(base_url=service.url, trust_env=False) as client:
            brought = client.post("/v1/imports", headers=headers, files=files | photos).json()["id"]
            with client.stream("GET", f"/v1/imports/{brought}/events", headers=headers) as answer:
                lines = answer.iter_lines()
                assert next(lines) == "event: progress"
                service.app.state.streams.close()
                told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
        assert told[-1]["state"] in {"waiting", "running"}


def test_watcher_that_loses_the_right_stops_following_an_import(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "_EVERY_S", 0.02)
    monkeypatch.setattr(imports, "_STILL_ALLOWED", 5)
    secret, key = service.system.keys.create(Role.ADMIN)
    headers = {"Authorization": f"Bearer {secret}"}
    csv = {"csv": ("people.csv", "number,name\nS-1,Ada\n", "text/csv")}
    with httpx.Client(base_url=service.url, timeout=30, trust_env=False) as client:
        brought = client.post("/v1/imports", headers=headers, files=csv).json()["id"]
        job, counts = service.system.import_reports.get(brought)
        done = count()
        # One that never ends and tells something new at each look.
        running = replace(job, state=ImportState.RUNNING)
        monkeypatch.setattr(
            type(service.system.import_reports), "get", lambda *_: (replace(running, done=next(done)), counts)
        )
        with client.stream("GET", f"/v1/imports/{brought}/events", headers=headers) as answer:
            lines = answer.iter_lines()
            assert ": still here" in islice(lines, 200), "whoever still may goes on following"
            service.system.keys.revoke(key.id)
            for told, _ in enumerate(lines):
                assert told < 200, "still followed"


def _zipped(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(name, data)
    return file.getvalue()
