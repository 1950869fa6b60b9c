"""An import that takes the process with it is not begun for ever; one that is only interrupted goes on."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.errors import Busy
from app.core.imports.reports import ImportState
from app.core.types import FrameResult
from tests.fakes import look
from tests.services.importing import CSV, Importing, people, photos, state
from tests.services.process import Process

pytestmark = pytest.mark.one_database

Start = Callable[..., Process]


def deadly(_: bytes) -> FrameResult:
    os._exit(9)


def killed(start: Start, folder: Path, look: Callable[[bytes], FrameResult]) -> bool:
    """Whether a process of its own that runs what waits was killed by it."""
    child = os.fork()
    if child == 0:
        try:
            Importing(start(), folder, look).desk.run_next()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_import_that_kills_the_service_twice_is_given_up(start: Start, site: Process, tmp_path: Path) -> None:
    importing = Importing(site, tmp_path)
    job = importing.upload(CSV, photos(), dry_run=False)
    later = importing.upload(CSV, photos(), dry_run=False)
    assert killed(start, tmp_path, deadly) and killed(start, tmp_path, deadly)
    assert importing.desk.run_next(), "the third start only says so"
    found, _ = importing.reports.get(job.id)
    assert found.state is ImportState.FAILED and found.detail is not None and "ended twice" in found.detail
    assert importing.desk.run_next() and state(importing, later.id) is ImportState.DONE, "the next one is run"


def test_dry_run_that_kills_the_service_is_given_up_despite_progress(
    start: Start, site: Process, tmp_path: Path
) -> None:
    importing = Importing(site, tmp_path)
    job = importing.upload(CSV, photos(), dry_run=True)
    for _ in range(2):
        assert killed(start, tmp_path, deadly)
    assert importing.desk.run_next() and state(importing, job.id) is ImportState.FAILED


def test_import_with_progress_between_kills_continues(start: Start, site: Process, tmp_path: Path) -> None:
    importing = Importing(site, tmp_path)
    csv = b"number,name\n" + b"".join(b"N-%d,Nobody\n" % at for at in range(40))
    job = importing.upload(csv + b"E-1,Ada\n", photos(), dry_run=False)
    kills = 0
    while killed(start, tmp_path, deadly):
        kills += 1
        assert kills < 20
    found, _ = importing.reports.get(job.id)
    # The first attempt got on up to the photo; then two in a row did not.
    assert kills >= 2 and found.state is ImportState.FAILED
    assert found.detail is not None and "after line" in found.detail and "N-0" in people(site)


def test_orderly_shutdown_does_not_count_as_an_attempt(start: Start, site: Process, tmp_path: Path) -> None:
    job = Importing(site, tmp_path).upload(CSV, photos(), dry_run=False)
    for _ in range(4):
        stopped = Importing(start(), tmp_path)
        stopped.desk._stop.set()
        assert stopped.desk.run_next()
    importing = Importing(site, tmp_path, look)
    assert importing.desk.run_next() and state(importing, job.id) is ImportState.DONE


def test_busy_machine_does_not_count_as_an_attempt(site: Process, tmp_path: Path) -> None:
    busy = True

    def seldom(data: bytes) -> FrameResult:
        if busy:
            raise Busy("too_busy", "Try again in a second.")
        return look(data)

    importing = Importing(site, tmp_path, seldom)
    job = importing.upload(CSV, photos(), dry_run=False)
    for _ in range(5):
        assert not importing.desk.run_next()
    busy = False
    assert importing.desk.run_next() and state(importing, job.id) is ImportState.DONE
