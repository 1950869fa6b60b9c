"""Rows of what people agreed to, and of the links by which they do."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import consents, invitations
from app.core.people.consents import Consent, ConsentHow
from app.core.people.invitations import Invitation, InvitationState


class ConsentRows:
    """Implements `people.consents.Consents`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, consents)

    def add(self, consent: Consent) -> None:
        self._rows.insert(_consent_columns(consent))

    def of(self, employee_id: str) -> list[Consent]:
        query = select(consents).where(consents.c.employee_id == employee_id).order_by(consents.c.id.desc())
        return [_consent(row) for row in self._rows.find(query)]

    def put(self, consent: Consent) -> None:
        self._rows.update(_consent_columns(consent), consents.c.id == consent.id)


def _consent_columns(consent: Consent) -> dict[str, Any]:
    how, ended = consent.how.value, consent.withdrawn_how
    return {**vars(consent), "how": how, "withdrawn_how": None if ended is None else ended.value}


def _consent(row: dict[str, Any]) -> Consent:
    how, ended = ConsentHow(row["how"]), row["withdrawn_how"]
    return Consent(**{**row, "how": how, "withdrawn_how": None if ended is None else ConsentHow(ended)})


class InvitationRows:
    """Implements `people.invitations.Invitations`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, invitations)

    def add(self, what: Invitation) -> None:
        self._rows.insert({**vars(what), "state": what.state.value})

    def get(self, invitation_id: str, *, for_update: bool = False) -> Invitation | None:
        row = self._rows.one(for_update=for_update, id=invitation_id)
        return None if row is None else Invitation(**{**row, "state": InvitationState(row["state"])})

    def by_hash(self, hash_hex: str) -> Invitation | None:
        row = self._rows.one(hash=hash_hex)
        return None if row is None else Invitation(**{**row, "state": InvitationState(row["state"])})

    def of(self, employee_id: str) -> list[Invitation]:
        query = select(invitations).where(invitations.c.employee_id == employee_id).order_by(invitations.c.id.desc())
        return [Invitation(**{**row, "state": InvitationState(row["state"])}) for row in self._rows.find(query)]

    def put(self, what: Invitation) -> None:
        self._rows.update({**vars(what), "state": what.state.value}, invitations.c.id == what.id)

    def revoke_waiting(self, at: datetime) -> int:
        waiting = invitations.c.state == InvitationState.WAITING.value
        return self._rows.update({"state": InvitationState.REVOKED.value, "answered_at": at}, waiting)
