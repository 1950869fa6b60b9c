"""Rows of what people agreed to."""

from typing import Any

from sqlalchemy import Connection, select

from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import consents
from app.core.people.consents import Consent, ConsentHow


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
