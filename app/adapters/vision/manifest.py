"""A model pack's calibration as the laboratory writes it: in `models/manifest.toml` for the built-in pack, otherwise
in the pack's own `calibration.toml` (see `pack.calibration_path`).
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.adapters.vision.toml_text import parsed
from app.core.errors import WeightsError
from app.core.recognition.calibration import Calibration, Tail
from app.core.recognition.measured import MeasuredRate, Share

MANIFEST_PATH = Path(__file__).parents[3] / "models" / "manifest.toml"


@dataclass(frozen=True)
class PackManifest:
    """The calibration of one pack.

    Attributes:
        digest: Of the calibrated pack (`pack.digest()`). The numbers hold for no other.
        centre: Subtracted from each vector (`core.centre`); `dimension` numbers, or none.
        measured: What each rate came to for people outside the calibration; empty if nobody measured it.
    """

    name: str
    dimension: int
    digest: str
    calibration: Calibration
    centre: tuple[float, ...] = ()
    measured: tuple[MeasuredRate, ...] = ()

    def __post_init__(self) -> None:
        if len(self.centre) not in (0, self.dimension) or not sum(x * x for x in self.centre) < 1:
            raise ValueError(f"not a centre of {self.dimension} numbers, shorter than 1")


def read_manifest(name: str, path: Path = MANIFEST_PATH) -> PackManifest:
    """The entry of the pack called `name`.

    Raises:
        WeightsError: the file cannot be read, holds no such pack, or its numbers are no calibration.
    """
    anew = f"run: python -m models calibrate DATASET --pack {name}"
    try:
        packs = parsed(path.read_text(encoding="utf-8"))["packs"]
    except FileNotFoundError as error:
        raise WeightsError(f"the pack {name} is not calibrated, so no threshold is known; {anew}") from error
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(f"{path} cannot be read as a manifest of model packs: {error}") from error
    if name not in packs:
        raise WeightsError(f"{path} holds no calibration of the pack {name!r}; {anew}")
    try:
        entry = packs[name]
        values = dict(entry["calibration"])
        return PackManifest(
            name=name,
            dimension=entry["dimension"],
            digest=entry["digest"],
            calibration=Calibration(tail=Tail(**values.pop("tail")), **values),
            centre=tuple(entry.get("centre", ())),
            measured=tuple(_measured(row) for row in entry.get("measured", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: the pack {name!r} is not calibrated properly: {error}") from error


def read_centre(name: str, path: Path) -> tuple[float, ...]:
    """The centre of the pack called `name`; none if it is not calibrated yet. Raises WeightsError as above."""
    try:
        known = name in parsed(path.read_text(encoding="utf-8"))["packs"]
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(f"{path} cannot be read as a manifest of model packs: {error}") from error
    return read_manifest(name, path).centre if known else ()


def write_manifest(path: Path, found: PackManifest, how: Mapping[str, Any]) -> None:
    """Writes one pack's calibration; entries of other packs in the same file stay as they are.

    The laboratory's `calibrate` calls it, with `path` from `pack.calibration_path(name, settings.pack_folder)` and
    `found.digest` from `pack.digest(name, settings.pack_folder)`, so that a pack that is changed afterwards is noticed.

    Args:
        how: method, dataset, people, photos, command ...: texts and numbers for the reader of the file.

    Raises:
        WeightsError: the file is there and is no manifest.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["packs"] if path.exists() else {}
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(f"{path} cannot be read as a manifest of model packs: {error}") from error
    c = found.calibration
    tail = {name: round(getattr(c.tail, name), 6) for name in c.tail.__dataclass_fields__}
    rest = {name: round(getattr(c, name), 6) for name in c.__dataclass_fields__ if name != "tail"}
    facts: dict[str, Any] = {"dimension": found.dimension, "digest": found.digest}
    if found.centre:
        facts["centre"] = [round(number, 6) for number in found.centre]
    entries[found.name] = facts | {"calibration": rest | {"tail": tail}, "how": dict(how)}
    if found.measured:
        entries[found.name]["measured"] = [_row(one) for one in found.measured]
    lines = ["# Which model packs can be served, and their calibration. Written by: python -m models calibrate DATASET"]
    for name, entry in entries.items():
        lines += _toml(f"packs.{name}", entry)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(name: str, values: Mapping[str, Any]) -> list[str]:
    tables = {k: v for k, v in values.items() if isinstance(v, list) and v and isinstance(v[0], dict)}
    plain = {key: value for key, value in values.items() if not isinstance(value, dict) and key not in tables}
    lines = ["", f"[{name}]"]
    # A JSON string is also a TOML string: they have the same escapes.
    lines += [
        f"{key} = {json.dumps(value, ensure_ascii=False) if isinstance(value, str) else value}"
        for key, value in plain.items()
    ]
    for key, value in values.items():
        if isinstance(value, dict):
            lines += _toml(f"{name}.{key}", value)
    for key, rows in tables.items():
        for row in rows:
            lines += ["", f"[[{name}.{key}]]", *(f"{of} = {number}" for of, number in row.items())]
    return lines


def _row(one: MeasuredRate) -> dict[str, Any]:
    let_in, turned_away = ([share.value, share.low, share.high] for share in (one.let_in, one.turned_away))
    return {**vars(one), "let_in": let_in, "turned_away": turned_away}


def _measured(row: Mapping[str, Any]) -> MeasuredRate:
    return MeasuredRate(**{**row, "let_in": Share(*row["let_in"]), "turned_away": Share(*row["turned_away"])})
