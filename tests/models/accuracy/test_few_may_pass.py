"""A gate that few of the enrolled may pass, on people whose true errors are known."""

import re

import numpy as np
import pytest

from models.accuracy.eligible import measure
from models.accuracy.openset import pools
from models.accuracy.report import markdown_at_gate
from tests.models.accuracy.crowd import CALIBRATION, crowd

RATES = (0.05, 0.01)


def test_the_threshold_for_those_who_may_pass_turns_fewer_of_them_away() -> None:
    e = crowd(people=400, photos=6, noise=1.4)
    rows = measure(e, pools(e), CALIBRATION, 352, 20, 4, RATES, np.random.default_rng(0))
    for row in rows:
        assert row["measured"] == row["enrolled"] == 352
        assert row["eligible_opens_eligible"] > row["eligible_opens_all"] > 0.3
        low, high = row["eligible_opens_eligible_people95"]
        assert low <= row["eligible_opens_eligible"] <= high
        assert row["strangers_opens_all"] < row["strangers_opens_eligible"] < 1.5 * row["rate"]
        # Another employee has a template of their own, which they resemble more.
        assert row["others_opens_eligible"] < row["strangers_opens_eligible"]
        assert 0 < row["eligible_lost_to_rivals"] < 0.3


def test_people_whom_the_dataset_lacks_are_modelled_as_rivals() -> None:
    e = crowd(people=400, photos=6, noise=1.2)
    here, large = (
        measure(e, pools(e), CALIBRATION, size, 20, 4, RATES, np.random.default_rng(0))[0] for size in (352, 35_200)
    )
    assert (large["enrolled"], large["measured"]) == (35_200, 352)
    assert large["eligible_opens_all"] < here["eligible_opens_all"]
    assert large["eligible_opens_eligible"] < here["eligible_opens_eligible"]
    assert large["eligible_lost_to_rivals"] > here["eligible_lost_to_rivals"]
    assert large["strangers_opens_eligible"] == here["strangers_opens_eligible"]
    page = "\n".join(markdown_at_gate([large]))
    assert "34848 are modelled" in page
    assert re.search(r"\| 1 \| 5 % \|", page)


@pytest.mark.parametrize(("enrolled", "eligible"), [(300, 300), (300, 0), (100_000, 360)])
def test_more_than_there_are_cannot_be_allowed(enrolled: int, eligible: int) -> None:
    e = crowd(people=400, photos=6)
    with pytest.raises(ValueError, match="may pass: the dataset has no more"):
        measure(e, pools(e), CALIBRATION, enrolled, eligible, 1, RATES, np.random.default_rng(0))
