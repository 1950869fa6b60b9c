"""argon2id, one hash at a time in a low-priority thread, so a flood of sign-ins does not slow the gates."""

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

# OWASP's second choice: a hash takes 19 MiB and about 20 ms of one core, and there is only one at a time.
TIME_COST, MEMORY_KIB, LANES = 2, 19_456, 1
MOST_WAITING = 8
Result = TypeVar("Result")


class Argon2:
    """Implements `ports.accounts.PasswordHasher`. Shared by all threads."""

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
        # Each waiter occupies a thread that decisions need, so only a few may wait.
        if not self._places.acquire(blocking=False):
            raise Busy("too_many_sign_ins", "Too many people are signing in at once; try again in a moment.", 2)
        try:
            return self._thread.submit(work).result()
        finally:
            self._places.release()


def _bytes(password: str) -> bytes:
    """The same bytes for the same letters from any keyboard. Lone surrogates are not text, but must not fail."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _step_back() -> None:
    if sys.platform == "linux":  # only Linux gives a single thread a priority
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
