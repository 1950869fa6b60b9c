"""Finds where a JPEG's main picture ends and what decoding it costs, from its markers, without decoding anything.

Whatever follows the first end marker is ignored: a motion photo's video, an MPO's further pictures, padding.
Marker codes: ITU-T T.81, table B.1.
"""

import re
from dataclasses import dataclass

from app.core.errors import BadInput

_SOI, _EOI, _SOS, _APP1 = 0xD8, 0xD9, 0xDA, 0xE1
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended and progressive, Huffman coded
_OTHER_FRAMES = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = 0xC2
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# In pixel data FF is followed by 00 or a restart marker. Anything else ends the data.
_START, _END = re.compile(rb"\xff\xd8"), re.compile(rb"\xff\xd9")
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_FILL = re.compile(rb"\xff+")
_MOST_MARKERS = 4_000  # a photo has a few dozen; each costs an iteration in Python
_EXIF = b"Exif\0\0"


@dataclass(frozen=True)
class JpegStructure:
    """end: one past the main picture. coefficient_bytes: what a decoder must hold besides the pixels."""

    width_px: int
    height_px: int
    components: int
    progressive: bool
    scans: int
    coefficient_bytes: int
    exif: bytes | None
    end: int

    @property
    def work(self) -> float:
        """Megapixels times scans: what decoding costs."""
        return self.width_px * self.height_px * self.scans / 1e6


def read_structure(data: bytes, most_scans: int) -> JpegStructure:
    """Reads the markers. Raises BadInput: truncated_image if the end is missing, unsupported_image, not_an_image."""
    frame: _Frame | None = None
    exif: bytes | None = None
    scans, position = 0, 2
    for _ in range(_MOST_MARKERS):
        fill = _FILL.search(data, position)
        if fill is None or fill.end() == len(data):
            raise _cut()
        marker, position = data[fill.end()], fill.end() + 1
        if marker == _EOI:
            if frame is None or not scans:
                raise BadInput("truncated_image", "the JPEG holds no picture; send it again")
            several = frame.progressive or scans > 1
            held = frame.coefficient_bytes if several else 0
            return JpegStructure(
                frame.width_px, frame.height_px, frame.components, frame.progressive, scans, held, exif, position
            )
        if marker == _SOI:  # another picture begins before this one ended
            raise _cut()
        if marker in _ALONE:
            continue
        length = int.from_bytes(data[position : position + 2])
        if length < 2 or position + length > len(data):
            raise _cut()
        content, position = data[position + 2 : position + length], position + length
        if marker == _APP1 and exif is None and content.startswith(_EXIF):
            exif = content
        elif marker in _FRAMES:
            frame = _frame(marker, content, frame)
        elif marker in _OTHER_FRAMES:
            raise BadInput("unsupported_image", "this kind of JPEG is not supported; save it as a baseline JPEG")
        elif marker == _SOS:
            if frame is None or not content:
                raise BadInput("truncated_image", "the JPEG is damaged; send it again")
            scans += 1
            if scans > most_scans:
                raise BadInput("unsupported_image", f"the JPEG has more than {most_scans} scans; save it again")
            alone = not frame.progressive and content[0] == frame.components
            found = (_END if alone else _MARKER).search(data, position)
            if found is None or (alone and _START.search(data, position, found.start())):
                raise _cut()
            position = found.start()
    raise BadInput("unsupported_image", f"the JPEG has more than {_MOST_MARKERS} segments; save it again")


@dataclass(frozen=True)
class _Frame:
    width_px: int
    height_px: int
    components: int
    progressive: bool
    coefficient_bytes: int


def _frame(marker: int, content: bytes, before: "_Frame | None") -> _Frame:
    if before is not None or len(content) < 6 or len(content) < 6 + 3 * content[5]:
        raise BadInput("truncated_image", "the JPEG's header is damaged; send it again")
    if content[0] != 8:
        raise BadInput("unsupported_image", "the JPEG does not have 8 bits per channel; save it with 8")
    height, width = int.from_bytes(content[1:3]), int.from_bytes(content[3:5])
    sampling = [(content[6 + 3 * i + 1] >> 4, content[6 + 3 * i + 1] & 15) for i in range(content[5])]
    if not sampling or min(min(each) for each in sampling) < 1:
        raise BadInput("truncated_image", "the JPEG's header is damaged; send it again")
    across, down = max(h for h, _ in sampling), max(v for _, v in sampling)
    # Two bytes per coefficient, as many coefficients as samples.
    held = sum(2 * width * height * h * v // (across * down) for h, v in sampling)
    return _Frame(width, height, len(sampling), marker == _PROGRESSIVE, held)


def _cut() -> BadInput:
    return BadInput("truncated_image", "the picture ends in the middle; send it again")
