"""Tells FFmpeg where each H.264 or H.265 picture ends, so that it decodes it at once and not when the next one begins.

RTP marks the last packet of a picture. FFmpeg ignores the mark and waits for the next picture's first bytes: 42 ms at
25 pictures a second, 200 ms at 5. So a packet is inserted after each marked one. It holds only an access unit delimiter
(H.264 type 9, H.265 type 35), which begins a picture. The stream of a camera that sets wrong marks is left unchanged.
"""

import re
import struct
from dataclasses import dataclass

RTP = struct.Struct(">BBHII")  # version and flags, mark and payload type, sequence, time, source
FRAME = struct.Struct(">cBH")  # "$", channel, length: how RTP travels inside the RTSP connection
MARK, SEQUENCES, TICKS = 0x80, 1 << 16, 1 << 32
DELIMITERS = {"H264": b"\x09\xf0", "H265": b"\x46\x01\x50"}
RTPMAP = re.compile(rb"^a=rtpmap:(\d{1,3}) +([A-Za-z0-9-]+)/", re.MULTILINE)
BODY = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,6})[ \t\r]*$", re.MULTILINE | re.IGNORECASE)
BLANK_LINE = re.compile(rb"\n\r*\n")  # some cameras end lines with LF alone; FFmpeg ignores every CR
JPEG = 26  # RTP's static payload type; FFmpeg decodes these pictures at the mark already
TRUSTED = 8  # consecutive pictures that must end with a mark before marks are trusted
LONGEST_TEXT = 65_536


@dataclass
class Channel:
    """added: packets inserted so far. pictures: how many in a row ended with a mark. lies: a mark split a picture."""

    added: int = 0
    pictures: int = 0
    time: int | None = None
    marked: bool = False
    lies: bool = False

    def follow(self, time: int, marked: bool) -> None:
        if self.time is not None and time == self.time:
            self.lies |= self.marked
        elif self.time is not None:
            self.pictures = self.pictures + 1 if self.marked else 0
        self.time, self.marked = time, marked

    @property
    def trusted(self) -> bool:
        return self.pictures >= TRUSTED and not self.lies


class Delimiters:
    """Sits between camera and FFmpeg: `describe` the session, then `pass_on` what the camera sends."""

    def __init__(self) -> None:
        self._payloads: dict[int, bytes] = {}
        self._channels: dict[int, Channel] = {}
        self._rest = bytearray()
        self._lost = False
        self.prompt = False  # whether FFmpeg delivers pictures as soon as they are whole

    def describe(self, answer: bytes) -> None:
        """Reads an answer of the handshake. One of them names the payload types."""
        for number, name in RTPMAP.findall(answer):
            if delimiter := DELIMITERS.get(name.decode().upper()):
                self._payloads[int(number)] = delimiter

    def pass_on(self, data: bytes) -> bytes:
        """The bytes for FFmpeg: whole packets with delimiters between them. Anything but RTSP passes unchanged."""
        self._rest += data
        passed = bytearray()
        while self._rest and not self._lost:
            length = self._whole()
            if length == 0:
                break
            packet = bytes(self._rest[:length])
            del self._rest[:length]
            passed += self._delimited(packet) if packet[:1] == b"$" else packet
        if self._lost:
            self.prompt = False
            passed += self._rest
            self._rest.clear()
        return bytes(passed)

    def _whole(self) -> int:
        """The length of the packet or text at the front; 0 while it is incomplete."""
        if self._rest[0] == ord("$"):
            if len(self._rest) < FRAME.size:
                return 0
            length = FRAME.size + int(FRAME.unpack_from(self._rest)[2])
            return length if len(self._rest) >= length else 0
        # The answer to a keep-alive, or a message from the camera.
        found = BLANK_LINE.search(self._rest, 0, LONGEST_TEXT)
        head = bytes(self._rest[: found.end() if found else LONGEST_TEXT])
        body = BODY.search(head)
        length = len(head) + (int(body[1]) if body else 0)
        self._lost = not self._rest[:1].isalpha() or length > LONGEST_TEXT or (not found and length == LONGEST_TEXT)
        return length if found and not self._lost and len(self._rest) >= length else 0

    def _delimited(self, packet: bytes) -> bytes:
        if len(packet) < FRAME.size + RTP.size:
            return packet
        _, number, _ = FRAME.unpack_from(packet)
        flags, kind, sequence, time, source = RTP.unpack_from(packet, FRAME.size)
        payload, marked = kind & ~MARK, bool(kind & MARK)
        if flags >> 6 != 2:
            return packet
        if payload == JPEG:
            self.prompt = True
        delimiter = self._payloads.get(payload)
        if delimiter is None:
            return packet
        channel = self._channels.setdefault(number, Channel())
        channel.follow(time, marked)
        self.prompt = channel.trusted
        sequence = (sequence + channel.added) % SEQUENCES
        moved = packet[: FRAME.size] + RTP.pack(flags, kind, sequence, time, source) + packet[FRAME.size + RTP.size :]
        if not (marked and channel.trusted):
            return moved
        channel.added += 1
        # The delimiter's time becomes the next picture's: one tick later than this one's, so that no two are equal.
        head = RTP.pack(0x80, payload, (sequence + 1) % SEQUENCES, (time + 1) % TICKS, source)
        return moved + FRAME.pack(b"$", number, len(head) + len(delimiter)) + head + delimiter
