"""What pictures cost to decode, by their headers alone.

A JPEG is decoded scan by scan, each over all its pixels: 64 scans of 24 megapixels take 4 to 11 s, one takes 0.2 s.
"""

from app.adapters.vision.photos.jpeg_structure import read_structure
from app.core.errors import TooLarge

# A progressive photo has ten scans. Measured on 2026-11-29 (AMD EPYC, one thread): 2 to 7 ms a megapixel and scan.
MOST_SCANS = 24
# Megapixels times scans. For one picture: ten scans of 60 megapixels. For one request of a gate: half a second to a
# second, the longest that one gate's pictures may keep an engine from the next gate's.
MOST_WORK, MOST_WORK_AT_GATE = 600.0, 250.0
_PNG = b"\x89PNG\r\n\x1a\n"


def check(*pictures: bytes, most: float = MOST_WORK) -> None:
    """Raises TooLarge if the pictures together cost more than `most`, BadInput for anything but a whole JPEG or PNG."""
    limit(sum(map(work, pictures)), most)


def limit(found: float, most: float = MOST_WORK) -> None:
    """Raises TooLarge for more work than `most`."""
    if found > most:
        raise TooLarge("image_too_large", "This takes too long to decode; send fewer, smaller or baseline JPEGs.")


def work(data: bytes) -> float:
    """Megapixels times scans; 0 for anything but a picture. Raises BadInput."""
    if data.startswith(_PNG):
        return int.from_bytes(data[16:20]) * int.from_bytes(data[20:24]) / 1e6
    if not data.startswith(b"\xff\xd8\xff"):
        return 0.0
    return read_structure(data, MOST_SCANS).work
