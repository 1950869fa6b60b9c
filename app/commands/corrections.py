"""What people corrected in the log, as labelled pictures."""

import csv
from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

from app.commands.common import HERE, Data, err, office, out

cli = typer.Typer(no_args_is_help=True, help="What people corrected in the log.")


@cli.command("export")
def export(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="A folder that is empty or not there yet.")],
    data: Data = HERE,
) -> None:
    """Write the corrected events' pictures and those people's photos, for the laboratory.

    people/ has a folder a person, for `models calibrate`; pairs.csv each corrected picture beside each of the person's
    photos and whether both show them, for `models evaluate`. They are not sealed any more: guard and delete them.
    Nobody who was erased is among them.
    """
    if folder.exists() and any(folder.iterdir()):
        err.print(f"{folder} is not empty; name another folder.", markup=False)
        raise typer.Exit(1)
    people, others = folder / "people", folder / "not-them"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pairs: list[tuple[str, str, str]] = []
    photos: dict[str, list[str]] = defaultdict(list)
    written = events = 0
    with office(data) as here, err.status("Exporting") as status:
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
    out.print(f"{written} pictures, {events} of them corrected events; {len(pairs)} labelled pairs", markup=False)
    if pairs:
        out.print(f"next: python -m models evaluate {people} --pairs {folder / 'pairs.csv'}", markup=False)
        out.print(f"and, with many people: python -m models calibrate {people}", markup=False)
