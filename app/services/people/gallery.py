"""Keeps the search index in line with the database: built at start, brought up to date before every search.

The database is the truth and the index a cache. Every change of a template takes the next revision; comparing one
number before a search (0.1 ms) is enough to see an enrolment or erasure by any process the moment it is committed.
"""

import logging
from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from app.core.errors import PackMismatch
from app.core.ports.crypto import Vault
from app.core.ports.recognition import Index
from app.core.ports.store import Transaction
from app.core.sealing import Sealed, context
from app.core.types import Candidate, Template, Vector

logger = logging.getLogger(__name__)

PROGRESS_EVERY = 100_000  # templates, which take about a second


@dataclass
class Gallery:
    """All templates, searchable. Every one must have been made with this pack_digest and precision."""

    index: Index
    vault: Vault
    pack_digest: str
    precision: str
    _revision: int = -1
    _lock: Lock = field(default_factory=Lock, repr=False)

    def __len__(self) -> int:
        return len(self.index)

    @property
    def revision(self) -> int:
        """The change of the feed up to which the index is current; -1 before the first load."""
        return self._revision

    def refresh(self, tx: Transaction) -> None:
        """Brings the index up to date with the transaction. Raises PackMismatch for a template of another model."""
        if tx.templates.revision() == self._revision:
            return
        with self._lock:
            current = tx.templates.revision()
            # Another thread may be further than this transaction can see; never step back.
            if current <= self._revision:
                return
            if self._revision < 0:
                self._load(tx)
            else:
                changed = tx.templates.changed_since(self._revision)
                # A template of another pack means that the site moved on, and this process will restart by itself.
                # Until then, people who change are unknown here; everybody else is matched as before.
                ours = [(t, key) for t, key in tx.templates.some(changed) if self._fits(t)]
                fresh = {t.employee_id: self._open(t, key) for t, key in ours}
                gone = changed - fresh.keys()
                self.index.apply(fresh, gone)
                tx.employees.let_go(gone)
            self._revision = current

    def count(self, tx: Transaction) -> int:
        """How many people can be recognised, as the transaction has them. Raises as `refresh`."""
        self.refresh(tx)
        return len(self)

    def search(self, vector: Vector, k: int = 2) -> list[Candidate]:
        """Returns the k nearest employees, best first."""
        return self.index.search(vector, k)

    def similarity(self, tx: Transaction, employee_id: str, vector: Vector) -> float | None:
        """Compares with one person's template, as the transaction has it, without a search. None if they have none.

        Raises PackMismatch for a template of another model.
        """
        template = self.template(tx, employee_id)
        return None if template is None else float(template @ vector)

    def template(self, tx: Transaction, employee_id: str) -> Vector | None:
        """One person's template, as the transaction has it. None if they have none. Raises as `similarity`."""
        template, key = tx.templates.get(employee_id), tx.data_keys.peek(employee_id)
        return None if template is None or key is None else self._open(template, key)

    def _load(self, tx: Transaction) -> None:
        ids: list[str] = []
        vectors: list[Vector] = []
        for template, key in tx.templates.all():
            ids.append(template.employee_id)
            vectors.append(self._open(template, key))
            if len(ids) % PROGRESS_EVERY == 0:
                logger.info("gallery_loading templates=%d", len(ids))
        self.index.rebuild(ids, np.stack(vectors) if vectors else np.empty((0, self.index.dimension), np.float32))

    def _fits(self, template: Template) -> bool:
        return (template.pack_digest, template.precision) == (self.pack_digest, self.precision)

    def _open(self, template: Template, wrapped_key: bytes) -> Vector:
        if not self._fits(template):
            raise PackMismatch(
                f"templates were made with pack {template.pack_digest[:12]} ({template.precision}) and this process "
                f"runs {self.pack_digest[:12]} ({self.precision}). Run: python -m app reembed"
            )
        plain = self.vault.open(wrapped_key, template.sealed_vector, context(Sealed.TEMPLATE, template.employee_id))
        return np.frombuffer(plain, dtype="<f4").astype(np.float32)
