"""How the cache is filled: by one run at a time, and every file whole or not at all."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from app.adapters.vision.weights import Artifact
from models.progress import Reporter

# Files not yet whole; under the lock, any that lie there are left over from a run that was killed.
ASIDE = ".new-"


@contextlib.contextmanager
def locked(cache: Path, reporter: Reporter) -> Iterator[None]:
    # The kernel drops the lock with its process, so a killed fetch leaves nothing to clean up. The file stays: removing
    # it would let two runs hold two different files of the same name.
    with (cache / ".lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reporter.line(f"another fetch is filling {cache}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def store(cache: Path, artifact: Artifact, content: bytes) -> None:
    """Whole or not at all, also when the power fails: written aside, flushed, then renamed over."""
    handle, aside = tempfile.mkstemp(dir=cache, prefix=ASIDE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o644)  # mkstemp gives 0600, and the gate may run as another user
        Path(aside).replace(cache / artifact.cached_name)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    folder = os.open(cache, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
