"""Moves a live gallery to another model pack or precision: new templates are made from the stored photos beside those
that are served, then one transaction puts them in their place.

Gates decide all the while, by the old templates. Each employee is a transaction of their own, so a move that was cut
off goes on where it stopped; who is enrolled meanwhile is moved too, who is erased is erased from both.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.core.errors import Conflict, PackMismatch
from app.core.ports.crypto import Vault
from app.core.ports.store import Store
from app.core.recognition.evidence import unit
from app.core.sealing import Sealed, context
from app.core.types import FrameResult, Template, Vector
from app.services.people.enrolment import NOT_SEEN

MOST_NAMED = 50  # numbers of employees in one message


@dataclass(frozen=True)
class Moved:
    """templates: how many there are now. left_out: the numbers of employees who lost theirs."""

    templates: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reembedding:
    """look: with the new pack, as for enrolment."""

    store: Store
    vault: Vault
    look: Callable[[bytes], FrameResult]
    pack_digest: str
    precision: str

    def run(self, progress: Callable[[Sequence[str]], Iterable[str]], *, leave_out: bool = False) -> Moved:
        """Makes the missing templates, then switches. progress: yields the employees it is given, and shows progress.

        A photo in which the new pack finds no good face is left out of the template. If that leaves employees with
        none, PackMismatch names their numbers and the old templates go on being served, unless `leave_out`: then those
        employees are not recognised until they have better photos. What was made so far is kept for the next run.
        Raises Conflict while another move runs: to another pack, the two would undo each other's work for ever.
        """
        with self.store.alone("move") as mine:
            if not mine:
                raise Conflict(
                    "model_migration_running",
                    "The gallery is already moving to another model. Run this again when it has finished.",
                )
            with self.store.write() as tx:
                tx.moves.begin(self.pack_digest, self.precision)
            while True:
                with self.store.read() as tx:
                    waiting = tx.moves.waiting(self.pack_digest, self.precision)
                for employee_id in progress(waiting) if waiting else ():
                    self._employee(employee_id)
                moved = self._switch(leave_out)
                if moved is not None:
                    return moved

    def _employee(self, employee_id: str) -> None:
        """Looks at the photos outside of any transaction, so that decisions can be recorded."""
        with self.store.read() as tx:
            key, photos = tx.data_keys.get(employee_id), tx.photos.of(employee_id)
        if key is None:
            return
        found: dict[str, Vector | None] = {}
        for photo in photos:
            look = self.look(self.vault.open(key, photo.sealed_image, context(Sealed.PHOTO, employee_id)))
            found[photo.id] = None if look.subject is None else look.subject.embedding
        vectors = [vector for vector in found.values() if vector is not None]
        with self.store.write() as tx:
            tx.templates.lock()  # enrolments and erasures wait, or are seen here
            key = tx.data_keys.get(employee_id)
            if key is None or {photo.id for photo in tx.photos.of(employee_id)} != found.keys() or not found:
                return  # erased, or the photos have changed and it waits again
            sealed = NOT_SEEN
            if vectors:
                sealed = self._seal(key, unit(np.mean(vectors, axis=0)), Sealed.TEMPLATE, employee_id)
            tx.moves.put(
                Template(employee_id, sealed, len(vectors), self.pack_digest, self.precision),
                len(found),
                {
                    photo_id: self._seal(key, vector, Sealed.EMBEDDING, employee_id)
                    for photo_id, vector in found.items()
                },
            )

    def _switch(self, leave_out: bool) -> Moved | None:
        """Switches. Returns None if somebody was enrolled since the last look, who has to be moved first."""
        with self.store.write() as tx:
            tx.templates.lock()
            if tx.moves.waiting(self.pack_digest, self.precision):
                return None
            refused = tx.moves.refused(self.pack_digest, self.precision)
            if refused and not leave_out:
                more = f" and {len(refused) - MOST_NAMED} more" if len(refused) > MOST_NAMED else ""
                raise PackMismatch(
                    f"the new pack finds no good face in any photo of the employees {', '.join(refused[:MOST_NAMED])}"
                    f"{more}. Nothing was switched: send better photos of them and run this again, or add --leave-out "
                    "to switch now; they are then not recognised until they have better photos"
                )
            count = tx.moves.switch(self.pack_digest, self.precision)
            installation = tx.installation.get()
            if installation is not None:
                tx.installation.put(replace(installation, pack_digest=self.pack_digest, precision=self.precision))
            return Moved(count, tuple(refused))

    def _seal(self, key: bytes, vector: Vector | None, kind: Sealed, employee_id: str) -> bytes:
        # NOT_SEEN, so that the old pack's embedding of this photo does not get into the next template.
        plain = NOT_SEEN if vector is None else vector.astype("<f4").tobytes()
        return self.vault.seal(key, plain, context(kind, employee_id))
