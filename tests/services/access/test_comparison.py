"""An admin compares pictures as a gate would, and nothing of it is recorded."""

from collections.abc import Callable

import pytest

from app.core.errors import BadInput
from app.core.types import Reason
from tests.fakes import empty, like, person, photo
from tests.services.process import SAME_PERSON, Process

pytestmark = pytest.mark.one_database

Start = Callable[..., Process]
ADA = photo(person(0))


def test_verify_distinguishes_one_person_from_two(site: Process) -> None:
    for similarity, same in ((1.0, True), (0.31, True), (0.29, False), (-0.5, False)):
        found = site.comparison.verify(ADA, photo(like(0, similarity)))
        assert (found.same, found.threshold) == (same, SAME_PERSON)
        assert (found.similarity, found.probability) == pytest.approx((similarity, (similarity + 1) / 2), abs=1e-6)
    assert site.recorded() == 0


def test_unusable_picture_is_named(site: Process) -> None:
    blurred = empty(Reason.POOR_QUALITY)
    for pictures, named in (((blurred, ADA), "`a`"), ((ADA, blurred), "`b`")):
        with pytest.raises(BadInput, match=named) as refusal:
            site.comparison.verify(*pictures)
        assert refusal.value.code == "poor_quality"
    with pytest.raises(BadInput, match="`image`"):
        site.comparison.identify(blurred)
    with pytest.raises(BadInput):
        site.comparison.identify(b"no picture")


def test_nearest_employees_come_best_first(site: Process) -> None:
    people = [site.enrol(f"E-{n}", photo(person(n)), photo(person(n), note="another")) for n in range(6)]
    matches = site.comparison.identify(photo(like(2, 0.8, 4)))
    assert [match.employee.number for match in matches][:2] == ["E-2", "E-4"]
    assert [round(match.similarity, 2) for match in matches][:2] == [0.8, 0.6]
    assert len(matches) == 5 < len(people)
    assert {match.threshold for match in matches} == {0.5}
    assert set(site.threshold.asked) == {(6, 2, 1)}
    assert site.recorded() == 0


def test_identify_in_an_empty_gallery_finds_nobody(site: Process) -> None:
    assert site.comparison.identify(ADA) == []


def test_identify_sees_changes_of_other_processes(site: Process, start: Start) -> None:
    other = start()
    ada = site.enrol("E-1", ADA)
    assert [match.employee for match in other.comparison.identify(ADA)] == [ada]
    site.erasure.erase(ada.id)
    assert other.comparison.identify(ADA) == []
