"""What a model pack is worth: its calibration as `models/manifest.toml` holds it, written there by the laboratory."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from app.core.calibration import Calibration, Tail
from app.core.errors import WeightsError

MANIFEST_PATH = Path(__file__).parents[3] / "models" / "manifest.toml"


@dataclass(frozen=True)
class PackManifest:
    """digest: of the pack that was calibrated (`pack.digest()`); the numbers hold for no other."""

    name: str
    dimension: int
    digest: str
    calibration: Calibration


def read_manifest(name: str, path: Path = MANIFEST_PATH) -> PackManifest:
    """The entry of the pack called `name`.

    Raises:
        WeightsError: the file cannot be read, holds no such pack, or its numbers are no calibration.
    """
    try:
        packs = tomllib.loads(path.read_text(encoding="utf-8"))["packs"]
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(f"{path} cannot be read as a manifest of model packs: {error}") from error
    if name not in packs:
        raise WeightsError(f"{path} holds no calibration of the pack {name!r}; run: python -m models calibrate DATASET")
    try:
        entry = packs[name]
        values = dict(entry["calibration"])
        return PackManifest(
            name=name,
            dimension=entry["dimension"],
            digest=entry["digest"],
            calibration=Calibration(tail=Tail(**values.pop("tail")), **values),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: the pack {name!r} is not calibrated properly: {error}") from error
