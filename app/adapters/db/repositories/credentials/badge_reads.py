"""The last badge at each gate that nobody has, or that awaits its holder's face."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from app.adapters.db.engine.connect import upsert
from app.adapters.db.seals.row_seal import seals_of
from app.adapters.db.tables import badge_reads
from app.core.credentials.badge import Badge
from app.core.credentials.stored import BadgeRead
from app.core.errors import BadInput, CryptoFault
from app.core.sealing import Sealed, context


class BadgeReadRows:
    """Implements `credentials.stored.BadgeReads`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, read: BadgeRead) -> None:
        plain = read.badge.text.encode()
        sealed = seals_of(self._connection).conceal(plain, _context(read.gate_id, read.at, read.credential_id))
        values = {"gate_id": read.gate_id, "at": read.at, "sealed": sealed, "credential_id": read.credential_id}
        row = upsert(self._connection, badge_reads).values(**values)
        changed = {name: row.excluded[name] for name in values if name != "gate_id"}
        self._connection.execute(row.on_conflict_do_update(index_elements=[badge_reads.c.gate_id], set_=changed))

    def of(self, gate_id: str) -> BadgeRead | None:
        row = self._connection.execute(select(badge_reads).where(badge_reads.c.gate_id == gate_id)).one_or_none()
        if row is None:
            return None
        try:
            plain = seals_of(self._connection).reveal(row.sealed, _context(gate_id, row.at, row.credential_id))
            badge = Badge.of_text(plain.decode())
        except (CryptoFault, BadInput, UnicodeDecodeError):
            return None  # written by somebody without the master key
        return None if badge is None else BadgeRead(gate_id, row.at, badge, row.credential_id)

    def any_before(self, before: datetime) -> bool:
        found = self._connection.execute(select(badge_reads.c.gate_id).where(badge_reads.c.at < before).limit(1))
        return found.first() is not None

    def forget(self, *, gate_id: str | None = None, before: datetime | None = None) -> None:
        which = badge_reads.c.gate_id == gate_id if gate_id is not None else badge_reads.c.at < before
        self._connection.execute(delete(badge_reads).where(which))


def _context(gate_id: str, at: datetime, credential_id: str | None) -> str:
    return context(Sealed.BADGE_READ, gate_id, int(at.timestamp() * 1000), credential_id or "unknown")
