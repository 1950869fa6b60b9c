"""How often employees are refused, or not recognised, and strangers let in, under each condition of a lobby."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.adapters.vision.packs import pack as packs
from app.adapters.vision.photos.image import ImageDecoder
from app.core.recognition.quality import ENROLMENT, GATE
from app.core.types import Box, Detection, Face, Pixels, Sample
from models.accuracy.intervals import wilson
from models.accuracy.openset import Hand, Setting, deal, pools
from models.accuracy.widths import opened
from models.conditions.damages import CONDITIONS, JPEG_QUALITIES, JPEG_QUALITY, Damage, compressed, none
from models.data.dataset import LabelledPhoto
from models.data.embed import Embedded

# The rate for employees is the usual one. So few strangers' attempts can only tell something about a laxer one.
RATE, STRANGERS_RATE = 0.001, 0.01
SMALLEST_PX = 24.0
SETTING = Setting(enrolled=500, photos=3, frames=1)


@dataclass(frozen=True)
class Condition:
    name: str
    damage: Damage
    quality: int = JPEG_QUALITY


def conditions(wanted: Sequence[str]) -> list[Condition]:
    """Those whose name contains one of the words; all without words."""
    every = [Condition(name, damage) for name, damage in CONDITIONS.items()]
    every += [Condition(name, none, quality) for name, quality in JPEG_QUALITIES.items()]
    return [one for one in every if not wanted or any(word in one.name for word in wanted)]


@dataclass(frozen=True, eq=False)
class Gallery:
    """templates: (n, d). limit: the similarity from which the i-th is recognised at a rate."""

    templates: NDArray[np.float32]
    limit: Callable[[int, float], float]
    margin: float

    def opens_for(self, seen: Detection | None, rate: float) -> int | None:
        """The place of whoever the gate opens for, or None."""
        if not isinstance(seen, Sample):
            return None
        similarity = self.templates @ seen.embedding
        second, best = np.argsort(similarity)[-2:].tolist()
        enough = similarity[best] >= self.limit(best, rate)
        return best if enough and similarity[best] - similarity[second] >= self.margin else None


@dataclass
class Counts:
    """What came of the attempts. problems: why faces were refused."""

    employees: int = 0
    missed: int = 0
    refused: int = 0
    not_found: int = 0
    strangers: int = 0
    let_in: int = 0
    unfit: int | None = None
    problems: Counter[str] = field(default_factory=Counter)

    def row(self, **names: Any) -> dict[str, Any]:
        return {
            **names,
            "employees": self.employees,
            "no_face": self.not_found,
            "refused": self.refused,
            "problems": dict(self.problems.most_common()),
            "fnir": self.missed / self.employees if self.employees else None,
            "fnir_interval": wilson(self.missed, self.employees),
            "strangers": self.strangers,
            "fpir": self.let_in / self.strangers if self.strangers else None,
            "fpir_interval": wilson(self.let_in, self.strangers),
            "refused_for_enrolment": self.unfit,
        }


@dataclass(frozen=True, eq=False)
class Attempt:
    """A photo, its face, and the place of the person in the gallery; None for a stranger. luma: of the face."""

    photo: Pixels
    face: Face
    person: int | None
    luma: float


class Lobby:
    """A gallery, and the photos with which employees and strangers come to its gate."""

    def __init__(self, e: Embedded, photos: Sequence[LabelledPhoto], cache: Path, attempts: int, seed: int) -> None:
        """attempts: of employees, and as many of strangers."""
        self._rng = np.random.default_rng(seed)
        hand = deal(pools(e), range(len(e.people)), SETTING, self._rng)
        calibration = packs.read_calibration(packs.NAME, packs.folder(cache)).calibration
        counts = [len(mine) for mine in hand.photos]
        self.gallery = Gallery(
            hand.templates(e),
            lambda place, rate: calibration.threshold(rate, SETTING.enrolled, counts[place], 1),
            calibration.margin,
        )
        self._recognition, self._decode = opened(cache), ImageDecoder()
        self.attempts = [found for i in self._drawn(hand, attempts) if (found := self._attempt(hand, i, photos))]

    def _drawn(self, hand: Hand, attempts: int) -> list[int]:
        mates, all_of_them = hand.mates, len(hand.whose)
        chosen = self._rng.permutation(mates)[:attempts], mates + self._rng.permutation(all_of_them - mates)[:attempts]
        return [int(i) for i in np.concatenate(chosen)]

    def _attempt(self, hand: Hand, i: int, photos: Sequence[LabelledPhoto]) -> Attempt | None:
        photo = self._decode(photos[int(hand.frames[i, 0])].path.read_bytes())
        seen = self._at(photo, np.array(photo.shape[1::-1]) / 2)
        if seen is None:
            return None
        inspected = self._recognition.inspect(compressed(photo), limits=GATE)
        luma = inspected.measures.luma if inspected.measures else float("nan")
        person = int(np.flatnonzero(hand.enrolled == hand.whose[i])[0]) if i < hand.mates else None
        return Attempt(photo, seen.face, person, luma)

    def _at(self, pixels: Pixels, middle: NDArray[np.floating], smallest_px: float = SMALLEST_PX) -> Detection | None:
        """The face nearest to a place, as far as a face is wide, judged as at the gate: others are bystanders."""
        whole = Box(0, 0, pixels.shape[1], pixels.shape[0])
        limits = replace(GATE, min_face_px=smallest_px)
        seen = self._recognition.see(pixels, region=whole, most=3, limits=limits)
        away = [float(np.hypot(*(np.array(one.face.box.centre) - middle))) / one.face.box.width_px for one in seen]
        return seen[int(np.argmin(away))] if away and min(away) < 1 else None

    def under(self, condition: Condition, attempts: Sequence[Attempt], *, enrolment: bool = False) -> Counts:
        """What came of these attempts under a condition. enrolment: also asks whether it would do as a photo."""
        counts = Counts()
        for one in attempts:
            picture = compressed(condition.damage(one.photo, one.face, self._rng), condition.quality)
            pixels = self._decode(picture)
            # Damages keep the middle of the face, or scale the whole picture.
            seen = self._at(pixels, np.array(one.face.box.centre) * (pixels.shape[1] / one.photo.shape[1]))
            if one.person is None:
                counts.strangers += 1
                counts.let_in += self.gallery.opens_for(seen, STRANGERS_RATE) is not None
                continue
            counts.employees += 1
            counts.missed += self.gallery.opens_for(seen, RATE) != one.person
            counts.not_found += seen is None
            if seen is not None and not isinstance(seen, Sample):
                counts.refused += 1
                counts.problems.update(problem.value for problem in seen.quality.problems)
            if enrolment:
                found = self._recognition.inspect(picture, limits=replace(ENROLMENT, rival_share=float("inf")))
                counts.unfit = (counts.unfit or 0) + (found.quality is None or not found.quality.good)
        return counts
