"""A live camera. One thread receives and stamps, another decodes, so a slow decoder cannot make an old frame look new.

With a single thread, frames would wait in the kernel's buffers during decoding and get their time stamp too late.
What is not decoded within half a second is dropped up to the next key frame: late pictures open no gate.
"""

import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import av
from av.packet import Packet
from av.video.stream import VideoStream

from app.adapters.cameras.decode import pictures, video_stream
from app.adapters.cameras.decoder_messages import DecoderMessages
from app.core.cameras.faults import SILENT_S, SourceFault
from app.core.errors import SourceFailed
from app.core.ports.store import Clock
from app.core.types import Pixels

FIRST_S = (
    12.0  # for the first picture: connecting, then waiting for a key frame, which some cameras send only every 4 s
)
SILENT = SourceFault.SILENT
TOO_OLD_S = 0.5
MAX_WAITING = 512  # packets, 20 s of video; more only queue up if nothing decodes at all
MAX_STAMPS = 64  # H.264 holds back at most 16 pictures to put them in order


class Feed(Protocol):
    """Where packets come from. The receiving thread opens and closes it; any thread may abort it."""

    def open(self) -> av.container.InputContainer: ...
    def fed(self) -> None:
        """A whole picture was decoded."""
        ...

    def held_back(self) -> bool:
        """Whether a picture is delivered only when the next one begins."""
        ...

    def reason(self) -> str:
        """Why it ended, or "" if unknown. Holds no address."""
        ...

    def before_read(self, deadline: float) -> None: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Received:
    packet: "Packet[VideoStream]"
    captured_at: datetime
    arrived_s: float


class LiveSource:
    """Implements ports.Source for a network camera or a device. Connects with the first `read`."""

    patient = False

    def __init__(self, feed: Feed, decoder_messages: DecoderMessages, clock: Clock) -> None:
        self._feed = feed
        self._words = decoder_messages
        self._clock = clock
        self._waiting: deque[Received] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._ended: str | None = None
        self._thread: threading.Thread | None = None
        self._ready: deque[tuple[Pixels, datetime]] = deque()
        self._stamps: dict[int | None, datetime] = {}
        self._skipping = False
        self._picture_s = 0.0
        self._asked_s = 0.0
        self._patience_s = FIRST_S

    @property
    def decoder_messages(self) -> tuple[str, ...]:
        return self._words()

    def read(self) -> tuple[Pixels, datetime]:
        """The next picture. Raises SourceFailed if none came for 4 s, the connection ended, or `close` was called."""
        if self._thread is None and not self._closed:
            self._picture_s = time.monotonic()
            self._thread = threading.Thread(target=self._receive, name="camera-receive", daemon=True)
            self._thread.start()
        while not self._ready:
            received = self._next()
            if self._too_late(received):
                continue
            self._decode(received)
        self._picture_s, self._patience_s = time.monotonic(), SILENT_S
        self._feed.fed()
        return self._ready.popleft()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._feed.abort()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=0.8)

    def _next(self) -> Received:
        with self._changed:
            while not self._waiting or self._closed:
                if self._closed:
                    raise SourceFailed("closed")
                if self._ended is not None:
                    raise SourceFailed(self._ended)
                left = self._picture_s + self._patience_s - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    raise SourceFailed(self._feed.reason() or SILENT)
            return self._waiting.popleft()

    def _too_late(self, received: Received) -> bool:
        now = time.monotonic()
        if now - received.arrived_s > TOO_OLD_S:
            self._skipping = True
        elif self._skipping and received.packet.is_keyframe:
            self._skipping = False
            self._stamps.clear()
        return self._skipping

    def _decode(self, received: Received) -> None:
        if time.monotonic() > self._picture_s + self._patience_s:
            raise SourceFailed(SourceFault.INCOMPLETE)
        self._stamps[received.packet.pts] = received.captured_at
        while len(self._stamps) > MAX_STAMPS:
            del self._stamps[next(iter(self._stamps))]
        words = ""
        try:
            with self._words.listening():
                for frame, pixels in pictures(received.packet):
                    # The decoder reorders pictures. Each keeps the stamp of its own packet.
                    self._ready.append((pixels, self._stamps.pop(frame.pts, received.captured_at)))
        except av.FFmpegError as error:
            # One damaged packet does not mean a broken camera. Many do, by the time limit above.
            self._words.note(type(error).__name__)
        except (ValueError, MemoryError):
            words = "the pictures cannot be converted"
        if words:
            raise SourceFailed(words)

    def _receive(self) -> None:
        ended: str = SourceFault.ENDED
        began_s = time.monotonic()
        try:
            with self._words.listening():
                ended = self._receive_all() or ended
        except SourceFailed as failed:
            ended = str(failed)
        except (av.FFmpegError, OSError, ValueError, ssl.SSLError) as error:
            # When its own time limit ends, FFmpeg may report invalid data.
            late = time.monotonic() - max(began_s, self._asked_s) >= SILENT_S
            ended = self._feed.reason() or (SILENT if late else _plain(error))
        except Exception as error:
            # A thread that dies silently would look like a silent camera. Type only: the text may hold the address.
            ended = f"receiving failed: {type(error).__name__}"
        finally:
            self._feed.close()
            with self._changed:
                self._ended = self._feed.reason() or ended
                self._changed.notify_all()

    def _receive_all(self) -> str:
        asked_at = self._clock()
        container = self._feed.open()
        try:
            stream = video_stream(container)
            self._feed.before_read(time.monotonic() + SILENT_S)
            settled = False
            self._asked_s = time.monotonic()
            heard = self._clock()
            for packet in container.demux(stream):
                arrived = time.monotonic()
                gap_s = arrived - self._asked_s
                # Packets that FFmpeg read while probing the stream are as old as the connection.
                settled = settled or arrived - self._asked_s > 0.005
                now = self._clock()
                if packet.size:
                    # A picture that is held back began to arrive when the previous one was delivered. After a gap,
                    # assume that of any picture: one dated too early opens nothing, one dated too late might.
                    stamp = heard if gap_s > TOO_OLD_S or self._feed.held_back() else now
                    self._put(Received(packet, stamp if settled else asked_at, arrived))
                heard = now
                if self._closed:
                    return "closed"
                self._asked_s = time.monotonic()
                self._feed.before_read(self._asked_s + SILENT_S)
            return ""
        finally:
            container.close()

    def _put(self, received: Received) -> None:
        with self._changed:
            if len(self._waiting) >= MAX_WAITING:
                self._waiting.popleft()
            self._waiting.append(received)
            self._changed.notify_all()


def _plain(error: Exception) -> str:
    """A message for a foreign exception, whose own text may hold the address."""
    if isinstance(error, av.error.ExitError | TimeoutError):
        return SILENT
    if isinstance(error, PermissionError):
        return SourceFault.NOT_PERMITTED
    if isinstance(error, FileNotFoundError):
        return SourceFault.NO_DEVICE
    if isinstance(error, EOFError):
        return SourceFault.ENDED
    return SourceFault.UNDECODABLE
