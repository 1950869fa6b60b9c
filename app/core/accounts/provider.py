"""Sign-in through an identity provider (OpenID Connect): its settings, and the roles that its groups give here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from app.core.accounts.users import PERSON_ROLES
from app.core.errors import BadInput, Unauthorised
from app.core.text import plain_text
from app.core.types import Role

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
CLAIM = re.compile(r"[\w:/.-]{1,100}")
SHOWN, SHOWN_CHARS = 20, 60  # how many groups a refusal names, and the characters of each
# Entra ID sends a pointer instead of the groups if there are more than 200.
OVERAGE = (
    "the provider leaves the groups out because there are too many ('overage'); in Entra ID choose 'Groups assigned to "
    "the application', or give out app roles and set --claim roles"
)


class NotConfirmed(Unauthorised):
    """The provider's answer failed a check. `check` names it, for the log and the list of sign-ins."""

    def __init__(self, check: str) -> None:
        super().__init__("provider_refused", "The provider's answer cannot be trusted. Start again, or tell an admin.")
        self.check = check


@dataclass(frozen=True)
class Provider:
    """The settings of one identity provider, checked on construction. Raises BadInput.

    Attributes:
        sealed_secret: the client secret; only the master key opens it.
        claim: the claim that lists a person's groups; dots lead into nested claims, as in realm_access.roles.
        roles: the role that each group gives.
        label: the provider's name on the sign-in button.
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
        """Returns the roles that these claims give; empty if no group gives one."""
        return frozenset(self.roles[group] for group in self.groups_of(claims) or () if group in self.roles)

    def groups_of(self, claims: Mapping[str, object]) -> list[str] | None:
        """Returns the groups as the provider sent them, or None if the claim is missing."""
        said = next(_found(claims, self.claim), None)
        if said is None:
            return None
        return [group for group in (said if isinstance(said, list) else [said]) if isinstance(group, str)]

    def refusal(self, claims: Mapping[str, object]) -> str:
        """Explains why these claims give no role, and names the groups that came."""
        groups = self.groups_of(claims)
        if groups is None:
            return OVERAGE if self.left_out(claims) else f"neither the ID token nor userinfo has a claim {self.claim}"
        if not groups:
            return f"the claim {self.claim} names no group"
        more = f" and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
        named = ", ".join(shown(group, SHOWN_CHARS) for group in groups[:SHOWN])
        return f"no role is set for any of these groups: {named}{more}"

    def left_out(self, claims: Mapping[str, object]) -> bool:
        """Whether the provider says that the person has groups but does not list them."""
        names = claims.get("_claim_names")
        elsewhere = isinstance(names, Mapping) and self.claim.partition(".")[0] in names
        return elsewhere or claims.get("hasgroups") in (True, "true")


def shown(text: str, chars: int) -> str:
    """Makes text from a provider safe for one line of the log: printable and at most `chars` long."""
    return "".join(c if c.isprintable() else "?" for c in text[:chars]) + ("…" if len(text) > chars else "")


def _found(claims: Mapping[str, object], name: str) -> Iterator[object]:
    """Yields the values of a claim by its full name, which may contain dots, then by following the dots."""
    if name in claims:
        yield claims[name]
    for n in (n for n, c in enumerate(name) if c == "."):
        inner = claims.get(name[:n])
        if isinstance(inner, Mapping):
            yield from _found(inner, name[n + 1 :])


class IdentityProvider(Protocol):
    """The provider over the network. Raises ProviderFailed if it cannot be reached or breaks the protocol."""

    def address(self, provider: Provider, redirect: str, state: str, nonce: str, challenge: str) -> str:
        """Returns the URL to send the browser to: authorization code flow with PKCE (S256)."""
        ...

    def claims(
        self, provider: Provider, secret: str, redirect: str, code: str, verifier: str, nonce: str
    ) -> Mapping[str, object]:
        """Exchanges the code for the person's claims, with signature, issuer, audience, times and nonce verified.

        Raises:
            NotConfirmed: one of these checks failed.
        """
        ...


class Providers(Protocol):
    """The stored provider, of which there is at most one."""

    def get(self) -> Provider | None: ...
    def put(self, provider: Provider | None) -> None: ...


def is_private(url: str) -> bool:
    """Whether nobody on the way can read or change what is sent there: https, or http to this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def check_issuer(issuer: str) -> None:
    """Raises BadInput for an issuer address at which a provider could be impersonated."""
    if "@" in issuer:
        raise BadInput("bad_issuer", "The issuer must not hold a user name or password. Write an @ in its path as %40.")
    parts = urlsplit(issuer)
    if not is_private(issuer) or parts.query or parts.fragment or parts.username or len(issuer) > 300:
        raise BadInput("bad_issuer", "The issuer must be an https address such as https://login.example.com/realm.")
