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
from enum import StrEnum
from typing import Literal

from app.core.accounts.users import Principal, Session, User
from app.core.errors import NotRecorded
from app.core.ports.store import Clock, Store, Transaction
from app.core.tokens import digest

SEEN_EVERY = timedelta(minutes=1)  # not every click needs a write
AGENT_CHARS = 200
DISPLAY_FOR = timedelta(weeks=8)
DISPLAY_TOKEN = "display."  # noqa: S105  begins a display's cookie, so that it is known when its session is gone


@dataclass(frozen=True)
class SignedIn:
    """A valid session and its user."""

    session: Session
    user: User

    @property
    def principal(self) -> Principal:
        kind: Literal["user", "display"] = "display" if self.user.is_display else "user"
        return Principal(self.user.id, self.user.name, self.user.roles, None, kind)


class Ended(StrEnum):
    """Why a session is over. REMOVED: signed out elsewhere, new password, changed account, revoked, or long over."""

    IDLE = "idle"
    LONGEST = "longest"
    DISABLED = "disabled"
    REMOVED = "removed"


@dataclass(frozen=True)
class Sessions:
    """idle: how long a session lasts without a request. longest: how long it lasts at most."""

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
        token = (DISPLAY_TOKEN if user.is_display else "") + secrets.token_urlsafe(32)
        tx.sessions.forget(now)
        ends = now + (DISPLAY_FOR if user.is_display else self.longest)
        session = Session(self.new_id(), digest(token), user.id, now, now, ends, address, printable(agent))
        tx.sessions.add(session)
        return token

    def find(self, token: str, *, background: bool = False) -> SignedIn | None:
        """Finds a session and its user; None if there is none, it is over, or its user is disabled.

        background: a page asks by itself, which does not keep a person's session from ending when nobody uses it.
        """
        now = self.clock()
        with self.store.read() as tx:
            found = tx.sessions.by_hash(digest(token))
        if found is None or self._end_of(*found) is not None:
            return None
        session, user = found
        if now - session.seen_at >= SEEN_EVERY and (user.is_display or not background):
            # On a full disk, people who are signed in can still read, and order a release.
            with suppress(NotRecorded), self.store.write() as tx:
                tx.sessions.seen(session.id, now)
        return SignedIn(session, user)

    def why_ended(self, token: str) -> Ended | None:
        """Says why the session of this cookie is over; None if it is not."""
        with self.store.read() as tx:
            found = tx.sessions.by_hash(digest(token))
        return Ended.REMOVED if found is None else self._end_of(*found)

    def of(self, user_id: str) -> list[Session]:
        """Returns the valid sessions, newest first."""
        with self.store.read() as tx:
            user = tx.users.get(user_id)
            return [s for s in tx.sessions.of(user_id) if user is not None and self._end_of(s, user) is None]

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

    def _end_of(self, session: Session, user: User) -> Ended | None:
        now = self.clock()
        if not user.enabled:
            return Ended.DISABLED
        if now >= session.ends_at:
            return Ended.LONGEST
        # Nobody touches a display for days.
        return Ended.IDLE if now - session.seen_at >= self.idle and not user.is_display else None


def of_display(token: str) -> bool:
    """Whether the cookie is or was a display's."""
    return token.startswith(DISPLAY_TOKEN)


def csrf_of(token: str) -> str:
    """What a page sends back with every change. It follows from the cookie, but not the other way round."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"csrf", hashlib.sha256).hexdigest()


def printable(text: str) -> str:
    """A browser's description of itself, without control characters, cut to the length that is stored."""
    return "".join(c for c in text[:AGENT_CHARS] if c.isprintable())
