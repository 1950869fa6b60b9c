"""The speed of an import and the time left, counted over the current run only."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.imports.reports import Import, ImportState
from tests.fakes import NOW

RUNNING = Import("01I", ImportState.RUNNING, False, "01U", NOW, started_at=NOW, rows=100, done=40, done_before=10)
LATER = NOW + timedelta(seconds=15)


def test_rows_of_an_earlier_run_do_not_count() -> None:
    assert RUNNING.rate(LATER) == pytest.approx(2.0)
    assert RUNNING.eta_s(LATER) == pytest.approx(30.0)


def test_import_that_has_ended_keeps_its_rate() -> None:
    done = replace(RUNNING, state=ImportState.DONE, ended_at=LATER)
    assert done.rate(LATER + timedelta(hours=1)) == pytest.approx(2.0)
    assert done.eta_s(LATER) is None


@pytest.mark.parametrize(
    "job",
    [
        replace(RUNNING, started_at=None),
        replace(RUNNING, done=10),
        replace(RUNNING, started_at=LATER),
    ],
)
def test_without_progress_there_is_no_rate(job: Import) -> None:
    assert job.rate(LATER) is None and job.eta_s(LATER) is None


def test_before_the_file_is_read_nobody_knows_the_end() -> None:
    assert replace(RUNNING, rows=None).eta_s(LATER) is None
