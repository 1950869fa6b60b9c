"""The real service in its own process, on its own folder. The demo talks to it as any client would.

It gets the environment's settings, except those that would lead it to a real database, keys or journals.
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
    """The demo cannot continue. The message says why and what to do."""


@contextmanager
def folder(chosen: Path | None) -> Iterator[Path]:
    """Gives the data folder: a temporary one that is removed afterwards, or the chosen one, which stays.

    Raises DemoFailed for a folder that may belong to a real service.
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
    """Returns the wanted port if nothing listens there, else one that the system picks."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoFailed("this machine has no free port")


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
        """Returns what `python -m app WORDS --data DIR` prints. Raises DemoFailed with its error."""
        line = [sys.executable, "-m", "app", *words, "--data", str(self.data)]
        done = subprocess.run(line, env=_environment(), capture_output=True, text=True, timeout=120)  # noqa: S603
        if done.returncode:
            raise DemoFailed(f"{' '.join(words)} failed:\n{done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    @contextmanager
    def running(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Starts the service without waiting for it. Stops it at the end, by force if it does not stop itself."""
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
            # In its own session, so that Ctrl-C reaches only the demo, which then stops the service in order.
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
        """Returns once /readyz answers 200. Raises DemoFailed with the end of the service's log."""
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
        """Returns the error for a service that ended by itself."""
        return DemoFailed(f"the service ended by itself (exit code {process.returncode}); its log:\n{self._tail()}")

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:])


def _environment() -> dict[str, str]:
    left_out = {PREFIX + name for name in ELSEWHERE}
    # The frames are drawn once, and the audience may send them again.
    again = {f"{PREFIX}REPLAYED_PICTURE": "alert"}
    return {name: value for name, value in os.environ.items() if name not in left_out} | again
