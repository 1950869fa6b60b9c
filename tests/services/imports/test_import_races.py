"""Two at one import at the same moment: what each is answered is what comes to be, on both databases."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app.adapters.db.repositories.imports import ImportRows
from app.core.errors import Conflict
from app.core.imports.reports import Import, ImportState
from app.core.people.records import EmployeeFilter
from app.services.imports.import_desk import KEPT_TO_APPLY
from tests.fakes import Clock
from tests.services.importing import CSV, Importing, photos, state
from tests.services.process import Process

MANY = "number,name\n" + "".join(f"E-{n},Person {n}\n" for n in range(1, 13))


@pytest.fixture
def importing(site: Process, tmp_path: Path) -> Importing:
    return Importing(site, tmp_path)


def people(site: Process) -> int:
    return len(site.enrolment.find(EmployeeFilter()))


@contextmanager
def after(method: str, work: Callable[[], object]) -> Iterator[None]:
    """Once, when somebody has just called this method of ImportRows, the work is begun in a thread, and may end."""
    real, threads = getattr(ImportRows, method), list[Thread]()

    def hooked(rows: ImportRows, *given: Any) -> Any:
        found = real(rows, *given)
        if not threads:
            threads.append(Thread(target=work))
            threads[0].start()
            threads[0].join(0.3)  # it may have to wait for us
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImportRows, method, hooked)
        yield
        (thread,) = threads
        thread.join()


class Cancelling:
    """Somebody who cancels an import, and what they were answered."""

    def __init__(self, importing: Importing, import_id: str) -> None:
        self._importing, self._import_id = importing, import_id
        self.answer: Import | str = "never asked"

    def __call__(self) -> None:
        try:
            self.answer = self._importing.desk.cancel(self._import_id)
        except Conflict as refused:
            self.answer = refused.code


def test_cancelled_while_it_begins(importing: Importing, site: Process) -> None:
    job = importing.upload(CSV, photos(), dry_run=False)
    cancel = Cancelling(importing, job.id)
    with after("lines", cancel):
        importing.desk.run_next()
    assert isinstance(cancel.answer, Import) and state(importing, job.id) is ImportState.CANCELLED
    assert cancel.answer.counts is not None and cancel.answer.counts["added"] == people(site)


def test_cancelled_while_it_ends(importing: Importing) -> None:
    job = importing.upload(CSV, photos(), dry_run=False)
    cancel = Cancelling(importing, job.id)
    with after("counts", cancel):
        importing.desk.run_next()
    assert (cancel.answer, state(importing, job.id)) == ("import_ended", ImportState.DONE)


def test_cancelled_while_it_fails(importing: Importing) -> None:
    job = importing.upload(b"name\nAda\n", b"", dry_run=False)
    cancel = Cancelling(importing, job.id)
    with after("counts", cancel):
        importing.desk.run_next()
    assert (cancel.answer, state(importing, job.id)) == ("import_ended", ImportState.FAILED)


def test_cancelled_while_it_is_applied(importing: Importing, site: Process) -> None:
    job = importing.upload(CSV, photos(), dry_run=True)
    importing.desk.run_next()
    cancel = Cancelling(importing, job.id)
    with after("forget_rows", cancel):
        assert importing.desk.apply(job.id).state is ImportState.WAITING
    assert isinstance(cancel.answer, Import) and state(importing, job.id) is ImportState.CANCELLED
    assert not importing.desk.run_next() and people(site) == 0


@pytest.mark.parametrize("row", [1, 9])
def test_no_row_is_applied_after_cancel_returns(importing: Importing, site: Process, row: int) -> None:
    """The ninth is applied while rows are still being handed to those who look."""
    job = importing.desk.open("tests", dry_run=False)
    asked, answered = iter(range(20)), list[Import]()

    def cancel() -> bool:
        if next(asked) == row:
            answered.append(importing.desk.cancel(job.id))
        return False

    done = importing.run(MANY, again=job, stop=cancel)
    (answer,) = answered
    assert answer.counts is not None and answer.counts["added"] == people(site) == row
    assert done.counts == answer.counts and done.state is ImportState.CANCELLED


def test_import_applied_during_tidying_is_not_given_up(
    importing: Importing, site: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = importing.upload(CSV, photos(), dry_run=True)
    importing.desk.run_next()
    clock.now += KEPT_TO_APPLY + timedelta(seconds=1)
    with after("all", lambda: importing.desk.apply(job.id)):
        importing.desk.tidy()
    importing.desk.tidy()
    assert importing.desk.run_next() and state(importing, job.id) is ImportState.DONE and people(site) == 2
