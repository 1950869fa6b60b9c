"""People who sign in: added, given roles, disabled, given a link to choose a password. One admin always remains."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from app.core.accounts.passwords import check_password
from app.core.accounts.users import Ticket, TicketKind, User, person_roles, user_name
from app.core.errors import BadInput, Conflict, Forbidden, NotFound, Unauthorised
from app.core.ports.accounts import PasswordHasher
from app.core.ports.store import Clock, Store, Transaction
from app.core.tokens import digest
from app.core.types import Role
from app.services.accounts.attempts import name_bucket

RESET_FOR = timedelta(hours=24)
SETUP_FOR = timedelta(hours=24)

PERSON_ROLE_WORDS = {
    Role.ADMIN: "enrols employees, sets rules, manages users and keys",
    Role.SECURITY: "watches the gates, opens and locks them, reads the log",
    Role.VIEWER: "reads the log and changes nothing",
}


@dataclass(frozen=True)
class Users:
    store: Store
    hasher: PasswordHasher
    clock: Clock
    new_id: Callable[[], str]
    # Called with the id of a user whose sessions have ended.
    signed_out: Callable[[str], None] = lambda _: None

    def all(self) -> list[User]:
        """Returns the people, without displays."""
        with self.store.read() as tx:
            return [user for user in tx.users.all() if not user.is_display]

    def get(self, user_id: str) -> User:
        """Raises NotFound."""
        with self.store.read() as tx:
            return _known(tx, user_id)

    def by_name(self, name: str) -> User:
        """Raises NotFound."""
        with self.store.read() as tx:
            found = tx.users.by_name(name)
        if found is None:
            raise NotFound("unknown_user", "There is no user of this name.")
        return found

    def add(self, name: str, roles: frozenset[Role], password: str | None = None) -> User:
        """Adds a user. Without a password they sign in by a link (`reset`) or a provider. Raises BadInput, Conflict."""
        name, roles = user_name(name), person_roles(roles)
        hashed = None if password is None else self.hasher.hash(check_password(password, name))
        user = User(self.new_id(), name, roles, hashed, self.clock())
        with self.store.write() as tx:
            # Somebody can sign in now, so the link that makes the first admin must not remain.
            tx.tickets.withdraw(None)
            tx.users.add(user)
        return user

    def change(self, user_id: str, roles: frozenset[Role] | None = None, enabled: bool | None = None) -> User:
        """Changes a user and ends their sessions. Raises Conflict if no admin could sign in any more."""
        with self.store.write() as tx:
            everybody = tx.users.all(for_update=True)
            before = _known(tx, user_id)
            user = replace(
                before,
                roles=before.roles if roles is None else person_roles(roles),
                enabled=before.enabled if enabled is None else enabled,
            )
            if user == before:
                return user
            if _leads(before) and not any(_leads(u) for u in everybody if u.id != user_id) and not _leads(user):
                raise Conflict("last_admin", "This is the last admin; make somebody else admin first.")
            tx.users.update(user)
            if not user.enabled:
                tx.tickets.withdraw(user_id)
            tx.sessions.end_all(user_id)
        self.signed_out(user_id)
        return user

    def speak(self, user_id: str, language: str) -> None:
        """Keeps the language that the user chose for the pages. Raises NotFound."""
        with self.store.write() as tx:
            tx.users.update(replace(_known(tx, user_id, for_update=True), language=language))

    def reset(self, user_id: str) -> str:
        """The token of a link with which the user chooses a new password, once, within a day. The old one holds until
        then; earlier links do not. Wrong attempts are forgotten, so a locked name can sign in. Raises NotFound."""
        with self.store.write() as tx:
            user = _known(tx, user_id, for_update=True)
            if not user.enabled:
                raise Conflict("user_disabled", "This user is disabled; enable them first.")
            tx.tickets.withdraw(user_id)
            tx.tallies.drop(name_bucket(user.name))
            return self._issue(tx, TicketKind.RESET, user_id, RESET_FOR)

    def setup(self) -> str | None:
        """Makes the token of the link that makes the first admin; None once there is a user. Earlier ones end."""
        with self.store.write() as tx:
            tx.tickets.withdraw(None)
            return None if tx.users.all() else self._issue(tx, TicketKind.SETUP, None, SETUP_FOR)

    def ticket(self, token: str, kind: TicketKind) -> User | None:
        """The user of a link; None for the first admin's. Raises NotFound for one that was used or has expired."""
        with self.store.read() as tx:
            ticket = self._valid(tx, token, kind)
            return _known(tx, ticket.user_id) if ticket.user_id else None

    def redeem_setup(self, tx: Transaction, token: str, name: str, hashed: str) -> User:
        """Makes the first admin within the caller's transaction. Raises NotFound, BadInput."""
        self._take(tx, token, TicketKind.SETUP)
        if tx.users.all():  # somebody was added since the link was made
            raise _used_up()
        user = User(self.new_id(), user_name(name), frozenset({Role.ADMIN, Role.SECURITY}), hashed, self.clock())
        tx.users.add(user)
        return user

    def redeem_reset(self, tx: Transaction, token: str, hashed: str) -> User:
        """Sets the password and ends all sessions, within the caller's transaction. Raises NotFound."""
        ticket = self._valid(tx, token, TicketKind.RESET)
        user = replace(_known(tx, ticket.user_id or "", for_update=True), password=hashed)
        self._take(tx, token, TicketKind.RESET)
        if not user.enabled:
            raise _used_up()
        tx.users.update(user)
        tx.sessions.end_all(user.id)
        self.signed_out(user.id)
        return user

    def set_password(self, user: User, password: str, session_id: str) -> None:
        """Their other sessions end, and so do links that would set another. user: as whoever asks was found to be.

        Raises BadInput; Unauthorised and Forbidden where that is not so any more.
        """
        hashed = self.hasher.hash(check_password(password, user.name))
        with self.store.write() as tx:
            now = _known(tx, user.id, for_update=True)
            # Hashing takes time; meanwhile the account may have been disabled, or recovered with a link.
            if not now.enabled or all(session.id != session_id for session in tx.sessions.of(user.id)):
                raise Unauthorised("signed_out", "You are signed out; sign in again.")
            if now.password != user.password:
                raise wrong_password()
            tx.users.update(replace(now, password=hashed))
            tx.tickets.withdraw(user.id)
            tx.sessions.end_all(user.id, but=session_id)
        self.signed_out(user.id)

    def _issue(self, tx: Transaction, kind: TicketKind, user_id: str | None, lasts: timedelta) -> str:
        token = secrets.token_urlsafe(32)
        tx.tickets.add(Ticket(digest(token), kind, user_id, self.clock() + lasts))
        return token

    def _valid(self, tx: Transaction, token: str, kind: TicketKind) -> Ticket:
        ticket = tx.tickets.get(digest(token))
        if ticket is None or ticket.kind is not kind or self.clock() >= ticket.ends_at:
            raise _used_up()
        return ticket

    def _take(self, tx: Transaction, token: str, kind: TicketKind) -> None:
        if not tx.tickets.take(self._valid(tx, token, kind).hash):
            raise _used_up()


def roles_of(names: list[str]) -> frozenset[Role]:
    """Reads roles as people write them. Raises BadInput."""
    try:
        return person_roles(frozenset(Role(name) for name in names))
    except ValueError:
        raise BadInput("bad_roles", "A role of a user is admin, security or viewer.") from None


def _leads(user: User) -> bool:
    """Whether this is an admin who can sign in."""
    return user.enabled and Role.ADMIN in user.roles and bool(user.password or user.subject)


def wrong_password() -> Forbidden:
    return Forbidden("wrong_password", "The present password is wrong; type it again.")


def _known(tx: Transaction, user_id: str, *, for_update: bool = False) -> User:
    user = tx.users.get(user_id, for_update=for_update)
    if user is None or user.is_display:
        raise NotFound("unknown_user", "There is no user with this id.")
    return user


def _used_up() -> NotFound:
    return NotFound("link_expired", "This link was used already or is too old; ask an admin for a new one.")
