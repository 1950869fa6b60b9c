"""Reads pairs of pictures and whether they show one person, as `python -m app corrections export` writes them.

These pairs are evaluated on their own. Their pictures need not be in the dataset and count in none of its other
figures. A picture known only not to show a person has no folder in a dataset, since it could show anybody.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.core.recognition.calibration import Calibration
from models.accuracy.verification import Pairs, verify
from models.data.dataset import LabelledPhoto
from models.data.embed import Embedded

COLUMNS = ("photo", "picture", "same")
WORDS = {"yes": True, "no": False}
LISTED = 50


@dataclass(frozen=True, eq=False)
class LabelledPairs:
    """The photos, each file once, and the pairs as indices of them."""

    photos: list[LabelledPhoto]
    pairs: Pairs


def read(path: Path) -> LabelledPairs:
    """Reads a CSV with the columns photo, picture and same (yes or no); paths are relative to its folder.

    Raises:
        ValueError: a column is missing, a line is not a pair, or a file is missing or outside that folder.
    """
    where: dict[Path, int] = {}
    photos: list[LabelledPhoto] = []
    rows: dict[tuple[int, int], bool] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
            raise ValueError(f"{path.name} has no column {missing[0]}; expected: {', '.join(COLUMNS)}")
        for row in reader:
            at = f"{path.name}, line {reader.line_num}"
            same = WORDS.get((row["same"] or "").strip().lower())
            if same is None:
                raise ValueError(f"{at}: same must be yes or no")
            numbers = []
            for name in ("photo", "picture"):
                found = (path.parent / (row[name] or "")).resolve()
                if not found.is_relative_to(path.parent.resolve()) or not found.is_file():
                    raise ValueError(f"{at}: there is no {name} {row[name]!r} below the folder of the list")
                if found not in where:
                    where[found] = len(photos)
                    # Nobody knows whom a picture of somebody else shows, so it counts as a separate person.
                    person = found.parent.name if name == "photo" or same else str(found)
                    photos.append(LabelledPhoto(person, found))
                numbers.append(where[found])
            if rows.setdefault((numbers[0], numbers[1]), same) is not same:
                raise ValueError(f"{at}: an earlier line says the opposite about these two pictures")
    if not rows:
        raise ValueError(f"{path.name} has no pairs")
    return LabelledPairs(
        photos,
        Pairs(np.array(list(rows)), np.array(list(rows.values())), np.full(len(rows), -1), ()),
    )


def measured(
    listed: LabelledPairs, e: Embedded, c: Calibration | None, name: str, rng: np.random.Generator
) -> dict[str, Any]:
    """Returns `verification` of the report; `listed` holds the pairs with their similarity, most doubtful first."""
    pairs, people = listed.pairs, len(e.people)
    found = verify(pairs, e.gate, e.person, people, rng) | {
        "with_mirror_image": verify(pairs, e.gate_flip, e.person, people, rng),
        "file": name,
        "not_in_dataset": [],
    }
    a, b = pairs.photos.T
    similarity = np.einsum("ij,ij->i", e.gate[a], e.gate[b])
    # Pairs of one person are doubtful if they differ, pairs of two if they are similar; without a face, most of all.
    doubt = np.where(np.isnan(similarity), np.inf, np.where(pairs.same, -similarity, similarity))
    rows = []
    for i in np.argsort(-doubt, kind="stable")[:LISTED].tolist():
        s = None if np.isnan(similarity[i]) else float(similarity[i])
        rows.append(
            {
                "photo": listed.photos[a[i]].name,
                "picture": listed.photos[b[i]].name,
                "same": bool(pairs.same[i]),
                "similarity": s,
                "probability": None if c is None or s is None else c.probability(s),
            }
        )
    return found | {"listed": rows}
