"""What a pack does at a gate with the calibration it is served with: misses, refusals, open-set errors."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from app.adapters.vision import pack as packs
from app.adapters.vision.manifest import read_manifest
from app.adapters.vision.runtime import best_precision
from app.core.calibration import Calibration
from app.settings import read_settings
from models.calibrate import table
from models.dataset import read_dataset
from models.embed import Embedded, embed
from models.openset import Pools, Setting, errors, play, pools

RATES = (0.003, 0.001)


def evaluate(
    e: Embedded, usable: Pools, c: Calibration, enrolled: int, repeats: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """One row for each (photos, frames, flip) and rate: means over `repeats` random galleries of everybody."""
    rows = []
    everybody = list(range(len(e.people)))
    for photos, frames, flip in ((p, f, m) for p, f in ((1, 1), (3, 1), (3, 3)) for m in (False, True)):
        setting = Setting(enrolled, photos, frames, flip)
        trials = [play(e, usable, everybody, setting, rng) for _ in range(repeats)]
        for rate in RATES:
            pairs = np.array([errors(trial, c, rate, setting) for trial in trials])
            rows.append(
                {
                    "enrolled": enrolled,
                    "photos": setting.photos,
                    "frames": setting.frames,
                    "flip": setting.flip,
                    "rate": rate,
                    "fpir": float(pairs[:, 1].mean()),
                    "fpir_90": [float(x) for x in np.quantile(pairs[:, 1], (0.05, 0.95))],
                    "fnir": float(pairs[:, 0].mean()),
                    "fnir_90": [float(x) for x in np.quantile(pairs[:, 0], (0.05, 0.95))],
                    "stranger_attempts": int(np.mean([len(t.stranger) for t in trials])),
                    "mate_attempts": int(np.mean([len(t.mate) for t in trials])),
                    "full_templates": int(np.mean([t.full_templates for t in trials])),
                    "repeats": repeats,
                }
            )
    return rows


def command(
    dataset: Annotated[Path, typer.Argument(help="A folder with one folder a person, such as LFW.", exists=True)],
    enrolled: Annotated[int, typer.Option(help="How many people are enrolled.")] = 1000,
    repeats: Annotated[int, typer.Option(help="Random galleries.")] = 50,
    seed: Annotated[int, typer.Option()] = 20261123,
    out: Annotated[Path | None, typer.Option(help="Also write the numbers as JSON here.")] = None,
) -> None:
    """Measure misses, refusals and open-set errors with the calibration in models/manifest.toml."""
    console = Console()
    manifest = read_manifest(packs.NAME)
    precision = best_precision()
    photos = read_dataset(dataset)
    e = embed(photos, read_settings().cache, precision, console)
    found: dict[str, Any] = {
        "pack": packs.NAME,
        "precision": precision,
        "people": len(e.people),
        "photos": len(photos),
        "missed": int((e.gate_reason == "no_face").sum()),
        "refused_at_gate": dict(Counter(str(r) for r in e.gate_reason if r)),
        "refused_for_enrolment": dict(Counter(str(r) for r in e.enrolment_reason if r)),
        "open_set": evaluate(e, pools(e), manifest.calibration, enrolled, repeats, np.random.default_rng(seed)),
    }
    console.print(f"{found['photos']} photos of {found['people']} people; no face found in {found['missed']}")
    console.print(f"refused at the gate: {found['refused_at_gate']}")
    console.print(f"refused for enrolment: {found['refused_for_enrolment']}")
    for flip, name in ((False, "frames as they are"), (True, "frames averaged with their mirror image")):
        rows = [row for row in found["open_set"] if row["flip"] is flip]
        console.print(table(rows, f"open set, {name}"))
    text = json.dumps(found, indent=2)
    if out is None:
        console.print_json(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")
