"""Errors at a gate where some of the enrolled may pass, with the threshold for all of them and for those who may.

Who may pass is drawn at random from each gallery. As at a gate, the best candidate of the whole gallery decides: only
somebody who may pass opens, and whoever is enrolled is a rival (`app.core.people.eligible`).

A dataset is smaller than a large site. The people it lacks are modelled, for employees' attempts: any of them comes
within the margin at the tail's false match rate, independently. For strangers they are left out: more people who may
not pass are more rivals, so the measured share that opens is an upper bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.recognition.calibration import Calibration
from models.accuracy.intervals import over_people
from models.accuracy.openset import Hand, Pools, Setting, Trial, deal, trial
from models.accuracy.rates import DRAWS
from models.data.embed import Embedded

PHOTOS = (1, 3)
SHARE = 0.88  # of the people with a usable photo: the others are the strangers


@dataclass(frozen=True, eq=False)
class Attempts:
    """Attempts at a gate. who: whose they are. opens: 0 to 1, at each of the thresholds: for all, for the eligible."""

    who: NDArray[np.int64]
    opens: tuple[NDArray[np.float64], NDArray[np.float64]]

    def row(self, name: str, people: int, rng: np.random.Generator) -> dict[str, Any]:
        """The share that opens, at both thresholds, with intervals from resampling people."""
        tries = np.bincount(self.who, minlength=people)
        found: dict[str, Any] = {f"{name}_attempts": len(self.who), f"{name}_people": int((tries > 0).sum())}
        for which, opens in zip(("all", "eligible"), self.opens, strict=True):
            opened = np.bincount(self.who, weights=opens, minlength=people)

            def share(drawn: NDArray[np.float64], opened: Any = opened) -> float:
                return float(drawn @ opened / (drawn @ tries)) if drawn @ tries else float("nan")

            found[f"{name}_opens_{which}"] = float(opens.mean()) if len(opens) else float("nan")
            found[f"{name}_opens_{which}_people95"] = over_people(people, share, rng, DRAWS)
        return found


def measure(
    e: Embedded,
    p: Pools,
    c: Calibration,
    enrolled: int,
    eligible: int,
    galleries: int,
    rates: Sequence[float],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Returns one row per number of photos and rate; one frame.

    Args:
        enrolled: how many people the site has; those whom the dataset lacks are modelled.
        eligible: how many of them may pass the gate.

    Raises:
        ValueError: nobody or everybody may pass, or more than the dataset has.
    """
    there = min(enrolled, int(SHARE * sum(1 for mine in p.enrolment if len(mine))))
    if not 0 < eligible < enrolled or eligible > there:
        raise ValueError(f"of {enrolled} enrolled, 1 to {min(enrolled - 1, there)} may pass: the dataset has no more")
    rows = []
    for photos in PHOTOS:
        setting = Setting(there, photos, 1)
        played = []
        for _ in range(galleries):
            hand = deal(p, range(len(e.people)), setting, rng)
            may = np.zeros(there, dtype=bool)
            may[rng.permutation(there)[:eligible]] = True
            similarity = hand.probes(e) @ hand.templates(e).T
            own = {person: place for place, person in enumerate(hand.enrolled.tolist())}
            column = [own[person] for person in hand.whose[: hand.mates].tolist()]
            played.append((hand, may, trial(hand, similarity), similarity[np.arange(hand.mates), column], column))
        for rate in rates:
            facts = {"enrolled": enrolled, "measured": there, "eligible": eligible, "photos": photos, "rate": rate}
            groups = [_attempts(c, rate, (enrolled, eligible), *one) for one in played]
            for place, name in enumerate(("eligible", "others", "strangers")):
                facts |= _joined([of[place] for of, _ in groups]).row(name, len(e.people), rng)
            reached = np.concatenate([like_enough for _, like_enough in groups])
            facts["eligible_lost_to_rivals"] = float(reached.mean()) - facts["eligible_opens_eligible"]
            rows.append(facts)
    return rows


def _joined(parts: Sequence[Attempts]) -> Attempts:
    every, few = (np.concatenate([part.opens[k] for part in parts]) for k in (0, 1))
    return Attempts(np.concatenate([part.who for part in parts]), (every, few))


def _attempts(
    c: Calibration,
    rate: float,
    sizes: tuple[int, int],
    hand: Hand,
    may: NDArray[np.bool_],
    t: Trial,
    own: NDArray[np.float32],
    column: Sequence[int],
) -> tuple[tuple[Attempts, Attempts, Attempts], NDArray[np.bool_]]:
    """The attempts of those who may pass, of the other employees, and of strangers.

    Also whether those who may pass are like enough to themselves, whoever else is enrolled.
    """
    allowed, photos = may[list(column)], range(1, hand.setting.photos + 1)
    alone = np.array([_alone(c, float(s), sizes[0] - hand.setting.enrolled, hand.setting.photos) for s in t.mate])
    mates, strangers = [], []
    for size in sizes:
        limit = np.array([c.threshold(rate, size, k, 1) for k in photos])
        mate = (t.mate >= limit[t.mate_photos - 1]) & (t.mate_margin >= c.margin)
        stranger = (t.stranger >= limit[t.stranger_photos - 1]) & (t.stranger_margin >= c.margin)
        # Only somebody who may pass opens: an employee who may not, if they are taken for one who may.
        mates.append((mate & may[t.best[: hand.mates]] & (t.mate_right == allowed)).astype(np.float64))
        strangers.append((stranger & may[t.best[hand.mates :]]).astype(np.float64))
    own_photos = np.array([len(hand.photos[place]) for place in column])
    reached = own >= limit[own_photos - 1]
    attempts = (
        Attempts(t.mate_id[allowed], (mates[0][allowed] * alone[allowed], mates[1][allowed] * alone[allowed])),
        Attempts(t.mate_id[~allowed], (mates[0][~allowed], mates[1][~allowed])),
        Attempts(t.stranger_id, (strangers[0], strangers[1])),
    )
    return attempts, reached[allowed]


def _alone(c: Calibration, similarity: float, missing: int, photos: int) -> float:
    """The probability that none of the missing people comes within the margin of a similarity."""
    return float((1 - c.tail.false_match_rate(similarity - c.margin, photos, 1)) ** missing) if missing else 1.0
