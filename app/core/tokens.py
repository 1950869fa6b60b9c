"""How secret tokens are stored: keys, sessions, tickets, links."""

import hashlib


def digest(token: str) -> str:
    """Returns hex SHA-256 of a token: 256 random bits cannot be guessed, so they need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
