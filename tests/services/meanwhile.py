"""Somebody else does something in the middle of a transaction, as another process would."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest

_A_WHILE_S = 0.3  # long for what waits for nobody, short beside the 2 s for which a lock is waited for


class Meanwhile:
    def __init__(self, patch: pytest.MonkeyPatch, pool: ThreadPoolExecutor) -> None:
        self._patch, self._pool = patch, pool
        self._others: list[Future[Any]] = []

    def before(self, rows: type, method: str, what: Callable[[], object]) -> None:
        """The next call of this method waits until `what` is done elsewhere, or waits for us."""
        real = getattr(rows, method)

        def overtaken(*arguments: object, **named: object) -> object:
            self._patch.setattr(rows, method, real)
            self._others.append(self._pool.submit(what))
            wait(self._others, _A_WHILE_S)
            return real(*arguments, **named)

        self._patch.setattr(rows, method, overtaken)

    def results(self) -> list[Any]:
        """What became of all that was done meanwhile. Raises what it raised."""
        assert self._others, "nothing was overtaken"
        return [other.result(20) for other in self._others]
