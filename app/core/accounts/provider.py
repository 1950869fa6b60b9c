"""Signing in through another provider (OpenID Connect): what is kept of it, and which role its groups carry here."""

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
SHOWN, SHOWN_CHARS = 20, 60  # groups that a refusal names, and how much of each
# What Entra ID says in place of more than 200 groups.
OVERAGE = (
    "the provider leaves the groups out because there are too many ('overage'); in Entra ID choose 'Groups assigned to "
    "the application', or give out app roles and set --claim roles"
)


class NotConfirmed(Unauthorised):
    """The provider's word does not hold. check: which part of it, for the log and the list of sign-ins."""

    def __init__(self, check: str) -> None:
        super().__init__("provider_refused", "What the provider said cannot be trusted; start again or tell an admin.")
        self.check = check


@dataclass(frozen=True)
class Provider:
    """One provider. roles: which of its groups carry which role.

    claim: where it says in which groups somebody is; dots lead into what is nested, as in realm_access.roles.
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
        return frozenset(self.roles[group] for group in self.groups_of(claims) or () if group in self.roles)

    def groups_of(self, claims: Mapping[str, object]) -> list[str] | None:
        """The groups as they came; None where the claim is not there."""
        said = next(_found(claims, self.claim), None)
        if said is None:
            return None
        return [group for group in (said if isinstance(said, list) else [said]) if isinstance(group, str)]

    def refusal(self, claims: Mapping[str, object]) -> str:
        """Why no role follows from these claims, with the groups that came."""
        groups = self.groups_of(claims)
        if groups is None:
            return OVERAGE if self.left_out(claims) else f"neither the ID token nor userinfo has a claim {self.claim}"
        if not groups:
            return f"the claim {self.claim} names no group"
        more = f" and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
        named = ", ".join(shown(group, SHOWN_CHARS) for group in groups[:SHOWN])
        return f"no role is set for any of these groups: {named}{more}"

    def left_out(self, claims: Mapping[str, object]) -> bool:
        """Whether the provider says that it has groups to tell and does not."""
        names = claims.get("_claim_names")
        elsewhere = isinstance(names, Mapping) and self.claim.partition(".")[0] in names
        return elsewhere or claims.get("hasgroups") in (True, "true")


def shown(text: str, chars: int) -> str:
    """What a provider said, fit for a line of the log."""
    return "".join(c if c.isprintable() else "?" for c in text[:chars]) + ("…" if len(text) > chars else "")


def _found(claims: Mapping[str, object], name: str) -> Iterator[object]:
    """A claim by its name, which may itself hold dots; else what the dots lead to."""
    if name in claims:
        yield claims[name]
    for n in (n for n, c in enumerate(name) if c == "."):
        inner = claims.get(name[:n])
        if isinstance(inner, Mapping):
            yield from _found(inner, name[n + 1 :])


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
        hold. Raises NotConfirmed where one does not."""
        ...


class Providers(Protocol):
    def get(self) -> Provider | None: ...
    def put(self, provider: Provider | None) -> None: ...


def is_private(url: str) -> bool:
    """Whether nobody on the way can read or change what is sent there: https, or http to this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def check_issuer(issuer: str) -> None:
    """Raises BadInput for an address at which a provider could be impersonated."""
    if "@" in issuer:
        raise BadInput("bad_issuer", "The issuer holds no user name or password; write an @ in its path as %40.")
    parts = urlsplit(issuer)
    if not is_private(issuer) or parts.query or parts.fragment or parts.username or len(issuer) > 300:
        raise BadInput("bad_issuer", "The issuer is an https address such as https://login.example.com/realm.")
