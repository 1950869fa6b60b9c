"""A provider that lies: every ID token but the right one is refused, and no answer can be too large or lead astray.

That a real provider is understood is tried in tests/console/accounts/test_provider.py.
"""

import base64
import gzip
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from app.adapters.oidc.client import OidcClient
from app.core.accounts.provider import NotConfirmed, Provider
from app.core.errors import BadInput, ProviderFailed, Unauthorised
from app.core.types import Role

KEY, OTHERS_KEY = (RSAKey.generate_key(2048, {"kid": "one"}) for _ in range(2))
REDIRECT, NONCE, SECRET = "https://gate.example/back", "the nonce", "a secret & more"


class Liar:
    """Answers as an honest provider, until something in `says` differs."""

    def __init__(self) -> None:
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                liar._answer(self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Silence."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.asked: list[tuple[str, str, str]] = []
        now = int(time.time())
        self.claims: dict[str, Any] = {
            "iss": self.url, "aud": "facegate", "sub": "ada", "exp": now + 300, "iat": now, "nonce": NONCE,
        }  # fmt: skip
        self.found: dict[str, Any] = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/go",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }
        self.sign: Callable[[dict[str, Any]], str] = lambda claims: jwt.encode(
            {"alg": "RS256", "kid": "one"}, claims, KEY
        )
        self.raw: dict[str, tuple[int, bytes]] = {}
        self.userinfo: dict[str, Any] = {"sub": "ada"}
        self.wants_form = False
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def provider(self, issuer: str | None = None) -> Provider:
        return Provider(issuer or self.url, "facegate", b"", "groups", {"admins": Role.ADMIN}, "Example")

    def redeem(self, claim: str = "groups") -> Any:
        provider = replace(self.provider(), claim=claim)
        return OidcClient().claims(provider, SECRET, REDIRECT, "a code", "a verifier", NONCE)

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("content-length") or 0)
        self.asked.append(
            (request.path, request.rfile.read(length).decode(), request.headers.get("authorization") or "")
        )
        honest: dict[str, Callable[[], dict[str, Any]]] = {
            "/.well-known/openid-configuration": lambda: self.found,
            "/token": lambda: {"id_token": self.sign(self.claims), "access_token": "an-access-token"},
            "/userinfo": lambda: self.userinfo,
            "/keys": lambda: {"keys": [KEY.as_dict(private=False)]},
        }
        status, body = self.raw.get(request.path) or (200, json.dumps(honest[request.path]()).encode())
        if request.path == "/token" and self.wants_form and "client_secret" not in self.asked[-1][1]:
            status, body = 401, b'{"error": "invalid_client"}'
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


@pytest.fixture
def liar() -> Iterator[Liar]:
    liar = Liar()
    yield liar
    liar.server.shutdown()
    liar.server.server_close()


def test_valid_token_is_accepted(liar: Liar) -> None:
    liar.claims["groups"] = ["admins", "others"]
    claims = liar.redeem()
    assert claims["sub"] == "ada" and liar.provider().roles_of(claims) == {Role.ADMIN}
    _, form, basic = next(asked for asked in liar.asked if asked[0] == "/token")
    assert "code_verifier=a+verifier" in form and "secret" not in form
    assert base64.b64decode(basic.removeprefix("Basic ")) == b"facegate:a+secret+%26+more"
    address = OidcClient().address(liar.provider(), REDIRECT, "s", NONCE, "c")
    assert address.startswith(f"{liar.url}/go?response_type=code") and "code_challenge_method=S256" in address


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://another.example"},
        {"aud": "another"},
        {"aud": ["facegate", "another"]},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sub": 5},
        {"sub": ""},
        {"sub": "x" * 256},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
def test_token_with_one_wrong_claim_is_refused(liar: Liar, lie: dict[str, Any]) -> None:
    liar.claims = {name: value for name, value in {**liar.claims, **lie}.items() if value is not None}
    with pytest.raises(NotConfirmed) as refused:
        liar.redeem()
    (wrong,) = lie
    assert wrong in refused.value.check or "another client" in refused.value.check, refused.value.check


def test_token_of_another_provider_is_refused(liar: Liar) -> None:
    nobody = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()

    def unsigned(claims: dict[str, Any]) -> str:
        return f"{nobody}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}."

    # The public key used as a secret: the oldest trick with these tokens.
    pem = KEY.as_pem(private=False)

    def keyed(claims: dict[str, Any]) -> str:
        head, body = (
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, claims)
        )
        seal = hmac.digest(pem, head + b"." + body, "sha256")
        return b".".join((head, body, base64.urlsafe_b64encode(seal).rstrip(b"="))).decode()

    for sign in (
        lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, OTHERS_KEY),
        keyed,
        unsigned,
        lambda claims: "not a token",
        lambda claims: "a.b.c",
        lambda claims: "",
    ):
        liar.sign = sign
        with pytest.raises(Unauthorised):
            liar.redeem()


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/.well-known/openid-configuration", 200, b"[]"),
        ("/.well-known/openid-configuration", 200, b"{}"),
        ("/.well-known/openid-configuration", 404, b"{}"),
        ("/.well-known/openid-configuration", 200, b"<html>"),
        ("/.well-known/openid-configuration", 302, b""),
        ("/token", 500, b"{}"),
        ("/token", 200, b" " * 2_000_000),
        ("/keys", 200, b"\xff\xfe"),
        ("/.well-known/openid-configuration", 200, b'{"a":' * 100_000),
        ("/token", 200, b"[" * 100_000),
        ("/keys", 200, b'{"keys":' + b"[" * 100_000),
    ],
)
def test_broken_provider_raises_provider_failed(liar: Liar, path: str, status: int, body: bytes) -> None:
    liar.raw[path] = (status, body)
    with pytest.raises(ProviderFailed):
        liar.redeem()


@pytest.mark.parametrize("body", [b'{"keys": 5}', b"{}", b'{"keys": [{"kty": "oct", "k": "AA"}]}'])
def test_invalid_keys_verify_nothing(liar: Liar, body: bytes) -> None:
    liar.raw["/keys"] = (200, body)
    with pytest.raises(Unauthorised):
        liar.redeem()


def test_refused_code_is_a_client_error(liar: Liar) -> None:
    liar.raw["/token"] = (400, b'{"error": "invalid_grant"}')
    with pytest.raises(Unauthorised):
        liar.redeem()


def test_discovery_stays_with_the_issuer(liar: Liar) -> None:
    liar.found["issuer"] = "https://another.example"
    with pytest.raises(ProviderFailed):
        liar.redeem()
    for name in ("token_endpoint", "jwks_uri", "authorization_endpoint", "userinfo_endpoint"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(liar.found, "issuer", liar.url)
            patch.setitem(liar.found, name, "http://another.example/")
            with pytest.raises(ProviderFailed):
                liar.redeem()


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.example.com",
        "ftp://a",
        "https://",
        "https://a:b@c",
        "https://a?b=c",
        "https://a#b",
        "",
        "javascript:1",
    ],
)
def test_issuer_that_could_be_impersonated_is_refused(liar: Liar, issuer: str) -> None:
    with pytest.raises(BadInput):
        Provider(issuer, "facegate", b"", "groups", {"admins": Role.ADMIN}, "Example")


def test_invalid_groups_give_no_role(liar: Liar) -> None:
    provider = liar.provider()
    for said in (None, 5, {"admins": True}, [["admins"]], ["Admins"], "", [None]):
        assert provider.roles_of({"groups": said}) == frozenset()
    assert provider.roles_of({"groups": "admins"}) == {Role.ADMIN}
    assert provider.roles_of({}) == frozenset()


def test_groups_are_read_from_userinfo_if_missing_in_the_token(liar: Liar) -> None:
    liar.found["userinfo_endpoint"] = f"{liar.url}/userinfo"
    liar.userinfo |= {"groups": ["admins"], "iss": "https://another.example"}
    claims = liar.redeem()
    assert liar.provider().roles_of(claims) == {Role.ADMIN} and claims["iss"] == liar.url
    assert ("/userinfo", "", "Bearer an-access-token") in liar.asked
    liar.claims["groups"] = []  # the token's word goes first, and nothing more is asked
    liar.asked.clear()
    assert liar.provider().roles_of(liar.redeem()) == frozenset()
    assert "/userinfo" not in [path for path, _, _ in liar.asked]


def test_userinfo_with_another_subject_is_refused(liar: Liar) -> None:
    liar.found["userinfo_endpoint"] = f"{liar.url}/userinfo"
    liar.userinfo = {"sub": "eve", "groups": ["admins"]}
    with pytest.raises(NotConfirmed, match="cannot be trusted") as refused:
        liar.redeem()
    assert "different people" in refused.value.check


@pytest.mark.parametrize("ways", [["client_secret_post"], ["client_secret_basic", "client_secret_post"]], ids=str)
def test_secret_is_posted_if_the_provider_wants_that(liar: Liar, ways: list[str]) -> None:
    """Also where the provider knows both, and this client was registered for the form."""
    liar.found["token_endpoint_auth_methods_supported"] = ways
    liar.wants_form = True
    assert liar.redeem()["sub"] == "ada"
    _, form, basic = [asked for asked in liar.asked if asked[0] == "/token"][-1]
    assert "client_id=facegate&client_secret=a+secret+%26+more" in form and not basic
    assert len([asked for asked in liar.asked if asked[0] == "/token"]) == len(ways)


def test_wrong_secret_is_reported_and_not_retried_another_way(liar: Liar) -> None:
    liar.wants_form = True
    with pytest.raises(NotConfirmed) as refused:
        liar.redeem()
    assert "401 invalid_client: the client id or its secret is wrong" in refused.value.check
    assert not [form for _, form, _ in liar.asked if "client_secret" in form]
    liar.found["token_endpoint_auth_methods_supported"] = ["private_key_jwt"]
    with pytest.raises(ProviderFailed, match="accepts no client secret"):
        liar.redeem()


def test_token_nested_a_thousand_deep_is_refused(liar: Liar) -> None:
    head = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"one"}').rstrip(b"=").decode()
    body = base64.urlsafe_b64encode(b'{"a":' * 100_000 + b"1" + b"}" * 100_000).rstrip(b"=").decode()
    liar.sign = lambda _: f"{head}.{body}.AAAA"
    with pytest.raises(NotConfirmed):
        liar.redeem()


def test_compressed_response_is_refused(liar: Liar) -> None:
    """A megabyte of nothing can be a thousand of zeros."""
    liar.raw["/token"] = (200, gzip.compress(b" " * 50_000_000))
    with pytest.raises(ProviderFailed, match="is no JSON"):
        liar.redeem()
