"""Rows of people's credentials."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from app.adapters.db.seals.row_seal import seals_of
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import credentials
from app.core.credentials.formats import CardFormat
from app.core.credentials.stored import Credential, CredentialKind
from app.core.errors import Conflict


class CredentialRows:
    """Implements `credentials.stored.Credentials`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, credentials)

    def add(self, credential: Credential, presented: str) -> None:
        columns = {**vars(credential), "kind": credential.kind.value, "card_format": credential.card_format.value}
        try:
            with self._connection.begin_nested():
                self._rows.insert({**columns, "digest": self._digest(credential.kind, presented)})
        except IntegrityError as error:
            raise Conflict("credential_taken", "Somebody has this credential already.") from error

    def get(self, credential_id: str) -> Credential | None:
        return _credential(self._rows.one(id=credential_id))

    def presented(self, kind: CredentialKind, presented: str) -> Credential | None:
        return _credential(self._rows.one(digest=self._digest(kind, presented)))

    def of(self, employee_id: str) -> list[Credential]:
        query = select(credentials).where(credentials.c.employee_id == employee_id).order_by(credentials.c.id)
        return [found for row in self._rows.find(query) if (found := _credential(row)) is not None]

    def holders(self) -> set[str]:
        identify = credentials.c.kind.in_([kind.value for kind in CredentialKind if not kind.is_pin])
        return set(self._connection.execute(select(credentials.c.employee_id).where(identify).distinct()).scalars())

    def any_pass(self, after: datetime) -> bool:
        which = (credentials.c.kind == CredentialKind.QR.value, credentials.c.ends_at > after)
        return self._connection.execute(select(credentials.c.id).where(*which).limit(1)).first() is not None

    def delete(self, credential_id: str) -> None:
        self._rows.delete(credentials.c.id == credential_id)

    def extend(self, credential_id: str, ends_at: datetime) -> None:
        self._rows.update({"ends_at": ends_at}, credentials.c.id == credential_id)

    def reserve(self, credential_id: str, event_id: str, used_at: datetime | None) -> None:
        self._rows.update({"used_by": event_id, "used_at": used_at}, credentials.c.id == credential_id)

    def use_up(self, event_ids: Collection[str], at: datetime) -> None:
        self._rows.update({"used_at": at}, credentials.c.used_by.in_(event_ids))

    def give_back(self, event_id: str, *, assumed: bool) -> None:
        which = [credentials.c.used_by == event_id, *([credentials.c.used_at.is_not(None)] if assumed else [])]
        self._rows.update({"used_by": None, "used_at": None}, *which)

    def _digest(self, kind: CredentialKind, presented: str) -> str:
        return seals_of(self._connection).digest(f"{kind.value} {presented}")


def _credential(row: Mapping[str, Any] | None) -> Credential | None:
    """None also for a kind or format that only a newer version knows."""
    if row is None:
        return None
    known = {name: value for name, value in row.items() if name != "digest"}
    try:
        kind, card_format = CredentialKind(row["kind"]), CardFormat(row["card_format"])
    except ValueError:
        return None
    return Credential(**{**known, "kind": kind, "card_format": card_format})
