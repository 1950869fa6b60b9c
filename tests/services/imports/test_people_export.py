"""Everybody as files, while people and photos come and go."""

import csv
import io

import pytest

from app.core.people.details import Details
from app.services.imports.people_export import PeopleExport
from tests.fakes import person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database


def table(data: bytes) -> dict[str, str]:
    """The cell `photos` by number."""
    return {row["number"]: row["photos"] for row in csv.DictReader(io.StringIO(data.decode(), newline=""))}


def enrolled(site: Process, number: str, axis: int) -> str:
    made = site.enrolment.add(Details(number, "Somebody"))
    results = site.enrolment.add_photos(made.id, [photo(person(axis), note="1"), photo(person(axis), note="2")])
    assert all(result.accepted for result in results)
    return made.id


def test_photos_come_first_and_the_people_last(site: Process) -> None:
    enrolled(site, "E-2", 2)
    enrolled(site, "E-1", 1)
    site.enrolment.add(Details("E-3", "No photo"))
    told: list[int] = []
    files = list(PeopleExport(site.enrolment).files(lambda: told.append(1)))
    names = ["photos/E-1_1.jpg", "photos/E-1_2.jpg", "photos/E-2_1.jpg", "photos/E-2_2.jpg", "people.csv"]
    assert [name for name, _ in files] == names and len(told) == 3
    assert table(files[-1][1]) == {"E-1": "E-1_1.jpg|E-1_2.jpg", "E-2": "E-2_1.jpg|E-2_2.jpg", "E-3": ""}


def test_people_and_photos_deleted_meanwhile_are_left_out(site: Process) -> None:
    first, second, third = (enrolled(site, f"E-{n}", n) for n in (1, 2, 3))
    files = PeopleExport(site.enrolment).files()
    assert next(files)[0] == "photos/E-1_1.jpg"
    # Of the first the names are listed already; of the third not even they.
    site.enrolment.delete_photo(first, site.enrolment.photos(first)[1].id)
    assert next(files)[0] == "photos/E-2_1.jpg"
    site.erasure.erase(second)
    site.erasure.erase(third)
    rest = dict(files)
    assert set(rest) == {"people.csv"} and table(rest["people.csv"]) == {"E-1": "E-1_1.jpg"}
