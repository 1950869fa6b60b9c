"""Reads the log for people: each event as it was answered, opened with the key that still exists, or without."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.core.errors import CryptoFault, NotFound
from app.core.events.chain import NONCE, RECORD, SNAPSHOT, instant
from app.core.events.field_names import with_new_names
from app.core.events.records import EventFilter, EventRow
from app.core.gates.result import GateResultRow
from app.core.media import unbundle
from app.core.ports.store import Store, Transaction
from app.services.events.access_log import AccessLog
from app.services.events.answers import Answers


@dataclass(frozen=True)
class EventList:
    store: Store
    log: AccessLog
    answers: Answers

    def find(self, which: EventFilter) -> list[dict[str, Any]]:
        """Newest first."""
        with _readable(), self.store.read() as tx:
            names = {gate.id: gate.name for gate in tx.gates.all()}
            rows = tx.events.find(which)
            results = tx.gate_results.of(row.id for row in rows)
            return [self._event(tx, row, names.get(row.gate_id, row.gate_id), results.get(row.id)) for row in rows]

    def get(self, event_id: str) -> dict[str, Any]:
        """Raises NotFound."""
        with _readable(), self.store.read() as tx:
            return self.shown(tx, _known(tx, event_id))

    def shown(self, tx: Transaction, row: EventRow) -> dict[str, Any]:
        """One event as the others here, of a transaction that the caller has open."""
        gate = tx.gates.get(row.gate_id)
        result = tx.gate_results.of([row.id]).get(row.id)
        return self._event(tx, row, gate.name if gate else row.gate_id, result)

    def snapshot(self, event_id: str) -> bytes:
        """JPEG bytes of the event's best picture. Raises NotFound where none was kept, or none is left."""
        return self.pictures(event_id)[0]

    def pictures(self, event_id: str) -> list[bytes]:
        """All that were kept with the event, best first. Raises NotFound as above."""
        with self.store.read() as tx:
            kept = self.log.snapshot_of(tx, _known(tx, event_id))
        if kept is None:
            raise NotFound("no_snapshot", "This event has no picture, or not any more.")
        return unbundle(kept)

    def picture(self, event_id: str, number: int) -> bytes:
        """One of them, counted from 1. Raises NotFound."""
        kept = self.pictures(event_id)
        if not 1 <= number <= len(kept):
            raise NotFound("no_picture", f"This event has {len(kept)} pictures, counted from 1.")
        return kept[number - 1]

    def _event(self, tx: Transaction, row: EventRow, gate: str, result: GateResultRow | None) -> dict[str, Any]:
        whole = self.log.sealed_payload_of(tx, row)
        payload = with_new_names({k: v for k, v in whole.items() if k not in (NONCE, RECORD)}) if whole else None
        clear = {
            "decision_id": row.id,
            "gate": gate,
            "at": instant(row.at),
            "decision": row.verdict.value,
            "reason": row.reason.value,
        }
        # The signature of the answer can be made again only while everything it covers is there.
        answer = self.answers.sign(payload, row) if payload else {**clear, "checkpoint": self.answers.checkpoint(row)}
        return {
            **clear,
            **answer,
            "sequence": row.sequence,
            "hash": row.hash,
            # Lists leave the picture itself in the database; the record says whether there is one.
            "snapshot": whole is not None and SNAPSHOT in whole[RECORD],
            **({} if result is None else {"gate_result": self.result(result)}),
        }

    def result(self, result: GateResultRow) -> dict[str, Any]:
        """What the gate did. forged: the installation did not sign this."""
        genuine = self.answers.signer.verify(result.signed_part, result.signature)
        return {
            "outcome": result.outcome.value,
            "detail": result.detail,
            "at": instant(result.at),
            "forged": not genuine,
        }


@contextmanager
def _readable() -> Iterator[None]:
    """A record that somebody altered is a fault with a name, not a defect of the program."""
    try:
        yield
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CryptoFault("a record of the log is damaged; `audit verify` names it") from error


def _known(tx: Transaction, event_id: str) -> EventRow:
    row = tx.events.get(event_id)
    if row is None:
        raise NotFound("unknown_event", "There is no event with this id.")
    return row
