"""Proves that an event is in its gate's chain as it was recorded, for a person to read and print."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.canonical import canonical
from app.core.errors import CryptoFault, NotFound
from app.core.events.chain import GENESIS, commitment, link, link_of
from app.core.events.checkpoint import Checkpoint
from app.core.events.records import EventRow
from app.core.ports.crypto import Signer
from app.core.ports.store import Store, Transaction
from app.services.events.access_log import AccessLog


@dataclass(frozen=True)
class Proof:
    """The parts of a proof.

    Attributes:
        linked: the hash follows from the one before it.
        signed: this installation signed the event.
        payload: it is the one that was committed to; None if it was erased.
        checkpoint: the first kept one at or after the event.
    """

    sequence: int
    previous: str
    hash: str
    commitment: str
    linked: bool
    signed: bool
    payload: bool | None
    checkpoint: Checkpoint | None

    @property
    def holds(self) -> bool:
        return self.linked and self.signed and self.payload is not False


@dataclass(frozen=True)
class EventProofs:
    """checkpoints: the kept ones, oldest first."""

    store: Store
    log: AccessLog
    signer: Signer
    checkpoints: Callable[[], Iterable[Mapping[str, Any]]]

    def of(self, event_id: str) -> Proof:
        """Raises NotFound."""
        with self.store.read() as tx:
            row = tx.events.get(event_id)
            if row is None:
                raise NotFound("unknown_event", "There is no event with this id.")
            before = tx.events.after(row.gate_id, row.sequence - 2, 1) if row.sequence > 1 else []
            previous = before[0].hash if before else GENESIS
            payload = self._payload(tx, row)
        made = link(previous, row.gate_id, row.id, row.sequence, row.at, row.verdict, row.reason, row.commitment)
        return Proof(
            row.sequence,
            previous,
            row.hash,
            row.commitment,
            made == row.hash,
            self.signer.verify(link_of(row).signed_part, row.signature),
            payload,
            self._covering(row),
        )

    def _payload(self, tx: Transaction, row: EventRow) -> bool | None:
        try:
            whole = self.log.sealed_payload_of(tx, row)
        except CryptoFault:
            return False
        return None if whole is None else commitment(canonical(whole)) == row.commitment

    def _covering(self, row: EventRow) -> Checkpoint | None:
        for printed in self.checkpoints():
            try:
                mark = Checkpoint.read(printed)
            except ValueError:
                continue  # `audit verify` says which line is bad
            covers = mark.gate_id == row.gate_id and mark.sequence >= row.sequence
            if covers and self.signer.verify(mark.signed_part, mark.signature):
                return mark
        return None
