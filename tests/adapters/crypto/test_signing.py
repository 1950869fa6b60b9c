"""A signature is ours or it is not; the public key alone is enough to tell, with any Ed25519 implementation."""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.adapters.crypto.signing import Ed25519Signer


def test_signatures(signer: Ed25519Signer, master_key: bytes) -> None:
    signature = signer.sign(b"message")
    assert signer.verify(b"message", signature)
    assert Ed25519Signer(master_key).verify(b"message", signature)
    assert not signer.verify(b"another", signature)
    assert not Ed25519Signer(bytes(32)).verify(b"message", signature)
    for malformed in ("", "not base64!", "é", base64.b64encode(b"short").decode()):
        assert not signer.verify(b"message", malformed)


def test_gate_verifies_with_the_public_key(signer: Ed25519Signer) -> None:
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(signer.public_key()))
    public.verify(base64.b64decode(signer.sign(b"message")), b"message")
