"""Writes a decision into its gate's chain, sealed: the one place that makes events.

The caller commits; until it has, nothing is recorded and nothing may open.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.core.canonical import canonical
from app.core.errors import CryptoFault
from app.core.events.chain import NONCE, RECORD, SNAPSHOT, commitment, link, link_of, record_of
from app.core.events.checkpoint import Checkpoint
from app.core.events.decision import RecordedDecision
from app.core.events.records import ChainHead, EventRow
from app.core.ports.crypto import Signer, Vault
from app.core.ports.store import Transaction
from app.core.sealing import Sealed, context

__all__ = ["SNAPSHOT", "AccessLog"]


class AccessLog:
    """Appends events and opens them again.

    A payload is sealed with two members added, which callers never see: `nonce` (random, so that the commitment cannot
    be guessed) and `record` (the clear fields, so that the commitment vouches for them too).
    """

    def __init__(
        self, vault: Vault, signer: Signer, new_nonce: Callable[[], str] = lambda: secrets.token_hex(16)
    ) -> None:
        self._vault = vault
        self._signer = signer
        self._new_nonce = new_nonce

    def append(
        self,
        tx: Transaction,
        decision: RecordedDecision,
        snapshot: bytes | None = None,
        head: ChainHead | None = None,
    ) -> RecordedDecision:
        """Adds the event after the gate's last, which stays locked until the transaction ends.

        Args:
            tx: The transaction that records; the caller commits it.
            decision: What to record. Its time is cut to whole milliseconds.
            snapshot: The pictures to keep with it, as one bundle.
            head: The gate's head, where the caller has locked it already.

        Returns:
            The decision with its checkpoint, not signed yet.

        Raises:
            CryptoFault: The employee's key is gone, because they were erased meanwhile.
            NotRecorded: The database cannot take the event.
        """
        decision = replace(decision, at=_whole_milliseconds(decision.at))
        gate_id, at, verdict, reason = decision.gate_id, decision.at, decision.verdict, decision.reason
        head = head or tx.events.lock_head(gate_id)
        sequence = head.sequence + 1
        employee_id = None if decision.employee is None else decision.employee.id
        subject_id, wrapped = self._key_for(tx, employee_id, at)
        record = record_of(gate_id, decision.id, sequence, at, verdict, reason, employee_id)
        if snapshot is not None:
            record[SNAPSHOT] = hashlib.sha256(snapshot).hexdigest()
        sealed = canonical({**decision.payload(), NONCE: self._new_nonce(), RECORD: record})
        digest = commitment(sealed)
        linked = link(head.hash, gate_id, decision.id, sequence, at, verdict, reason, digest)
        checkpoint = self.checkpoint(gate_id, sequence, linked, at)
        row = EventRow(
            id=decision.id,
            gate_id=gate_id,
            sequence=sequence,
            at=at,
            verdict=verdict,
            reason=reason,
            commitment=digest,
            hash=linked,
            signature=checkpoint.signature,
            employee_id=employee_id,
            subject_id=subject_id,
            camera=decision.camera,
            has_snapshot=snapshot is not None,
            sealed_payload=self._vault.seal(wrapped, sealed, context(Sealed.EVENT_PAYLOAD, decision.id)),
            sealed_snapshot=None
            if snapshot is None
            else self._vault.seal(wrapped, snapshot, context(Sealed.EVENT_SNAPSHOT, decision.id)),
        )
        tx.events.append(row)
        return replace(decision, checkpoint=checkpoint)

    def checkpoint(self, gate_id: str, sequence: int, hash_hex: str, at: datetime) -> Checkpoint:
        """A signed statement that the gate's chain stood here at that time; to be kept off this machine."""
        unsigned = Checkpoint(gate_id, sequence, hash_hex, at)
        return replace(unsigned, signature=self._signer.sign(unsigned.signed_part))

    def decision_of(self, tx: Transaction, row: EventRow) -> RecordedDecision | None:
        """The decision as it was recorded, with its checkpoint and not signed; None once it was erased.

        Raises as `sealed_payload_of` and `read` do.
        """
        payload = self.sealed_payload_of(tx, row)
        return None if payload is None else self.read(row, payload)

    def read(self, row: EventRow, payload: Mapping[str, Any]) -> RecordedDecision:
        """The decision of an opened payload. Raises KeyError, TypeError or ValueError where it is none of ours."""
        return replace(RecordedDecision.read(row.gate_id, payload), checkpoint=link_of(row))

    def sealed_payload_of(
        self, tx: Transaction, row: EventRow, keys: dict[str, bytes | None] | None = None
    ) -> dict[str, Any] | None:
        """The payload whole, as the commitment covers it; None once it was erased. Raises CryptoFault if altered.

        keys: remembers keys that were read already, for a walk over many events.
        """
        opened = self._opened(tx, row, row.sealed_payload, context(Sealed.EVENT_PAYLOAD, row.id), keys)
        if opened is None:
            return None
        payload = json.loads(opened)
        if not isinstance(payload, dict):
            raise CryptoFault("the payload is not a record")
        return payload

    def snapshot_of(self, tx: Transaction, row: EventRow) -> bytes | None:
        """The picture kept with the event (row from `events.get`: lists leave it out); None if there is none any more.

        Raises CryptoFault if it is not the picture that was recorded.
        """
        snapshot = self.sealed_snapshot_of(tx, row)
        payload = None if snapshot is None else self.sealed_payload_of(tx, row)
        if snapshot is None or payload is None:
            return None
        if payload[RECORD].get(SNAPSHOT) != hashlib.sha256(snapshot).hexdigest():
            raise CryptoFault("the picture is not the one that was recorded")
        return snapshot

    def sealed_snapshot_of(
        self, tx: Transaction, row: EventRow, keys: dict[str, bytes | None] | None = None
    ) -> bytes | None:
        """The picture as it opens, not yet compared with the record; None once erased. keys: as above."""
        return self._opened(tx, row, row.sealed_snapshot, context(Sealed.EVENT_SNAPSHOT, row.id), keys)

    def _key_for(self, tx: Transaction, employee_id: str | None, at: datetime) -> tuple[str, bytes]:
        if employee_id is None:
            # Strangers of one day share a key, so that a day's events of nobody can be purged at once.
            day = f"day:{at:%Y-%m-%d}"
            return day, tx.data_keys.get(day) or tx.data_keys.get_or_add(day, self._vault.new_key())
        wrapped = tx.data_keys.get(employee_id)
        if wrapped is None:
            # Never a new key: it would bring back somebody who was erased while standing at the gate.
            raise CryptoFault("the employee's key is gone: erased meanwhile")
        return employee_id, wrapped

    def _opened(
        self,
        tx: Transaction,
        row: EventRow,
        sealed: bytes | None,
        bound_to: str,
        keys: dict[str, bytes | None] | None,
    ) -> bytes | None:
        if sealed is None or row.subject_id is None:
            return None
        if keys is None:
            wrapped = tx.data_keys.peek(row.subject_id)
        else:
            if row.subject_id not in keys:
                keys[row.subject_id] = tx.data_keys.peek(row.subject_id)
            wrapped = keys[row.subject_id]
        return None if wrapped is None else self._vault.open(wrapped, sealed, bound_to)


def _whole_milliseconds(at: datetime) -> datetime:
    """In UTC. Cut and not rounded: an event must not lie in the future."""
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
