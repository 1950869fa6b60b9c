"""Reads a dataset with one folder per person, such as LFW, in an order that never changes."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png")
PAIRS = "pairs.txt"  # a protocol may be in the folder of the dataset

# People with two names in LFW, found among the most similar strangers. Counted as two people, they would distort the
# tail. Twins, brothers and look-alikes stay separate, because a gate meets them too.
ALIASES = {"Jon_Gruden": "John_Gruden", "Wang_Nan": "Nan_Wang", "Pauline_Landers": "Pauline_Phillips"}


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo and the name of the person it shows."""

    person: str
    path: Path

    @property
    def name(self) -> str:
        """Folder and file name, as shown in reports."""
        return f"{self.path.parent.name}/{self.path.name}"


@dataclass(frozen=True)
class Scan:
    """The contents of a dataset: photos sorted by folder and file name, and what was skipped, with the reason."""

    photos: list[LabelledPhoto]
    passed_over: list[tuple[str, str]]


def scan(root: Path) -> Scan:
    """Finds every photo of every person.

    Raises:
        ValueError: no folder holds a photo.
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
            passed_over.append((entry.name, "is not in a person's folder"))
    if not photos:
        raise ValueError(f"{root} holds no photos: expected a folder per person with .jpg or .png files")
    return Scan(photos, passed_over)


def read_dataset(root: Path) -> list[LabelledPhoto]:
    """Returns every photo of every person, sorted by person and file name.

    Raises:
        ValueError: nobody has two photos, so nothing can be compared.
    """
    photos = scan(root).photos
    if not any(count > 1 for count in Counter(photo.person for photo in photos).values()):
        raise ValueError(f"{root} holds no folder with two photos of one person")
    return photos


def fingerprint(photos: Sequence[LabelledPhoto]) -> str:
    """Identifies the photos by their folders, file names and sizes, to name a cache."""
    names = "\n".join(f"{photo.path.parent.name}/{photo.path.name} {photo.path.stat().st_size}" for photo in photos)
    return hashlib.sha256(names.encode()).hexdigest()[:16]
