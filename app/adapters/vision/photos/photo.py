"""Converts whatever a phone or browser saves as a photo into one to keep: a JPEG or PNG, with nothing after it."""

import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from app.adapters.vision.photos import convert_photo
from app.adapters.vision.photos.image import ImageLimits, read_header
from app.core.errors import BadInput, TooLarge
from app.core.media import FRAME_KINDS, PHOTO_KINDS, called, not_read, photo_kind

PROGRAM = Path(convert_photo.__file__)
FORMATS = {"image/webp": "WEBP", "image/heic": "HEIF", "image/avif": "AVIF"}
MOST_PIXELS = 52_000_000
WITHIN_S = 30.0
SAVE = "save it as a JPEG"


@dataclass(frozen=True)
class PhotoReader:
    """Converts a photo into one that `ports.Decoder` reads, one at a time, so memory is bounded."""

    limits: ImageLimits = field(default_factory=ImageLimits)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, data: bytes) -> bytes:
        """Converts a photo. Raises BadInput and TooLarge with the decoder's codes."""
        if not data:
            return data  # the decoder refuses it
        kind = photo_kind(data)
        if kind is None:
            raise BadInput("not_an_image", not_read(data, PHOTO_KINDS))
        if kind in FRAME_KINDS:
            end = read_header(data, self.limits).end
            return data if end == len(data) else data[:end]
        if len(data) > self.limits.max_bytes:
            most = self.limits.max_bytes // 1_000_000
            raise TooLarge("image_too_large", f"the picture has more than {most} MB; send a smaller one")
        return self._converted(data, FORMATS[kind.media_type], called(data) or "")

    def _converted(self, data: bytes, form: str, what: str) -> bytes:
        command = [sys.executable, "-I", str(PROGRAM), form, str(MOST_PIXELS), str(self.limits.max_decoded_pixels)]
        with self._one_at_a_time:
            try:
                # No environment: it may hold the master key.
                done = subprocess.run(command, input=data, capture_output=True, env={}, timeout=WITHIN_S, check=False)  # noqa: S603
            except subprocess.TimeoutExpired:
                raise BadInput("unsupported_image", f"This is {what} that takes too long to read; {SAVE}.") from None
        if done.returncode == 0:
            return done.stdout
        if done.returncode == convert_photo.TOO_MANY_PIXELS:
            detail = f"This is {what} of more than {MOST_PIXELS // 1_000_000} megapixels; {SAVE}, or smaller."
            raise TooLarge("image_too_large", detail)
        why = {
            convert_photo.ANIMATED: "with several pictures; send one of them as a JPEG",
            convert_photo.TRANSPARENT: "with transparent parts; save it with a background",
            convert_photo.MISSING: f"and pillow-heif, which reads it, is not installed; {SAVE}",
        }.get(done.returncode)
        if why is not None:
            raise BadInput("unsupported_image", f"This is {what} {why}.")
        raise BadInput("truncated_image", f"This is {what} that is damaged or incomplete; send it again, or {SAVE}.")
