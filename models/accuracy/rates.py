"""Open-set errors over several galleries, with intervals: FNIR at a given FPIR, and both at a set rate.

The galleries share people, so attempts are pooled and the intervals come from resampling people.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.recognition.calibration import Calibration
from models.accuracy.intervals import over_people, wilson
from models.accuracy.openset import Setting, Trial, accepted

FPIRS = (0.1, 0.01, 0.003, 0.001)
DRAWS = 200
WITHIN = (0.5, 2.0)  # a measured rate this many times the rate that is set keeps the promise


class Pooled:
    """All attempts of several galleries in one setting, with scores comparable to a single threshold.

    The score is the similarity of one photo and one frame that is as rare (`Tail.alone`), or the plain similarity
    without a calibration. A mate identified as somebody else scores minus infinity, and so does whoever's frames are
    ambiguous. The margin is ignored here; it is a rule of the gate and counts in `at_set_rates`.
    """

    def __init__(self, trials: Sequence[Trial], setting: Setting, c: Calibration | None) -> None:
        mate, stranger = [], []
        for t in trials:
            score = _scores(t, setting, c)
            mate.append(np.where(t.mate_right, score[: len(t.mate)], -np.inf))
            stranger.append(score[len(t.mate) :])
        self.mate, self.mate_id = np.concatenate(mate), np.concatenate([t.mate_id for t in trials])
        unsorted, ids = np.concatenate(stranger), np.concatenate([t.stranger_id for t in trials])
        order = np.argsort(-unsorted, kind="stable")
        self.stranger, self.stranger_id = unsorted[order], ids[order]

    def threshold(self, fpir: float, drawn: NDArray[np.float64] | None = None) -> float:
        """Returns the score that at most a share `fpir` of strangers' attempts exceeds. `drawn` weighs each person."""
        if drawn is None:
            return float(self.stranger[min(int(fpir * len(self.stranger) + 1e-9), len(self.stranger) - 1)])
        weight = np.cumsum(drawn[self.stranger_id])
        place = int(np.searchsorted(weight, fpir * weight[-1], side="right"))
        return float(self.stranger[min(place, len(self.stranger) - 1)])

    def fnir(self, limit: float, drawn: NDArray[np.float64] | None = None) -> float:
        """Returns the share of mates' attempts at or below the limit. `drawn` weighs each person."""
        missed = self.mate <= limit
        if drawn is None:
            return float(missed.mean())
        weight = drawn[self.mate_id]
        return float(weight @ missed / weight.sum()) if weight.sum() else float("nan")


def _scores(t: Trial, setting: Setting, c: Calibration | None) -> NDArray[np.float64]:
    plain = np.concatenate([t.mate, t.stranger]).astype(np.float64)
    if c is None:
        return plain
    photos = t.photos()
    frames = np.full(len(plain), float(setting.frames)) if t.frames is None else t.frames.apart(c)
    each = zip(plain.tolist(), photos.tolist(), frames.tolist(), strict=True)
    scores = np.array([c.tail.alone(similarity, k, apart) for similarity, k, apart in each])
    return scores if t.frames is None else np.where(t.frames.show_one(c, photos), scores, -np.inf)


def operating_points(
    trials: Sequence[Trial], setting: Setting, c: Calibration | None, people: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Returns the FNIR at each of FPIRS. The thresholds come from the same strangers, so these are best cases."""
    pooled = Pooled(trials, setting, c)
    strangers = len(np.unique(pooled.stranger_id))
    facts: dict[str, Any] = {
        "enrolled": setting.enrolled,
        "photos": setting.photos,
        "frames": setting.frames,
        "flip": setting.flip,
        "galleries": len(trials),
        "full_templates": int(np.mean([t.full_templates for t in trials])),
        "mate_attempts": len(pooled.mate),
        "mate_people": len(np.unique(pooled.mate_id)),
        "stranger_attempts": len(pooled.stranger),
        "stranger_people": strangers,
    }
    draws = [rng.multinomial(people, np.full(people, 1 / people)).astype(float) for _ in range(DRAWS)]
    rows = []
    for fpir in FPIRS:
        if fpir * np.mean([len(t.stranger) for t in trials]) < 1:
            why = f"too few strangers' attempts in a gallery to measure {fpir:.1%}"
            rows.append(facts | {"fpir": fpir, "fnir": None, "fnir_people95": None, "threshold": None, "why": why})
            continue
        limit = pooled.threshold(fpir)
        again = [pooled.fnir(pooled.threshold(fpir, drawn), drawn) for drawn in draws]
        interval = [float(x) for x in np.nanquantile(again, (0.025, 0.975))]
        rows.append(facts | {"fpir": fpir, "fnir": pooled.fnir(limit), "fnir_people95": interval, "threshold": limit})
    return rows


def at_set_rates(
    played: Sequence[tuple[Trial, Calibration]],
    setting: Setting,
    people: int,
    rates: Sequence[float],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Returns the FPIR and FNIR at a calibration's own thresholds, to compare the FPIR with the rate set."""
    trials = [t for t, _ in played]
    rows = []
    for rate in rates:
        decided = [accepted(t, c, rate, setting) for t, c in played]
        mates = np.concatenate([m for m, _ in decided])
        strangers = np.concatenate([s for _, s in decided])
        whose = np.concatenate([t.stranger_id for t in trials])
        false, of_strangers = _by_person(whose, strangers, people)
        of_mates = _by_person(np.concatenate([t.mate_id for t in trials]), ~mates, people)
        fpir = float(strangers.mean())
        between = over_people(people, of_strangers, rng, DRAWS)
        kept, certain = holds(fpir, between, len(np.unique(whose)), rate)
        rows.append(
            {
                "enrolled": setting.enrolled,
                "photos": setting.photos,
                "frames": setting.frames,
                "rate": rate,
                "fpir": fpir,
                "fpir_people95": between,
                "fpir_over_rate": fpir / rate,
                "holds": kept,
                "certain": certain,
                "fnir": 1 - float(mates.mean()),
                "fnir_people95": over_people(people, of_mates[1], rng, DRAWS),
                "false_accepts": int(strangers.sum()),
                "false_accept_people": int((false > 0).sum()),
                "stranger_attempts": len(strangers),
                "stranger_people": len(np.unique(whose)),
                "mate_attempts": len(mates),
                "galleries": len(trials),
            }
        )
    return rows


def holds(fpir: float, between: Sequence[float] | None, strangers: int, rate: float) -> tuple[bool, bool]:
    """Returns whether a measured rate is WITHIN factors of the rate that is set, and whether the data can tell.

    It can if the whole interval is within these factors, or none of it.

    Args:
        between: the 95 % interval of fpir by people. Resampling finds none where nobody was let in, so there it is
            Wilson's for none of so many `strangers`, however often each tried.
    """
    low, high = wilson(0, strangers) or (0.0, 1.0) if fpir == 0 or between is None else between
    least, most = (factor * rate for factor in WITHIN)
    kept = least <= fpir <= most
    return kept, (least <= low and high <= most) if kept else (low > most or high < least)


def verdict(row: dict[str, Any]) -> str:
    """Says in words what `holds` found."""
    if row["holds"]:
        return "holds" if row["certain"] else "holds, not certain"
    return "fails" if row["certain"] else "cannot tell"


def _by_person(
    whose: NDArray[np.int64], happened: NDArray[np.bool_], people: int
) -> tuple[NDArray[np.float64], Callable[[NDArray[np.float64]], float]]:
    """How often it happened to each person, and the share of attempts in which it did, by how often each is drawn."""
    times, tries = (np.bincount(whose, w, people).astype(np.float64) for w in (happened, np.ones(len(whose))))

    def share(drawn: NDArray[np.float64]) -> float:
        return float(drawn @ times / (drawn @ tries)) if drawn @ tries else float("nan")

    return times, share
