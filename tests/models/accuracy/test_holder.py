"""A face beside a badge is compared with one person: fewer of the holder's own are refused, at the set rate."""

from models.accuracy.holder import measure
from tests.models.accuracy.crowd import CALIBRATION, crowd


def test_one_comparison_refuses_fewer_than_a_search_at_the_same_rate() -> None:
    e = crowd(people=300, photos=6, noise=1.4)
    # The tail of this crowd begins at 0.001, so only rarer mistakes have thresholds of their own.
    rows = measure(e, CALIBRATION, 10_000, 0, rates=(0.001, 0.0003))
    assert [(row["photos"], row["rate"]) for row in rows] == [(p, r) for p in (1, 3) for r in (0.001, 0.0003)]
    for row in rows:
        assert row["fnmr"] < row["fnmr_search"]
        low, high = row["fnmr_interval"]
        assert low <= row["fnmr"] <= high
        assert row["impostors"] == row["holders"] * (6 * 300 - 6)
        assert row["genuine"] == 300 * (6 - row["photos"])
    assert rows[0]["fnmr"] <= rows[1]["fnmr"] and rows[2]["fnmr"] < rows[0]["fnmr"]


def test_people_without_another_photo_are_no_holders() -> None:
    assert measure(crowd(people=20, photos=1), CALIBRATION, 100, 0) == []
    assert {row["photos"] for row in measure(crowd(people=20, photos=3), CALIBRATION, 100, 0)} == {1}
