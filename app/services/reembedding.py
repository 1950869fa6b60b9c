"""Makes every template anew from the stored photos, when the model or its precision changes.

One transaction: either all templates are of the new pack or all of the old one, whenever the power fails.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.core.errors import PackMismatch
from app.core.evidence import unit
from app.core.ports import Store, Transaction, Vault
from app.core.records import EmployeeFilter
from app.core.types import Look, Template, Vector
from app.services.enrolment import EMBEDDING, NOT_SEEN, PHOTO
from app.services.gallery import TEMPLATE, context

PAGE = 200


@dataclass(frozen=True)
class Reembedding:
    store: Store
    vault: Vault
    look: Callable[[bytes], Look]
    pack_digest: str
    precision: str

    def run(self, progress: Callable[[Sequence[str]], Iterable[str]]) -> int:
        """How many templates were made. progress: passes the employees on one by one and shows how far it is.

        A photo in which the new pack finds no good face is left out of the template; if that leaves an employee with
        none, PackMismatch is raised and nothing changes.
        """
        with self.store.write() as tx:
            tx.templates.lock()  # nobody is enrolled behind its back
            installation = tx.installation.get()
            done = sum(self._employee(tx, employee_id) for employee_id in progress(self._everybody(tx)))
            if installation is not None:
                facts = replace(installation, pack_digest=self.pack_digest, precision=self.precision)
                tx.installation.put(facts)
        return done

    def _everybody(self, tx: Transaction) -> list[str]:
        ids: list[str] = []
        page = tx.employees.find(EmployeeFilter(limit=PAGE))
        while page:
            ids += [employee.id for employee in page if employee.photos]
            page = tx.employees.find(EmployeeFilter(after=page[-1].number, limit=PAGE))
        return ids

    def _employee(self, tx: Transaction, employee_id: str) -> int:
        key = tx.subject_keys.get(employee_id)
        if key is None:
            return 0
        vectors: list[Vector] = []
        for photo in tx.photos.of(employee_id):
            look = self.look(self.vault.open(key, photo.sealed_image, context(PHOTO, employee_id)))
            plain = NOT_SEEN  # the old pack's embedding must not get into the next template
            if look.subject is not None:
                vectors.append(look.subject.embedding)
                plain = look.subject.embedding.astype("<f4").tobytes()
            tx.photos.delete(photo.id)
            tx.photos.add(replace(photo, sealed_embedding=self.vault.seal(key, plain, context(EMBEDDING, employee_id))))
        if not vectors:
            raise PackMismatch(
                f"no photo of employee {employee_id} shows a face to the new pack: send better ones first"
            )
        template = unit(np.mean(vectors, axis=0)).astype("<f4").tobytes()
        sealed = self.vault.seal(key, template, context(TEMPLATE, employee_id))
        tx.templates.put(Template(employee_id, sealed, len(vectors), self.pack_digest, self.precision))
        return 1
