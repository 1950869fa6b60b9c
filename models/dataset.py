"""Which photos show whom: a folder-per-person dataset such as LFW, read in an order that never changes."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png")

# One person under two names in LFW, seen among the most similar strangers; counted as two they would forge a tail.
# Twins, brothers and look-alikes stay: those are strangers a gate meets.
ALIASES = {"Jon_Gruden": "John_Gruden", "Wang_Nan": "Nan_Wang", "Pauline_Landers": "Pauline_Phillips"}


@dataclass(frozen=True)
class LabelledPhoto:
    person: str
    path: Path


def read_dataset(root: Path) -> list[LabelledPhoto]:
    """Every photo of every person, sorted by person and file name.

    Raises:
        ValueError: no folder of `root` holds two photos of a person, so nothing can be compared.
    """
    photos = [
        LabelledPhoto(ALIASES.get(folder.name, folder.name), file)
        for folder in sorted(path for path in root.iterdir() if path.is_dir())
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in SUFFIXES
    ]
    if not any(count > 1 for count in Counter(photo.person for photo in photos).values()):
        raise ValueError(f"{root} holds no folder with two photos of one person")
    return photos
