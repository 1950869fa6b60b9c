"""Asks an OpenID Connect provider who somebody is: discovery, authorization code with PKCE, a checked ID token.

Its answers are bounded in size and time, and trusted once signature, issuer, audience, times and nonce are checked.
"""

import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import BadSignatureError, ClaimError, JoseError
from joserfc.jwk import KeySet

from app.adapters.oidc.unreached import unreached
from app.core.accounts.provider import NotConfirmed, Provider, is_private, shown
from app.core.errors import ProviderFailed

ALGORITHMS = [
    "RS256",
    "PS256",
    "ES256",
    "EdDSA",
]  # asymmetric only: with a shared secret the client could sign for itself
KEY_TYPES = ("RSA", "EC", "OKP")
SCOPE = "openid profile email groups"
MOST_BYTES = 1_000_000
TIMEOUT_S = 5.0
KEPT_S = 600.0
LEEWAY_S = 60
SUBJECT_CHARS = 255  # OpenID Connect Core, 2


class OidcClient:
    """Implements `accounts.provider.IdentityProvider`.

    Shared by all threads; Discovery is cached for ten minutes.
    """

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
        answer = self._redeemed(provider, found, secret, form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotConfirmed("the token endpoint's answer holds no ID token")
        claims = self._checked(provider, found, token, nonce)
        # Groups may be missing in the token. If the provider says it leaves them out, it also does so in userinfo.
        if provider.groups_of(claims) is None and not provider.left_out(claims) and "userinfo_endpoint" in found:
            claims = {**self._userinfo(found, answer, claims), **claims}
        return claims

    def _redeemed(self, provider: Provider, found: dict[str, Any], secret: str, form: dict[str, str]) -> dict[str, Any]:
        """The token endpoint's answer. We authenticate in a header, or in the form if only that is accepted."""
        where, ways = str(found["token_endpoint"]), found.get("token_endpoint_auth_methods_supported")
        basic = not isinstance(ways, list) or "client_secret_basic" in ways  # the default: RFC 8414, 2
        in_form = isinstance(ways, list) and "client_secret_post" in ways
        if not basic and not in_form:
            raise ProviderFailed(
                "the sign-in provider accepts no client secret: register Facegate as a web application"
            )
        try:
            if basic:
                return self._ask("POST", where, data=form, auth=_basic(provider.client_id, secret))
        except NotConfirmed as error:
            # A client may be registered for only one of the two ways. A refusal does not use up the code.
            if not (in_form and "invalid_client" in error.check):
                raise
        return self._ask("POST", where, data={**form, "client_id": provider.client_id, "client_secret": secret})

    def _userinfo(self, found: dict[str, Any], answer: dict[str, Any], claims: Mapping[str, object]) -> dict[str, Any]:
        """The provider's userinfo about the same person."""
        token = answer.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            return {}
        said = self._ask("GET", str(found["userinfo_endpoint"]), headers={"Authorization": f"Bearer {token}"})
        if said.get("sub") != claims["sub"]:
            raise NotConfirmed("userinfo and the ID token are about different people")
        return said

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
            # Only public keys: shared secrets among them are not even read.
            public: Any = {"keys": [key for key in keys["keys"] if key["kty"] in KEY_TYPES]}
            read = jwt.decode(token, KeySet.import_key_set(public), algorithms=ALGORITHMS)
            rules.validate(read.claims)
        except ClaimError as error:
            raise NotConfirmed(_claim_wrong(error, provider)) from error
        except BadSignatureError as error:
            raise NotConfirmed("the ID token is not signed with the provider's keys") from error
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise NotConfirmed(
                f"the ID token or the provider's keys cannot be read ({type(error).__name__})"
            ) from error
        claims: dict[str, object] = read.claims
        said, audience = claims.get("nonce"), claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if not isinstance(said, str) or not hmac.compare_digest(said.encode("utf-8", "replace"), nonce.encode()):
            raise NotConfirmed("the ID token's nonce is not the one of this sign-in")
        if (several or "azp" in claims) and claims.get("azp") != provider.client_id:
            raise NotConfirmed("the ID token was made for another client (azp)")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= SUBJECT_CHARS:
            raise NotConfirmed("the ID token's subject (sub) is not a text of up to 255 characters")
        return claims

    def _discover(self, issuer: str) -> dict[str, Any]:
        kept = self._found.get(issuer)
        if kept is not None and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        found = self._ask("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            calls = shown(str(found.get("issuer")), 200) if isinstance(found.get("issuer"), str) else "nothing"
            raise ProviderFailed(f"the sign-in provider calls itself {calls}, not {issuer}: set exactly that")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
            if name == "userinfo_endpoint" and name not in found:
                continue
            if not is_private(str(found.get(name, ""))):
                raise ProviderFailed(f"the sign-in provider's {name} is no https address")
        self._found[issuer] = (time.monotonic(), found)
        return found

    def _ask(self, method: str, url: str, *, headers: Mapping[str, str] = {}, **form: Any) -> dict[str, Any]:
        """A JSON object. Raises ProviderFailed, and NotConfirmed if the provider refuses what was sent."""
        # Uncompressed, so the limit on the size holds for what is read.
        asked = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
        try:
            with (
                httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client,
                client.stream(method, url, headers=asked, **form) as answer,
            ):
                body, began = bytearray(), time.monotonic()
                for part in answer.iter_raw():
                    body += part
                    if len(body) > MOST_BYTES or time.monotonic() - began > 2 * TIMEOUT_S:
                        raise ProviderFailed("the sign-in provider's answer is too large or too slow")
                if answer.status_code in (400, 401, 403) and form:
                    raise NotConfirmed(f"the token endpoint answers {answer.status_code}{_said(bytes(body))}")
                answer.raise_for_status()
                found = json.loads(bytes(body))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderFailed(unreached(error, url, TIMEOUT_S)) from error
        except (ValueError, RecursionError) as error:
            raise ProviderFailed(f"the sign-in provider's answer at {urlsplit(url).path} is no JSON") from error
        if not isinstance(found, dict):
            raise ProviderFailed("the sign-in provider's answer is no JSON object")
        return found


def _basic(client_id: str, secret: str) -> httpx.BasicAuth:
    """RFC 6749, 2.3.1: both parts are form-encoded before they are joined."""
    one, other = (urlencode({"": text})[1:] for text in (client_id, secret))
    return httpx.BasicAuth(one, other)


def _said(body: bytes) -> str:
    """The error's code in a refusal (RFC 6749, 5.2), and what it usually means."""
    try:
        code = json.loads(body)["error"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    means = {
        "invalid_client": ": the client id or its secret is wrong",
        "invalid_grant": ": the code was used, is too old, or is for another redirect address",
    }
    return f" {shown(code, 60)}{means.get(code, '')}" if isinstance(code, str) else ""


def _claim_wrong(error: ClaimError, provider: Provider) -> str:
    clocks = "compare this machine's clock with the provider's"
    words = {
        "iss": f"its issuer (iss) is not {provider.issuer}",
        "aud": f"it was made for another client (aud) than {provider.client_id}",
        "exp": f"it has expired, or says no time (exp): {clocks}",
        "iat": f"it was made in the future, or says no time (iat): {clocks}",
        "nbf": f"it holds only later (nbf): {clocks}",
        "sub": "it names nobody (sub)",
    }
    return f"the ID token is not valid: {words.get(error.claim, f'its claim {error.claim} is wrong')}"
