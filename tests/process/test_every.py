"""What is done at intervals goes on after any fault, and ends with its block."""

import logging
from threading import Event, Thread, current_thread

import pytest

from app.core.errors import NotRecorded
from app.process.every import every
from tests.waiting import eventually


@pytest.mark.parametrize("error", [NotRecorded("the database is gone"), RuntimeError("a defect"), None])
def test_fault_of_a_step_keeps_neither_the_others_nor_itself_from_their_work(
    error: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    first: list[Thread] = []
    second: list[int] = []

    def fails() -> None:
        first.append(current_thread())
        if error is not None:
            raise error

    with every(0.01, "chores", fails, lambda: second.append(1)):
        eventually(lambda: len(second) >= 3, "the steps")
    done = len(first)
    (chores,) = set(first)
    assert chores.name == "chores" and not chores.is_alive() and len(first) == done
    logged = [record.levelno for record in caplog.records if "step_failed of=chores step=fails" in record.message]
    assert bool(logged) == isinstance(error, RuntimeError) and set(logged) <= {logging.ERROR}


def test_it_begins_at_once_only_if_asked_to() -> None:
    began, waits = Event(), Event()
    with every(3600, "one", began.set, at_once=True), every(3600, "two", waits.set):
        eventually(began.is_set, "the first")
    assert not waits.is_set()
