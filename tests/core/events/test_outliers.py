"""Somebody stands out only if counts can tell: never by a bare share, nor by a handful of attempts."""

import pytest

from app.core.events.outliers import Interval, compare


def test_interval_is_wilsons() -> None:
    share = Interval(10, 100)
    assert (share.value, share.low, share.high) == pytest.approx((0.1, 0.0552, 0.1744), abs=1e-4)
    assert (Interval(0, 50).low, Interval(0, 50).high) == pytest.approx((0, 0.0713), abs=1e-4)
    assert (Interval(0, 0).value, Interval(0, 0).low, Interval(0, 0).high) == (0, 0, 1)


def test_camera_in_the_dark_stands_out() -> None:
    found = compare({"dock": 60, "lobby": 20, "yard": 9}, {"dock": 140, "lobby": 980, "yard": 391})
    assert [(one.name, one.stands_out) for one in found] == [("dock", True), ("yard", False), ("lobby", False)]
    assert (found[0].own.count, found[0].own.of) == (60, 200)
    assert (found[0].rest.count, found[0].rest.of) == (29, 1400)


def test_few_attempts_or_nobody_to_compare_with_say_nothing() -> None:
    assert not compare({"dock": 5}, {"lobby": 1000})[0].stands_out, "five attempts"
    assert not compare({"dock": 90}, {"dock": 10})[0].stands_out, "the only camera"
    assert compare({"dock": 0}, {}) == []
