"""Protocols for sealing, signing and the journal."""

from collections.abc import Iterator
from typing import Protocol


class Vault(Protocol):
    """Seals bytes with a subject's key, which the master key wraps. Raises CryptoFault.

    `context` is associated data bound to the sealed bytes, so a photo's ciphertext does not open as a template's.
    """

    def new_key(self) -> bytes: ...
    def forget(self, wrapped_key: bytes) -> None:
        """After this returns, nothing opens what the key sealed, even from a copy of the wrapped key."""
        ...

    def seal(self, wrapped_key: bytes, plaintext: bytes, context: str) -> bytes: ...
    def open(self, wrapped_key: bytes, sealed: bytes, context: str) -> bytes: ...
    def digest(self, wrapped_key: bytes, message: bytes, context: str) -> bytes:
        """A MAC with the subject's key: equal for equal messages, and worth nothing once the key is destroyed."""
        ...


class Signer(Protocol):
    """Ed25519 signatures and public key, as base64 text (standard alphabet, padded)."""

    def sign(self, message: bytes) -> str: ...
    def verify(self, message: bytes, signature: str) -> bool: ...
    def public_key(self) -> str: ...


class Journal(Protocol):
    """An append-only file of JSON lines beside the database. `append` returns after the line is on disk."""

    def append(self, entry: dict[str, object]) -> None: ...
    def entries(self, damaged: list[str] | None = None) -> Iterator[dict[str, object]]:
        """Yields the entries. A damaged line raises CryptoFault, or is added to `damaged` if a list is given."""
        ...
