"""Takes down what is about to be erased, so that a certificate can say what that was and search for what is left.

What is searched for stays in memory until the search has ended, and nowhere else: to store it would be to keep what was
to be erased. If the process ends before, the certificate says that it could not search.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import NamedTuple

import numpy as np

from app.core.accounts.trail import at_work
from app.core.canonical import instant
from app.core.errors import CryptoFault
from app.core.people.certificates import Asked, Asker, Belongings, Certificate, Scope
from app.core.people.traces import Term, Traces, of_bytes, of_picture, of_sealed, of_text, searched_in_order, texts_in
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Transaction
from app.core.recognition.evidence import unit
from app.core.sealing import Sealed, context
from app.core.types import Role

LEAST_ATTRIBUTE_CHARS = 8  # shorter ones are words of the protocol: work, home


class Noted(NamedTuple):
    """at: when it was asked for. known: what the certificate says before the search."""

    at: datetime
    known: dict[str, object]
    traces: Traces


@dataclass(frozen=True)
class Taken:
    """Somebody who is being erased. keys: how many are destroyed with them."""

    certificate: Certificate
    asked: Asked
    belongings: Belongings
    traces: Traces
    keys: int

    def document(self, receipt_id: str | None) -> dict[str, object]:
        """What is known before the search."""
        return {
            "certificate": "erasure",
            "id": self.certificate.id,
            "person": self.certificate.employee_id,
            "scope": self.certificate.scope.value,
            "asked": {
                "by": self.asked.by.value,
                "reference": self.asked.reference,
                "way": self.asked.way,
                "at": instant(self.asked.at),
            },
            "receipt": receipt_id,
            "removed": dict(self.belongings.counts),
            "keys_destroyed": self.keys,
        }


@dataclass(frozen=True)
class TakingDown:
    """waiting: by the id of the certificate. They are erased, unless the commit failed or is still to come."""

    vault: Vault
    clock: Clock
    new_id: Callable[[], str]
    waiting: dict[str, Noted] = field(default_factory=dict, repr=False)
    lock: Lock = field(default_factory=Lock, repr=False)

    def before(self, tx: Transaction, employee_id: str, scope: Scope = Scope.PERSON) -> Taken:
        """Call it within the write of the erasure, before anything is removed."""
        now = self.clock()
        certificate = Certificate(self.new_id(), employee_id, now, scope)
        belongings = tx.certificates.belongings(employee_id, scope)
        key = tx.data_keys.get(employee_id)
        traces = self._traces(tx, employee_id, scope, belongings, key)
        keys = int(key is not None and scope is Scope.PERSON)
        return Taken(certificate, self._asked(tx), belongings, traces, keys)

    def after(self, tx: Transaction, taken: Taken, receipt_id: str | None = None) -> None:
        """Call it as the last step of that write: the certificate is then made."""
        tx.certificates.add(taken.certificate)
        with self.lock:
            self.waiting[taken.certificate.id] = Noted(taken.asked.at, taken.document(receipt_id), taken.traces)

    def _asked(self, tx: Transaction) -> Asked:
        who, now = at_work(), self.clock()
        if who is None:
            return Asked(Asker.RETENTION, "", "", now)
        actor = who.actor()
        if actor is None:  # a command's account is a name, and who follows a link is the person
            by = Asker.LINK if who.way().startswith("POST /enrol") else Asker.COMMAND
            return Asked(by, "", who.way(), now)
        if tx.users.get(actor) is not None:
            return Asked(Asker.USER, actor, who.way(), now)
        key = tx.api_keys.get(actor)
        by = Asker.DIRECTORY if key is not None and key.role is Role.DIRECTORY else Asker.KEY
        return Asked(by, actor, who.way(), now)

    def _traces(
        self, tx: Transaction, employee_id: str, scope: Scope, belongings: Belongings, key: bytes | None
    ) -> Traces:
        texts = {} if scope is Scope.FACE else {term: set(of) for term, of in _texts(tx, employee_id)}
        photos, vectors, ids = [], [], {employee_id}
        if key is not None:
            for photo in tx.photos.of(employee_id):
                ids.add(photo.id)
                photos.append(self._open(key, photo.sealed_image, Sealed.PHOTO, employee_id))
                vectors.append(self._open(key, photo.sealed_embedding, Sealed.EMBEDDING, employee_id))
            if (template := tx.templates.get(employee_id)) is not None:
                vectors.append(self._open(key, template.sealed_vector, Sealed.TEMPLATE, employee_id))
            if scope is Scope.PERSON:
                badges = self._badges(tx, employee_id, key)
                texts[Term.BADGE] = {text for text in badges if text}
        floats = [np.frombuffer(one, dtype="<f4").astype(np.float32) for one in vectors if one and len(one) % 4 == 0]
        pieces: list[tuple[Term, set[bytes]]] = [(term, of_text(text)) for term, of in texts.items() for text in of]
        pieces += [(Term.PHOTO, of_picture(one)) for one in photos if one]
        pieces += [(Term.EMBEDDING, of_bytes(one)) for one in vectors if one]
        pieces += [(Term.EMBEDDING, of_bytes(one.astype("<f2").tobytes())) for one in floats]
        pieces += [(Term.SEALED, of_sealed(one)) for one in belongings.sealed]
        if key is not None and scope is Scope.PERSON:
            pieces.append((Term.KEY, of_sealed(key)))
            pieces.append((Term.LINK, of_text(belongings.link)))
        return Traces(
            searched_in_order(pieces),
            tuple(sorted((term, text) for term, of in texts.items() for text in of)),
            tuple(unit(one) for one in floats if np.linalg.norm(one) > 0),
            frozenset(ids),
            () if key is None or scope is Scope.FACE else (key,),
        )

    def _badges(self, tx: Transaction, employee_id: str, key: bytes) -> Iterator[str]:
        for one in tx.credentials.of(employee_id):
            if one.sealed and not one.kind.is_pin:
                text = self._open(key, one.sealed, Sealed.CREDENTIAL, one.id).decode("utf-8", "replace")
                yield text
                yield text.partition(":")[2]  # the bits alone

    def _open(self, key: bytes, sealed: bytes, kind: Sealed, bound_to: str) -> bytes:
        """Nothing if it does not open: then nobody can have copied it from here either."""
        try:
            return self.vault.open(key, sealed, context(kind, bound_to))
        except CryptoFault:
            return b""


def _texts(tx: Transaction, employee_id: str) -> Iterator[tuple[Term, set[str]]]:
    employee = tx.employees.get(employee_id)
    known: set[str] = set()
    found: dict[Term, set[str]] = {}

    def note(term: Term, *texts: str | None) -> None:
        new = {text for text in texts if text} - known
        known.update(new)
        found.setdefault(term, set()).update(new)

    if employee is not None:
        note(Term.NAME, employee.name)
        note(Term.EMAIL, employee.email)
        note(Term.NUMBER, employee.number)
        note(Term.BADGE, employee.card_number)
    if (sent := tx.directories.person(employee_id)) is not None:
        note(Term.EXTERNAL_ID, sent.external_id, sent.user_name)
        # Nothing that many people have: a department, a country, a family name.
        own = [sent.attributes.get(name) for name in ("displayName", "emails", "phoneNumbers", "photos")]
        note(Term.ATTRIBUTE, *(text for text in texts_in(own) if len(text) >= LEAST_ATTRIBUTE_CHARS))
    yield from found.items()
