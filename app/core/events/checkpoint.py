"""A signed statement of where a gate's chain stood: small enough to leave the machine with every answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.canonical import canonical, instant, moment


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A chain's head and the installation's signature over it.

    gate_id: the chain's gate; an audit also signs tables in this form. sequence: counts from 1. hash: hex SHA-256 of
    the head. at: UTC. signature: Ed25519 over `signed_part`, base64; empty until it is signed.
    """

    gate_id: str
    sequence: int
    hash: str
    at: datetime
    signature: str = ""

    @property
    def signed_part(self) -> bytes:
        """Canonical JSON of everything but the signature. Raises ValueError for a time without a zone."""
        return canonical(
            {"gate_id": self.gate_id, "sequence": self.sequence, "hash": self.hash, "at": instant(self.at)}
        )

    def json(self) -> dict[str, Any]:
        """The members as they are printed in answers and in the journal."""
        return {
            "gate_id": self.gate_id,
            "sequence": self.sequence,
            "hash": self.hash,
            "at": instant(self.at),
            "signature": self.signature,
        }

    @classmethod
    def read(cls, printed: Mapping[str, Any]) -> "Checkpoint":
        """Reads what `json` printed. Raises ValueError where a member is missing or of the wrong kind."""
        try:
            gate_id, sequence, digest, at, signature = (
                printed[name] for name in ("gate_id", "sequence", "hash", "at", "signature")
            )
        except KeyError as error:
            raise ValueError(f"the checkpoint has no {error}") from None
        texts = (gate_id, digest, at, signature)
        if type(sequence) is not int or not all(isinstance(text, str) for text in texts):
            raise ValueError("a member of the checkpoint has the wrong type")
        return cls(gate_id, sequence, digest, moment(at), signature)
