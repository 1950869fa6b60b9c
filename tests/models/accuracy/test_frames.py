"""Several frames of one approach: the laboratory judges them as the service does, and says whether a set rate holds."""

from dataclasses import replace

import numpy as np
import pytest

from app.core.recognition.evidence import OnePerson
from models.accuracy.openset import Setting, accepted, deal, play, pools
from models.accuracy.rates import at_set_rates, holds, verdict
from models.attempts import two_people
from tests.models.accuracy.crowd import CALIBRATION, crowd

ALIKE = replace(CALIBRATION, tail=replace(CALIBRATION.tail, body_scale=0.03, body_rate=1e-2, alike=0.55))


@pytest.mark.parametrize("photos", [1, 3])
def test_attempts_are_judged_as_by_the_service(photos: int) -> None:
    # Given people whose photos often differ more than two people's may
    e = crowd(people=160, photos=8, noise=1.5)
    p, setting, rate = pools(e), Setting(60, photos, 3), 0.01
    hand = deal(p, range(160), setting, np.random.default_rng(3))
    templates, counts = hand.templates(e), [len(mine) for mine in hand.photos]
    rule = OnePerson(ALIKE.clear, ALIKE.shows)

    mates, strangers = accepted(play(e, p, range(160), setting, np.random.default_rng(3)), ALIKE, rate, setting)

    opened = [
        two_people.judged(e, ALIKE, rule, frames, templates, counts, setting.enrolled, rate) is None
        for frames in hand.frames
    ]
    assert opened[hand.mates :] == strangers.tolist()
    assert mates.sum() <= sum(opened[: hand.mates])  # the service does not know who it is
    assert 0.2 < np.mean(mates) < 0.99 and any(e.gate[f][0] @ e.gate[f][1] < ALIKE.same_person for f in hand.frames)


def test_nobody_slips_in_behind_an_employee() -> None:
    e = crowd(people=200, photos=8, noise=0.8)
    found = two_people.measure(e, pools(e), ALIKE, Setting(80, 3, 3), 0.01, 400, np.random.default_rng(0))
    assert found.approaches == 400 and found.opened <= 3
    assert found.ambiguous > 300
    assert found.row(Setting(80, 3, 3), 0.01)["opened"] == found.opened


def test_poor_frames_cost_fewer_employees_than_two_frames_that_differ_did() -> None:
    e = crowd(people=300, photos=8, noise=1.2)
    setting = Setting(100, 3, 3)
    trial = play(e, pools(e), range(300), setting, np.random.default_rng(0))
    assert trial.frames is not None
    differ = trial.frames.least_alike[: len(trial.mate)] < ALIKE.same_person
    refused = ~trial.frames.show_one(ALIKE, trial.photos())[: len(trial.mate)]
    assert refused.mean() < differ.mean() / 3


@pytest.mark.parametrize(
    ("fpir", "between", "strangers", "kept", "certain", "words"),
    [
        (0.0012, (0.0008, 0.0017), 400, True, True, "holds"),
        (0.0012, (0.0004, 0.0030), 400, True, False, "holds, not certain"),
        (0.0040, (0.0025, 0.0060), 400, False, True, "fails"),
        (0.0040, (0.0005, 0.0090), 400, False, False, "cannot tell"),
        (0.0000, (0.0, 0.0), 20_000, False, True, "fails"),
        (0.0000, (0.0, 0.0), 400, False, False, "cannot tell"),  # of 400 people none: at most 1 %
    ],
)
def test_rate_holds_from_a_half_to_twice(
    fpir: float, between: tuple[float, float], strangers: int, kept: bool, certain: bool, words: str
) -> None:
    assert holds(fpir, between, strangers, 0.001) == (kept, certain)
    assert verdict({"holds": kept, "certain": certain}) == words


def test_each_row_of_set_rates_says_whether_it_holds() -> None:
    e = crowd(people=300)
    setting = Setting(100, 1, 2)
    trial = play(e, pools(e), range(300), setting, np.random.default_rng(0))
    rows = at_set_rates([(trial, ALIKE)], setting, 300, (0.01, 0.001), np.random.default_rng(0))
    assert all(row["holds"] == (0.5 <= row["fpir_over_rate"] <= 2) for row in rows)
    assert {verdict(row) for row in rows} <= {"holds", "holds, not certain", "fails", "cannot tell"}
