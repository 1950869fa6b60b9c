"""Commands that import people from a file and export them to a folder."""

import csv
import hashlib
import os
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.commands.common import HERE, Data, err, out, settings_of
from app.core.errors import BadInput, Busy
from app.core.imports import people_file
from app.core.imports.people_columns import mapping_from_json
from app.core.imports.reports import ImportState, PhotoSource, RowOutcome, RowReport

if TYPE_CHECKING:
    from app.core.imports.reports import Import
    from app.wiring import System

NICE = 10  # a service on the same machine has priority
Csv = Annotated[
    Path,
    typer.Argument(
        metavar="people.csv",
        exists=True,
        dir_okay=False,
        help="A CSV with one row for each person, or a zip with it and the photos.",
    ),
]
Photos = Annotated[Path | None, typer.Argument(metavar="[photos/]", exists=True, help="Folder or zip of photos.")]


def import_people(
    file: Csv,
    photos: Photos = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report on every row without changing anything.")] = False,
    encoding: Annotated[
        str | None,
        typer.Option(help="Encoding of the CSV and of a zip's file names, if not UTF-8: windows-1250, shift-jis, ..."),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="JSON that says what the columns mean, as over HTTP."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a report on every row to this CSV.")] = None,
    data: Data = HERE,
) -> None:
    """Import people and their photos from a CSV. Safe to repeat; continues where it was interrupted.

    Photos are found by number (E-1001.jpg, E-1001_2.jpg, E-1001/anything.jpg) or by a column `photos`.
    """
    from app.wiring import open_system
    from app.wiring.importing import people_and_photos

    os.nice(NICE)
    settings = settings_of(data)
    content, source = people_and_photos(file, photos, settings.max_image_mb, encoding)
    said = mapping.read_bytes() if mapping else b""
    parsed = people_file.read(content, encoding, mapping_from_json(said) if mapping else None)
    fingerprint = hashlib.sha256(content + source.fingerprint().encode() + said).hexdigest()
    with err.status("Loading the models"):
        system = open_system(settings, begin=False)
    try:
        reports: list[RowReport] = []
        # A dry run changes nothing, so any number may run.
        with nullcontext() if dry_run else system.imports.alone(fingerprint):
            job = None if dry_run else system.imports.unfinished(fingerprint)
            if job is not None:
                err.print("This import was interrupted. It continues where it stopped.")
            job = job or system.imports.open("command line", dry_run=dry_run, fingerprint=fingerprint)
            ended = _run(system, job, parsed, source, reports)
        counts = _finish(system, ended, report)
    finally:
        system.close()
    for notice in ended.notices:
        out.print(f"Note: {notice}", markup=False)
    _say(ended, reports, counts)
    if counts[RowOutcome.REFUSED.value] or ended.state not in (ImportState.DONE, ImportState.CHECKED):
        raise typer.Exit(1)


def export_people(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    data: Data = HERE,
) -> None:
    """Write all people with their photos to DIR, ready for `import`. The files there are not encrypted."""
    from app.wiring import open_system

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput("not_empty", f"{folder} is not empty. Name a new folder.")
    with err.status("Loading the models"):
        system = open_system(settings_of(data), begin=False)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "photos").mkdir(mode=0o700)
        files = 0
        with _progress() as progress:
            task = progress.add_task("Exporting", total=system.people_export.count(), rate="")
            for name, content in system.people_export.files(lambda: progress.advance(task)):
                with os.fdopen(_create(folder / name), "wb") as file:
                    file.write(content)
                files += 1
            people, photos = round(progress.tasks[task].completed), files - 1
    finally:
        system.close()
    out.print(
        f"Exported {people} people and {photos} photos, not encrypted. Keep {folder} safe; delete it soon.",
        markup=False,
    )


def _run(
    system: "System", job: "Import", file: people_file.PeopleFile, photos: PhotoSource, reports: list[RowReport]
) -> "Import":
    """Runs the import, shows its progress and collects the reports. Raises Busy if this process cannot finish it."""
    with _progress() as progress:
        task = progress.add_task("Checking" if job.dry_run else "Importing", total=len(file.rows), rate="")

        def on_row(row: RowReport) -> None:
            reports.append(row)
            seconds = progress.tasks[task].elapsed or 0.0
            rate = f"{len(reports) / seconds:.1f} people/s" if seconds else ""
            progress.update(task, completed=job.done + len(reports), rate=rate)

        try:
            return system.imports.bulk.run(job.id, file, photos, on_row=on_row)
        except Busy as busy:
            if job.dry_run:
                # Nobody will ever continue it.
                system.imports.cancel(job.id)
                system.imports.forget(job.id)
                raise
            words = f"The import stopped early: {busy.detail} Run the same command again to continue."
            raise Busy(busy.code, words, busy.retry_after_s) from None


def _finish(system: "System", ended: "Import", report: Path | None) -> dict[str, int]:
    _, counts = system.import_reports.get(ended.id)
    if report is not None:
        with os.fdopen(_create(report), "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(system.import_reports.table(ended.id))
    if ended.dry_run:
        # It cannot be applied later, because the files stay with the caller.
        system.imports.forget(ended.id)
    return counts


def _say(ended: "Import", reports: list[RowReport], counts: dict[str, int]) -> None:
    for row in reports:
        for problem in row.problems:
            what = f"{problem.photo}: " if problem.photo else ""
            mark = "REFUSED" if row.outcome is RowOutcome.REFUSED else "note"
            out.print(f"line {row.line} ({row.number}) {mark}: {what}{problem.detail}", markup=False)
    would = "would be " if ended.dry_run else ""
    figures = ", ".join(f"{counts[outcome.value]} {would}{outcome.value}" for outcome in RowOutcome)
    out.print(f"{ended.rows} rows: {figures}.")
    if counts[RowOutcome.UNCHANGED.value] == ended.rows:
        out.print("Nothing is new: all of it is there already.")
    codes = Counter(problem.code for row in reports for problem in row.problems)
    if codes:
        out.print("; ".join(f"{count} x {code}" for code, count in codes.most_common()), markup=False)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=err,
    )


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
