"""Signed receipts of what was removed on time: written with the removal, and read by the audit of the log."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from app.core.ports.crypto import Signer
from app.core.ports.store import Transaction
from app.core.site.retention import Explained, Kind, Removal, message, removal_id


def note(tx: Transaction, signer: Signer, kind: Kind, before: datetime, count: int, at: datetime) -> None:
    """Adds to the day's receipt of this kind, in the transaction that removed so many."""
    new = Removal(removal_id(kind, at), kind, at, before, count)
    known = tx.retained.receipt(new.id)
    if known is not None:
        new = replace(new, count=known.count + count, before=max(known.before, before), at=max(known.at, at))
    tx.retained.put(replace(new, signature=signer.sign(message(new))))


def explained(receipts: Iterable[Removal], signer: Signer) -> Explained:
    """What the receipts that we signed explain. Others explain nothing."""
    counts: dict[Kind, int] = {}
    before: dict[Kind, datetime] = {}
    for one in receipts:
        if signer.verify(message(one), one.signature):
            counts[one.kind] = counts.get(one.kind, 0) + one.count
            before[one.kind] = max(before.get(one.kind, one.before), one.before)
    return Explained(counts, before)
