"""HTTP Digest (RFC 7616) as httpx computes it, for connections of our own that httpx does not make."""

import re
from collections.abc import Iterable
from functools import partial

import httpx

STRONGEST_FIRST = ("SHA-256", "SHA-256-SESS", "MD5", "MD5-SESS")
ALGORITHM = re.compile(r'\balgorithm\s*=\s*"?([\w-]+)', re.IGNORECASE)


class DigestLogin:
    """One user at one server. It remembers the last challenge and counts its uses. For one thread at a time."""

    def __init__(self, user: str, password: str) -> None:
        self._new = partial(httpx.DigestAuth, user, password)
        self._auth = self._new()

    def known(self, method: str, url: str) -> str | None:
        """The Authorization header for a request by the last challenge, or None if there was none yet."""
        request = httpx.Request(method, url)
        next(self._auth.sync_auth_flow(request))
        return str(request.headers["Authorization"]) if "Authorization" in request.headers else None

    def answer(self, method: str, url: str, challenges: Iterable[str]) -> str | None:
        """The Authorization header that answers a 401, by its strongest challenge; None if none can be answered.

        Args:
            challenges: The values of the 401's WWW-Authenticate headers.
        """
        for challenge in sorted(filter(_rank, challenges), key=_rank):
            auth, request = self._new(), httpx.Request(method, url)
            flow = auth.sync_auth_flow(request)
            next(flow)
            refused = httpx.Response(401, headers=[(b"WWW-Authenticate", challenge.encode())], request=request)
            try:
                flow.send(refused)
            except (httpx.ProtocolError, NotImplementedError, ValueError):
                # httpx cannot answer this challenge: it has no nonce, for instance, or wants a digest of the body.
                # Another one may do.
                continue
            self._auth = auth
            return str(request.headers["Authorization"])
        return None


def _rank(challenge: str) -> int:
    """1 for the strongest algorithm, and so on; 0 if the challenge is no Digest that is known here."""
    if not challenge.lower().startswith("digest "):
        return 0
    found = ALGORITHM.search(challenge)
    algorithm = found[1].upper() if found else "MD5"
    return STRONGEST_FIRST.index(algorithm) + 1 if algorithm in STRONGEST_FIRST else 0
