"""Who may order a release while the database is gone: the keys and sessions that could when it last answered.

Kept in memory as hashes. Good for a release and for nothing else.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from app.core.accounts.users import Principal
from app.core.ports.store import Store
from app.core.tokens import digest
from app.core.types import Role
from app.services.accounts.sessions import SignedIn

MAY_RELEASE = frozenset({Role.ADMIN, Role.SECURITY})


class ReleaseCallers:
    """idle: how long a session lasts without a request. Any thread may call any method."""

    def __init__(self, store: Store, clock: Callable[[], datetime], idle: timedelta) -> None:
        self._store, self._clock, self._idle = store, clock, idle
        self._lock = Lock()
        self._forgotten = 0
        self._keys: dict[str, Principal] = {}
        self._sessions: dict[str, SignedIn] = {}

    def refresh(self) -> None:
        """Reads who may order one from the database. Raises NotRecorded: then nothing changes."""
        before = self._forgotten
        found: dict[str, SignedIn] = {}
        with self._store.read() as tx:
            principals = {
                key.hash: Principal(key.id, key.name, frozenset({key.role}), key.gate_id, "key")
                for key in tx.api_keys.all()
                if key.role in MAY_RELEASE and key.revoked_at is None
            }
            for user in tx.users.all():
                if user.enabled and not user.roles.isdisjoint(MAY_RELEASE):
                    found |= {session.hash: SignedIn(session, user) for session in tx.sessions.of(user.id)}
        with self._lock:
            # The read may be older than a removal meanwhile; the next one has both.
            if self._forgotten == before:
                self._keys, self._sessions = principals, found

    def forget(self, id_: str) -> None:
        """Forgets a key that was revoked, a session that ended, or a user who changed."""
        with self._lock:
            self._forgotten += 1
            self._keys = {hash_: who for hash_, who in self._keys.items() if who.id != id_}
            self._sessions = {
                hash_: found for hash_, found in self._sessions.items() if id_ not in (found.session.id, found.user.id)
            }

    def by_key(self, secret: str) -> Principal | None:
        return self._keys.get(digest(secret))

    def by_session(self, token: str) -> Principal | None:
        """None also for a session that is over by now. Each use counts as a request."""
        hash_, now = digest(token), self._clock()
        with self._lock:
            found = self._sessions.get(hash_)
            if found is None or now >= found.session.ends_at or now - found.session.seen_at >= self._idle:
                return None
            self._sessions[hash_] = replace(found, session=replace(found.session, seen_at=now))
        return found.principal
