"""What is handed out of a recorded decision: the payload, where its chain stands, and a signature over both."""

from dataclasses import dataclass
from typing import Any

from app.core.chain import canonical
from app.core.ports import Signer
from app.core.types import EventRow
from app.services.access_log import AccessLog

Answer = dict[str, Any]


@dataclass(frozen=True)
class Answers:
    log: AccessLog
    signer: Signer

    def sign(self, payload: Answer, row: EventRow) -> Answer:
        """The payload with `checkpoint` and `signature`; made again from a stored event it is the same to the byte."""
        unsigned = {**payload, "checkpoint": self.checkpoint(row)}
        return {**unsigned, "signature": self.signer.sign(canonical(unsigned))}

    def checkpoint(self, row: EventRow) -> dict[str, Any]:
        return self.log.checkpoint(row.gate_id, row.sequence, row.hash, row.at)
