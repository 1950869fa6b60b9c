"""What seals, signs and keeps, as protocols."""

from collections.abc import Iterator
from typing import Protocol


class Vault(Protocol):
    """Seals bytes under a subject's key, which is itself wrapped by the master key. Raises CryptoFault.

    context is bound to the sealed bytes (associated data): a photo's ciphertext does not open as a template's.
    """

    def new_key(self) -> bytes: ...
    def forget(self, wrapped_key: bytes) -> None:
        """From the return of this call nothing opens what the key sealed, wherever a copy of it lies."""
        ...

    def seal(self, wrapped_key: bytes, plaintext: bytes, context: str) -> bytes: ...
    def open(self, wrapped_key: bytes, sealed: bytes, context: str) -> bytes: ...


class Signer(Protocol):
    """Ed25519 over bytes; base64 (standard alphabet, padded) text out."""

    def sign(self, message: bytes) -> str: ...
    def verify(self, message: bytes, signature: str) -> bool: ...
    def public_key(self) -> str: ...


class Journal(Protocol):
    """An append-only file of JSON lines beside the database, flushed to disk before `append` returns."""

    def append(self, entry: dict[str, object]) -> None: ...
    def entries(self, damaged: list[str] | None = None) -> Iterator[dict[str, object]]:
        """Raises CryptoFault at a damaged line; with a list, names it there and goes on."""
        ...
