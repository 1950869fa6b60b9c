"""Signs what leaves this machine (answers, checkpoints, receipts), so gates and auditors can verify its origin."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_INFO = b"facegate signing v1"


def signed_by(public_key: str, message: bytes, signature: str) -> bool:
    """Whether the owner of this key, the raw 32 bytes in base64, signed the message. False also for what is no key."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


class Ed25519Signer:
    """Implements `ports.crypto.Signer`.

    The key is derived from the master key, so a restored installation signs as before.
    """

    def __init__(self, master_key: bytes) -> None:
        seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(master_key)
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key()

    def sign(self, message: bytes) -> str:
        return base64.b64encode(self._private.sign(message)).decode()

    def verify(self, message: bytes, signature: str) -> bool:
        """Whether the signature is ours. False also for text that is not base64."""
        return signed_by(self.public_key(), message, signature)

    def public_key(self) -> str:
        """The raw 32 bytes (RFC 8032) in base64."""
        return base64.b64encode(self._public.public_bytes_raw()).decode()
