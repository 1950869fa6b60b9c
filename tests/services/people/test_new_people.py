"""Somebody new is added with photos they can be recognised by, or was never there; nobody else is lost for it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.core.errors import Conflict
from app.core.people.details import Details
from app.core.types import Employee, FrameResult
from tests.fakes import empty, like, look, person, photo
from tests.services.process import Process

Start = Callable[..., Process]


@pytest.mark.parametrize("shown", [empty(), photo(like(0, 0.95))])
def test_unrecognisable_person_is_not_added(start: Start, site: Process, shown: bytes) -> None:
    site.enrol("E-1", photo(person(0)))
    other, met = start(), list[Employee | None]()

    def looking(data: bytes) -> FrameResult:
        met.append(other.enrolment.by_number("E-7"))
        return look(data)

    nobody, (result,) = replace(site.enrolment, look=looking).add_recognisable(Details("E-7", "Bob"), [shown])
    assert nobody is None and not result.accepted and result.problems
    assert met == [None] and site.enrolment.by_number("E-7") is None and not list(site.journal.entries())


def test_person_added_by_another_meanwhile_stays(start: Start, site: Process) -> None:
    other = start()

    def meanwhile(data: bytes) -> FrameResult:
        other.enrol("E-7", photo(person(5)))
        return look(data)

    with pytest.raises(Conflict, match="already has the number E-7"):
        replace(site.enrolment, look=meanwhile).add_recognisable(Details("E-7", "Bob"), [empty()])
    kept = site.enrolment.by_number("E-7")
    assert kept is not None and kept.photos == 1


def test_employee_added_with_photos_is_recognised(site: Process) -> None:
    added, results = site.enrolment.add_recognisable(Details("E-7", "Bob"), [photo(person(5)), empty()])
    assert added is not None and [result.accepted for result in results] == [True, False]
    assert site.sees(5) == "recognised"
