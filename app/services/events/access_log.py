"""Writes a decision into its gate's chain, sealed: the one place that makes events.

The caller commits; until it has, nothing is recorded and nothing may open.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from app.core.errors import CryptoFault
from app.core.events.chain import (
    NONCE,
    RECORD,
    SNAPSHOT,
    canonical,
    checkpoint_message,
    commitment,
    instant,
    link,
    record_of,
)
from app.core.events.field_names import with_new_names
from app.core.events.records import ChainHead, EventRow
from app.core.ports.crypto import Signer, Vault
from app.core.ports.store import Transaction
from app.core.types import Employee, Gate, Reason, Verdict

__all__ = ["SNAPSHOT", "AccessLog"]


class AccessLog:
    """Appends events and opens them again.

    A payload is sealed with two members added, which callers never see and must not use: `nonce` (random, so that the
    commitment cannot be guessed) and `record` (the clear fields, so that the commitment vouches for them too).
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
        gate: Gate,
        at: datetime,
        event_id: str,
        verdict: Verdict,
        reason: Reason,
        employee: Employee | None,
        payload: dict[str, Any],
        snapshot: bytes | None,
        head: ChainHead | None = None,
    ) -> tuple[EventRow, dict[str, Any]]:
        """Adds the event after the gate's last, which stays locked until the transaction ends; returns its checkpoint.

        at: cut to whole milliseconds. head: the gate's, if the caller holds it already. Raises CryptoFault if the
        employee's key is gone (erased meanwhile), NotRecorded if the database cannot take it, ValueError if the payload
        uses a reserved member.
        """
        if NONCE in payload or RECORD in payload:
            raise ValueError(f"{NONCE} and {RECORD} are the log's own members of a payload")
        at = at.astimezone(UTC)
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        head = head or tx.events.lock_head(gate.id)
        sequence = head.sequence + 1
        employee_id = None if employee is None else employee.id
        subject_id, wrapped = self._key_for(tx, employee_id, at)
        record = record_of(gate.id, event_id, sequence, at, verdict, reason, employee_id)
        if snapshot is not None:
            record[SNAPSHOT] = hashlib.sha256(snapshot).hexdigest()
        sealed = canonical({**payload, NONCE: self._new_nonce(), RECORD: record})
        digest = commitment(sealed)
        linked = link(head.hash, gate.id, event_id, sequence, at, verdict, reason, digest)
        checkpoint = self.checkpoint(gate.id, sequence, linked, at)
        row = EventRow(
            id=event_id,
            gate_id=gate.id,
            sequence=sequence,
            at=at,
            verdict=verdict,
            reason=reason,
            commitment=digest,
            hash=linked,
            signature=checkpoint["signature"],
            employee_id=employee_id,
            subject_id=subject_id,
            camera=payload.get("camera"),
            sealed_payload=self._vault.seal(wrapped, sealed, _payload_context(event_id)),
            sealed_snapshot=None
            if snapshot is None
            else self._vault.seal(wrapped, snapshot, _snapshot_context(event_id)),
        )
        tx.events.append(row)
        return row, checkpoint

    def checkpoint(self, gate_id: str, sequence: int, hash_hex: str, at: datetime) -> dict[str, Any]:
        """A signed statement that the gate's chain stood here at that time; to be kept off this machine."""
        fields = {"gate_id": gate_id, "sequence": sequence, "hash": hash_hex, "at": instant(at)}
        return {**fields, "signature": self._signer.sign(checkpoint_message(fields))}

    def payload_of(self, tx: Transaction, row: EventRow) -> dict[str, Any] | None:
        """The payload as it was given to `append`, under today's field names; None once purged or erased.

        Raises CryptoFault if it was altered.
        """
        payload = self.sealed_payload_of(tx, row)
        if payload is None:
            return None
        return with_new_names({name: value for name, value in payload.items() if name not in (NONCE, RECORD)})

    def sealed_payload_of(
        self, tx: Transaction, row: EventRow, keys: dict[str, bytes | None] | None = None
    ) -> dict[str, Any] | None:
        """The payload whole, as the commitment covers it. keys: remembers keys already read, for a walk over many."""
        opened = self._opened(tx, row, row.sealed_payload, _payload_context(row.id), keys)
        if opened is None:
            return None
        payload = json.loads(opened)
        if not isinstance(payload, dict):
            raise CryptoFault("a payload is no record")
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
        return self._opened(tx, row, row.sealed_snapshot, _snapshot_context(row.id), keys)

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
        context: str,
        keys: dict[str, bytes | None] | None,
    ) -> bytes | None:
        if sealed is None or row.subject_id is None:
            return None
        if keys is None:
            wrapped = tx.data_keys.get(row.subject_id)
        else:
            if row.subject_id not in keys:
                keys[row.subject_id] = tx.data_keys.get(row.subject_id)
            wrapped = keys[row.subject_id]
        return None if wrapped is None else self._vault.open(wrapped, sealed, context)


def _payload_context(event_id: str) -> str:
    return f"event payload {event_id}"


def _snapshot_context(event_id: str) -> str:
    return f"event snapshot {event_id}"
