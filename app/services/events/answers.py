"""Signs what is handed out of a recorded decision: its payload and where its chain stands."""

from dataclasses import dataclass, replace

from app.core.events.decision import RecordedDecision
from app.core.ports.crypto import Signer


@dataclass(frozen=True)
class Answers:
    signer: Signer

    def sign(self, decision: RecordedDecision) -> RecordedDecision:
        """The appended decision, signed. Signed again from a stored event it is the same to the byte."""
        return replace(decision, signature=self.signer.sign(decision.signed_part))

    def bound(self, decision: RecordedDecision, nonce: str) -> RecordedDecision:
        """Signed anew together with what the asker made up, so that no earlier answer can take its place."""
        return self.sign(replace(decision, nonce=nonce))
