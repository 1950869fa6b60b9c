"""Importing people: how near it comes to the bare pipeline, and how long ten thousand take from end to end.

`python -m tests.bench imports FOLDER`: FOLDER holds a folder of photos a person. Bare means decode, detect, refine,
warp, judge and embed twice, as enrolment does, on as many threads as there are engines, and nothing else. Both take
turns in one run, so that whatever else the machine does falls on both.

Whoever has enough photos there stands for many: people are repeated, and the check for a face under two numbers runs
and may not refuse, or all but the first of each would cost less than a person does.
"""

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from app.adapters.uploads.folder import FolderPhotos
from app.core.imports.people_file import PeopleFile, Row
from app.core.imports.reports import Import
from app.settings import Settings
from app.wiring import System, open_system

MOST_BYTES = 10_000_000
Pictures = list[list[bytes]]  # of each person


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench imports", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of photos a person")
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--photos", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5, help="turns that both take; 0: import only, once, end to end")
    parser.add_argument("--data", type=Path, help="keep the installation here")
    asked = parser.parse_args(arguments)
    console = Console(highlight=False)
    with TemporaryDirectory() as folder:
        system = open_system(Settings(data=asked.data or Path(folder)))
        try:
            found = _people(asked.folder, asked.people, asked.photos)
            if asked.rounds:
                compare(system, found, asked.folder, asked.rounds, console)
            else:
                end_to_end(system, found, asked.folder, console)
        finally:
            system.close()


def compare(system: System, people: list[list[Path]], folder: Path, rounds: int, console: Console) -> None:
    bare_s = bare_cpu_s = 0.0
    wall, cpu = time.perf_counter(), time.process_time()
    source = FolderPhotos(folder, MOST_BYTES)  # once, as an import does: all its files, not those of a turn
    import_s, import_cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    photos = 0
    size = len(people) // rounds
    for turn in range(rounds):
        part = people[turn * size : (turn + 1) * size]
        pictures = [[path.read_bytes() for path in paths] for paths in part]
        photos += sum(map(len, pictures))
        works: tuple[Callable[[], object], ...] = (
            partial(bare, system, pictures),
            partial(bring, system, part, turn * size, source),
        )
        for index in (0, 1) if turn % 2 == 0 else (1, 0):
            wall, cpu = time.perf_counter(), time.process_time()
            works[index]()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            if index:
                import_s, import_cpu_s = import_s + wall, import_cpu_s + cpu
            else:
                bare_s, bare_cpu_s = bare_s + wall, bare_cpu_s + cpu
    console.print(
        f"{photos} photos of {size * rounds} people, {system.recognition.engines} engines, {rounds} turns each, "
        f"load {os.getloadavg()[0]:.1f}\n"
        f"bare pipeline {photos / bare_s:.1f} photos/s ({1000 * bare_cpu_s / photos:.1f} ms of CPU a photo)\n"
        f"import        {photos / import_s:.1f} photos/s ({1000 * import_cpu_s / photos:.1f} ms of CPU a photo)\n"
        f"import at {100 * bare_s / import_s:.0f} % of the bare rate (80 wanted); "
        f"by CPU time {100 * bare_cpu_s / import_cpu_s:.0f} %"
    )


def end_to_end(system: System, people: list[list[Path]], folder: Path, console: Console) -> None:
    began = time.perf_counter()
    done = bring(system, people, 0, FolderPhotos(folder, MOST_BYTES))
    took = time.perf_counter() - began
    console.print(
        f"{len(people)} people, {done.photos} photos: {took / 60:.1f} min, {len(people) / took:.1f} people/s, "
        f"{(done.photos or 0) / took:.1f} photos/s, load {os.getloadavg()[0]:.1f}; {dict(done.counts or {})}"
    )


def bare(system: System, people: Pictures) -> None:
    look = system.imports.bulk.look

    def person(photos: list[bytes]) -> None:
        for photo in photos:
            look(photo)

    with ThreadPoolExecutor(system.recognition.engines) as threads:
        list(threads.map(person, people))


def bring(system: System, people: list[list[Path]], first: int, source: FolderPhotos) -> Import:
    """Imports them from the disk, photos named by their rows."""
    bulk = system.imports.bulk
    unlimited = replace(bulk, enrolment=replace(bulk.enrolment, duplicate=lambda size, photos: 2.0))
    root = people[0][0].parent.parent
    rows = tuple(
        Row(
            line=n + 2,
            number=f"B-{first + n:06d}",
            columns=("number", "name"),
            values=(f"B-{first + n:06d}", f"Person {first + n}"),
            photos=tuple(path.relative_to(root).as_posix() for path in paths),
        )
        for n, paths in enumerate(people)
    )
    job = system.imports.open("bench", dry_run=False)
    return unlimited.run(job.id, PeopleFile(rows), source)


def _people(folder: Path, count: int, photos: int) -> list[list[Path]]:
    """The photos of so many: those who have enough, again and again."""
    folders = sorted(path for path in folder.iterdir() if path.is_dir())
    found = [sorted(path.glob("*.jpg")) for path in folders]
    rich = [paths for paths in found if len(paths) >= photos]
    return [(rich[n % len(rich)])[:photos] for n in range(count)]
