"""How often a gate opens though a second person stepped in during an approach, by the service's own functions."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.core.recognition.calibration import Calibration
from app.core.recognition.evidence import OnePerson, against, fold, settled
from app.core.types import Box, Candidate, Face, FrameResult, Quality, Reason, Sample
from models.accuracy.intervals import wilson
from models.accuracy.openset import Pools, Setting, deal
from models.data.embed import Embedded

NOWHERE = Face(Box(0, 0, 100, 100), np.zeros((5, 2), dtype=np.float32), 1.0)


@dataclass(frozen=True)
class TwoPeople:
    """What happened in so many approaches. opened: for anybody. ambiguous: denied as two people or a poor frame."""

    approaches: int
    opened: int
    ambiguous: int

    def row(self, setting: Setting, rate: float) -> dict[str, Any]:
        """Returns the figures as documented in `report`."""
        return {
            "enrolled": setting.enrolled,
            "photos": setting.photos,
            "frames": setting.frames,
            "rate": rate,
            "approaches": self.approaches,
            "opened": self.opened,
            "opened_wilson95": wilson(self.opened, self.approaches),
            "ambiguous": self.ambiguous,
        }


def measure(
    e: Embedded, p: Pools, c: Calibration, setting: Setting, rate: float, approaches: int, rng: np.random.Generator
) -> TwoPeople:
    """Plays approaches in which an employee is seen first and somebody else, anybody of the dataset, last.

    Each has at least one frame of either. Nothing of the first person's template is among the frames.

    Raises:
        ValueError: nobody has enough photos.
    """
    hand = deal(p, range(len(e.people)), Setting(setting.enrolled, setting.photos, 1), rng)
    templates = hand.templates(e)
    spare = [np.setdiff1d(p.gate[i], mine) for i, mine in zip(hand.enrolled, hand.photos, strict=True)]
    first = [place for place, photos in enumerate(spare) if len(photos)]
    second = [i for i, photos in enumerate(p.gate) if len(photos)]
    rule, opened, ambiguous, played = OnePerson(c.clear, c.shows), 0, 0, 0
    while played < approaches:
        place, other = int(rng.choice(first)), int(rng.choice(second))
        before = int(rng.integers(1, setting.frames))
        after = setting.frames - before
        if other == hand.enrolled[place] or len(spare[place]) < before or len(p.gate[other]) < after:
            continue
        played += 1
        photos = np.concatenate([rng.permutation(spare[place])[:before], rng.permutation(p.gate[other])[:after]])
        reason = judged(e, c, rule, photos, templates, [len(mine) for mine in hand.photos], setting.enrolled, rate)
        opened += reason is None
        ambiguous += reason is Reason.AMBIGUOUS
    return TwoPeople(approaches, opened, ambiguous)


def judged(
    e: Embedded,
    c: Calibration,
    rule: OnePerson,
    photos: np.ndarray,
    templates: np.ndarray,
    counts: list[int],
    enrolled: int,
    rate: float,
) -> Reason | None:
    """Returns why the gate stays shut for these photos as its frames; None if it opens. counts: photos a template."""
    seen = [FrameResult(1, Sample(NOWHERE, Quality(float(e.score[i])), e.gate[i]), None) for i in photos]
    found = fold(seen, c.same_person, c.tail.apart)
    if found.embedding is None:
        return found.reason
    similarity = templates @ found.embedding
    best, next_best = np.argsort(-similarity)[:2].tolist()
    found = against(found, [Candidate(str(place), float(similarity[place])) for place in (best, next_best)])
    threshold = c.threshold(rate, enrolled, counts[best], found.frames_apart)
    found = settled(found, lambda: templates[best], counts[best], threshold, rule)
    if found.reason is not None:
        return found.reason
    if found.best is None or found.margin is None or found.best.similarity < threshold:
        return Reason.NOT_RECOGNISED
    return Reason.AMBIGUOUS if found.margin < c.margin else None
