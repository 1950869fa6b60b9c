"""The journals of a restored site: what they hold is kept, and says what its backup lost."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.adapters.crypto.journal import JsonJournal
from app.core.events.checkpoint import Checkpoint
from app.core.ports.store import Transaction
from app.core.site.backup import BackupHead
from app.wiring.backbone import Backbone


def entries_of(lines: bytes) -> list[dict[str, Any] | None]:
    """What each line of a journal says; None for a damaged one."""
    found: list[dict[str, Any] | None] = []
    for line in lines.splitlines():
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        found.append(entry if isinstance(entry, dict) else None)
    return found


def append_missing(path: Path, entries: list[dict[str, Any]]) -> None:
    """Adds the entries that a journal does not have yet: it may be a newer one, on another disk."""
    journal = JsonJournal(path)
    there = {json.dumps(entry, sort_keys=True) for entry in journal.entries([])}
    for entry in entries:
        text = json.dumps(entry, sort_keys=True)
        if text not in there:
            there.add(text)
            journal.append(entry)


def not_newer(backbone: Backbone, head: BackupHead) -> list[dict[str, Any]]:
    """All checkpoints except those that were made after the backup and saw events that it does not have."""
    with backbone.store.read() as tx:
        ends = {chain.gate_id: chain.sequence for chain in tx.events.heads()}
    found = []
    for printed in JsonJournal(backbone.settings.checkpoints).entries([]):
        mark = _read(backbone, printed)
        if mark is None or mark.at <= head.made_at or mark.sequence <= ends.get(mark.gate_id, 0):
            found.append(printed)
    return found


def lost_events(backbone: Backbone) -> list[str]:
    """What signed checkpoints saw and the restored log does not have."""
    seen: dict[str, Checkpoint] = {}
    for printed in JsonJournal(backbone.settings.checkpoints).entries([]):
        mark = _read(backbone, printed)
        if mark is not None and (mark.gate_id not in seen or mark.sequence > seen[mark.gate_id].sequence):
            seen[mark.gate_id] = mark
    with backbone.store.read() as tx:
        ends = {head.gate_id: head.sequence for head in tx.events.heads()}
        names = {gate_id: _gate_name(tx, gate_id) for gate_id in ends}
    return [
        f"gate {names[gate_id]}: the backup ends at event {end}, and a checkpoint of {seen[gate_id].at:%Y-%m-%d %H:%M} "
        f"UTC saw event {seen[gate_id].sequence}. What came between is lost."
        for gate_id, end in sorted(ends.items())
        if gate_id in seen and seen[gate_id].sequence > end
    ]


def _read(backbone: Backbone, printed: Mapping[str, Any]) -> Checkpoint | None:
    try:
        mark = Checkpoint.read(printed)
    except ValueError:
        return None
    return mark if backbone.signer.verify(mark.signed_part, mark.signature) else None


def _gate_name(tx: Transaction, gate_id: str) -> str:
    gate = tx.gates.get(gate_id)
    return gate_id if gate is None else gate.name
