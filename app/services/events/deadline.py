"""Runs work with a time limit: a release must not wait for a database that hangs."""

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

from app.core.errors import NotRecorded

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """Returns or raises what the work does. Raises NotRecorded once the time is up; the work goes on in its thread."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(result)

    # In the caller's context: the audit trail names who is at work.
    Thread(target=copy_context().run, args=(run,), name="within-a-deadline", daemon=True).start()
    try:
        return done.result(seconds)
    except TimeoutError:
        if done.done():
            raise
        raise NotRecorded("the database does not answer") from None
