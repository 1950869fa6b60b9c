"""Finds JPEGs in whatever a motion JPEG camera sends, from start marker to end marker, as browsers do.

Boundaries, part types and lengths are ignored: cameras omit them, misspell them, or count wrongly.
Marker codes: ITU-T T.81, table B.1.
"""

import re
from collections import deque

_START, _END = re.compile(rb"\xff\xd8\xff"), re.compile(rb"\xff\xd9")
_BOUNDARY = b"\r\n--"
_SOS, _EOI = 0xDA, 0xD9
_MOST_SEGMENTS = 4_000
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


class JpegSplitter:
    """`feed` it bytes and `take` whole pictures. Holds at most one incomplete picture."""

    def __init__(self) -> None:
        self._whole: deque[bytes] = deque()
        self._rest = bytearray()  # begins with a picture's start, once one is found
        self._at = 0  # how far the rest has been searched
        self._segments = 0
        self._in_pixels = False

    def feed(self, data: bytes) -> None:
        self._rest += data
        while self._step():
            pass

    def take(self) -> bytes | None:
        return self._whole.popleft() if self._whole else None

    def end(self) -> None:
        """Ends the input. A picture without an end marker, which some cameras omit, counts as whole."""
        if self._in_pixels:
            self._whole.append(bytes(self._rest))
        self._begin_at(len(self._rest))

    def _step(self) -> bool:
        """Advances through the rest by one piece. False while more input is needed."""
        if self._in_pixels:
            return self._to_the_end()
        if self._at == 0:
            return self._to_a_start()
        return self._past_a_segment()

    def _to_a_start(self) -> bool:
        found = _START.search(self._rest)
        if found is None:
            del self._rest[: max(0, len(self._rest) - 2)]
            return False
        del self._rest[: found.start()]
        self._at = 2
        return True

    def _past_a_segment(self) -> bool:
        """Skips a segment whole, because a thumbnail inside it has an end marker of its own."""
        rest, at = self._rest, self._at
        while rest[at : at + 2] == b"\xff\xff":
            at += 1
        self._at = at
        if len(rest) < at + 4:
            return False
        marker, length = rest[at + 1], int.from_bytes(rest[at + 2 : at + 4])
        self._segments += 1
        spoilt = rest[at] != 0xFF or marker == _EOI or (marker not in _ALONE and length < 2)
        if spoilt or self._segments > _MOST_SEGMENTS:
            self._begin_at(2)  # not a picture after all
            return True
        if marker in _ALONE:
            self._at += 2
            return True
        if len(rest) < at + 2 + length:
            return False
        self._at += 2 + length
        self._in_pixels = marker == _SOS
        return True

    def _to_the_end(self) -> bool:
        rest = self._rest
        end = _END.search(rest, self._at)
        start = _START.search(rest, self._at, end.start() if end else len(rest))
        if start is not None:
            # The camera omits end markers: its picture ended where the next part began.
            boundary = rest.rfind(_BOUNDARY, 0, start.start())
            if boundary > 0:
                self._whole.append(bytes(rest[:boundary]))
            self._begin_at(start.start())
        elif end is not None:
            self._whole.append(bytes(rest[: end.end()]))
            self._begin_at(end.end())
        else:
            self._at = max(self._at, len(rest) - 2)
            return False
        return True

    def _begin_at(self, position: int) -> None:
        del self._rest[:position]
        self._at, self._segments, self._in_pixels = 0, 0, False
