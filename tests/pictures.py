"""Pictures for the tests: real portraits from the cache, scenes made of them, and files that only look like pictures.

`python -m models fetch` brings the portraits; none is part of the project.
"""

import io
import struct
import zlib
from functools import cache

from PIL import Image

from app.adapters.vision import weights
from app.settings import default_cache

JPEG, PNG = "image/jpeg", "image/png"
HUGE_PX = 30_000

# Who is who. Each name is an artifact of models/artifacts.toml.
ADA = ("obama2", "impostor_1")  # one person, at different times
BOB = ("biden",)
STRANGER = "impostor_2"


@cache
def portrait(name: str) -> bytes:
    """The file as it was published."""
    return weights.load(name, default_cache())


@cache
def small(name: str, longest_px: int = 480) -> bytes:
    """A JPEG of the portrait that costs a few milliseconds to decode."""
    picture = Image.open(io.BytesIO(portrait(name))).convert("RGB")
    picture.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    return encoded(picture)


@cache
def empty(width_px: int = 320, height_px: int = 240) -> bytes:
    """A JPEG with nobody in it."""
    return encoded(Image.new("RGB", (width_px, height_px), (90, 110, 130)))


@cache
def crowd(name: str = "biden", columns: int = 5, rows: int = 4) -> bytes:
    """A JPEG in which one face stands twenty times, each as near as the next."""
    face = Image.open(io.BytesIO(small(name))).convert("RGB")
    face = face.crop((0, 0, face.width, face.width)).resize((240, 240))
    scene = Image.new("RGB", (columns * 256, rows * 256), (90, 110, 130))
    for i in range(columns * rows):
        scene.paste(face, (i % columns * 256 + 8, i // columns * 256 + 8))
    return encoded(scene)


@cache
def held_up(name: str, width_px: int = 260) -> bytes:
    """A JPEG of the portrait on a phone before a grey wall: a bright rectangle with a dark frame."""
    shown = Image.open(io.BytesIO(portrait(name))).convert("RGB")
    shown.thumbnail((width_px, 2 * width_px), Image.Resampling.LANCZOS)
    scene = Image.new("RGB", (960, 720), (120, 120, 120))
    left, top = (960 - shown.width) // 2, (720 - shown.height) // 2
    scene.paste((15, 15, 15), (left - 20, top - 20, left + shown.width + 20, top + shown.height + 20))
    scene.paste(shown, (left, top))
    return encoded(scene)


def encoded(picture: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    if form == "JPEG":
        options.setdefault("quality", 90)
    picture.save(out, form, **options)
    return out.getvalue()


def as_png(name: str, mode: str = "RGB", longest_px: int = 240) -> bytes:
    """The portrait as a PNG of another mode: L, P, RGBA, LA, I;16."""
    picture = Image.open(io.BytesIO(small(name, longest_px)))
    if mode == "I;16":
        return encoded(picture.convert("L").convert("I").point(lambda v: v * 256).convert("I;16"), "PNG")
    return encoded(picture.convert("RGB").convert(mode), "PNG")


def animated(form: str) -> bytes:
    """Two frames: GIF, PNG or WEBP."""
    first = Image.open(io.BytesIO(small("biden", 120)))
    return encoded(first, form, save_all=True, append_images=[first.rotate(180)], duration=100)


def png_of(width_px: int, height_px: int, *, bits: int = 8, colour: int = 2, data: bytes | None = None) -> bytes:
    """A PNG written chunk by chunk. colour 2 is RGB. data: the compressed pixels, black where not given."""
    if data is None:
        row = bytes(1 + width_px * (3 if colour == 2 else 1) * bits // 8)
        packer = zlib.compressobj(9)
        data = b"".join(packer.compress(row) for _ in range(height_px)) + packer.flush()
    header = struct.pack(">IIBBBBB", width_px, height_px, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


@cache
def bomb() -> bytes:
    """2.7 GB of black in a small file."""
    row = bytes(1 + HUGE_PX * 3)
    packer = zlib.compressobj(1)
    return png_of(HUGE_PX, HUGE_PX, data=b"".join(packer.compress(row) for _ in range(HUGE_PX)) + packer.flush())


def jpeg_bomb() -> bytes:
    """A JPEG of 16 x 16 pixels whose header claims 30,000 x 30,000."""
    data = bytearray(encoded(Image.new("RGB", (16, 16))))
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", HUGE_PX, HUGE_PX)
    return bytes(data)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
