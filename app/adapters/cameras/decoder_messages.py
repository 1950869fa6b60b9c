"""FFmpeg's last messages before it failed, for whoever repairs the camera, without address, user, password or path.

FFmpeg's log goes nowhere else. PyAV passes it to Python's logging, which would put addresses into the service's log.
"""

import logging
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import av

from app.adapters.cameras.address import CameraAddress

KEPT = 8
LONGEST = 200
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b")

av.logging.set_level(av.logging.ERROR)
_ffmpeg = logging.getLogger("libav")
_ffmpeg.propagate = False
_ffmpeg.addHandler(logging.NullHandler())


class DecoderMessages:
    """The last lines, newest last. `listening` wraps each call into FFmpeg and captures its own thread only."""

    def __init__(self, address: CameraAddress) -> None:
        self._lines: deque[str] = deque(maxlen=KEPT)
        plain = [secret for secret in address.secrets if len(secret) > 1]
        self._secrets = [*plain, *(quote(secret, safe="") for secret in plain)]

    def __call__(self) -> tuple[str, ...]:
        return tuple(self._lines)

    @contextmanager
    def listening(self) -> Iterator[None]:
        with av.logging.Capture() as lines:
            try:
                yield
            finally:
                for _, name, text in lines[-KEPT:]:
                    self.note(f"{name}: {text}")

    def note(self, text: str) -> None:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        line = "".join(c if c.isprintable() else " " for c in ADDRESS.sub("***", text)).strip()[:LONGEST]
        if line and (not self._lines or self._lines[-1] != line):
            self._lines.append(line)
