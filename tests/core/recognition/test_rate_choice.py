"""What a rate means at a site follows from measured shares and counts alone, and never flatters."""

import pytest

from app.core.recognition.measured import MeasuredRate, Share, nearest
from app.core.recognition.rate_choice import Traffic, between, choices


def row(rate: float, enrolled: int, photos: int, fnir: float, fpir: float = 0.001) -> MeasuredRate:
    let_in, away = Share(fpir, fpir / 2, fpir * 2), Share(fnir, fnir / 2, min(1.0, fnir * 2))
    return MeasuredRate(rate, enrolled, photos, let_in, away, 5000, 1000)


TABLE = [
    row(0.01, 500, 1, 0.03, 0.01),
    row(0.001, 500, 1, 0.06, 0.001),
    row(0.01, 500, 3, 0.005, 0.01),
    row(0.001, 500, 3, 0.01, 0.001),
    row(0.01, 1000, 1, 0.04, 0.01),
    row(0.001, 1000, 1, 0.08, 0.001),
    row(0.01, 1000, 3, 0.007, 0.01),
    row(0.001, 1000, 3, 0.016, 0.001),
]


@pytest.mark.parametrize(
    ("enrolled", "photos", "found"),
    [(10, 1, (500, 1)), (500, 2, (500, 1)), (501, 3, (1000, 3)), (9000, 7, (1000, 3)), (0, 0, (500, 1))],
)
def test_rows_are_no_better_than_the_site(enrolled: int, photos: int, found: tuple[int, int]) -> None:
    rows = nearest(TABLE, enrolled, photos)
    assert {(one.enrolled, one.photos) for one in rows} == {found}
    assert [one.rate for one in rows] == [0.01, 0.001]
    assert nearest([], enrolled, photos) == []


def test_counts_of_the_site_are_multiplied_by_measured_shares() -> None:
    # 10 days with 1,000 people recognised a day, and 20 attempts a day that were not
    traffic = Traffic(10, 10_000, 200)
    loose, strict = choices(TABLE, traffic, 400, {3: 100})
    assert (loose.rate, strict.rate) == (0.01, 0.001)
    assert strict.let_in_a_year.value == pytest.approx(20 * 365 * 0.001)
    assert (strict.let_in_a_year.low, strict.let_in_a_year.high) == pytest.approx((3.65, 14.6))
    assert strict.turned_away_a_day.value == pytest.approx(1000 * 0.01)
    assert loose.turned_away_a_day.value < strict.turned_away_a_day.value
    assert loose.let_in_a_year.value > strict.let_in_a_year.value


def test_people_with_one_photo_are_turned_away_more_often() -> None:
    mixed = choices(TABLE, Traffic(1, 1000, 10), 400, {1: 50, 3: 50})[1]
    assert mixed.turned_away_a_day.value == pytest.approx(1000 * (0.06 + 0.01) / 2)


@pytest.mark.parametrize(
    ("table", "traffic", "people"),
    [([], Traffic(1, 9, 9), {3: 1}), (TABLE, Traffic(0, 0, 0), {3: 1}), (TABLE, Traffic(1, 9, 9), {})],
)
def test_nothing_is_said_without_measurements_traffic_or_people(
    table: list[MeasuredRate], traffic: Traffic, people: dict[int, int]
) -> None:
    assert choices(table, traffic, 400, people) == []


def test_bucket_that_a_threshold_cuts_is_in_the_range() -> None:
    counts = {24: 5, 25: 7, 26: 11, 30: 100}
    assert between(counts, 50, 0.50, 0.54) == (18, 18)
    assert between(counts, 50, 0.49, 0.53) == (7, 23)
    assert between(counts, 50, 0.9, 0.95) == (0, 0)


@pytest.mark.parametrize("wrong", [(0.5, 0.6, 0.7), (0.5, 0.1, 0.4), (-0.1, -0.1, 0.5), (1.5, 1.0, 1.6)])
def test_share_outside_its_interval_is_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="not a share"):
        Share(*wrong)
