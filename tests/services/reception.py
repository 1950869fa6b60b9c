"""Signing in as one process has it: real argon2id at its lowest costs, on the test's database and clock."""

from datetime import timedelta

from app.adapters.crypto.passwords import Argon2
from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.db.store import SqlStore
from app.core.accounts.users import User
from app.core.types import Role
from app.services.accounts.attempts import Attempts
from app.services.accounts.sessions import Sessions
from app.services.accounts.sign_in import Client, SignInService
from app.services.accounts.users import Users
from tests.fakes import Clock, new_id

PASSWORD, OTHER = "a river runs uphill", "seven boats, no harbour"
HERE, ELSEWHERE = Client("192.0.2.1", "a browser"), Client("198.51.100.9", "another")
IDLE, LONGEST = timedelta(minutes=60), timedelta(hours=12)
HASHER = Argon2(time_cost=1, memory_kib=8)


class Desk:
    """Users, sessions and signing in, over one store."""

    def __init__(self, store: SqlStore, signer: Ed25519Signer, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.users = Users(store, HASHER, clock, new_id)
        self.sessions = Sessions(store, clock, new_id, IDLE, LONGEST)
        self.attempts = Attempts(store, clock)
        self.sign_in = SignInService(store, self.users, self.sessions, self.attempts, HASHER, signer, clock, new_id)

    def admin(self, name: str = "ada") -> User:
        return self.users.add(name, frozenset({Role.ADMIN}), PASSWORD)

    def enter(self, name: str = "ada", password: str = PASSWORD, client: Client = HERE) -> str:
        """The session's cookie."""
        return self.sign_in.with_password(name, password, client).session

    def outcomes(self) -> list[str]:
        """What the log of sign-ins says, newest first."""
        return [row.outcome.value for row in self.sign_in.recent()]
