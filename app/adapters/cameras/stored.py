"""Plays video files and folders of pictures as a camera would, for the demo, tests and evaluations.

Frames come in real time, or as fast as the consumer takes them.
"""

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import av

from app.adapters.cameras.decode import BOUNDS, pictures, video_stream
from app.adapters.cameras.decoder_messages import DecoderMessages
from app.core.errors import SourceFailed
from app.core.ports.store import Clock
from app.core.types import Pixels

# Only formats that hold the video themselves: a playlist or concatenation can name other files and hosts.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,h264,hevc,mjpeg,ogg,flv"
PICTURES = {".jpg": "jpeg_pipe", ".jpeg": "jpeg_pipe", ".png": "png_pipe"}
FOLDER_FPS = 10.0


class StoredSource:
    """Implements `ports.cameras.Source`.

    Each frame comes when it is due; captured_at is the clock's time at that moment.

    Args:
        patient: Play as fast as frames are taken, not in real time.
        loop: Start over at the end. Otherwise `read` returns None there.
    """

    def __init__(
        self, path: Path, decoder_messages: DecoderMessages, clock: Clock, *, patient: bool, loop: bool, fps: float
    ) -> None:
        self._path = path
        self._words = decoder_messages
        self._clock = clock
        self.patient = patient
        self._loop = loop
        self._fps = fps
        self._closed = threading.Event()
        self._reading = threading.Lock()
        self._pictures: Iterator[tuple[float, Pixels]] | None = None
        self._began_s: float | None = None

    @property
    def decoder_messages(self) -> tuple[str, ...]:
        return self._words()

    def read(self) -> tuple[Pixels, datetime] | None:
        words = ""
        with self._reading:
            if self._closed.is_set():
                raise SourceFailed("closed")
            try:
                with self._words.listening():
                    found = self._next()
            except SourceFailed as failed:
                words = str(failed)
            except FileNotFoundError:
                words = "there is no such file or folder"
            except (av.FFmpegError, OSError, ValueError, MemoryError):
                words = "the file holds no video or picture that can be decoded"
        if words:
            raise SourceFailed(words)
        if found is None:
            return None
        due_s, pixels = found
        if not self.patient:
            now = time.monotonic()
            self._began_s = now - due_s if self._began_s is None else self._began_s
            if self._closed.wait(max(0.0, self._began_s + due_s - now)):
                raise SourceFailed("closed")
        return pixels, self._clock()

    def close(self) -> None:
        self._closed.set()
        if self._reading.acquire(timeout=0.8):  # a read in progress takes one frame's time at most
            self._pictures = None
            self._reading.release()

    def _next(self) -> tuple[float, Pixels] | None:
        for _ in range(2):
            if self._pictures is None:
                self._began_s = None
                self._pictures = self._folder() if self._path.is_dir() else self._video()
            found = next(self._pictures, None)
            if found is not None or not self._loop:
                return found
            self._pictures = None
        raise SourceFailed("there is no picture in it")

    def _video(self) -> Iterator[tuple[float, Pixels]]:
        options = {**BOUNDS, "protocol_whitelist": "file", "format_whitelist": FORMATS}
        with av.open(f"file:{self._path.absolute()}", options=options) as container:
            stream = video_stream(container)
            fps = float(stream.average_rate or 25)
            number, first = 0, None
            for packet in container.demux(stream):
                for frame, pixels in pictures(packet):
                    at_s = number / fps if frame.pts is None else frame.time
                    first = at_s if first is None else first
                    yield at_s - first, pixels
                    number += 1

    def _folder(self) -> Iterator[tuple[float, Pixels]]:
        files = sorted(file for file in self._path.iterdir() if file.suffix.lower() in PICTURES)
        for number, file in enumerate(files):
            options = {**BOUNDS, "protocol_whitelist": "file"}
            with av.open(f"file:{file.absolute()}", format=PICTURES[file.suffix.lower()], options=options) as container:
                for packet in container.demux(video_stream(container)):
                    for _, pixels in pictures(packet):
                        yield number / self._fps, pixels
