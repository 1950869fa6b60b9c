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


def sniff(data: bytes) -> str | None:
    """image/jpeg, image/png or None, by its first bytes: the two kinds that count here."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/png" if data.startswith(b"\x89PNG\r\n\x1a\n") else None


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
