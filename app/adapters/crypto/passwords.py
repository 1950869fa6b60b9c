"""argon2id, bounded: one hash at a time in a thread of low priority, so that a flood of sign-ins leaves gates alone."""

import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.core.errors import Busy

# OWASP's second choice, 19 MiB: a hash takes about 20 ms of one core, and one at a time is all that is ever held.
TIME_COST, MEMORY_KIB, LANES = 2, 19_456, 1
MOST_WAITING = 8
Result = TypeVar("Result")


class Argon2:
    """user_ports.PasswordHasher. Shared by all threads."""

    def __init__(self, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB) -> None:
        self._argon2 = PasswordHasher(time_cost, memory_kib, LANES)
        self._thread = ThreadPoolExecutor(1, "passwords", initializer=_step_back)
        self._places = threading.BoundedSemaphore(MOST_WAITING)
        self._nobodys: str | None = None

    def hash(self, password: str) -> str:
        return self._bounded(lambda: self._argon2.hash(_bytes(password)))

    def matches(self, password: str, hashed: str | None) -> bool:
        return self._bounded(lambda: self._verify(password, hashed))

    def is_dated(self, hashed: str) -> bool:
        try:
            return self._argon2.check_needs_rehash(hashed)
        except InvalidHashError:
            return True

    def _verify(self, password: str, hashed: str | None) -> bool:
        if self._nobodys is None:
            self._nobodys = self._argon2.hash(os.urandom(16))
        try:
            self._argon2.verify(hashed or self._nobodys, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not None

    def _bounded(self, work: Callable[[], Result]) -> Result:
        # Waiting costs one of the threads that decisions run in, so only a few may wait.
        if not self._places.acquire(blocking=False):
            raise Busy("too_many_sign_ins", "Too many people are signing in at once; try again in a moment.", 2)
        try:
            return self._thread.submit(work).result()
        finally:
            self._places.release()


def _bytes(password: str) -> bytes:
    """The same for every keyboard that writes the same letters. Lone surrogates are no text, but no fault either."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _step_back() -> None:
    if sys.platform == "linux":  # where a priority can be one thread's
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
