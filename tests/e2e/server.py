"""The real service as a process of its own, and the command line beside it: started, asked, stopped or killed."""

import io
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from app.__main__ import main
from app.core.recognition.liveness import LivenessMode
from app.core.site.installation import Installation
from app.core.types import Role
from app.services.gates.gate_settings import GateUpdate
from app.settings import read_settings
from app.wiring import open_backbone
from tests import pictures
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
GATE = "lobby-1"
START_S, STOP_S = 90, 15
_runs = count(1)


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with no setting of Facegate but these, and one float32 worker."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FACEGATE_")}
    cache = {n: v for n, v in os.environ.items() if n == "FACEGATE_CACHE_DIR"}
    # The tests have few portraits and send them again and again, which real cameras cannot.
    fixed = {
        "FACEGATE_WORKERS": "1",
        "FACEGATE_PRECISION": "f32",
        "FACEGATE_REPLAYED_PICTURE": "alert",
        "PYTHONWARNINGS": "error",
    }
    return {**plain, **cache, **fixed, **{f"FACEGATE_{name.upper()}": value for name, value in settings.items()}}


def app(*words: str, data: Path | None, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m app ...` to its end."""
    where = [] if data is None else ["--data", str(data)]
    return subprocess.run(
        [sys.executable, "-m", "app", *words, *where],
        cwd=ROOT,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
    )


def quick(*words: str, data: Path, typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """The same as `app`, in this process: seconds less for a command whose only point is what it says."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    wanted = environment(**settings)
    with (
        mock.patch.dict(os.environ, wanted, clear=True),
        mock.patch.object(sys, "argv", ["app", *words, "--data", str(data)]),
        mock.patch.object(sys, "stdin", io.StringIO(typed)),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(list(words), code, out.getvalue(), err.getvalue())


def begun(data: Path) -> Path:
    """The folder, with an empty installation in it, as a first `serve` leaves one."""
    open_backbone(read_settings(data)).close()
    return data


@dataclass
class Site:
    """A data folder with a gate and keys, made without starting anything. unspeakable: what no log may hold."""

    data: Path
    settings: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    key_ids: dict[str, str] = field(default_factory=dict)
    unspeakable: set[str] = field(default_factory=set)

    @classmethod
    def make(cls, data: Path, **settings: str) -> "Site":
        overrides: dict[str, Any] = dict(settings)
        office = open_backbone(read_settings(data, **overrides))
        site = cls(data, settings)
        try:
            with office.store.write() as tx:
                # As a first start does; the real one replaces it while nobody is enrolled.
                tx.installation.put(Installation("0" * 64, "f32", office.vault.key_check(), office.clock()))
            office.gates.add(GATE)
            # Portraits pasted into pictures: where liveness works, it may take them for what they are.
            office.gate_settings.change(GATE, GateUpdate(liveness=LivenessMode.MONITOR))
            for role in (Role.ADMIN, Role.SECURITY, Role.GATE):
                secret, key = office.keys.create(role, GATE if role is Role.GATE else None)
                site.keys[role.value], site.key_ids[role.value] = secret, key.id
        finally:
            office.close()
        site.unspeakable = set(site.keys.values())
        return site

    def key(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[role]}"}


class Server:
    """One `serve` process. Everything it prints is kept, and shown when something fails."""

    def __init__(self, site: Site, **settings: str) -> None:
        self.site = site
        self.port = _free_port()
        self.log = site.data.parent / f"serve-{next(_runs)}.log"
        self.out = self.log.with_suffix(".out")
        words = [sys.executable, "-m", "app", "serve", "--data", str(site.data), "--port", str(self.port)]
        with self.log.open("wb") as err, self.out.open("wb") as out:
            self.process = subprocess.Popen(
                words, cwd=ROOT, env=environment(**{**site.settings, **settings}), stdout=out, stderr=err
            )
        # The environment's proxies do not reach this machine's own service.
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30, trust_env=False)

    def ready(self) -> "Server":
        eventually(self._answers, "readiness", seconds=START_S)
        return self

    def stop(self) -> int:
        """SIGTERM; the exit code. Killed where it does not end in time."""
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not end the service in {STOP_S} s:\n{self.printed()}") from None

    def kill(self) -> None:
        self.http.close()
        self.process.kill()
        self.process.wait()

    def printed(self) -> str:
        return self.out.read_text() + self.log.read_text()

    def said_nothing_personal(self) -> None:
        """No key, no name, no vector in the log, and no trace: each fault is one line."""
        text = self.log.read_text()
        assert not [word for word in self.site.unspeakable if word in text], text
        assert not re.search(r"(-?\d\.\d{3,}(e-\d+)?[,\s]+){4}", text), "numbers like an embedding"
        assert not re.search(r"fg_(admin|gate|security|camera)_\w", text)

    # What an admin and a gate do.

    def employ(self, number: str, name: str) -> str:
        self.site.unspeakable.add(name)
        body = {"number": number, "name": name}
        answer = self.http.post("/v1/employees", headers=self.site.key("admin"), json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def photograph(self, employee_id: str, *portraits: str) -> list[dict[str, Any]]:
        files = [("photo", (name, pictures.small(name, 720), "image/jpeg")) for name in portraits]
        answer = self.http.post(f"/v1/employees/{employee_id}/photos", headers=self.site.key("admin"), files=files)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["photos"])

    def approach(self, portrait: str | None = None) -> httpx.Response:
        """Somebody walks up to the gate; None: nobody does."""
        picture = pictures.small(portrait) if portrait else pictures.empty()
        headers = {**self.site.key("gate"), "Content-Type": "image/jpeg"}
        return self.http.post(f"/v1/gates/{GATE}/decisions", headers=headers, content=picture)

    def get(self, path: str, role: str = "admin", **query: Any) -> Any:
        answer = self.http.get(path, headers=self.site.key(role), params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"serve ended with {self.process.returncode}:\n{self.printed()}")
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def serving(site: Site, **settings: str) -> Iterator[Server]:
    """A ready server; afterwards it has ended in order and its log holds nothing personal."""
    server = Server(site, **settings)
    try:
        yield server.ready()
        code = server.stop()
    except BaseException:
        server.kill()
        sys.stderr.write(server.printed())
        raise
    assert code == 0, server.printed()
    server.said_nothing_personal()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
