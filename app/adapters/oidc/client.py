"""Asks an OpenID Connect provider who somebody is: discovery, authorization code with PKCE, a checked ID token.

What it answers is bounded in size and time, and believed only after signature, issuer, audience, times and nonce.
"""

import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.core.errors import ProviderFailed, Unauthorised
from app.core.provider import LOOPBACK, Provider

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]  # asymmetric only: with a secret's the client could sign for itself
KEY_TYPES = ("RSA", "EC", "OKP")
SCOPE = "openid profile email groups"
MOST_BYTES = 1_000_000
TIMEOUT_S = 5.0
KEPT_S = 600.0
LEEWAY_S = 60


class OidcClient:
    """provider.IdentityProvider. Shared by all threads; what discovery said is kept for ten minutes."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[float, dict[str, Any]]] = {}

    def address(self, provider: Provider, redirect: str, state: str, nonce: str, challenge: str) -> str:
        found = self._discover(provider.issuer)
        supported = found.get("scopes_supported")
        scope = " ".join(s for s in SCOPE.split() if not isinstance(supported, list) or s in supported or s == "openid")
        query = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": redirect,
            "scope": scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        where = str(found["authorization_endpoint"])
        return f"{where}{'&' if '?' in where else '?'}{urlencode(query)}"

    def claims(
        self, provider: Provider, secret: str, redirect: str, code: str, verifier: str, nonce: str
    ) -> Mapping[str, object]:
        found = self._discover(provider.issuer)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        answer = self._ask("POST", str(found["token_endpoint"]), data=form, auth=_basic(provider.client_id, secret))
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Unauthorised("provider_refused", "The provider did not confirm who you are; try again.")
        return self._checked(provider, found, token, nonce)

    def _checked(self, provider: Provider, found: dict[str, Any], token: str, nonce: str) -> Mapping[str, object]:
        keys: Any = self._ask("GET", str(found["jwks_uri"]))  # joserfc checks its shape
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            # A provider's keys are public ones: shared secrets among them are not even read.
            public: Any = {"keys": [key for key in keys["keys"] if key["kty"] in KEY_TYPES]}
            read = jwt.decode(token, KeySet.import_key_set(public), algorithms=ALGORITHMS)
            rules.validate(read.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _not_confirmed() from error
        claims: dict[str, object] = read.claims
        said, audience = claims.get("nonce"), claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
            raise _not_confirmed()
        if (several or "azp" in claims) and claims.get("azp") != provider.client_id:
            raise _not_confirmed()
        return claims

    def _discover(self, issuer: str) -> dict[str, Any]:
        kept = self._found.get(issuer)
        if kept is not None and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        found = self._ask("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise ProviderFailed("the sign-in provider calls itself by another name than the issuer that was set")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            parts = urlsplit(str(found.get(name, "")))
            if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
                raise ProviderFailed(f"the sign-in provider's {name} is no https address")
        self._found[issuer] = (time.monotonic(), found)
        return found

    def _ask(self, method: str, url: str, **form: Any) -> dict[str, Any]:
        """A JSON object. Raises ProviderFailed, and Unauthorised where the provider refuses what was sent."""
        try:
            with (
                httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client,
                client.stream(method, url, headers={"Accept": "application/json"}, **form) as answer,
            ):
                body, began = bytearray(), time.monotonic()
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > MOST_BYTES or time.monotonic() - began > 2 * TIMEOUT_S:
                        raise ProviderFailed("the sign-in provider answers too much or too slowly")
                if answer.status_code in (400, 401, 403) and form:
                    raise Unauthorised("provider_refused", "The provider refused this sign-in; start again.")
                answer.raise_for_status()
                found = httpx.Response(200, content=bytes(body)).json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ProviderFailed(f"the sign-in provider does not answer: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise ProviderFailed("the sign-in provider's answer is no JSON object")
        return found


def _basic(client_id: str, secret: str) -> httpx.BasicAuth:
    """RFC 6749, 2.3.1: both parts are form-encoded before they are joined."""
    one, other = (urlencode({"": text})[1:] for text in (client_id, secret))
    return httpx.BasicAuth(one, other)


def _not_confirmed() -> Unauthorised:
    return Unauthorised("provider_refused", "What the provider said cannot be trusted; start again or tell an admin.")
