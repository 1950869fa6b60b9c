"""Signs people in through another provider: sends them with state, nonce and PKCE, and checks all three afterwards.

Roles follow from the provider's groups at every sign-in. A user of this kind is known by issuer and subject alone, so a
name or e-mail that somebody chose there takes over nobody here.
"""

import base64
import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.core.accounts.provider import IdentityProvider, NotConfirmed, Provider, shown
from app.core.accounts.users import NAME_CHARS, User
from app.core.errors import CryptoFault, Forbidden, NotFound, Unauthorised
from app.core.ports.crypto import Vault
from app.core.ports.store import Store, Transaction
from app.core.sealing import Sealed, context
from app.core.site.mode import SITE
from app.core.types import Role
from app.services.accounts.sessions import printable
from app.services.accounts.sign_in import Client, SignInResult, SignInService
from app.services.accounts.users import Users

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Journey:
    """What a browser must bring back from the provider, kept in its own cookie."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Journey":
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))

    @classmethod
    def read(cls, cookie: str) -> "Journey":
        """Raises Unauthorised."""
        parts = cookie.split(".")
        if len(parts) != 3 or not all(parts):
            raise Unauthorised("sign_in_expired", "This sign-in took too long or began elsewhere; start again.")
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.state}.{self.nonce}.{self.verifier}"

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Federation:
    store: Store
    vault: Vault
    users: Users
    sign_in: SignInService
    client: IdentityProvider

    def provider(self) -> Provider | None:
        with self.store.read() as tx:
            return tx.providers.get()

    def set(self, issuer: str, client_id: str, secret: str, claim: str, roles: Mapping[str, Role], label: str) -> None:
        """Asks the provider for its addresses before anything is stored. Raises BadInput, ProviderFailed."""
        provider = Provider(issuer, client_id, b"", claim, dict(roles), label)
        trial = Journey.new()
        self.client.address(provider, "https://example.invalid/", trial.state, trial.nonce, trial.challenge)
        with self.store.write() as tx:
            key = tx.data_keys.get(SITE) or tx.data_keys.get_or_add(SITE, self.vault.new_key())
            sealed = self.vault.seal(key, secret.encode(), context(Sealed.PROVIDER, issuer))
            tx.providers.put(replace(provider, sealed_secret=sealed))

    def remove(self) -> None:
        """Removes the provider. Nobody signs in through it any more; present sessions go on until they end."""
        with self.store.write() as tx:
            tx.providers.put(None)

    def begin(self, redirect: str) -> tuple[str, Journey]:
        """Returns where to send the browser, and what it must keep. Raises NotFound if there is no provider."""
        journey = Journey.new()
        provider = self._known()
        return self.client.address(provider, redirect, journey.state, journey.nonce, journey.challenge), journey

    def finish(
        self, cookie: str, state: str, code: str, redirect: str, client: Client, error: str = ""
    ) -> SignInResult:
        """error: what the provider sends in place of a code.

        Raises Unauthorised, and Forbidden for somebody whose groups carry no role here.
        """
        provider, journey = self._known(), Journey.read(cookie)
        ours = hmac.compare_digest(journey.state.encode(), state.encode("utf-8", "surrogatepass"))
        if not code or not ours:
            if ours:
                self._refuse(None, client, f"the provider sends no code: {shown(error, 60) or 'it does not say why'}")
            raise Unauthorised("sign_in_expired", "This sign-in was not finished at the provider; start again.")
        secret = self._secret(provider)
        try:
            claims = self.client.claims(provider, secret, redirect, code, journey.verifier, journey.nonce)
        except NotConfirmed as error:
            self._refuse(None, client, error.check)
            raise
        subject, roles = f"{provider.issuer} {claims['sub']}", provider.roles_of(claims)
        with self.store.write() as tx:
            user = tx.users.by_subject(subject, for_update=True)
            refused = not roles or (user is not None and not user.enabled)
            if not refused:
                user = self._newcomer(tx, subject, roles, claims) if user is None else _with_roles(tx, user, roles)
        if refused or user is None:
            self._refuse(user, client, provider.refusal(claims) if not roles else "this user is disabled here")
            raise Forbidden("no_role", "The provider confirmed who you are, but you have no role here. Ask an admin.")
        return self.sign_in.through_provider(user, client)

    def _refuse(self, user: User | None, client: Client, why: str) -> None:
        logger.warning('sign_in_refused method=provider why="%s"', why)
        self.sign_in.refused(user, client, why)

    def _newcomer(self, tx: Transaction, subject: str, roles: frozenset[Role], claims: Mapping[str, object]) -> User:
        names = (claims.get(claim) for claim in ("preferred_username", "email", "name", "sub"))
        said = next((name for name in names if isinstance(name, str) and name), "")
        wanted = printable(said).strip()[: NAME_CHARS - 10] or "somebody"
        name, number = wanted, 1
        while tx.users.by_name(name) is not None:
            number += 1
            name = f"{wanted} ({number})"
        user = User(self.users.new_id(), name, roles, None, self.users.clock(), subject=subject)
        tx.tickets.withdraw(None)
        tx.users.add(user)
        return user

    def _known(self) -> Provider:
        provider = self.provider()
        if provider is None:
            raise NotFound("no_provider", "No sign-in provider is set up. Sign in with name and password.")
        return provider

    def _secret(self, provider: Provider) -> str:
        with self.store.read() as tx:
            key = tx.data_keys.get(SITE)
        if key is None:
            raise CryptoFault("the key of the provider's secret is gone: set the provider again")
        return self.vault.open(key, provider.sealed_secret, context(Sealed.PROVIDER, provider.issuer)).decode()


def _with_roles(tx: Transaction, user: User, roles: frozenset[Role]) -> User:
    """Gives the user the provider's present roles; if they changed, ends the user's other sessions."""
    if user.roles == roles:
        return user
    user = replace(user, roles=roles)
    tx.users.update(user)
    tx.sessions.end_all(user.id)
    return user
