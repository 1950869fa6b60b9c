"""A person's page says how well they are recognised, and what happened to them."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.recognition.measured import MeasuredRate, Share
from app.core.recognition.strength import strength
from app.core.types import Employee, Photo
from app.web.console.people.strength import worded
from app.web.console.people.timeline import timeline

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TABLE = [
    MeasuredRate(0.001, 500, photos, Share(0.001, 0, 0.002), Share(share, 0, 0.1), 5000, 5000)
    for photos, share in ((1, 0.062), (3, 0.011))
]
SMALL = strength(TABLE, 100, 0.001)


@pytest.mark.parametrize(
    ("photos", "words", "kind"),
    [
        (0, "No gate can recognise Ada: add three photos, in different light.", "bad"),
        (1, "One photo: about 1 in 16 tries turned away. With three it is 1 in 91; add two.", "warn"),
        (2, "Two photos: between 1 in 16 tries turned away (with one) and 1 in 91 (with three); add one.", "warn"),
        (5, "Five photos: about 1 in 91 tries turned away.", "good"),
    ],
)
def test_strength(photos: int, words: str, kind: str) -> None:
    said = worded(Employee("01A", "E-1", "Ada", photos=photos), SMALL)
    assert (said.words, said.kind) == (words, kind)


def test_basis_says_when_the_site_is_harder_than_what_was_measured() -> None:
    person = Employee("01A", "E-1", "Ada", photos=1)
    assert "500 people enrolled and one stranger in 1,000 let in" in worded(person, SMALL).basis
    assert "expect more" not in worded(person, SMALL).basis
    assert "expect more" in worded(person, strength(TABLE, 9000, 0.001)).basis


def test_unmeasured_pack_has_no_figures() -> None:
    said = [worded(Employee("01A", "E-1", "Ada", photos=n), None) for n in (1, 3)]
    assert [one.words for one in said] == ["One photo: add two, for fewer refusals.", "Three photos."]


def test_timeline_is_newest_first() -> None:
    def photo(number: int, at: datetime) -> Photo:
        return Photo(str(number), "01A", b"", b"", "image/jpeg", 0.9, at)

    day = timedelta(days=1)
    ada = Employee(
        "01A", "E-1", "Ada", created_at=NOW - 9 * day, blocked_at=NOW - 3 * day, blocked_until=NOW - day,
        block_reason="Badge lost",
    )  # fmt: skip
    photos = [photo(1, NOW - 5 * day), photo(2, NOW - 5 * day + timedelta(seconds=20)), photo(3, NOW - 2 * day)]
    said = [one.words for one in timeline(ada, photos, [], NOW)]
    assert said == ["The block ended", "One photo added", "Blocked: Badge lost", "Two photos added", "Added"]
