"""A photo counts if it is good, shows the same person as the others, and that person is not enrolled already."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from app.core.errors import BadInput, Conflict, NotFound
from app.core.people.details import Details
from app.core.people.records import EmployeeFilter
from app.core.types import Employee, QualityProblem, Reason, Status
from app.services.people.enrolment import MAX_PHOTOS
from app.services.people.photo_judgement import PhotoResult
from tests.fakes import NOW, Clock, empty, like, person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database

Start = Callable[..., Process]


@pytest.fixture
def ada(site: Process) -> Employee:
    """Known, and not enrolled."""
    return site.enrolment.add(Details("E-1", "Ada Lovelace"))


def same(number: int, axis: int = 0) -> bytes:
    """One of several photos of a person."""
    return photo(like(axis, 0.95, axis + 1 + number % 3), note=f"photo {number}")


def accepted(results: list[PhotoResult]) -> list[bool]:
    assert all((result.id is not None) == result.accepted for result in results)
    return [result.accepted for result in results]


def similarity(site: Process, vector: np.ndarray) -> float:
    """Of this vector to the only template."""
    with site.store.read() as tx:
        site.gallery.refresh(tx)
    return site.gallery.search(vector, 1)[0].similarity


def test_employee_exists_before_photos_are_added(site: Process, ada: Employee) -> None:
    assert (ada.photos, ada.created_at, ada.status) == (0, NOW, Status.ACTIVE)
    assert site.enrolment.get(ada.id) == site.enrolment.by_number("E-1") == ada
    assert site.enrolment.find(EmployeeFilter()) == [ada]
    assert site.enrolment.by_number("E-2") is None
    with pytest.raises(NotFound):
        site.enrolment.get("nobody")


@pytest.mark.both_databases
def test_numbers_are_unique(site: Process, ada: Employee) -> None:
    with pytest.raises(Conflict) as refusal:
        site.enrolment.add(Details("E-1", "Somebody else"))
    assert refusal.value.code == "number_taken"
    assert site.enrolment.find(EmployeeFilter()) == [ada]


@pytest.mark.both_databases
def test_good_photos_make_a_template_that_gates_use_at_once(site: Process, start: Start, ada: Employee) -> None:
    other = start()
    assert other.sees(0) == "not_recognised"
    results = site.enrolment.add_photos(ada.id, [same(1), same(2)])
    assert accepted(results) == [True, True]
    assert [result.quality for result in results] == [0.9, 0.9]
    assert site.enrolment.get(ada.id).photos == 2
    assert other.sees(0) == site.sees(0) == "recognised"


def test_template_is_the_normalised_mean_whatever_the_photos_quality(site: Process, ada: Employee) -> None:
    site.enrolment.add_photos(ada.id, [photo(like(0, 0.9, 1), 0.9), photo(like(0, 0.9, 2), 0.2)])
    mean = like(0, 0.9, 1) + like(0, 0.9, 2)
    assert similarity(site, mean / np.linalg.norm(mean)) == pytest.approx(1, abs=2e-3)


def test_good_photos_count_and_bad_ones_get_their_reason_and_advice(site: Process, ada: Employee) -> None:
    results = site.enrolment.add_photos(
        ada.id,
        [
            empty(Reason.NO_FACE),
            same(1),
            b"not a picture",
            empty(Reason.POOR_QUALITY, QualityProblem.BLURRED, QualityProblem.TOO_DARK),
            empty(Reason.SEVERAL_FACES),
        ],
    )
    assert accepted(results) == [False, True, False, False, False]
    assert [result.problems for result in results] == [
        ("no_face",),
        (),
        ("not_an_image",),
        ("blurred", "too_dark"),
        ("several_faces",),
    ]
    assert all(result.detail for result in results if not result.accepted)
    assert len(site.enrolment.photos(ada.id)) == site.enrolment.get(ada.id).photos == 1


def test_photos_without_a_face_enrol_nobody(site: Process, ada: Employee) -> None:
    assert accepted(site.enrolment.add_photos(ada.id, [empty(), b"not a picture"])) == [False, False]
    assert site.enrolment.photos(ada.id) == [] and site.enrolment.get(ada.id).photos == 0


def test_if_nothing_can_be_read_the_call_is_refused(site: Process, ada: Employee) -> None:
    with pytest.raises(BadInput) as refusal:
        site.enrolment.add_photos(ada.id, [b"not a picture", b""])
    assert refusal.value.code == "not_an_image"


@pytest.mark.parametrize("count", [0, MAX_PHOTOS + 1])
def test_none_or_too_many_photos_are_refused(site: Process, ada: Employee, count: int) -> None:
    with pytest.raises(BadInput):
        site.enrolment.add_photos(ada.id, [same(n) for n in range(count)])


def test_photos_of_an_unknown_employee_are_refused(site: Process) -> None:
    with pytest.raises(NotFound):
        site.enrolment.add_photos("nobody", [same(1)])


def test_at_most_ten_photos_are_kept(site: Process, ada: Employee) -> None:
    site.enrolment.add_photos(ada.id, [same(n) for n in range(7)])
    with pytest.raises(Conflict) as refusal:
        site.enrolment.add_photos(ada.id, [same(n) for n in range(7, 11)])
    assert refusal.value.code == "too_many_photos" and "7 of at most 10 photos" in refusal.value.detail
    assert len(site.enrolment.photos(ada.id)) == 7
    assert accepted(site.enrolment.add_photos(ada.id, [same(n) for n in range(7, 10)])) == [True] * 3
    assert site.enrolment.get(ada.id).photos == MAX_PHOTOS


def test_the_same_picture_counts_once(site: Process, ada: Employee) -> None:
    """Whoever sends one picture three times has the threshold of one, not of three."""
    results = site.enrolment.add_photos(ada.id, [same(1), same(1), same(2)])
    assert accepted(results) == [True, False, True] and results[1].problems == ("duplicate_photo",)
    assert accepted(site.enrolment.add_photos(ada.id, [same(2)])) == [False]
    assert site.enrolment.get(ada.id).photos == 2 == len(site.enrolment.photos(ada.id))


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        ([0, 1], [False, False]),
        ([0, 1, 0], [True, False, True]),
        ([1, 0, 0], [False, True, True]),
        ([0, 0, 1, 1], [False] * 4),
        ([0, 1, 2], [False] * 3),
        ([0, 0, 0, 1, 2], [True, True, True, False, False]),
    ],
)
def test_photos_that_disagree_count_only_with_a_majority(
    site: Process, ada: Employee, axes: list[int], expected: list[bool]
) -> None:
    results = site.enrolment.add_photos(ada.id, [photo(person(axis), note=str(n)) for n, axis in enumerate(axes)])
    assert accepted(results) == expected
    assert all(result.problems == ("not_same_person",) for result in results if not result.accepted)
    assert site.enrolment.get(ada.id).photos == sum(expected)
    assert site.sees(0) == ("recognised" if any(expected) else "not_recognised")


def test_later_photos_are_compared_with_the_template(site: Process, ada: Employee) -> None:
    site.enrolment.add_photos(ada.id, [same(1)])
    results = site.enrolment.add_photos(ada.id, [photo(person(5)), photo(person(5), note="again"), same(2)])
    assert accepted(results) == [False, False, True]
    assert results[0].problems == ("not_same_person",)
    assert site.sees(5) == "not_recognised" and site.enrolment.get(ada.id).photos == 2


def test_person_enrolled_under_another_number_is_refused_and_the_number_named(site: Process, ada: Employee) -> None:
    site.enrolment.add_photos(ada.id, [same(1)])
    alias = site.enrolment.add(Details("E-2", "Augusta King"))
    results = site.enrolment.add_photos(alias.id, [same(2), empty()])
    assert accepted(results) == [False, False]
    assert [result.problems for result in results] == [("already_enrolled_as",), ("no_face",)]
    assert "E-1" in (results[0].detail or "")
    assert site.enrolment.photos(alias.id) == [] and len(site.gallery) == 1
    # More photos of somebody under the number they have are welcome.
    assert accepted(site.enrolment.add_photos(ada.id, [same(2)])) == [True]


def test_erased_person_can_be_enrolled_under_another_number(site: Process, ada: Employee) -> None:
    site.enrolment.add_photos(ada.id, [same(1)])
    site.erasure.erase(ada.id)
    assert site.enrol("E-2", same(1)).photos == 1


@pytest.mark.both_databases
def test_face_enrolled_twice_concurrently_is_enrolled_once(site: Process, start: Start, ada: Employee) -> None:
    eva = site.enrolment.add(Details("E-2", "Éva"))
    together = threading.Barrier(2)
    results: dict[str, list[PhotoResult]] = {}

    def enrol(process: Process, employee: Employee) -> None:
        def look_together(data: bytes) -> Any:
            seen = process.enrolment.look(data)
            together.wait(30)
            return seen

        at_once = replace(process.enrolment, look=look_together)
        results[employee.number] = at_once.add_photos(employee.id, [same(1)])

    threads = [threading.Thread(target=enrol, args=(start(), employee)) for employee in (ada, eva)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(accepted(results["E-1"]) + accepted(results["E-2"])) == [False, True]
    problems = results["E-1"][0].problems + results["E-2"][0].problems
    assert problems == ("already_enrolled_as",)
    assert site.enrolment.get(ada.id).photos + site.enrolment.get(eva.id).photos == 1


def test_photo_is_stored_sealed_and_returned_unchanged(site: Process, ada: Employee) -> None:
    data = same(1)
    (result,) = site.enrolment.add_photos(ada.id, [data])
    assert result.id is not None
    assert site.enrolment.photo(ada.id, result.id) == (data, "application/octet-stream")
    (kept,) = site.enrolment.photos(ada.id)
    assert data not in kept.sealed_image and kept.quality == 0.9
    eva = site.enrolment.add(Details("E-2", "Éva"))
    for employee_id, photo_id in ((eva.id, result.id), (ada.id, "none"), ("nobody", result.id)):
        with pytest.raises(NotFound):
            site.enrolment.photo(employee_id, photo_id)
        with pytest.raises(NotFound):
            site.enrolment.delete_photo(employee_id, photo_id)
    assert site.enrolment.get(ada.id).photos == 1


@pytest.mark.both_databases
def test_deleting_a_photo_rebuilds_the_template(site: Process, start: Start, ada: Employee, clock: Clock) -> None:
    other = start()
    first, second = site.enrolment.add_photos(ada.id, [photo(like(0, 0.8, 1)), photo(like(0, 0.8, 2))])
    assert similarity(site, like(0, 0.8, 2)) == pytest.approx(0.906, abs=2e-3)
    assert first.id and second.id
    site.enrolment.delete_photo(ada.id, first.id)
    assert similarity(site, like(0, 0.8, 2)) == pytest.approx(1, abs=2e-3)
    assert site.enrolment.get(ada.id).photos == 1
    assert other.sees(0) == "recognised"
    # and who has no photo left is matched by nothing, and still known
    site.enrolment.delete_photo(ada.id, second.id)
    assert other.sees(0) == site.sees(0) == "not_recognised"
    assert site.enrolment.get(ada.id).photos == len(site.gallery) == 0


def test_changed_details_keep_the_template(site: Process, ada: Employee) -> None:
    site.enrolment.add_photos(ada.id, [same(1)])
    until = date(2026, 11, 24)
    after = site.enrolment.update(ada.id, lambda e: Details(e.number, "Ada King", valid_until=until, groups=("night",)))
    assert (after.name, after.valid_until, after.groups, after.photos) == ("Ada King", until, ("night",), 1)
    assert site.enrolment.get(ada.id) == after
    with pytest.raises(NotFound):
        site.enrolment.update("nobody", lambda e: Details(e.number, e.name))


@pytest.mark.both_databases
def test_concurrent_changes_are_both_kept(site: Process, start: Start, ada: Employee) -> None:
    other = start()
    second = threading.Thread(
        target=lambda: other.enrolment.update(ada.id, lambda e: Details(e.number, e.name, Status.INACTIVE))
    )

    def rename(employee: Employee) -> Details:
        second.start()
        second.join(0.3)  # it waits for us, or it is already done
        return Details(employee.number, "Ada King", employee.status)

    site.enrolment.update(ada.id, rename)
    second.join()
    after = site.enrolment.get(ada.id)
    assert (after.name, after.status) == ("Ada King", Status.INACTIVE)
