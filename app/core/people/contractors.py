"""The documents of contractors: what is kept of them, and until when they are valid."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from app.core.text import plain_text

MOST_DOCUMENTS = 20  # of one person
KIND_CHARS = 64
NUMBER_CHARS = 64
KEPT_CHARS = 4  # of a document's number


@dataclass(frozen=True)
class DocumentDetails:
    """What is sealed under the contractor's key: a kind such as "Work permit", and the end of the document's number.

    Raises BadInput.
    """

    kind: str
    last_four: str = ""

    @classmethod
    def typed(cls, kind: str, number: str) -> "DocumentDetails":
        """Of a number only the last four characters are kept: enough to tell two documents apart. Raises BadInput."""
        if number:
            plain_text("document_number", number, NUMBER_CHARS)
        return cls(kind.strip(), number.strip()[-KEPT_CHARS:])

    def __post_init__(self) -> None:
        plain_text("document_kind", self.kind, KIND_CHARS)


@dataclass(frozen=True)
class Document:
    """A document of a contractor. expires_on: its last valid day, on the gate's clock. actor: who added it."""

    id: str
    employee_id: str
    sealed: bytes
    expires_on: date
    created_at: datetime
    actor: str | None = None


class Documents(Protocol):
    """The stored documents; part of `ports.Transaction`. Whoever changes one holds the lock of its person's row, and
    sets the person's `documents_until` anew."""

    def add(self, what: Document) -> None: ...
    def of(self, employee_id: str) -> list[Document]:
        """Returns those of a person, the first to expire first."""
        ...

    def all(self) -> list[Document]:
        """Returns everybody's, the first to expire first."""
        ...

    def put(self, what: Document) -> None:
        """Replaces the stored one."""
        ...

    def delete(self, document_id: str) -> None: ...
