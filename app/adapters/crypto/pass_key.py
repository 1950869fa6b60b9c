"""The key that signs QR passes: derived from the master key, and apart from the one that signs the log."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, Hash

from app.adapters.crypto.vault import derive

_INFO = b"facegate qr passes v1"


class Ed25519PassKey:
    """Implements `credentials.qr_pass.PassKey`. A restored installation signs as before."""

    def __init__(self, master_key: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(derive(master_key, _INFO))
        self._public = self._private.public_key()
        digest = Hash(SHA256())
        digest.update(self._public.public_bytes_raw())
        self.id = digest.finalize()[:4]

    def sign(self, message: bytes) -> bytes:
        """Returns 64 bytes."""
        return self._private.sign(message)

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            self._public.verify(signature, message)
        except InvalidSignature:
            return False
        return True
