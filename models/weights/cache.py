"""Fills the cache: one run at a time, and every file either complete or absent."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from app.adapters.vision.weights import Artifact
from models.progress import Reporter

# Incomplete files. While the lock is held, any that exist are left over from a killed run.
ASIDE = ".new-"


@contextlib.contextmanager
def locked(cache: Path, reporter: Reporter) -> Iterator[None]:
    """Holds the lock of the cache for the block, waiting for another run if necessary."""
    # The kernel drops the lock when the process ends, so a killed fetch leaves nothing to clean up. The file stays,
    # because removing it would let two runs lock two different files of the same name.
    with (cache / ".lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reporter.line(f"waiting for another fetch that is filling {cache}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def store(cache: Path, artifact: Artifact, content: bytes) -> None:
    """Stores a file completely or not at all, even if the power fails: write aside, flush, rename."""
    handle, aside = tempfile.mkstemp(dir=cache, prefix=ASIDE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o644)  # mkstemp gives 0600, but the gate may run as another user
        Path(aside).replace(cache / artifact.cached_name)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    folder = os.open(cache, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
