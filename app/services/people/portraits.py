"""Makes a small picture of an employee to compare a face with: the face of their best photo, cropped
as a gate crops it and scaled down. Nothing is stored.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.errors import Busy, NotFound
from app.core.types import Box, Pixels
from app.services.people.enrolment import Enrolment
from app.services.recognition.recognition import snapshot


@dataclass(frozen=True)
class Portraits:
    """face: where the face is in a photo; None if that is unclear, and then the whole photo is shown."""

    enrolment: Enrolment
    decode: Callable[[bytes], Pixels]
    face: Callable[[bytes], Box | None]
    encode: Callable[[Pixels], bytes]

    def of(self, employee_id: str) -> bytes:
        """JPEG bytes, at most 240 px high. Raises NotFound for an unknown employee, or one without a photo."""
        photos = self.enrolment.photos(employee_id)
        if not photos:
            raise NotFound("no_photo", "This employee has no photo.")
        best = max(photos, key=lambda photo: photo.quality)
        data, _ = self.enrolment.photo(employee_id, best.id)
        return self.encode(snapshot(self.decode(data), self._box(data)))

    def _box(self, data: bytes) -> Box | None:
        try:
            return self.face(data)
        except Busy:  # gates come first
            return None
