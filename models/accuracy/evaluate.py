"""Measures a pack on a dataset: verification, errors at each threshold, and open-set identification as at a gate.

It measures everything that the dataset is large enough for, and names the rest with the reason.
"""

import json
import math
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from app.adapters.vision.networks.runtime import best_precision
from app.adapters.vision.packs import pack as packs
from app.core.errors import WeightsError
from app.core.recognition.calibration import Calibration
from app.settings import read_settings
from models.accuracy import comparison, eligible, groups, plots, report
from models.accuracy.label_noise import label_noise
from models.accuracy.openset import Setting, Trial, play, pools
from models.accuracy.rates import Pooled, at_set_rates, operating_points
from models.accuracy.unseen import RATES
from models.accuracy.verification import read_pairs, verify
from models.attempts import two_people
from models.data import labelled_pairs
from models.data.dataset import PAIRS, LabelledPhoto, Scan, scan
from models.data.embed import UNREADABLE, Embedded, embed
from models.liveness import pad_report

PHOTOS, FRAMES = (1, 2, 3, 5), (1, 2, 3, 5)
SIZES = (100, 500, 1000, 2500, 5000)
MAIN = 1000
SECOND_PERSON = [Setting(MAIN, p, f) for p in (1, 3) for f in (2, 3)]
APPROACHES = 2000
NAMED = 50  # broken or refused photos to list individually


def open_set(
    e: Embedded, c: Calibration | None, galleries: int, rng: np.random.Generator, console: Console
) -> tuple[dict[str, Any], Pooled | None]:
    """Returns FNIR at fixed FPIR and at set rates, and the attempts with one photo and one frame."""
    usable = pools(e, bystanders=False)
    people = len(e.people)
    most = int(0.96 * sum(1 for mine in usable.enrolment if len(mine)))
    sizes = [size for size in SIZES if size <= most] or [max(1, most // 2)]
    main = MAIN if MAIN in sizes else sizes[-1]
    settings = [Setting(main, p, f) for p in PHOTOS for f in FRAMES]
    settings += [Setting(size, p, f) for size in sizes if size != main for p, f in ((1, 1), (3, 1), (1, 3), (3, 3))]
    settings += [Setting(main, p, f, flip=True) for p, f in ((1, 1), (3, 1))]
    found: dict[str, Any] = {"enrolled": main, "rows": [], "at_set_rates": [], "two_people": [], "not_measured": []}
    first: Pooled | None = None
    for setting in track(settings, description="open set", console=console):
        try:
            trials: list[Trial] = [play(e, usable, range(people), setting, rng) for _ in range(galleries)]
        except ValueError as error:
            named = {"enrolled": setting.enrolled, "photos": setting.photos, "frames": setting.frames}
            found["not_measured"].append(named | {"why": str(error)})
            continue
        found["rows"] += operating_points(trials, setting, c, people, rng)
        if c is not None and not setting.flip:
            found["at_set_rates"] += at_set_rates([(t, c) for t in trials], setting, people, RATES, rng)
        if (setting.enrolled, setting.photos, setting.frames, setting.flip) == (main, 1, 1, False):
            first = Pooled(trials, setting, c)
        if c is not None and setting in SECOND_PERSON:
            played = two_people.measure(e, usable, c, setting, RATES[-1], APPROACHES, rng)
            found["two_people"].append(played.row(setting, RATES[-1]))
    return found, first


def evaluate(
    e: Embedded,
    photos: Sequence[LabelledPhoto],
    c: Calibration | None,
    pairs: Path | None,
    group_file: Path | None,
    galleries: int,
    seed: int,
    console: Console,
    at_gate: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """Returns every part of the report that depends only on the vectors; keys as documented in `report`.

    at_gate: how many are enrolled and how many of them may pass one gate, to measure that too.
    """
    rng = np.random.default_rng(seed)
    people = len(e.people)
    found: dict[str, Any] = {"verification": None}
    if pairs is not None:
        listed = read_pairs(pairs, photos)
        found["verification"] = verify(listed, e.gate, e.person, people, rng) | {
            "with_mirror_image": verify(listed, e.gate_flip, e.person, people, rng),
            "file": pairs.name,
            "not_in_dataset": list(listed.missing[:NAMED]),
        }
    console.print("comparing every photo with every other")
    every = comparison.compare(e.gate, e.person)
    curve = comparison.det(every)
    found["comparison"] = {
        "genuine_comparisons": len(every.genuine),
        "impostor_comparisons": every.impostors,
        "eer": comparison.equal_error_rate(curve),
        "points": comparison.points(every, e.person, people, rng),
        "det": curve,
    }
    found["label_noise"] = label_noise(every, e.gate, e.person, photos)
    found["open_set"], first = open_set(e, c, galleries, rng, console)
    found["at_gate"] = None
    if at_gate is not None:
        if c is None:
            raise ValueError("--allowed compares thresholds, so the pack needs a calibration")
        found["at_gate"] = eligible.measure(e, pools(e), c, *at_gate, galleries, RATES, np.random.default_rng(seed))
    found["groups"] = None
    if group_file is not None:
        listed_groups = groups.read_groups(group_file, e.people)
        found["groups"] = groups.by_group(listed_groups.group, every, e.person, first) | listed_groups.left_over(NAMED)
    return found


def _photo_facts(e: Embedded, photos: Sequence[LabelledPhoto], scanned: Scan) -> dict[str, Any]:
    unreadable = [i for i, why in enumerate(e.gate_reason) if str(why).startswith(UNREADABLE)]
    kinds = {name: Counter(str(r).split(":")[0] for r in of if r) for name, of in _reasons(e).items()}
    unfound = [i for i in range(len(photos)) if math.isnan(e.gate[i, 0]) and i not in set(unreadable)]
    per_person = Counter(e.person.tolist())
    return {
        "people": len(e.people),
        "photos": len(photos),
        "people_with_two_photos": sum(1 for count in per_person.values() if count > 1),
        "no_face_found": len(unfound),
        "no_face_found_in": [photos[i].name for i in unfound[:NAMED]],
        "unreadable": len(unreadable),
        "unreadable_files": [[photos[i].name, str(e.gate_reason[i])] for i in unreadable[:NAMED]],
        "passed_over": [list(pair) for pair in scanned.passed_over[:NAMED]],
        "refused_at_gate": dict(kinds["gate"]),
        "refused_for_enrolment": dict(kinds["enrolment"]),
    }


def _reasons(e: Embedded) -> dict[str, Any]:
    return {"gate": e.gate_reason, "enrolment": e.enrolment_reason}


def _calibration(pack: str, folder: Path, console: Console) -> Calibration | None:
    try:
        return packs.read_calibration(pack, folder).calibration
    except WeightsError as error:
        console.print(f"set rates are not checked: {error}", markup=False)
        return None


def _make(folder: Path) -> None:
    """Creates the folder of the report before the work starts. Raises ValueError if it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise ValueError(f"cannot write the report to {folder} ({error.strerror}); choose another --out") from error


def _require_faces(e: Embedded, name: str) -> None:
    if np.isnan(e.gate[:, 0]).all():
        unreadable = sum(str(why).startswith(UNREADABLE) for why in e.gate_reason)
        raise ValueError(
            f"{name} has no usable photo: {unreadable} cannot be read and {len(e.gate) - unreadable} show no face; "
            "give JPEG or PNG photos of faces"
        )


def command(
    dataset: Annotated[Path, typer.Argument(help="A folder with one folder per person.", exists=True, file_okay=False)],
    pairs: Annotated[
        Path | None,
        typer.Option(help="LFW's pairs, or a .csv of photo,picture,same; by default DATASET/pairs.txt.", exists=True),
    ] = None,
    group_csv: Annotated[
        Path | None, typer.Option("--groups", help="A CSV with the columns person,group.", exists=True)
    ] = None,
    pack: Annotated[str, typer.Option(help="The model pack.")] = packs.NAME,
    attacks: Annotated[
        Path | None, typer.Option(help="Also measure attacks: a folder as for `evaluate-pad`.", exists=True)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the report. Default: ./evaluation-DATASET.")] = None,
    allowed: Annotated[
        int | None, typer.Option(help="Also measure a gate that this many of the enrolled may pass.", min=1)
    ] = None,
    enrolled: Annotated[
        int, typer.Option(help="With --allowed: the people of the site. Those whom the dataset lacks are modelled.")
    ] = 10_000,
    galleries: Annotated[int, typer.Option(help="Random galleries per setting.", min=1)] = 20,
    seed: Annotated[int, typer.Option()] = 20261123,
) -> None:
    """Measure a pack on a dataset (verification, DET, open set, groups) and write report.md, report.json and plots."""
    console = Console()
    settings = read_settings()
    started = time.monotonic()
    folder = out or Path(f"evaluation-{dataset.resolve().name}")
    try:
        scanned = scan(dataset)
        photos = scanned.photos
        _make(folder)
        if pairs is None and (dataset / PAIRS).is_file():
            pairs = dataset / PAIRS
        by_file = labelled_pairs.read(pairs) if pairs is not None and pairs.suffix.lower() == ".csv" else None
        precision = best_precision()
        e = embed(photos, settings.cache, precision, console, pack, settings.pack_folder)
        embedded = time.monotonic()
        _require_faces(e, dataset.resolve().name)
        c = _calibration(pack, settings.pack_folder, console)
        digest = packs.digest(pack, settings.pack_folder)
        found: dict[str, Any] = {
            "schema": 1,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": f"python -m models evaluate {dataset.name} --galleries {galleries} --seed {seed}"
            + (f" --enrolled {enrolled} --allowed {allowed}" if allowed else ""),
            "pack": {"name": pack, "digest": digest, "precision": precision, "calibrated": c is not None},
            "dataset": {"name": dataset.resolve().name} | _photo_facts(e, photos, scanned),
        }
        at_gate = (enrolled, allowed) if allowed else None
        found |= evaluate(e, photos, c, None if by_file else pairs, group_csv, galleries, seed, console, at_gate)
        if by_file is not None and pairs is not None:
            shown = embed(by_file.photos, settings.cache, precision, console, pack, settings.pack_folder)
            found["verification"] = labelled_pairs.measured(by_file, shown, c, pairs.name, np.random.default_rng(seed))
        if attacks is not None:
            found["presentation_attacks"] = pad_report.measured(attacks, settings.cache, console, dataset, seed=seed)
    except (ValueError, WeightsError) as error:
        raise typer.BadParameter(str(error)) from error
    found["seconds"] = {
        "embedding": round(embedded - started, 1),
        "measuring": round(time.monotonic() - embedded, 1),
    }
    found = report.plain(found)
    found["plots"] = report.draw(found, folder) if plots.available() else []
    if not found["plots"]:
        console.print(plots.INSTALL, markup=False)
    (folder / "report.json").write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    text = report.markdown(found)
    if attacks is not None:
        text += "\n" + pad_report.markdown(found["presentation_attacks"])
    (folder / "report.md").write_text(text, encoding="utf-8")
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    console.print(f"wrote {folder}/report.md, report.json and {len(found['plots'])} plots", markup=False)
