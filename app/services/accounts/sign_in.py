"""Signing in: with name and password, with a link that works once, or through another provider; each leaves a record.

An unknown name, a disabled user and a wrong password get one answer, after the same work.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from app.core.accounts.passwords import check_password
from app.core.accounts.users import Method, SignIn, SignInOutcome, TicketKind, User, user_name
from app.core.errors import Busy, Unauthorised
from app.core.ports.accounts import PasswordHasher
from app.core.ports.crypto import Signer
from app.core.ports.store import Clock, Store, Transaction
from app.services.accounts.attempts import Attempts
from app.services.accounts.sessions import Sessions, SignedIn, printable
from app.services.accounts.users import Users, wrong_password

ADDRESS_CHARS = 64


@dataclass(frozen=True)
class Client:
    """Where a sign-in comes from. device: the mark that this browser got at an earlier sign-in."""

    address: str
    agent: str = ""
    device: str = ""


@dataclass(frozen=True)
class SignInResult:
    """A successful sign-in. session: the cookie. device: the browser's mark, a long-lived cookie; "" for a display."""

    user: User
    session: str
    device: str


@dataclass(frozen=True)
class SignInService:
    store: Store
    users: Users
    sessions: Sessions
    attempts: Attempts
    hasher: PasswordHasher
    signer: Signer
    clock: Clock
    new_id: Callable[[], str]

    def with_password(self, name: str, password: str, client: Client) -> SignInResult:
        """Signs in with a password. Raises Unauthorised, and Busy after or during too many wrong attempts."""
        with self.store.read() as tx:
            user = tx.users.by_name(name)
        device = self._device(client, user)
        wait = self.attempts.admit(name, client.address, device)
        if wait is not None:
            raise self._locked(wait)
        right = self.hasher.matches(password, user.password if user and user.enabled else None)
        if user is None or not right:
            with self.store.write() as tx:
                self.record(tx, user, client, Method.PASSWORD, _why(user))
            raise _wrong()
        self.attempts.forgive(name, client.address, device)
        stored = user.password or ""
        renewed = self.hasher.hash(password) if self.hasher.is_dated(stored) else None
        return self._enter(user, client, Method.PASSWORD, checked=stored, renewed=renewed)

    def with_setup_link(self, token: str, name: str, password: str, client: Client) -> SignInResult:
        """Makes the first admin and signs them in. Raises NotFound, BadInput."""
        self.users.ticket(token, TicketKind.SETUP)
        hashed = self.hasher.hash(check_password(password, user_name(name)))
        with self.store.write() as tx:
            user = self.users.redeem_setup(tx, token, name, hashed)
        return self._enter(user, client, Method.LINK)

    def with_reset_link(self, token: str, password: str, client: Client) -> SignInResult:
        """Sets the password and signs in. Raises NotFound, BadInput."""
        user = self.users.ticket(token, TicketKind.RESET)
        hashed = self.hasher.hash(check_password(password, user.name if user else ""))
        with self.store.write() as tx:
            user = self.users.redeem_reset(tx, token, hashed)
        return self._enter(user, client, Method.LINK)

    def change_password(self, who: SignedIn, old: str, new: str, client: Client) -> None:
        """Every other session of the user ends. Raises Forbidden for a wrong old password, Busy, BadInput.

        Unauthorised, and nothing is changed, where the session itself ended meanwhile.
        """
        device = self._device(client, who.user)
        wait = self.attempts.admit(who.user.name, client.address, device)
        if wait is not None:
            raise self._locked(wait)
        if not self.hasher.matches(old, who.user.password):
            raise wrong_password()
        self.attempts.forgive(who.user.name, client.address, device)
        self.users.set_password(who.user, new, who.session.id)

    def through_provider(self, user: User, client: Client) -> SignInResult:
        """Signs in somebody whom `Federation` has checked. Raises Unauthorised if they were disabled meanwhile."""
        return self._enter(user, client, Method.PROVIDER)

    def refused(self, user: User | None, client: Client, why: str) -> None:
        """Records a failed sign-in through the provider, and why it failed."""
        with self.store.write() as tx:
            self.record(tx, user, client, Method.PROVIDER, SignInOutcome.REFUSED, why)

    def recent(self, user_id: str | None = None, before: str | None = None, limit: int = 50) -> list[SignIn]:
        """Returns the log of sign-ins, newest first."""
        with self.store.read() as tx:
            return tx.sign_ins.find(user_id, before, limit)

    def _enter(
        self, user: User, client: Client, method: Method, checked: str | None = None, renewed: str | None = None
    ) -> SignInResult:
        """checked: the hash that the password matched. renewed: the password's hash at today's cost."""
        with self.store.write() as tx:
            # Read again: since the check, the user may have been disabled or have another password.
            now = tx.users.get(user.id, for_update=True)
            if now is None or not now.enabled or (checked is not None and now.password != checked):
                raise _wrong()
            if renewed is not None:
                now = replace(now, password=renewed)
                tx.users.update(now)
            self.record(tx, now, client, method, SignInOutcome.SIGNED_IN)
            session = self.sessions.open(tx, now, client.address[:ADDRESS_CHARS], client.agent)
        return SignInResult(now, session, self._mark(now))

    def record(
        self,
        tx: Transaction,
        user: User | None,
        client: Client,
        method: Method,
        outcome: SignInOutcome,
        detail: str = "",
    ) -> None:
        """Adds to the log of sign-ins, within the caller's transaction. user: None for a name that nobody has."""
        now = self.clock()
        tx.sign_ins.add(
            SignIn(
                id=self.new_id(),
                at=now,
                user_id=user.id if user else None,
                name=user.name if user else "",
                address=printable(client.address)[:ADDRESS_CHARS],
                method=method,
                outcome=outcome,
                detail=detail,
            )
        )

    def _mark(self, user: User) -> str:
        """Makes a browser's mark: signed, stored nowhere. It says that the user signed in with this browser."""
        words = f"{user.id}.{self.new_id()}"
        return f"{words}.{self.signer.sign(_mark_message(words))}"

    def _device(self, client: Client, user: User | None) -> str | None:
        words, _, signature = client.device.rpartition(".")
        if user is None or not words.startswith(f"{user.id}."):
            return None
        return words if self.signer.verify(_mark_message(words), signature) else None

    def _locked(self, until: datetime) -> Busy:
        seconds = max(1, round((until - self.clock()).total_seconds()))
        words = f"{seconds} seconds" if seconds < 120 else f"{round(seconds / 60)} minutes"
        return Busy("too_many_wrong_tries", f"Too many wrong tries; wait {words} and try again.", seconds)


def _wrong() -> Unauthorised:
    return Unauthorised("wrong_name_or_password", "Name or password is wrong; after a few wrong tries, waiting grows.")


def _why(user: User | None) -> SignInOutcome:
    if user is None:
        return SignInOutcome.UNKNOWN_NAME
    return SignInOutcome.WRONG_PASSWORD if user.enabled else SignInOutcome.DISABLED


def _mark_message(words: str) -> bytes:
    return b"browser mark\n" + words.encode("utf-8", "surrogatepass")
