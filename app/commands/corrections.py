"""Exports corrections of the log as labelled pictures."""

import csv
from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

from app.commands.common import HERE, Data, backbone, err, out

cli = typer.Typer(no_args_is_help=True, help="Export corrections of the log as labelled pictures.")


@cli.command("export")
def export(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="A new or empty folder.")],
    data: Data = HERE,
) -> None:
    """Write the pictures of corrected events and those people's photos, for evaluation and calibration.

    people/ has a folder for each person, for `models calibrate`. pairs.csv pairs each corrected picture with each of
    the person's photos and says whether both show the same person, for `models evaluate`. The files are not encrypted:
    guard them, and delete them soon. Erased people are excluded.
    """
    if folder.exists() and any(folder.iterdir()):
        err.print(f"{folder} is not empty. Name another folder.", markup=False)
        raise typer.Exit(1)
    people, others = folder / "people", folder / "not-them"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pairs: list[tuple[str, str, str]] = []
    photos: dict[str, list[str]] = defaultdict(list)
    written = events = 0
    with backbone(data) as here, err.status("Exporting") as status:
        for one in here.corrections.labelled():
            place = (people if one.same else others) / one.folder
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            (place / one.name).write_bytes(one.data)
            path = (place / one.name).relative_to(folder).as_posix()
            if one.photo:
                photos[one.folder].append(path)
            else:
                pairs += [(photo, path, "yes" if one.same else "no") for photo in photos[one.folder]]
                events += 1
            written += 1
            status.update(f"Exporting: {written} pictures")
    with (folder / "pairs.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("photo", "picture", "same"), *pairs])
    out.print(f"{written} pictures, {events} of them of corrected events; {len(pairs)} labelled pairs", markup=False)
    if pairs:
        out.print(f"Next: python -m models evaluate {people} --pairs {folder / 'pairs.csv'}", markup=False)
        out.print(f"With many people, also: python -m models calibrate {people}", markup=False)
