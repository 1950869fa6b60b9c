"""Signing in through another provider (OpenID Connect): what is kept of it, and which role its groups carry here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from app.core.errors import BadInput
from app.core.registry import plain_text
from app.core.types import Role
from app.core.users import PERSON_ROLES

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
CLAIM = re.compile(r"[\w:/.-]{1,100}")


@dataclass(frozen=True)
class Provider:
    """One provider. roles: which of its groups carry which role. claim: where it says in which groups somebody is.

    sealed_secret opens only with the master key. label: what the button on the sign-in page calls it.
    """

    issuer: str
    client_id: str
    sealed_secret: bytes
    claim: str
    roles: Mapping[str, Role]
    label: str

    def __post_init__(self) -> None:
        check_issuer(self.issuer)
        for name, text, most in (("client_id", self.client_id, 200), ("label", self.label, 40)):
            plain_text(name, text, most)
        if not CLAIM.fullmatch(self.claim):
            raise BadInput("bad_claim", "A claim's name has 1 to 100 letters, digits, dots, dashes, colons or slashes.")
        if not self.roles or not set(self.roles.values()) <= PERSON_ROLES:
            raise BadInput("bad_roles", "Name at least one group and its role: admin, security or viewer.")

    def roles_of(self, claims: Mapping[str, object]) -> frozenset[Role]:
        """The roles of whoever these claims are of; none if no group of theirs carries one."""
        said = claims.get(self.claim)
        groups = [said] if isinstance(said, str) else said if isinstance(said, list) else []
        return frozenset(self.roles[group] for group in groups if isinstance(group, str) and group in self.roles)


class IdentityProvider(Protocol):
    """The provider itself, over the network. Raises ProviderFailed where it cannot be asked, or
    does not keep to the rules."""

    def address(self, provider: Provider, redirect: str, state: str, nonce: str, challenge: str) -> str:
        """Where to send the browser: authorization code with PKCE (S256)."""
        ...

    def claims(
        self, provider: Provider, secret: str, redirect: str, code: str, verifier: str, nonce: str
    ) -> Mapping[str, object]:
        """What the provider says of whoever came back with this code: signature, issuer, audience, times and nonce
        hold. Raises Unauthorised where one does not."""
        ...


class Providers(Protocol):
    def get(self) -> Provider | None: ...
    def put(self, provider: Provider | None) -> None: ...


def check_issuer(issuer: str) -> None:
    """Raises BadInput for an address at which a provider could be impersonated."""
    if "@" in issuer:
        raise BadInput("bad_issuer", "The issuer holds no user name or password; write an @ in its path as %40.")
    parts = urlsplit(issuer)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not secure or not parts.hostname or parts.query or parts.fragment or parts.username or len(issuer) > 300:
        raise BadInput("bad_issuer", "The issuer is an https address such as https://login.example.com/realm.")
