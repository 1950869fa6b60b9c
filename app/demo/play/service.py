"""The real service as a process of its own, on a folder of its own: the demo only ever talks to it as others would.

Settings of the environment reach it, but none that would lead it to somebody's real database, keys or journals.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.core.errors import Fault
from app.settings import PREFIX

HOST = "127.0.0.1"
ELSEWHERE = ("DATA", "DATABASE_URL", "MASTER_KEY", "CHECKPOINT_FILE", "ERASURE_JOURNAL")
MARK = "this-is-a-demo"
READY_WITHIN_S = 120
STOP_WITHIN_S = 15
_LOG_LINES = 25


class DemoFailed(Fault):
    """The play cannot go on; the message says why and what to do."""


@contextmanager
def folder(chosen: Path | None) -> Iterator[Path]:
    """The data folder: a temporary one, gone afterwards, or the chosen one, kept, and never one of a real service.

    Raises DemoFailed.
    """
    if chosen is None:
        path = Path(tempfile.mkdtemp(prefix="facegate-demo-"))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
        return
    if chosen.exists() and not (chosen / MARK).exists() and (not chosen.is_dir() or any(chosen.iterdir())):
        raise DemoFailed(f"{chosen} is not empty and not the folder of an earlier demo: choose another with --data")
    chosen.mkdir(parents=True, exist_ok=True, mode=0o700)
    (chosen / MARK).touch()
    yield chosen


def free_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else one that the system picks."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoFailed("no port of this machine can be listened at")


@dataclass(frozen=True)
class Service:
    """data: its folder, which also holds its log. port: where it listens."""

    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        return self.data / "service.log"

    def command(self, *words: str) -> str:
        """What `python -m app WORDS --data DIR` prints. Raises DemoFailed with what it said instead."""
        line = [sys.executable, "-m", "app", *words, "--data", str(self.data)]
        done = subprocess.run(line, env=_environment(), capture_output=True, text=True, timeout=120)  # noqa: S603
        if done.returncode:
            raise DemoFailed(f"{' '.join(words)} failed:\n{done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    @contextmanager
    def running(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Starts it without waiting for it; at the end it is stopped, by force if it does not end by itself."""
        line = [
            sys.executable,
            "-m",
            "app",
            "serve",
            "--host",
            HOST,
            "--port",
            str(self.port),
            "--data",
            str(self.data),
        ]
        with self.log.open("wb") as log:
            # In a session of its own, so that Ctrl-C reaches the demo alone, and the demo ends it in order.
            process = subprocess.Popen(  # noqa: S603
                line, env=_environment(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def wait_until_ready(self, process: "subprocess.Popen[bytes]", client: httpx.Client) -> None:
        """Returns once /readyz says yes. Raises DemoFailed with the end of its log."""
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise self.stopped(process)
            try:
                if client.get("/readyz").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise DemoFailed(f"the service was not ready within {READY_WITHIN_S} s; its log ends:\n{self._tail()}")

    def stopped(self, process: "subprocess.Popen[bytes]") -> DemoFailed:
        """The error to raise when it ended by itself."""
        return DemoFailed(f"the service ended by itself (exit code {process.returncode}); its log:\n{self._tail()}")

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:])


def _environment() -> dict[str, str]:
    left_out = {PREFIX + name for name in ELSEWHERE}
    # Its frames are drawn once, and whoever looks on may send them again.
    again = {f"{PREFIX}REPLAYED_PICTURE": "alarm"}
    return {name: value for name, value in os.environ.items() if name not in left_out} | again
