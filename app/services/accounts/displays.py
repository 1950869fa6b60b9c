"""Displays: screens on the wall that show the live page and the alerts for weeks, without anybody signing in.

A display is a user with the role DISPLAY alone and no password. An admin makes a code, somebody types it into the
browser of the screen, and that browser gets a session that lasts for `sessions.DISPLAY_FOR`.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.accounts.users import Method, Session, SignInOutcome, Ticket, TicketKind, User, user_name
from app.core.errors import Busy, NotFound
from app.core.ports.store import Clock, Store, Transaction
from app.core.tokens import digest
from app.core.types import Role
from app.services.accounts.attempts import Attempts
from app.services.accounts.sessions import Sessions
from app.services.accounts.sign_in import ADDRESS_CHARS, Client, SignInResult, SignInService

CODE_FOR = timedelta(minutes=15)
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that look alike
CODE_LETTERS = 8  # 39 bits, which nobody guesses in fifteen minutes of counted attempts


@dataclass(frozen=True)
class Display:
    """session: of the browser that shows it; None before a code is typed, and once its weeks are over."""

    user: User
    session: Session | None


@dataclass(frozen=True)
class NewCode:
    """code: as it is typed, shown once. Case and dashes do not matter."""

    display: Display
    code: str
    expires_at: datetime


@dataclass(frozen=True)
class Displays:
    store: Store
    sessions: Sessions
    sign_in: SignInService
    attempts: Attempts
    clock: Clock
    new_id: Callable[[], str]

    def all(self) -> list[Display]:
        with self.store.read() as tx:
            found = [user for user in tx.users.all() if user.is_display]
        return [self._shown(user) for user in found]

    def add(self, name: str) -> NewCode:
        """Adds a display and makes its first code. Raises BadInput, and Conflict for a name in use."""
        user = User(self.new_id(), user_name(name), frozenset({Role.DISPLAY}), None, self.clock())
        with self.store.write() as tx:
            tx.users.add(user)
            code, until = self._code(tx, user)
        return NewCode(Display(user, None), code, until)

    def renew(self, display_id: str) -> NewCode:
        """Makes another code; earlier ones end. The display goes on until it is typed. Raises NotFound."""
        with self.store.write() as tx:
            user = _known(tx, display_id)
            code, until = self._code(tx, user)
        return NewCode(self._shown(user), code, until)

    def revoke(self, display_id: str) -> None:
        """Removes a display. Its browser shows nothing from the next request. Raises NotFound."""
        with self.store.write() as tx:
            found = _known(tx, display_id)
            tx.tickets.withdraw(found.id)
            tx.sessions.end_all(found.id)
            tx.users.remove(found.id)
        self.sessions.ended(found.id)

    def open(self, code: str, client: Client) -> SignInResult:
        """Opens the display of this code in one browser, and ends its session in any other.

        Raises NotFound for a code that is wrong, used or too old, and Busy after too many of those.
        """
        typed = "".join(letter for letter in code.upper() if letter.isalnum())
        # Counted for the address alone: a name would let one guesser lock every display out.
        wait = self.attempts.admit(f"display {client.address}", client.address, None)
        if wait is not None:
            seconds = max(1, round((wait - self.clock()).total_seconds()))
            raise Busy("too_many_wrong_tries", f"Too many wrong codes; wait {seconds} s and try again.", seconds)
        try:
            entered = self._open(typed, client)
        except NotFound:
            with self.store.write() as tx:
                self.sign_in.record(tx, None, client, Method.CODE, SignInOutcome.REFUSED, "wrong display code")
            raise
        self.attempts.forgive(f"display {client.address}", client.address, None)
        return entered

    def _open(self, typed: str, client: Client) -> SignInResult:
        with self.store.write() as tx:
            ticket = tx.tickets.get(digest(typed))
            if ticket is None or ticket.kind is not TicketKind.DISPLAY or self.clock() >= ticket.ends_at:
                raise _expired()
            user = tx.users.get(ticket.user_id or "", for_update=True)
            if user is None:
                raise _expired()
            self.sign_in.record(tx, user, client, Method.CODE, SignInOutcome.SIGNED_IN)
            if not tx.tickets.take(ticket.hash):  # somebody else typed it meanwhile
                raise _expired()
            tx.sessions.end_all(user.id)
            return SignInResult(user, self.sessions.open(tx, user, client.address[:ADDRESS_CHARS], client.agent), "")

    def _code(self, tx: Transaction, user: User) -> tuple[str, datetime]:
        tx.tickets.withdraw(user.id)
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
        until = self.clock() + CODE_FOR
        tx.tickets.add(Ticket(digest(code), TicketKind.DISPLAY, user.id, until))
        return f"{code[:4]}-{code[4:]}", until

    def _shown(self, user: User) -> Display:
        return Display(user, next(iter(self.sessions.of(user.id)), None))


def _expired() -> NotFound:
    return NotFound("code_expired", "This code is wrong, was used, or is too old. Ask an admin for a new one.")


def _known(tx: Transaction, display_id: str) -> User:
    user = tx.users.get(display_id, for_update=True)
    if user is None or not user.is_display:
        raise NotFound("unknown_display", "There is no display with this id.")
    return user
