"""Whose PIN each gate waits for, and the wrong tries that lock a PIN at a gate."""

import json
from datetime import datetime

from sqlalchemy import Connection, delete, select

from app.adapters.db.engine.connect import upsert
from app.adapters.db.seals.row_seal import seals_of
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import pin_tries, pin_waits
from app.core.credentials.pin import PinTries
from app.core.credentials.stored import PinWait
from app.core.errors import CryptoFault
from app.core.sealing import Sealed, context

_PLACE = ("gate_id", "at", "employee_id")


class PinWaitRows:
    """Implements `credentials.stored.PinWaits`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, wait: PinWait) -> None:
        plain = json.dumps({name: value for name, value in vars(wait).items() if name not in _PLACE}).encode()
        sealed = seals_of(self._connection).conceal(plain, _context(wait.gate_id, wait.at, wait.employee_id))
        values = {"gate_id": wait.gate_id, "at": wait.at, "employee_id": wait.employee_id, "sealed": sealed}
        row = upsert(self._connection, pin_waits).values(**values)
        changed = {name: row.excluded[name] for name in values if name != "gate_id"}
        self._connection.execute(row.on_conflict_do_update(index_elements=[pin_waits.c.gate_id], set_=changed))

    def of(self, gate_id: str) -> PinWait | None:
        row = self._connection.execute(select(pin_waits).where(pin_waits.c.gate_id == gate_id)).one_or_none()
        if row is None:
            return None
        try:
            plain = seals_of(self._connection).reveal(row.sealed, _context(gate_id, row.at, row.employee_id))
            return PinWait(gate_id, row.at, row.employee_id, **json.loads(plain))
        except (CryptoFault, ValueError, TypeError):
            return None  # written by somebody without the master key

    def any_before(self, before: datetime) -> bool:
        found = self._connection.execute(select(pin_waits.c.gate_id).where(pin_waits.c.at < before).limit(1))
        return found.first() is not None

    def forget(self, *, gate_id: str | None = None, before: datetime | None = None) -> None:
        which = pin_waits.c.gate_id == gate_id if gate_id is not None else pin_waits.c.at < before
        self._connection.execute(delete(pin_waits).where(which))


class PinTallyRows:
    """Implements `credentials.stored.PinTallies`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, pin_tries)

    def of(self, credential_id: str, gate_id: str) -> PinTries | None:
        which = pin_tries.c.credential_id == credential_id, pin_tries.c.gate_id == gate_id
        row = self._connection.execute(select(pin_tries).where(*which)).one_or_none()
        if row is None:
            return None
        values = self._rows.checked(row)
        if values is None:
            raise CryptoFault("the wrong tries of a PIN were altered")
        return PinTries(values["wrong"], values["last_at"])

    def put(self, credential_id: str, gate_id: str, tries: PinTries) -> None:
        key = {"credential_id": credential_id, "gate_id": gate_id}
        self._rows.put({**key, "wrong": tries.wrong, "last_at": tries.last_at})

    def forget(self, credential_id: str, gate_id: str) -> None:
        self._rows.delete(pin_tries.c.credential_id == credential_id, pin_tries.c.gate_id == gate_id)


def _context(gate_id: str, at: datetime, employee_id: str) -> str:
    return context(Sealed.PIN_WAIT, gate_id, int(at.timestamp() * 1000), employee_id)
