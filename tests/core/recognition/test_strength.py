"""The figures that a person's page names are those of the pack's table."""

import pytest

from app.adapters.vision.manifest import read_manifest
from app.core.recognition.measured import MeasuredRate, Share
from app.core.recognition.strength import strength

SFACE = read_manifest("sface").measured


@pytest.mark.parametrize("row", [row for row in SFACE if row.photos == 1])
def test_figures_are_those_that_were_measured(row: MeasuredRate) -> None:
    (three,) = (r for r in SFACE if (r.rate, r.enrolled, r.photos) == (row.rate, row.enrolled, 3))
    found = strength(SFACE, row.enrolled, row.rate)
    assert found is not None and (found.one, found.three) == (row.turned_away.value, three.turned_away.value)
    assert (found.enrolled, found.rate, found.at_least) == (row.enrolled, row.rate, False)


def test_next_larger_gallery_and_nearest_rate() -> None:
    small = strength(SFACE, 12, 0.001)
    assert small is not None and (small.enrolled, small.rate, small.at_least) == (100, 0.001, False)
    large = strength(SFACE, 10_000, 0.004)
    assert large is not None and (large.enrolled, large.rate, large.at_least) == (2500, 0.003, True)
    strict = strength(SFACE, 501, 0.00001)
    assert strict is not None and (strict.enrolled, strict.rate, strict.at_least) == (1000, 0.0001, True)


def test_where_nobody_was_turned_away_the_upper_end_counts() -> None:
    rows = [MeasuredRate(0.001, 100, photos, Share(0, 0, 0.1), Share(0, 0, 0.004), 900, 800) for photos in (1, 3)]
    found = strength(rows, 100, 0.001)
    assert found is not None and found.three == 0.004


@pytest.mark.parametrize("photos", [(), (1,), (3,), (1, 2)])
def test_nothing_is_said_where_nobody_measured(photos: tuple[int, ...]) -> None:
    assert strength([row for row in SFACE if row.photos in photos], 100, 0.001) is None
