"""Seals personal data: a stolen database is unreadable, and destroying one key erases one person.

AES-256-GCM throughout. Each subject has a random key. It is stored wrapped under a key derived from the master key and
the subject's secret in the key file. The master key itself never encrypts anything.
"""

import base64
import binascii
import contextlib
import hmac
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from secrets import token_bytes, token_hex

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.adapters.crypto.key_file import SLOT_BYTES, KeyFile
from app.core.errors import CryptoFault

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"
_WRAPPED = b"facegate subject key v1"
_WITH_SECRET = b"\x02"  # then the slot, then the output of encrypt


class Vault:
    """Implements `ports.crypto.Vault`. Shared by all threads.

    Sealed bytes are version (1), nonce (12), ciphertext with tag (plaintext + 16).

    secrets: holds each subject's secret. Without it, subject keys are wrapped under the master key alone.
    """

    def __init__(self, master_key: bytes, secrets: KeyFile | None = None) -> None:
        if len(master_key) != KEY_BYTES:
            raise CryptoFault(f"the master key must be {KEY_BYTES} bytes")
        self._wrapping = AESGCM(derive(master_key, b"facegate wrapping v1"))
        self._mixing = derive(master_key, b"facegate wrapping v2")
        self._secrets = secrets
        self._check = derive(master_key, b"facegate key check v1")

    def new_key(self) -> bytes:
        """A new subject key, wrapped. Its secret is in the key file when this returns."""
        return self.new_keys(1)[0]

    def new_keys(self, count: int) -> list[bytes]:
        """Several new keys, with a single flush of the key file."""
        return self._wrap([token_bytes(KEY_BYTES) for _ in range(count)])

    def seal(self, wrapped_key: bytes, plaintext: bytes, context: str) -> bytes:
        """Raises CryptoFault if the wrapped key does not open."""
        return encrypt(AESGCM(self._unwrapped(wrapped_key)), plaintext, context.encode())

    def open(self, wrapped_key: bytes, sealed: bytes, context: str) -> bytes:
        """Raises CryptoFault for another key, another context or altered bytes."""
        return decrypt(AESGCM(self._unwrapped(wrapped_key)), sealed, context.encode())

    def digest(self, wrapped_key: bytes, message: bytes, context: str) -> bytes:
        """HMAC-SHA256 over context and message, with a key derived from the subject's. Raises CryptoFault."""
        key = derive(self._unwrapped(wrapped_key), b"facegate digest v1")
        return hmac.digest(key, context.encode() + b"\0" + message, "sha256")

    def key_check(self) -> bytes:
        """32 bytes that identify this master key and reveal nothing of it. Stored with the installation."""
        return self._check

    def check(self, stored: bytes) -> bool:
        """Whether the stored key check is this master key's."""
        return bytes_eq(self._check, stored)

    def forget(self, wrapped_key: bytes) -> None:
        """Destroys the subject's secret, so no copy of the wrapped key opens anything any more."""
        if self._secrets is not None and wrapped_key[:1] == _WITH_SECRET:
            self._secrets.destroy(wrapped_key[1 : 1 + SLOT_BYTES])

    def knows_any(self, wrapped_keys: Sequence[bytes]) -> bool:
        """Whether the key file has the secret of one of these keys."""
        slots = {wrapped[1 : 1 + SLOT_BYTES] for wrapped in wrapped_keys if not self.is_old(wrapped)}
        return self._secrets is not None and self._secrets.has_any(slots)

    def is_old(self, wrapped_key: bytes) -> bool:
        """Whether the wrapped key opens without the key file."""
        return wrapped_key[:1] != _WITH_SECRET

    def rewrap(self, wrapped_keys: Sequence[bytes]) -> list[bytes]:
        """The same subject keys, each wrapped with a new secret."""
        return self._wrap([self._unwrapped(wrapped) for wrapped in wrapped_keys])

    def _wrap(self, keys: Sequence[bytes]) -> list[bytes]:
        if self._secrets is None:
            return [encrypt(self._wrapping, key, _WRAPPED) for key in keys]
        made = self._secrets.new(len(keys))
        return [
            _WITH_SECRET + slot + encrypt(self._mixed(secret), key, _WRAPPED + slot)
            for (slot, secret), key in zip(made, keys, strict=True)
        ]

    def _mixed(self, secret: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._mixing, secret, "sha256"))

    def _unwrapped(self, wrapped_key: bytes) -> bytes:
        if self.is_old(wrapped_key):
            return decrypt(self._wrapping, wrapped_key, _WRAPPED)
        if self._secrets is None:
            raise CryptoFault("this data key needs the key file")
        slot, rest = wrapped_key[1 : 1 + SLOT_BYTES], wrapped_key[1 + SLOT_BYTES :]
        return decrypt(self._mixed(self._secrets.get(slot)), rest, _WRAPPED + slot)


def derive(master_key: bytes, info: bytes) -> bytes:
    """A 32-byte key for one purpose: HKDF-SHA256 (RFC 5869) without salt, `info` naming the purpose."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master_key)


def load_master_key(path: Path, env_value: str | None = None) -> bytes:
    """The master key, from the setting (base64) if given, else from the file, which the first start creates.

    The file is created whole and once, even if several processes start together.

    Raises:
        CryptoFault: The value is not 32 bytes in base64, or others may read the file. The message says what to do.
    """
    if env_value:
        return _decoded(env_value, "the master key setting")
    if not path.exists():
        _create(path)
    # Check the open file, so it cannot be swapped in between.
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise CryptoFault(f"other users can read the master key file {path.name}: run chmod 600 on it")
        return _decoded(file.read().decode("ascii", "replace"), f"the master key file {path.name}")


def _create(path: Path) -> None:
    # Written beside, then linked: the name appears with all its bytes or not at all, and only for the first process.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _decoded(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise CryptoFault(f"{where} is not base64") from error
    if len(key) != KEY_BYTES:
        raise CryptoFault(f"{where} holds {len(key)} bytes, not {KEY_BYTES}; restore it from its backup")
    return key


def encrypt(key: AESGCM, plaintext: bytes, context: bytes) -> bytes:
    nonce = token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + key.encrypt(nonce, plaintext, context)


def decrypt(key: AESGCM, sealed: bytes, context: bytes) -> bytes:
    if not isinstance(sealed, bytes) or sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE_BYTES + 16:
        raise CryptoFault("these bytes are not sealed")
    try:
        return key.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], context)
    except InvalidTag as error:
        raise CryptoFault("a sealed record does not open: the key is wrong, or the record was altered") from error
