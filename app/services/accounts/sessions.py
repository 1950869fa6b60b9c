"""Sessions of people: in the database, found by the hash of a cookie, ended by time, by hand or by a change.

Each request reads session and user as they are now, so what an admin takes away is gone at the next click.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from app.core.accounts.users import Principal, Session, User
from app.core.errors import NotRecorded
from app.core.ports.store import Clock, Store, Transaction

SEEN_EVERY = timedelta(minutes=1)  # not every click needs a write
AGENT_CHARS = 200


@dataclass(frozen=True)
class SignedIn:
    """A valid session and its user."""

    session: Session
    user: User

    @property
    def principal(self) -> Principal:
        return Principal(self.user.id, self.user.name, self.user.roles, None, "user")


@dataclass(frozen=True)
class Sessions:
    """idle: how long a session lasts without a request. longest: how long it lasts at all."""

    store: Store
    clock: Clock
    new_id: Callable[[], str]
    idle: timedelta
    longest: timedelta
    # Called with the id of a session that ended, or of a user whose sessions did.
    ended: Callable[[str], None] = lambda _: None

    def open(self, tx: Transaction, user: User, address: str, agent: str) -> str:
        """Opens a session within the caller's transaction. Returns the cookie's value, which is stored nowhere."""
        now = self.clock()
        token = secrets.token_urlsafe(32)
        tx.sessions.forget(now)
        session = Session(
            self.new_id(), digest(token), user.id, now, now, now + self.longest, address, printable(agent)
        )
        tx.sessions.add(session)
        return token

    def find(self, token: str) -> SignedIn | None:
        """Finds a session and its user; None if there is none, it is over, or its user is disabled."""
        now = self.clock()
        with self.store.read() as tx:
            found = tx.sessions.by_hash(digest(token))
        if found is None:
            return None
        session, user = found
        if not user.enabled or now >= session.ends_at or now - session.seen_at >= self.idle:
            return None
        if now - session.seen_at >= SEEN_EVERY:
            # On a full disk, people who are signed in can still read, and order a release.
            with suppress(NotRecorded), self.store.write() as tx:
                tx.sessions.seen(session.id, now)
        return SignedIn(session, user)

    def of(self, user_id: str) -> list[Session]:
        """Returns the valid sessions, newest first."""
        now = self.clock()
        with self.store.read() as tx:
            return [s for s in tx.sessions.of(user_id) if now < s.ends_at and now - s.seen_at < self.idle]

    def end(self, session_id: str) -> None:
        with self.store.write() as tx:
            tx.sessions.end(session_id)
        self.ended(session_id)

    def end_all(self, user_id: str, but: str | None = None) -> int:
        """Ends all sessions of a user, `but` for one. Returns how many."""
        with self.store.write() as tx:
            count = tx.sessions.end_all(user_id, but)
        self.ended(user_id)
        return count


def digest(token: str) -> str:
    """SHA-256: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def csrf_of(token: str) -> str:
    """What a page sends back with every change. It follows from the cookie, but not the other way round."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"csrf", hashlib.sha256).hexdigest()


def printable(text: str) -> str:
    """A browser's description of itself, without control characters, cut to the length that is stored."""
    return "".join(c for c in text[:AGENT_CHARS] if c.isprintable())
