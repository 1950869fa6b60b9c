"""Measures whether errors affect some groups of people more than others, at the same threshold for all.

Differentials as in ISO/IEC 19795-10: the worst group's rate divided by the best group's.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.accuracy.comparison import Comparisons
from models.accuracy.intervals import wilson
from models.accuracy.rates import FPIRS, Pooled
from models.data.dataset import ALIASES

FMRS = (1e-3, 1e-4)
FEW = 10  # people; smaller groups do not count in the differentials


@dataclass(frozen=True, eq=False)
class Listed:
    """The groups of a dataset's people.

    Attributes:
        group: (people,), the group of each person, or "".
        without: the people without a group.
        unknown: the people in the file who are not in the dataset.
    """

    group: NDArray[np.str_]
    without: tuple[str, ...]
    unknown: tuple[str, ...]

    def left_over(self, named: int) -> dict[str, Any]:
        """Returns how many people were not matched, and the names of the first; keys as documented in `report`."""
        return {
            "people_in_no_group": len(self.without),
            "people_in_no_group_named": list(self.without[:named]),
            "not_in_dataset": len(self.unknown),
            "not_in_dataset_named": list(self.unknown[:named]),
        }


def read_groups(path: Path, people: Sequence[str]) -> Listed:
    """Reads the groups from a file and matches them with the people of the dataset.

    Raises:
        ValueError: the file is not a CSV with the columns person and group, puts a person in two groups, or names
            nobody in the dataset.
    """
    index = {name: i for i, name in enumerate(people)}
    found: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            if not {"person", "group"} <= set(table.fieldnames or ()):
                raise ValueError(f"{path.name} needs a first line with the columns person,group")
            for row in table:
                person, group = (row["person"] or "").strip(), (row["group"] or "").strip()
                person = ALIASES.get(person, person)
                if found.setdefault(person, group) != group:
                    raise ValueError(f"{path.name}, line {table.line_num}: {person} is in two groups")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path.name} cannot be read as CSV: {error}") from error
    if not index.keys() & found.keys():
        raise ValueError(f"{path.name} names nobody in the dataset; a person's name is that of their folder")
    group = np.array([found.get(name, "") for name in people])
    without = tuple(name for name, of in zip(people, group, strict=True) if not of)
    return Listed(group, without, tuple(sorted(found.keys() - index.keys() - {""})))


def by_group(
    group: NDArray[np.str_], c: Comparisons, person: NDArray[np.int64], pooled: Pooled | None
) -> dict[str, Any]:
    """Returns each group's internal FMR, FNMR, FNIR and FPIR at thresholds set on everybody."""
    names = sorted(set(group.tolist()) - {""})
    found: dict[str, Any] = {"groups": {name: {"people": int((group == name).sum())} for name in names}}
    whose = group[person[c.genuine_pairs[:, 0]]]
    near = group[person[c.near_pairs]]
    for fmr in FMRS:
        if c.impostors * fmr < 1:
            continue
        limit = c.threshold(fmr)
        for name in names:
            mine = c.genuine[whose == name]
            photos = np.bincount(person[c.used][group[person[c.used]] == name])
            total = int((photos.sum() ** 2 - (photos**2).sum()) // 2)
            false = int(((near == name).all(axis=1) & (c.near >= limit)).sum())
            found["groups"][name][f"fmr_within_at_{fmr:g}"] = _share(false, total)
            found["groups"][name][f"fnmr_at_fmr_{fmr:g}"] = _share(int((mine < limit).sum()), len(mine))
    for fpir in FPIRS if pooled is not None else ():
        assert pooled is not None
        limit = pooled.threshold(fpir)
        for name in names:
            mates = pooled.mate[group[pooled.mate_id] == name]
            strangers = pooled.stranger[group[pooled.stranger_id] == name]
            found["groups"][name][f"fnir_at_fpir_{fpir:g}"] = _share(int((mates <= limit).sum()), len(mates))
            found["groups"][name][f"fpir_at_fpir_{fpir:g}"] = _share(int((strangers > limit).sum()), len(strangers))
    measures = {key for of in found["groups"].values() for key in of if key != "people"}
    large = [of for of in found["groups"].values() if of["people"] >= FEW]
    found["differentials"] = {key: _ratio([of[key]["rate"] for of in large if key in of]) for key in sorted(measures)}
    return found


def _share(count: int, of: int) -> dict[str, Any]:
    return {"rate": count / of if of else None, "count": count, "of": of, "wilson95": wilson(count, of)}


def _ratio(rates: Sequence[float | None]) -> float | None:
    """Returns worst over best; None if there are fewer than two groups or the best has no errors."""
    known = [rate for rate in rates if rate is not None]
    return max(known) / min(known) if len(known) > 1 and min(known) > 0 else None
