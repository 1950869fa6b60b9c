"""What kind of picture some bytes are, and how several pictures of one event are kept as one sealed file."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

# Of several: the sign, then each with its length before it. One alone stands as it is: no JPEG begins like the sign.
SEVERAL = b"FGPICTURES1"
LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Kind:
    """A kind of picture that photos may have. name: as a person calls it. endings: of its files, lower case."""

    media_type: str
    name: str
    endings: tuple[str, ...]


# What a gate sends: cheap to judge before it is decoded, and all that the decisions route takes.
FRAME_KINDS = (
    Kind("image/jpeg", "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo")),
    Kind("image/png", "PNG", (".png",)),
)
# What a photo of an employee may be beside these: what phones and browsers save.
PHOTO_KINDS = (
    *FRAME_KINDS,
    Kind("image/webp", "WebP", (".webp",)),
    Kind("image/heic", "HEIC", (".heic", ".heif", ".hif")),
    Kind("image/avif", "AVIF", (".avif",)),
)
# Names of files that are read as photos.
PHOTO_ENDINGS = tuple(ending for kind in PHOTO_KINDS for ending in kind.endings)


_JPEG, _PNG, _WEBP, _HEIC, _AVIF = PHOTO_KINDS
_PHOTO_BRANDS = {b"avif": _AVIF, b"avis": _AVIF}
_PHOTO_BRANDS |= dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), _HEIC)
# Files that people send as photos and that are not read, by their first bytes.
_NAMES = (
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
    """image/jpeg, image/png or None, by its first bytes: what a gate may send."""
    kind = photo_kind(data)
    return kind.media_type if kind in FRAME_KINDS else None


def photo_kind(data: bytes) -> Kind | None:
    """What a photo is by its first bytes, whatever it is called; None for what is not read."""
    if data.startswith(b"\xff\xd8\xff"):
        return _JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _WEBP
    return next((_PHOTO_BRANDS[brand] for brand in _brands(data) if brand in _PHOTO_BRANDS), None)


def called(data: bytes) -> str | None:
    """What a person calls such a file, with its article: "a HEIC photo", "a GIF"; None for what nobody knows."""
    kind = photo_kind(data)
    if kind is not None:
        return f"an {kind.name} photo" if kind is _AVIF else f"a {kind.name} photo"
    if brands := _brands(data):
        return "a HEIF photo of a rare kind" if brands[0] in (b"mif1", b"msf1") else "a video"
    return next((name for begins, name in _NAMES if data[:100].lstrip().startswith(begins)), None)


def not_read(data: bytes, kinds: Sequence[Kind]) -> str:
    """Why the bytes are refused where only these kinds are read, and what to send instead."""
    *first, last = (kind.name for kind in kinds)
    wanted = f"send a {', '.join(first)} or {last}"
    name = called(data)
    return f"This is {name}; {wanted}." if name else f"This is no picture of a known kind; {wanted}."


def _brands(data: bytes) -> list[bytes]:
    """Those an ISO base media file (HEIF, AVIF, MP4) names, the major one first; none for anything else."""
    if data[4:8] != b"ftyp":
        return []
    box = data[8 : min(int.from_bytes(data[:4]), 256)]
    return [box[:4], *(box[i : i + 4] for i in range(8, len(box), 4))]


def bundle(pictures: Sequence[bytes]) -> bytes:
    """The pictures as one file, the first the one to show. One alone is its own file. At least one."""
    if len(pictures) == 1:
        return pictures[0]
    return SEVERAL + b"".join(LENGTH.pack(len(picture)) + picture for picture in pictures)


def unbundle(data: bytes) -> list[bytes]:
    """The pictures of a file that `bundle` made. Raises ValueError for one that was cut off."""
    if not data.startswith(SEVERAL):
        return [data]
    pictures, at = [], len(SEVERAL)
    while at < len(data):
        end = at + LENGTH.size
        if end > len(data):
            raise ValueError("the pictures are cut off")
        (length,) = LENGTH.unpack_from(data, at)
        at = end + length
        if at > len(data):
            raise ValueError("the pictures are cut off")
        pictures.append(data[end:at])
    return pictures
