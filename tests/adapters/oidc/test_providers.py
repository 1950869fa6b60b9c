"""Providers as they are: groups nested, in userinfo or left out; secrets in the form; lines that break off."""

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.adapters.oidc.client import OidcClient
from app.adapters.oidc.unreached import unreached
from app.core.accounts.provider import OVERAGE, Provider
from app.core.errors import ProviderFailed
from app.core.types import Role

ISSUER = "https://login.example.com"


def provider(claim: str = "groups", issuer: str = ISSUER) -> Provider:
    return Provider(issuer, "facegate", b"", claim, {"admins": Role.ADMIN, "guards": Role.SECURITY}, "Example")


@pytest.mark.parametrize(
    ("claim", "claims"),
    [
        ("groups", {"groups": ["admins"]}),
        ("realm_access.roles", {"realm_access": {"roles": ["admins", "offline_access"]}}),  # Keycloak
        ("resource_access.my.client.roles", {"resource_access": {"my.client": {"roles": ["admins"]}}}),
        ("https://example.com/groups", {"https://example.com/groups": ["admins"]}),  # Auth0
        ("a.b", {"a.b": ["admins"], "a": {"b": ["guards"]}}),  # the claim of that name goes first
    ],
)
def test_groups_are_found_at_the_claims_path(claim: str, claims: dict[str, Any]) -> None:
    assert provider(claim).roles_of(claims) == {Role.ADMIN}


@pytest.mark.parametrize(
    "claims", [{}, {"a": 1}, {"a": {"c": ["admins"]}}, {"a": ["b", "admins"]}, {"a": {"b": {"admins": 1}}}]
)
def test_missing_claim_path_gives_no_role(claims: dict[str, Any]) -> None:
    assert provider("a.b").roles_of(claims) == frozenset()


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({}, "neither the ID token nor userinfo has a claim groups"),
        ({"groups": []}, "the claim groups names no group"),
        ({"groups": ["cooks", "b\nad"]}, "no role is set for any of these groups: cooks, b?ad"),
        ({"groups": [f"g{n}" for n in range(25)]}, "g19 and 5 more"),
        ({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {}}}, OVERAGE),
        ({"hasgroups": True}, OVERAGE),
    ],
    ids=str,
)
def test_refusal_lists_the_received_groups(claims: dict[str, Any], says: str) -> None:
    assert says in provider().refusal(claims)


# Lines that break off.


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server


def said_of(issuer: str) -> str:
    with pytest.raises(ProviderFailed) as failed:
        OidcClient().address(provider(issuer=issuer), "https://gate.example/", "s", "n", "c")
    return str(failed.value)


def test_unknown_host_and_refused_connection_have_different_errors(listener: socket.socket) -> None:
    assert "there is no host nowhere.invalid" in said_of("https://nowhere.invalid/realm")
    port = listener.getsockname()[1]
    listener.close()
    assert f"127.0.0.1:{port} refuses the connection" in said_of(f"http://127.0.0.1:{port}")


def test_silent_provider_times_out(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.adapters.oidc.client.TIMEOUT_S", 0.2)
    assert "does not answer within" in said_of(f"http://127.0.0.1:{listener.getsockname()[1]}")


def test_invalid_certificate_is_named(listener: socket.socket, tmp_path: Path) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    made = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    pem = tmp_path / "own.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def greet() -> None:
        connection, _ = listener.accept()
        with closing(connection), pytest.raises(OSError):
            context.wrap_socket(connection, server_side=True).close()

    thread = threading.Thread(target=greet)
    thread.start()
    said = said_of(f"https://localhost:{listener.getsockname()[1]}")
    thread.join(30)
    assert "the certificate of localhost" in said and "self-signed" in said and "SSL_CERT_FILE" in said


def test_errors_hide_secrets_of_an_address() -> None:
    said = unreached(httpx.ConnectError("x"), "https://user:hunter2@login.example.com/a?token=hunter2", 5)
    assert "hunter2" not in said and "login.example.com" in said
