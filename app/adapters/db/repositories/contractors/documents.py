"""Rows of contractors' documents, and of the reminders that their sponsors got."""

from typing import Any

from sqlalchemy import Connection, Select, select

from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import documents, sponsor_reminders
from app.core.people.contractors import Document
from app.core.people.reminders import Reminder
from app.core.people.visits import MailState


class DocumentRows:
    """Implements `people.contractors.Documents`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, documents)

    def add(self, what: Document) -> None:
        self._rows.insert(vars(what))

    def of(self, employee_id: str) -> list[Document]:
        return self._find(select(documents).where(documents.c.employee_id == employee_id))

    def all(self) -> list[Document]:
        return self._find(select(documents))

    def put(self, what: Document) -> None:
        self._rows.update(vars(what), documents.c.id == what.id)

    def delete(self, document_id: str) -> None:
        self._rows.delete(documents.c.id == document_id)

    def _find(self, query: Select[Any]) -> list[Document]:
        return [Document(**row) for row in self._rows.find(query.order_by(documents.c.expires_on, documents.c.id))]


class ReminderRows:
    """Implements `people.reminders.Reminders`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, sponsor_reminders)

    def all(self) -> list[Reminder]:
        return [_reminder(row) for row in self._rows.find(select(sponsor_reminders))]

    def of(self, employee_id: str) -> Reminder | None:
        row = self._rows.one(employee_id=employee_id)
        return None if row is None else _reminder(row)

    def by_link(self, link_hash: str) -> Reminder | None:
        row = self._rows.one(link_hash=link_hash)
        return None if row is None else _reminder(row)

    def put(self, what: Reminder) -> None:
        self._rows.put({**vars(what), "mail": what.mail.value})


def _reminder(row: dict[str, Any]) -> Reminder:
    return Reminder(**{**row, "mail": MailState(row["mail"])})
