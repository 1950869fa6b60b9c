"""A pack of the operator's own: a folder with `pack.toml` and an ONNX network. Its format, and where packs are.

PACKS/NAME/pack.toml          as below
PACKS/NAME/model.onnx         the embedder
PACKS/NAME/calibration.toml   written by: python -m models calibrate DATASET --pack NAME

file = "model.onnx"        # beside this file
sha256 = "9f2c..."         # of it; nothing with another hash is loaded
licence = "Apache-2.0"     # what you are licensed for
dimension = 512            # how many numbers it gives
size_px = 112              # height and width of its input
colour = "RGB"             # or "BGR"
mean = 127.5               # (pixel - mean) / scale, pixels 0 to 255; a number or three, in the network's colour order
scale = 127.5
layout = "NCHW"            # or "NHWC"
detector = "yunet"         # or "mtcnn": python -m models fetch --group mtcnn
warp = "arcface"           # five landmarks onto the ArcFace frame, scaled to size_px; or "box": the face's box itself
margin_px = 0              # "box" only: of the crop, how many pixels are surroundings
"""

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from app.adapters.vision.weights import WeightsDamaged, WeightsMissing
from app.core.errors import WeightsError

FILE = "pack.toml"
CALIBRATION = "calibration.toml"
MOST_TOML_BYTES = 64 * 1024
MOST_BYTES = 600 * 1024 * 1024  # the largest published face networks, 100 layers in float32, have 250 MB
NAMING = "a pack's name has 1 to 40 small letters (a to z), digits, dashes or underscores, a letter or digit first"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class PackFile:
    """`pack.toml`, checked on construction: the network's input and how to prepare it. Raises ValueError."""

    file: str
    sha256: str
    licence: str
    dimension: int
    size_px: int
    colour: Literal["RGB", "BGR"]
    mean: Triple
    scale: Triple
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    detector: Literal["yunet", "mtcnn"] = "yunet"
    warp: Literal["arcface", "box"] = "arcface"
    margin_px: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("file", "sha256", "licence", "note"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be a text")
        if self.file in ("", ".", "..") or set(self.file) & set("/\\\0"):
            raise ValueError(f"file must be the bare name of a file beside pack.toml, not {self.file!r}")
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError("sha256 must be 64 lower-case hex digits")
        if not self.licence.strip():
            raise ValueError("licence must say under which licence you use the network")
        for name, least, most in (("dimension", 16, 4096), ("size_px", 32, 512), ("margin_px", 0, 256)):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise ValueError(f"{name} must be a whole number from {least} to {most}")
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}")
        for name in ("mean", "scale"):
            if not all(-1e6 < number < 1e6 for number in getattr(self, name)):
                raise ValueError(f"{name} must be a number, or three")
        if min(abs(number) for number in self.scale) < 1e-6:
            raise ValueError("scale must not be 0: pixels are divided by it")
        if self.margin_px and self.warp != "box":
            raise ValueError('margin_px is of warp = "box" only')
        if self.margin_px >= self.size_px:
            raise ValueError("margin_px must be less than size_px")


_CHOICES = {
    "colour": ("RGB", "BGR"),
    "layout": ("NCHW", "NHWC"),
    "detector": ("yunet", "mtcnn"),
    "warp": ("arcface", "box"),
}


def folder_of(name: str, packs: Path) -> Path:
    """The folder of a pack. Raises WeightsError for an invalid name: it becomes part of a path."""
    if not _NAME.fullmatch(name):
        raise WeightsError(NAMING)
    return packs / name


def listed(packs: Path) -> Iterator[str]:
    """The valid names of the folders that hold a `pack.toml`, sorted.

    Unreadable folders are included, so reading them says why. Raises WeightsError if `packs` itself is unreadable.
    """
    yield from (name for name in _folders(packs, unread=True) if _NAME.fullmatch(name))


def misnamed(packs: Path) -> Iterator[str]:
    """The invalid names of folders that hold a `pack.toml`, sorted: nothing can load them."""
    yield from (name for name in _folders(packs, unread=False) if not _NAME.fullmatch(name))


def _folders(packs: Path, *, unread: bool) -> list[str]:
    """unread: whether unreadable folders count as packs, as after a copy by another user."""

    def holds(folder: Path) -> bool:
        try:
            return (folder / FILE).is_file()
        except OSError:
            return unread

    try:
        return sorted(folder.name for folder in packs.iterdir() if holds(folder)) if packs.is_dir() else []
    except OSError as error:
        raise WeightsError(f"{packs} cannot be read: {error.strerror}") from error


def read_pack_file(name: str, packs: Path) -> PackFile:
    """The pack's description.

    Raises:
        WeightsMissing: there is no such pack. WeightsError: its `pack.toml` says something that cannot be; names it.
    """
    path = folder_of(name, packs) / FILE
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_TOML_BYTES + 1)
    except FileNotFoundError:
        raise WeightsMissing(f"there is no pack {name!r}: {path} does not exist") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MOST_TOML_BYTES:
        raise WeightsError(f"{path} is larger than {MOST_TOML_BYTES} bytes; it should have a dozen lines")
    try:
        return _pack_file(tomllib.loads(content.decode()))
    except (ValueError, RecursionError) as error:  # brackets nested too deeply
        raise WeightsError(f"{path}: {error}") from error


def read_network(name: str, packs: Path, described: PackFile) -> bytes:
    """The network's bytes, read once and checked, so the hashed bytes are the ones used.

    Raises:
        WeightsMissing, WeightsDamaged, WeightsError: not there, another hash, a link out of its folder, or too large.
    """
    folder = folder_of(name, packs)
    path = folder / described.file
    try:
        if path.resolve(strict=True).parent != folder.resolve(strict=True):
            raise WeightsError(f"pack {name}: {described.file} is a link out of its folder; copy the file there")
        if not path.is_file():
            raise WeightsError(f"pack {name}: {described.file} is not a file")
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise WeightsMissing(f"pack {name}: {path} does not exist") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: circular links
        raise WeightsError(f"pack {name}: {described.file} cannot be read: {error}") from error
    if len(content) > MOST_BYTES:
        raise WeightsError(f"pack {name}: {described.file} is larger than {MOST_BYTES // 1024**2} MiB")
    if (found := hashlib.sha256(content).hexdigest()) != described.sha256:
        raise WeightsDamaged(
            f"pack {name}: {described.file} has sha256 {found}, pack.toml says {described.sha256}; "
            "if you trust the file, write its hash there"
        )
    return content


def write_pack_file(folder: Path, described: PackFile) -> None:
    """Writes `pack.toml`, and makes the folder if it is missing. The caller provides the network's file."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# A model pack; see app/adapters/vision/pack_file.py for what each line means."]
    for each in fields(described):
        value = getattr(described, each.name)
        if isinstance(value, tuple):
            value = list(value)
        lines.append(f"{each.name} = {json.dumps(value, ensure_ascii=False) if isinstance(value, str) else value}")
    (folder / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _pack_file(entry: dict[str, Any]) -> PackFile:
    known = [each.name for each in fields(PackFile)]
    for name in entry:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ValueError(f"there is no line {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    missing = [
        name
        for name in ("file", "sha256", "licence", "dimension", "size_px", "colour", "mean", "scale")
        if name not in entry
    ]
    if missing:
        raise ValueError(f"these lines are missing: {', '.join(missing)}")
    return PackFile(**{**entry, "mean": _triple("mean", entry["mean"]), "scale": _triple("scale", entry["scale"])})


def _triple(name: str, value: Any) -> Triple:
    numbers = value if isinstance(value, list) else [value] * 3
    if len(numbers) != 3 or any(type(number) not in (int, float) for number in numbers):
        raise ValueError(f"{name} must be a number, or three")
    a, b, c = (float(number) for number in numbers)
    return a, b, c
