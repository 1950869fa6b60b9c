"""Identifies picture formats by their first bytes, and packs several pictures of one event into one file."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

# A bundle is this signature, then each picture preceded by its length. A single picture is stored unbundled, which is
# unambiguous: no JPEG starts with the signature.
SEVERAL = b"FGPICTURES1"
LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Kind:
    """A picture format. `name` is for people; `endings` are its file extensions in lower case, with the dot."""

    media_type: str
    name: str
    endings: tuple[str, ...]


# What a gate may send. Both are cheap to check before decoding, and the decisions route accepts nothing else.
FRAME_KINDS = (
    Kind("image/jpeg", "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo")),
    Kind("image/png", "PNG", (".png",)),
)
# Employee photos may also be in the formats that phones and browsers save.
PHOTO_KINDS = (
    *FRAME_KINDS,
    Kind("image/webp", "WebP", (".webp",)),
    Kind("image/heic", "HEIC", (".heic", ".heif", ".hif")),
    Kind("image/avif", "AVIF", (".avif",)),
)
# File extensions that are read as photos.
PHOTO_ENDINGS = tuple(ending for kind in PHOTO_KINDS for ending in kind.endings)


_JPEG, _PNG, _WEBP, _HEIC, _AVIF = PHOTO_KINDS
_PHOTO_BRANDS = {b"avif": _AVIF, b"avis": _AVIF}
_PHOTO_BRANDS |= dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), _HEIC)
# Formats that people send as photos but that are not read, by their first bytes.
FILES = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\0", "a TIFF or a camera's raw file"),
    (b"MM\0*", "a TIFF or a camera's raw file"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000"),
    (b"8BPS", "a Photoshop file"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a zip or an office document"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an SVG drawing or other XML"),
)


def sniff(data: bytes) -> str | None:
    """Returns the media type by the first bytes if a gate may send it (image/jpeg, image/png), else None."""
    kind = photo_kind(data)
    return kind.media_type if kind in FRAME_KINDS else None


def photo_kind(data: bytes) -> Kind | None:
    """Returns the photo format by the first bytes, whatever the file name says; None if the format is not read."""
    if data.startswith(b"\xff\xd8\xff"):
        return _JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _WEBP
    return next((_PHOTO_BRANDS[brand] for brand in _brands(data) if brand in _PHOTO_BRANDS), None)


def called(data: bytes) -> str | None:
    """Returns the format in words with its article, such as "a HEIC photo" or "a GIF"; None if it is unknown."""
    kind = photo_kind(data)
    if kind is not None:
        return f"an {kind.name} photo" if kind is _AVIF else f"a {kind.name} photo"
    if brands := _brands(data):
        return "a HEIF photo of a rare kind" if brands[0] in (b"mif1", b"msf1") else "a video"
    return next((name for begins, name in FILES if data[:100].lstrip().startswith(begins)), None)


def not_read(data: bytes, kinds: Sequence[Kind]) -> str:
    """Says why the bytes are refused when only these formats are read, and what to send instead."""
    *first, last = (kind.name for kind in kinds)
    send = f"send a {', '.join(first)} or {last}"
    what = called(data)
    return f"This is {what}; {send}." if what else f"This is not a picture in a known format; {send}."


def _brands(data: bytes) -> list[bytes]:
    """Returns the brands of an ISO base media file (HEIF, AVIF, MP4), major brand first; empty for other files."""
    if data[4:8] != b"ftyp":
        return []
    box = data[8 : min(int.from_bytes(data[:4]), 256)]
    return [box[:4], *(box[i : i + 4] for i in range(8, len(box), 4))]


def bundle(pictures: Sequence[bytes]) -> bytes:
    """Packs one or more pictures into one file; the first is the one to show. A single picture is returned as it is."""
    if len(pictures) == 1:
        return pictures[0]
    return SEVERAL + b"".join(LENGTH.pack(len(picture)) + picture for picture in pictures)


def unbundle(data: bytes) -> list[bytes]:
    """Unpacks a file made by `bundle`. Raises ValueError if it is truncated."""
    if not data.startswith(SEVERAL):
        return [data]
    pictures, at = [], len(SEVERAL)
    while at < len(data):
        end = at + LENGTH.size
        if end > len(data):
            raise ValueError("the pictures are truncated")
        (length,) = LENGTH.unpack_from(data, at)
        at = end + length
        if at > len(data):
            raise ValueError("the pictures are truncated")
        pictures.append(data[end:at])
    return pictures
