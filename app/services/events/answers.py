"""What is handed out of a recorded decision: the payload, where its chain stands, and a signature over both."""

from dataclasses import dataclass
from typing import Any

from app.core.events.chain import canonical, link_of
from app.core.events.records import EventRow
from app.core.ports.crypto import Signer

Answer = dict[str, Any]


@dataclass(frozen=True)
class Answers:
    signer: Signer

    def sign(self, payload: Answer, row: EventRow) -> Answer:
        """The payload with `checkpoint` and `signature`; made again from a stored event it is the same to the byte."""
        unsigned = {**payload, "checkpoint": self.checkpoint(row)}
        return {**unsigned, "signature": self.signer.sign(canonical(unsigned))}

    def bound(self, answer: Answer, nonce: str) -> Answer:
        """The answer signed anew with what its asker made up, so that no earlier answer can take its place."""
        unsigned = {name: value for name, value in answer.items() if name != "signature"} | {"nonce": nonce}
        return {**unsigned, "signature": self.signer.sign(canonical(unsigned))}

    @staticmethod
    def checkpoint(row: EventRow) -> dict[str, Any]:
        """The signed statement that the gate's chain stood here, made when the event was."""
        return {**link_of(row), "signature": row.signature}
