"""Makes a small picture of an employee to compare a face with: the face of their best photo, cropped as a gate crops it
and scaled down.

Those made last stay in memory, sealed with the person's key: whoever is erased is not shown from there either.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import Lock

from app.core.errors import Busy, NotFound
from app.core.sealing import Sealed, context
from app.core.types import Box, Pixels
from app.services.people.enrolment import Enrolment
from app.services.recognition.recognition import snapshot

MOST_KEPT = 2000  # of about 8 kB


@dataclass(frozen=True)
class Portrait:
    """data: JPEG, at most 240 px high. photo_id: of the photo. cropped: False shows the whole photo, for once."""

    data: bytes
    photo_id: str
    cropped: bool = True


@dataclass(frozen=True)
class Portraits:
    """face: where the face is in a photo; None if that is unclear, and then the whole photo is shown."""

    enrolment: Enrolment
    decode: Callable[[bytes], Pixels]
    face: Callable[[bytes], Box | None]
    encode: Callable[[Pixels], bytes]
    _kept: OrderedDict[str, bytes] = field(default_factory=OrderedDict, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def photo_id(self, employee_id: str) -> str:
        """The photo that the portrait is made of. Raises NotFound for nobody, and for somebody without a photo."""
        return self._best(employee_id)[0]

    def of(self, employee_id: str) -> Portrait:
        """Raises as `photo_id`."""
        best, key = self._best(employee_id)
        kept = self._kept.get(best)
        if kept is not None and key is not None:
            return Portrait(self.enrolment.vault.open(key, kept, context(Sealed.PORTRAIT, employee_id)), best)
        data, _ = self.enrolment.photo(employee_id, best)
        try:
            box, cropped = self.face(data), True
        except Busy:  # gates come first
            box, cropped = None, False
        made = self.encode(snapshot(self.decode(data), box))
        if cropped and key is not None:
            self._keep(best, self.enrolment.vault.seal(key, made, context(Sealed.PORTRAIT, employee_id)))
        return Portrait(made, best, cropped)

    def _best(self, employee_id: str) -> tuple[str, bytes | None]:
        """The photo, and the person's key."""
        with self.enrolment.store.read() as tx:
            best, key = tx.photos.best(employee_id), tx.data_keys.peek(employee_id)
        if best is None:
            self.enrolment.get(employee_id)
            raise NotFound("no_photo", "This employee has no photo.")
        return best, key

    def kept(self) -> list[str]:
        """The ids of the photos whose portraits are in memory."""
        with self._lock:
            return list(self._kept)

    def let_go(self, photo_ids: Collection[str]) -> None:
        with self._lock:
            for one in photo_ids:
                self._kept.pop(one, None)

    def _keep(self, photo_id: str, sealed: bytes) -> None:
        with self._lock:
            self._kept[photo_id] = sealed
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
