"""What a picture costs to decode, told from its headers alone.

A JPEG is decoded scan by scan, each over all of its pixels: 64 scans of 24 megapixels take 4 to 11 s, one takes 0.2 s.
"""

import re

from app.core.errors import BadInput, TooLarge

# A progressive photo has ten scans. Measured on 2026-11-29 (AMD EPYC, one thread): 2 to 7 ms a megapixel and scan.
MOST_SCANS = 24
# Megapixels times scans. Of one picture: ten scans of 60 megapixels. Of what a gate sends at once: half a second to a
# second, which is as long as one gate's pictures may keep an engine from the next gate's.
MOST_WORK, MOST_WORK_AT_GATE = 600.0, 250.0
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_END, _SCAN = 0xD9, 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def check(*pictures: bytes, most: float = MOST_WORK) -> None:
    """Raises TooLarge for pictures that together cost more than `most`, BadInput for one with too many scans."""
    if sum(map(work, pictures)) > most:
        raise TooLarge("too_costly", "This takes too long to decode; send fewer, smaller or baseline JPEGs.")


def work(data: bytes) -> float:
    """Megapixels times scans; 0 for what is no JPEG or PNG. Raises BadInput for too many scans."""
    if data.startswith(_PNG):
        return int.from_bytes(data[16:20]) * int.from_bytes(data[20:24]) / 1e6
    scans, pixels, position = 0, 0, 2
    if not data.startswith(_JPEG):
        return 0.0
    while found := _MARKER.search(data, position):
        marker, position = found[0][1], found.end()
        if marker == _END:
            break
        if marker in _FRAMES:
            # The largest, whichever of several a decoder believes.
            size = int.from_bytes(data[position + 3 : position + 5]) * int.from_bytes(data[position + 5 : position + 7])
            pixels = max(pixels, size)
        scans += marker == _SCAN
        if scans > MOST_SCANS:
            raise BadInput("unsupported_image", f"the JPEG has more than {MOST_SCANS} scans; save it as baseline")
        position += int.from_bytes(data[position : position + 2])
    return pixels * scans / 1e6
