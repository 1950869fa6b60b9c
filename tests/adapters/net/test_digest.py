"""Digest log-ins: checked against the examples of RFC 7616, with challenges that devices get wrong."""

import hashlib
import re

import pytest

from app.adapters.net.digest import DigestLogin

URL = "http://www.example.org/dir/index.html?x=1"
SHA256 = 'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf", opaque="FQhe"'
MD5 = 'Digest realm="http-auth@example.org", qop="auth", algorithm=MD5, nonce="7ypf"'
OLD = 'digest realm="cam", nonce="n1"'  # RFC 2069: neither algorithm nor qop


def fields(header: str | None) -> dict[str, str]:
    assert header is not None and header.startswith("Digest ")
    return {key: quoted or plain for key, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^",\s]+))', header)}


def holds(header: str | None, password: str, kind: str = "sha256") -> bool:
    """Whether a server that knows the password takes it (RFC 7616, section 3.4.1)."""
    said = fields(header)

    def digest(text: str) -> str:
        return hashlib.new(kind, text.encode(), usedforsecurity=False).hexdigest()

    who = digest(f"{said['username']}:{said['realm']}:{password}")
    what = digest(f"GET:{said['uri']}")
    counted = f":{said['nc']}:{said['cnonce']}:auth" if "qop" in said else ""
    return said["response"] == digest(f"{who}:{said['nonce']}{counted}:{what}")


def test_strongest_challenge_is_answered() -> None:
    answer = DigestLogin("Mufasa", "Circle of Life").answer("GET", URL, ['Basic realm="x"', MD5, SHA256])
    assert holds(answer, "Circle of Life") and not holds(answer, "Circle of life")
    assert (fields(answer)["uri"], fields(answer)["opaque"]) == ("/dir/index.html?x=1", "FQhe")
    assert holds(DigestLogin("ü", "p:w").answer("GET", URL, [MD5]), "p:w", "md5")
    old = DigestLogin("u", "p").answer("GET", URL, [OLD])
    assert holds(old, "p", "md5") and "qop" not in fields(old)


def test_challenge_is_reused_with_a_growing_count() -> None:
    login = DigestLogin("Mufasa", "Circle of Life")
    assert login.known("GET", URL) is None
    login.answer("GET", URL, [SHA256])
    again = [login.known("GET", URL) for _ in range(2)]
    assert [fields(header)["nc"] for header in again] == ["00000002", "00000003"]
    assert all(holds(header, "Circle of Life") for header in again)
    stale = SHA256.replace("7ypf", "next")
    assert fields(login.answer("GET", URL, [stale]))["nonce"] == "next"
    assert fields(login.known("GET", URL))["nonce"] == "next"


@pytest.mark.parametrize(
    "challenge",
    [
        'Basic realm="x"',
        "Digest",
        'Digest realm="x"',
        'Digest nonce="n"',
        "Digest nonce",
        'Digest realm="x", nonce="n", algorithm=SHA-3',
        'Digest realm="x", nonce="n", qop="auth-int"',
        'Digest realm="x", nonce="n", qop="nothing"',
    ],
)
def test_unsupported_challenge_is_skipped(challenge: str) -> None:
    assert DigestLogin("u", "p").answer("GET", URL, [challenge]) is None
    assert holds(DigestLogin("u", "p").answer("GET", URL, [challenge, MD5]), "p", "md5")


def test_realm_in_another_script_does_no_harm() -> None:
    answer = DigestLogin("u", "p").answer("GET", URL, ['Digest realm="摄像机", nonce="n"'])
    assert holds(answer, "p", "md5")
