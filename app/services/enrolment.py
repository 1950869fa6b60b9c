"""Makes people known: employees, their photos, the template they are matched by.

A photo counts only if it is good enough, shows the same person as the others, and that person is not enrolled under
another number. Everything of one call commits together, and the call returns after the commit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.core.errors import BadInput, Conflict, NotFound, Refusal, TooLarge
from app.core.evidence import unit
from app.core.media import sniff
from app.core.ports import Clock, Store, Transaction, Vault
from app.core.records import EmployeeFilter
from app.core.registry import Details
from app.core.types import Employee, Look, Photo, Sighting, Template, Vector
from app.services.gallery import TEMPLATE, Gallery, context

MAX_PHOTOS = 10
ADVICE = {
    "no_face": "No face was found; send a photo of the face from the front.",
    "several_faces": "Several faces are in view; send a photo of one person.",
    "face_too_small": "The face is too small; go closer or send a larger photo.",
    "blurred": "The photo is blurred; hold still and focus.",
    "too_dark": "The face is too dark; add light from the front.",
    "too_bright": "The face is too bright; avoid direct light.",
    "turned_away": "The face is turned away; look at the camera.",
    "cut_off": "The face is cut off; bring all of it into the picture.",
}

PHOTO = "photo"
EMBEDDING = "embedding"
NOT_SEEN = b""  # the embedding of a kept photo in which the present pack finds no good face


@dataclass(frozen=True)
class PhotoResult:
    """What became of one photo. id is set if it was accepted; detail says what to do if not."""

    accepted: bool
    problems: tuple[str, ...] = ()
    quality: float = 0.0
    id: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Enrolment:
    """look: what a photo shows, judged by the strict limits and embedded with its mirror image. same_person: the
    similarity under which two photos show different people. duplicate: the similarity, for a gallery size and a number
    of photos, from which somebody counts as enrolled already."""

    store: Store
    look: Callable[[bytes], Look]
    gallery: Gallery
    vault: Vault
    clock: Clock
    new_id: Callable[[], str]
    same_person: float
    duplicate: Callable[[int, int], float]

    def add(self, details: Details) -> Employee:
        """A new employee, not enrolled yet. Raises Conflict('number_taken')."""
        employee = Employee(id=self.new_id(), created_at=self.clock(), **_fields(details))
        with self.store.write() as tx:
            tx.employees.add(employee)
            tx.subject_keys.add(employee.id, self.vault.new_key())
        return employee

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
        """Applies `change` to the employee as stored. What returns from here is what the next decision reads."""
        with self.store.write() as tx:
            # Held from reading to writing: of two changes at once, neither undoes the other.
            tx.templates.lock()
            before = _known(tx, employee_id)
            after = replace(before, **_fields(change(before)))
            tx.employees.update(after)
        return after

    def add_photos(self, employee_id: str, photos: Sequence[bytes]) -> list[PhotoResult]:
        """Judges each photo, keeps the good ones and makes the template anew. One result a photo, in order.

        Raises NotFound, and BadInput where no photo was sent, too many, or none of them could be read at all.
        """
        if not 1 <= len(photos) <= MAX_PHOTOS:
            raise BadInput("bad_photo_count", f"Send 1 to {MAX_PHOTOS} photos.")
        self.get(employee_id)
        results, seen = self._look_at(photos)
        if not seen:
            return results
        with self.store.write() as tx:
            # Held to the end: no other process can enrol the same face under another number meanwhile.
            tx.templates.lock()
            _known(tx, employee_id)
            self.gallery.refresh(tx)
            key = _key(tx, employee_id)
            kept = tx.photos.of(employee_id)
            known = self._embeddings(key, kept)
            if len(kept) + len(seen) > MAX_PHOTOS:
                raise Conflict(
                    "too_many_photos",
                    f"{len(kept)} photos are kept already, of at most {MAX_PHOTOS}; delete one first.",
                )
            agreed = self._agreeing(known, {i: s.embedding for i, s in seen.items()})
            for i in seen.keys() - agreed:
                results[i] = replace(
                    results[i],
                    problems=("not_same_person",),
                    detail="This photo shows somebody else than the others; send photos of one person.",
                )
            if not agreed:
                return results
            vectors = known + [seen[i].embedding for i in sorted(agreed)]
            template = unit(np.mean(vectors, axis=0))
            if other := self._enrolled_as(tx, employee_id, template, len(vectors)):
                for i in agreed:
                    results[i] = replace(
                        results[i],
                        problems=("already_enrolled_as",),
                        detail=f"This person is enrolled already, under number {other.number}.",
                    )
                return results
            for i in sorted(agreed):
                photo = self._photo(employee_id, key, photos[i], seen[i])
                tx.photos.add(photo)
                results[i] = replace(results[i], accepted=True, id=photo.id)
            self._put_template(tx, employee_id, key, template, len(vectors))
        return results

    def photo(self, employee_id: str, photo_id: str) -> tuple[bytes, str]:
        """A kept photo's bytes and media type, as they were sent. Raises NotFound."""
        with self.store.read() as tx:
            kept = tx.photos.get(employee_id, photo_id)
            if kept is None:
                raise NotFound("unknown_photo", "This employee has no such photo.")
            return self.vault.open(
                _key(tx, employee_id), kept.sealed_image, context(PHOTO, employee_id)
            ), kept.media_type

    def photos(self, employee_id: str) -> list[Photo]:
        with self.store.read() as tx:
            _known(tx, employee_id)
            return tx.photos.of(employee_id)

    def delete_photo(self, employee_id: str, photo_id: str) -> None:
        """Removes a photo and makes the template anew without it; without photos nobody is matched. Raises NotFound."""
        with self.store.write() as tx:
            tx.templates.lock()
            if tx.photos.get(employee_id, photo_id) is None:
                raise NotFound("unknown_photo", "This employee has no such photo.")
            tx.photos.delete(photo_id)
            key = _key(tx, employee_id)
            left = self._embeddings(key, tx.photos.of(employee_id))
            if left:
                self._put_template(tx, employee_id, key, unit(np.mean(left, axis=0)), len(left))
            else:
                tx.templates.delete(employee_id)

    def _look_at(self, photos: Sequence[bytes]) -> tuple[list[PhotoResult], dict[int, Sighting]]:
        results: list[PhotoResult] = []
        seen: dict[int, Sighting] = {}
        unread: list[Refusal] = []
        for i, data in enumerate(photos):
            try:
                look = self.look(data)
            except (BadInput, TooLarge) as refused:
                unread.append(refused)
                results.append(PhotoResult(False, (refused.code,), detail=refused.detail))
                continue
            if look.subject is None:
                problems = tuple(look.problems) or (str(look.reason),)
                results.append(PhotoResult(False, problems, detail=ADVICE.get(problems[0])))
            else:
                seen[i] = look.subject
                results.append(PhotoResult(False, quality=round(look.subject.quality.score, 3)))
        if len(unread) == len(photos):
            raise unread[0]
        return results, seen

    def _agreeing(self, known: Sequence[Vector], new: dict[int, Vector]) -> set[int]:
        """Which new photos show the person of the known ones; without any, the person most of the new ones show.

        A tie (two photos, two people) gives nobody: there is no telling which of them is meant.
        """
        if known:
            template = unit(np.mean(known, axis=0))
            return {i for i, vector in new.items() if float(template @ vector) >= self.same_person}
        groups = [
            {j for j, other in new.items() if float(vector @ other) >= self.same_person} | {i}
            for i, vector in new.items()
        ]
        largest = max(groups, key=len)
        return largest if 2 * len(largest) > len(new) else set()

    def _enrolled_as(self, tx: Transaction, employee_id: str, template: Vector, photos: int) -> Employee | None:
        others = [c for c in self.gallery.search(template, k=2) if c.employee_id != employee_id]
        if not others or others[0].similarity < self.duplicate(len(self.gallery), photos):
            return None
        return tx.employees.get(others[0].employee_id)

    def _photo(self, employee_id: str, key: bytes, data: bytes, seen: Sighting) -> Photo:
        vector = seen.embedding.astype("<f4").tobytes()
        return Photo(
            id=self.new_id(),
            employee_id=employee_id,
            sealed_image=self.vault.seal(key, data, context(PHOTO, employee_id)),
            sealed_embedding=self.vault.seal(key, vector, context(EMBEDDING, employee_id)),
            media_type=sniff(data) or "application/octet-stream",
            quality=seen.quality.score,
            created_at=self.clock(),
        )

    def _embeddings(self, key: bytes, photos: Sequence[Photo]) -> list[Vector]:
        """Those of the photos that the template is made of; see NOT_SEEN."""
        plain = [self.vault.open(key, p.sealed_embedding, context(EMBEDDING, p.employee_id)) for p in photos]
        return [np.frombuffer(vector, dtype="<f4") for vector in plain if vector != NOT_SEEN]

    def _put_template(self, tx: Transaction, employee_id: str, key: bytes, vector: Vector, photos: int) -> None:
        sealed = self.vault.seal(key, vector.astype("<f4").tobytes(), context(TEMPLATE, employee_id))
        tx.templates.put(Template(employee_id, sealed, photos, self.gallery.pack_digest, self.gallery.precision))


def _known(tx: Transaction, employee_id: str) -> Employee:
    employee = tx.employees.get(employee_id)
    if employee is None:
        raise NotFound("unknown_employee", "There is no employee with this id.")
    return employee


def _key(tx: Transaction, employee_id: str) -> bytes:
    key = tx.subject_keys.get(employee_id)
    if key is None:
        raise NotFound("unknown_employee", "There is no employee with this id.")
    return key


def _fields(details: Details) -> dict[str, Any]:
    return {name: getattr(details, name) for name in details.__dataclass_fields__}
