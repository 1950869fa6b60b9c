"""Picture formats are recognised by their first bytes, whatever a file is called."""

import struct

import pytest

from app.core.media import FRAME_KINDS, PHOTO_KINDS, called, not_read, photo_kind, sniff


def container(*brands: bytes) -> bytes:
    """The first box of an ISO base media file: size, `ftyp`, major brand, version, compatible brands."""
    content = b"ftyp" + brands[0] + b"\0\0\0\0" + b"".join(brands[1:])
    return struct.pack(">I", len(content) + 4) + content + b"rest of the file"


JPEG, PNG, WEBP = b"\xff\xd8\xff\xe0 JFIF", b"\x89PNG\r\n\x1a\n...", b"RIFF\x10\0\0\0WEBPVP8 "


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (JPEG, "a JPEG photo", "image/jpeg"),
        (PNG, "a PNG photo", "image/png"),
        (WEBP, "a WebP photo", "image/webp"),
        (container(b"heic"), "a HEIC photo", "image/heic"),
        (container(b"mif1", b"miaf", b"heix"), "a HEIC photo", "image/heic"),
        (container(b"avif"), "an AVIF photo", "image/avif"),
        (container(b"mif1", b"avif"), "an AVIF photo", "image/avif"),
    ],
)
def test_photos_are_known_by_their_first_bytes(data: bytes, name: str, media_type: str) -> None:
    kind = photo_kind(data)
    assert kind is not None and kind.media_type == media_type
    assert called(data) == name


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"GIF89a", "a GIF"),
        (b"BM....", "a BMP"),
        (b"II*\0....", "a TIFF or a camera's raw file"),
        (b"%PDF-1.7", "a PDF"),
        (b"PK\x03\x04....", "a zip or an office document"),
        (b"  \n<svg xmlns", "an SVG drawing"),
        (container(b"isom", b"mp42"), "a video"),
        (container(b"mif1", b"abcd"), "a HEIF photo of a rare kind"),
        (b"RIFF\x10\0\0\0AVI LIST", None),
        (b"", None),
        (b"some text", None),
    ],
)
def test_other_files_are_not_photos_but_have_a_name(data: bytes, name: str | None) -> None:
    assert photo_kind(data) is None
    assert called(data) == name


def test_gate_sends_only_jpeg_and_png() -> None:
    assert [sniff(data) for data in (JPEG, PNG, WEBP, b"GIF89a")] == ["image/jpeg", "image/png", None, None]


def test_refusal_names_the_format_and_what_to_send() -> None:
    assert not_read(b"GIF89a", FRAME_KINDS) == "This is a GIF; send a JPEG or PNG."
    assert not_read(b"text", PHOTO_KINDS) == (
        "This is not a picture in a known format; send a JPEG, PNG, WebP, HEIC or AVIF."
    )


def test_brand_is_only_looked_for_in_the_first_box() -> None:
    # The box claims a size of 4 GB; brands are read from its first 256 bytes only.
    huge = b"\xff\xff\xff\xffftypisom\0\0\0\0" + b"mp42" * 70 + b"heic"
    assert photo_kind(huge) is None
