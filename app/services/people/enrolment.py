"""Enrols people: employees, their photos, and the template that faces are matched against.

A photo counts only if it is good enough, shows the same person as the others, and that person is not enrolled under
another number. Everything of one call commits together, and the call returns after the commit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from app.core.errors import BadInput, Busy, Conflict, NotFound
from app.core.media import sniff
from app.core.people.details import Details, amended
from app.core.people.records import EmployeeFilter
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.recognition.evidence import unit
from app.core.sealing import Sealed, context
from app.core.types import Candidate, Employee, FrameResult, Photo, Template, Vector
from app.services.people.consents import check_consent, note_date
from app.services.people.gallery import Gallery
from app.services.people.newcomers import enter
from app.services.people.photo_judgement import (
    Judged,
    KnownPictures,
    PhotoResult,
    assess,
    judge,
    refused,
    sha256,
    without_repeats,
)

MAX_PHOTOS = 10
NOT_SEEN = b""  # the embedding of a kept photo in which the present pack finds no good face


class _Unrecognisable(Exception):
    """Rolls an addition back."""


@dataclass(frozen=True)
class Enrolment:
    """look: what a photo shows, judged by the strict limits and embedded with its mirror image. same_person: the
    similarity under which two photos show different people. duplicate: the similarity, for a gallery size and a number
    of photos, from which somebody counts as enrolled already. readable: turns a photo of any kind into the JPEG or
    PNG that is examined and kept; raises BadInput or TooLarge."""

    store: Store
    look: Callable[[bytes], FrameResult]
    gallery: Gallery
    vault: Vault
    clock: Clock
    new_id: Callable[[], str]
    same_person: float
    duplicate: Callable[[int, int], float]
    readable: Callable[[bytes], bytes]

    def add(self, details: Details) -> Employee:
        """Adds an employee, who is not enrolled yet. Raises Conflict('number_taken')."""
        with self.store.write() as tx:
            return self.enter(tx, details)

    def enter(self, tx: Transaction, details: Details) -> Employee:
        """`add` within a write."""
        return enter(tx, self.vault, self.clock, self.new_id, details)

    def get(self, employee_id: str) -> Employee:
        with self.store.read() as tx:
            return _known(tx, employee_id)

    def by_number(self, number: str) -> Employee | None:
        with self.store.read() as tx:
            return tx.employees.by_number(number)

    def find(self, which: EmployeeFilter) -> list[Employee]:
        with self.store.read() as tx:
            return tx.employees.find(which)

    def update(self, employee_id: str, change: Callable[[Employee], Details]) -> Employee:
        """Applies `change` to the stored employee. Once this returns, decisions read the result."""
        with self.store.write() as tx:
            return self.update_in(tx, employee_id, change)

    def update_in(self, tx: Transaction, employee_id: str, change: Callable[[Employee], Details]) -> Employee:
        # Locked from reading to writing, so that two changes at once do not undo each other.
        tx.templates.lock()
        before = _known(tx, employee_id)
        return self.amend(tx, before, change(before))

    def amend(self, tx: Transaction, before: Employee, details: Details) -> Employee:
        """`update` within a write that has locked the employee. Writes nothing if nothing differs."""
        after = amended(before, details, self.clock())
        if after != before:
            tx.employees.update(after)
        if after.consent_at != before.consent_at:
            note_date(tx, self.new_id, self.clock, after.id, details)
        return after

    def add_photos(self, employee_id: str, photos: Sequence[bytes]) -> list[PhotoResult]:
        """Judges each photo, keeps the good ones and rebuilds the template. One result for each photo, in order.

        Raises NotFound, and BadInput where no photo was sent, too many, or none of them could be read at all.
        """
        with self.store.read() as tx:
            _known(tx, employee_id)
            older = self.older_digests(tx, employee_id)
        judged = self._judged(photos)
        if not any(one.seen for one in judged):
            return [one.result for one in judged]
        with self.store.write() as tx:
            return self.keep(tx, employee_id, judged, older)

    def add_recognisable(self, details: Details, photos: Sequence[bytes]) -> tuple[Employee | None, list[PhotoResult]]:
        """Adds an employee with the good ones of the photos. If none is good, adds nobody and returns None.

        In one transaction: nobody else ever meets a name that is about to go again. Raises as `add` and `add_photos`.
        """
        judged = self._judged(photos)
        results = [one.result for one in judged]
        try:
            with self.store.write() as tx:
                tx.templates.lock()
                employee = self.enter(tx, details)
                results = self.keep(tx, employee.id, judged)
                if not any(result.accepted for result in results):
                    raise _Unrecognisable
        except _Unrecognisable:
            return None, results
        return employee, results

    def _judged(self, photos: Sequence[bytes]) -> list[Judged]:
        if not 1 <= len(photos) <= MAX_PHOTOS:
            raise BadInput("bad_photo_count", f"Send 1 to {MAX_PHOTOS} photos.")
        judged = [judge(self.look, photo, self.readable) for photo in photos]
        unread = [one.unread for one in judged if one.unread is not None]
        if len(unread) == len(judged):
            raise unread[0]
        return judged

    def keep(
        self, tx: Transaction, employee_id: str, judged: Sequence[Judged], older: Mapping[str, bytes] | None = None
    ) -> list[PhotoResult]:
        """Within a write, keeps the photos that show the employee and nobody else who is enrolled.

        Args:
            tx: The write.
            employee_id: Whose photos they are.
            judged: The photos.
            older: Digests of kept photos that have none (see `older_digests`), made outside of the write.

        Raises:
            NotFound: There is no such employee.
            Conflict: There would be too many photos.
        """
        # Locked to the end, so that no other process enrols the same face under another number.
        tx.templates.lock()
        self._check_pack(tx)
        check_consent(tx, _known(tx, employee_id))
        self.gallery.refresh(tx)
        key = _key(tx, employee_id)
        kept = tx.photos.of(employee_id)
        judged = without_repeats(judged, self.known_pictures(employee_id, key, kept, older or {}))
        new = sum(one.seen is not None for one in judged)
        if len(kept) + new > MAX_PHOTOS:
            raise Conflict(
                "too_many_photos",
                f"{len(kept)} of at most {MAX_PHOTOS} photos are kept already; delete one first.",
            )
        assessed = assess(self.embeddings(tx, key, kept), judged, self.same_person)
        results = assessed.results
        if assessed.template is None:
            return results
        if twin := self.twin(assessed.template, assessed.photos, employee_id):
            other = tx.employees.get(twin.employee_id)
            if other is not None:
                detail = f"This person is already enrolled under number {other.number}."
                for i in assessed.agreed:
                    results[i] = refused(results[i], "already_enrolled_as", detail, other.id)
                return results
        photos = [self._photo(employee_id, key, judged[i]) for i in assessed.agreed]
        tx.photos.add(photos)
        for i, photo in zip(assessed.agreed, photos, strict=True):
            results[i] = replace(results[i], accepted=True, id=photo.id)
        self._put_template(tx, employee_id, key, assessed.template, assessed.photos)
        return results

    def twin(self, template: Vector, photos: int, employee_id: str | None) -> Candidate | None:
        """Another employee so similar to this template of so many photos that they must be the same person, or None."""
        others = [c for c in self.gallery.search(template, k=2) if c.employee_id != employee_id]
        if not others or others[0].similarity < self.duplicate(len(self.gallery), photos):
            return None
        return others[0]

    def photo(self, employee_id: str, photo_id: str) -> tuple[bytes, str]:
        """A kept photo's bytes and media type, as `readable` made them. Raises NotFound."""
        with self.store.read() as tx:
            kept = tx.photos.get(employee_id, photo_id)
            if kept is None:
                raise NotFound("unknown_photo", "This employee has no such photo.")
            return self.vault.open(
                _key(tx, employee_id), kept.sealed_image, context(Sealed.PHOTO, employee_id)
            ), kept.media_type

    def photos(self, employee_id: str) -> list[Photo]:
        with self.store.read() as tx:
            _known(tx, employee_id)
            return tx.photos.of(employee_id)

    def delete_photo(self, employee_id: str, photo_id: str) -> None:
        """Removes a photo and rebuilds the template; without photos nobody is matched. Raises NotFound."""
        with self.store.write() as tx:
            tx.templates.lock()
            self._check_pack(tx)
            if tx.photos.get(employee_id, photo_id) is None:
                raise NotFound("unknown_photo", "This employee has no such photo.")
            key = _key(tx, employee_id)
            tx.photos.delete(photo_id)
            left = self.embeddings(tx, key, tx.photos.of(employee_id))
            if left:
                self._put_template(tx, employee_id, key, unit(np.mean(left, axis=0)), len(left))
            else:
                tx.templates.delete(employee_id)

    def _photo(self, employee_id: str, key: bytes, judged: Judged) -> Photo:
        data, seen = judged.data, judged.seen
        assert seen is not None
        vector = seen.embedding.astype("<f4").tobytes()
        return Photo(
            id=self.new_id(),
            employee_id=employee_id,
            sealed_image=self.vault.seal(key, data, context(Sealed.PHOTO, employee_id)),
            sealed_embedding=self.vault.seal(key, vector, context(Sealed.EMBEDDING, employee_id)),
            media_type=sniff(data) or "application/octet-stream",
            quality=seen.quality.score,
            created_at=self.clock(),
            digest=self._digest(employee_id, key, judged.sha256),
        )

    def older_digests(self, tx: Transaction, employee_id: str) -> dict[str, bytes]:
        """Digests, by photo, of those that were kept without. Opens the pictures, so call it outside of writes."""
        photos = tx.photos.without_digest(employee_id)
        key = tx.data_keys.get(employee_id) if photos else None
        return {photo.id: self._digest_of(key, photo) for photo in photos} if key else {}

    def known_pictures(
        self, employee_id: str, key: bytes, kept: Sequence[Photo], older: Mapping[str, bytes]
    ) -> KnownPictures:
        """The pictures of these photos. older: as `older_digests` gave them."""
        digests = {photo.digest or older.get(photo.id) or self._digest_of(key, photo) for photo in kept}
        return KnownPictures(partial(self._digest, employee_id, key), digests)

    def _digest(self, employee_id: str, key: bytes, sha256: bytes) -> bytes:
        return self.vault.digest(key, sha256, context(Sealed.PICTURE_DIGEST, employee_id))

    def _digest_of(self, key: bytes, photo: Photo) -> bytes:
        image = self.vault.open(key, photo.sealed_image, context(Sealed.PHOTO, photo.employee_id))
        return self._digest(photo.employee_id, key, sha256(image))

    def embeddings(self, tx: Transaction, key: bytes, photos: Sequence[Photo]) -> list[Vector]:
        """The embeddings that the template is made of; see NOT_SEEN. A move's embeddings replace the photos' own."""
        if not photos:
            return []
        moved = tx.moves.embeddings((p.id for p in photos), self.gallery.pack_digest, self.gallery.precision)
        sealed = [(moved.get(p.id, p.sealed_embedding), context(Sealed.EMBEDDING, p.employee_id)) for p in photos]
        plain = [self.vault.open(key, each, bound) for each, bound in sealed]
        return [np.frombuffer(vector, dtype="<f4") for vector in plain if vector != NOT_SEEN]

    def _check_pack(self, tx: Transaction) -> None:
        """Raises Busy if the site moved to another pack and this process has not followed yet."""
        installed = tx.installation.get()
        ours = (self.gallery.pack_digest, self.gallery.precision)
        if installed is not None and (installed.pack_digest, installed.precision) != ours:
            raise Busy("model_changed", "The model has just changed. Try again in half a minute.", 30)

    def _put_template(self, tx: Transaction, employee_id: str, key: bytes, vector: Vector, photos: int) -> None:
        sealed = self.vault.seal(key, vector.astype("<f4").tobytes(), context(Sealed.TEMPLATE, employee_id))
        tx.templates.put(Template(employee_id, sealed, photos, self.gallery.pack_digest, self.gallery.precision))


def _known(tx: Transaction, employee_id: str) -> Employee:
    employee = tx.employees.get(employee_id)
    if employee is None:
        raise NotFound("unknown_employee", "There is no employee with this id.")
    return employee


def _key(tx: Transaction, employee_id: str) -> bytes:
    key = tx.data_keys.get(employee_id)
    if key is None:
        raise NotFound("unknown_employee", "There is no employee with this id.")
    return key
