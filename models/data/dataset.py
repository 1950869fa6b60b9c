"""Which photos show whom: a folder-per-person dataset such as LFW, read in an order that never changes."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png")
PAIRS = "pairs.txt"  # a protocol may lie in the dataset's own folder

# One person under two names in LFW, seen among the most similar strangers; counted as two they would forge a tail.
# Twins, brothers and look-alikes stay: those are strangers a gate meets.
ALIASES = {"Jon_Gruden": "John_Gruden", "Wang_Nan": "Nan_Wang", "Pauline_Landers": "Pauline_Phillips"}


@dataclass(frozen=True)
class LabelledPhoto:
    person: str
    path: Path

    @property
    def name(self) -> str:
        """Folder and file: what a report calls it."""
        return f"{self.path.parent.name}/{self.path.name}"


@dataclass(frozen=True)
class Scan:
    """photos: sorted by folder and file name. passed_over: what lies there and is no labelled photo, each with why."""

    photos: list[LabelledPhoto]
    passed_over: list[tuple[str, str]]


def scan(root: Path) -> Scan:
    """Every photo of every person, and what was passed over.

    Raises:
        ValueError: there is no folder with a photo in it.
    """
    photos: list[LabelledPhoto] = []
    passed_over: list[tuple[str, str]] = []
    for entry in sorted(root.iterdir()):
        if entry.is_dir():
            inside = sorted(file for file in entry.iterdir() if file.is_file() and file.suffix.lower() in SUFFIXES)
            photos += [LabelledPhoto(ALIASES.get(entry.name, entry.name), file) for file in inside]
            if not inside:
                passed_over.append((f"{entry.name}/", "holds no .jpg or .png"))
        elif entry.suffix.lower() in SUFFIXES:
            passed_over.append((entry.name, "lies beside the folders, so nobody knows whom it shows"))
    if not photos:
        raise ValueError(f"{root} holds no photos: expected a folder for each person with their .jpg or .png in it")
    return Scan(photos, passed_over)


def read_dataset(root: Path) -> list[LabelledPhoto]:
    """Every photo of every person, sorted by person and file name.

    Raises:
        ValueError: no folder of `root` holds two photos of a person, so nothing can be compared.
    """
    photos = scan(root).photos
    if not any(count > 1 for count in Counter(photo.person for photo in photos).values()):
        raise ValueError(f"{root} holds no folder with two photos of one person")
    return photos


def fingerprint(photos: Sequence[LabelledPhoto]) -> str:
    """What a cache made of these photos is named by: their folders, file names and sizes."""
    names = "\n".join(f"{photo.path.parent.name}/{photo.path.name} {photo.path.stat().st_size}" for photo in photos)
    return hashlib.sha256(names.encode()).hexdigest()[:16]
