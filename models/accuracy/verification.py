"""Measures how often "do two photos show one person?" is answered correctly, on pairs in the format of LFW's pairs.txt.

The protocol is that of G. B. Huang et al., "Labeled Faces in the Wild", technical report 07-49, 2007. The first line is
"folds<TAB>pairs"; then each fold has that many pairs of one person (name, number, number) and as many of two (name,
number, name, number). A list without the first line has no folds. A pair with a photo without a face counts as
"different".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.accuracy.intervals import over_people, wilson
from models.data.dataset import LabelledPhoto

FAR = (0.1, 0.01, 0.001)
FOLDS = 10
UNSEEN = -1.0


@dataclass(frozen=True, eq=False)
class Pairs:
    """A list of n pairs.

    Attributes:
        photos: (n, 2), photo numbers.
        same: (n,), whether the pair shows one person.
        fold: (n,), -1 without a protocol.
        missing: the rows that name a photo outside the dataset.
    """

    photos: NDArray[np.int64]
    same: NDArray[np.bool_]
    fold: NDArray[np.int64]
    missing: tuple[str, ...]


def read_pairs(path: Path, photos: Sequence[LabelledPhoto]) -> Pairs:
    """Reads pairs by folder name and photo number: that in the file name (Ada_0003.jpg), else the position.

    Raises:
        ValueError: a line is not a pair, or no pair has both photos in the dataset.
    """
    where = _numbers(photos)
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} cannot be read as a list of pairs: {error}") from error
    folds, size = 0, 0
    found: list[tuple[int, int, bool, int]] = []
    missing: list[str] = []
    counted = 0
    for number, line in enumerate(lines, start=1):
        words = line.split("\t") if line.count("\t") > 1 else line.split()
        if not words:
            continue
        if not counted and len(words) <= 2 and all(word.isdecimal() for word in words):
            folds, size = (int(words[0]), int(words[1])) if len(words) == 2 else (1, int(words[0]))
            continue
        if len(words) == 3 and words[1].isdecimal() and words[2].isdecimal():
            first, second = (words[0], int(words[1])), (words[0], int(words[2]))
        elif len(words) == 4 and words[1].isdecimal() and words[3].isdecimal():
            first, second = (words[0], int(words[1])), (words[2], int(words[3]))
        else:
            raise ValueError(
                f"{path.name}, line {number}: {line[:80]!r} is not a pair; expected: name number number, or "
                "name number name number"
            )
        fold = counted // (2 * size) if folds > 1 and size else -1
        counted += 1
        if first in where and second in where:
            found.append((where[first], where[second], len(words) == 3, fold))
        else:
            missing.append(line)
    if not found:
        raise ValueError(f"{path.name} has no pair with both photos in the dataset")
    return Pairs(
        photos=np.array([(a, b) for a, b, _, _ in found]),
        same=np.array([same for _, _, same, _ in found]),
        fold=np.array([fold for _, _, _, fold in found]),
        missing=tuple(missing),
    )


def verify(
    pairs: Pairs, vectors: NDArray[np.float32], person: NDArray[np.int64], people: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Returns accuracy, EER and TAR at each FAR. Each fold uses the best threshold of the other folds."""
    a, b = pairs.photos.T
    similarity = np.einsum("ij,ij->i", vectors[a], vectors[b])
    unseen = ~np.isfinite(similarity)
    similarity = np.where(unseen, UNSEEN, similarity)
    given = bool((pairs.fold >= 0).any())
    fold = pairs.fold if given else rng.permutation(np.arange(len(similarity)) % min(FOLDS, len(similarity)))
    right = np.zeros(len(similarity), dtype=bool)
    shares = []
    for number in np.unique(fold):
        test = fold == number
        train = ~test if (~test).any() else test
        limit = _best(similarity[train], pairs.same[train])
        right[test] = (similarity[test] >= limit) == pairs.same[test]
        shares.append(float(right[test].mean()))
    best = _best(similarity, pairs.same)
    counted = int(((similarity >= best) == pairs.same).sum())
    strangers, mates = np.sort(similarity[~pairs.same]), similarity[pairs.same]
    whose = person[a]
    hits, tries = (np.bincount(whose, weights=w, minlength=people) for w in (right, np.ones(len(right))))
    return {
        "protocol": f"{len(shares)} folds, given by the file"
        if given
        else f"no folds given; {len(shares)} random ones",
        "pairs": len(similarity),
        "same": int(pairs.same.sum()),
        "different": int((~pairs.same).sum()),
        "pairs_not_in_dataset": len(pairs.missing),
        "pairs_with_no_face_found": int(unseen.sum()),
        "accuracy": float(right.mean()),
        "accuracy_mean_of_folds": float(np.mean(shares)),
        "accuracy_standard_error": float(np.std(shares, ddof=1) / len(shares) ** 0.5) if len(shares) > 1 else None,
        "accuracy_wilson95": wilson(int(right.sum()), len(right)),
        "accuracy_people95": over_people(
            people, lambda n: float(n @ hits / (n @ tries)) if n @ tries else float("nan"), rng
        ),
        "accuracy_at_best_threshold": counted / len(similarity),
        "best_threshold": best,
        "eer": _eer(strangers, mates) if len(strangers) and len(mates) else None,
        "tar_at_far": {f"{rate:g}": _tar(strangers, mates, rate) for rate in FAR},
    }


def _numbers(photos: Sequence[LabelledPhoto]) -> dict[tuple[str, int], int]:
    where: dict[tuple[str, int], int] = {}
    place: dict[str, int] = {}
    for i, photo in enumerate(photos):
        folder = photo.path.parent.name
        place[folder] = place.get(folder, 0) + 1
        prefix, _, number = photo.path.stem.rpartition("_")
        lfw = prefix == folder and number.isdecimal()
        where[folder, int(number) if lfw else place[folder]] = i
    return where


def _best(similarity: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """Returns the threshold with the most correct pairs, halfway between two neighbouring similarities."""
    order = np.argsort(similarity)
    s, is_same = similarity[order], same[order]
    # With the cut before the i-th, the strangers below it and the mates from it on are correct.
    right = np.concatenate([[0], np.cumsum(~is_same)]) + np.concatenate([np.cumsum(is_same[::-1])[::-1], [0]])
    apart = np.concatenate([[True], s[1:] > s[:-1], [True]])  # equal similarities cannot be separated
    i = int(np.argmax(np.where(apart, right, -1)))
    below, above = s[i - 1] if i else -1.0, s[i] if i < len(s) else 1.0
    return float((below + above) / 2)


def _eer(strangers: NDArray[np.float64], mates: NDArray[np.float64]) -> float:
    limits = np.unique(np.concatenate([strangers, mates]))
    far = 1 - np.searchsorted(strangers, limits) / len(strangers)
    frr = np.searchsorted(np.sort(mates), limits) / len(mates)
    i = int(np.argmin(np.abs(far - frr)))
    return float((far[i] + frr[i]) / 2)


def _tar(strangers: NDArray[np.float64], mates: NDArray[np.float64], rate: float) -> dict[str, Any] | None:
    """Returns the true accept rate; None with too few pairs of strangers to measure the rate, or without mates."""
    allowed = int(rate * len(strangers) + 1e-9)
    if allowed < 1 or not len(mates):
        return None
    limit = float(np.nextafter(strangers[len(strangers) - allowed - 1], 2)) if allowed < len(strangers) else -1.0
    hit = int((mates >= limit).sum())
    far = float((strangers >= limit).mean())
    return {"tar": hit / len(mates), "tar_wilson95": wilson(hit, len(mates)), "threshold": limit, "far": far}
