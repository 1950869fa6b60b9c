"""A badge at a gate that a camera watches: who passes by it leaves no denial; the face may come before or after it."""

from datetime import timedelta

import pytest

from app.core.access.rules import EntryMode, GateMode
from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.events.decision import RecordedDecision
from app.core.people.details import Details
from app.services.access.credentials.credential_book import CredentialBook
from tests.fakes import new_id, person, photo
from tests.services.process import Process
from tests.services.stage import Stage, face, reasons

pytestmark = pytest.mark.one_database

ADA, STRANGER, OTHER = person(0), person(9), person(8)
ADAS, BEAS = Badge(32, 0xADA), Badge(32, 0xBEA)


@pytest.fixture
def stage(site: Process) -> Stage:
    """Ada has a template and a badge, Bea a badge alone."""
    book = CredentialBook(site.store, site.vault, site.clock, new_id)
    ada = site.enrol("E-1", photo(ADA))
    book.give(ada.id, ADAS, CardFormat.RAW, "admin")
    bea = site.enrolment.add(Details("E-2", "Bea"))
    book.give(bea.id, BEAS, CardFormat.RAW, "admin")
    return Stage(site)


@pytest.fixture
def both(stage: Stage) -> Stage:
    """The gate asks for badge and face."""
    with stage.site.store.write() as tx:
        tx.rules.put(GateMode("M", stage.gate.id, EntryMode.BADGE_AND_FACE))
    return stage


def badge(stage: Stage, which: Badge) -> RecordedDecision:
    return stage.site.decide(credential=which.text)


def test_person_who_passes_by_badge_leaves_no_denial(stage: Stage) -> None:
    assert not stage.show(face(STRANGER), times=50)
    assert badge(stage, BEAS).opens
    assert not stage.show(face(STRANGER), times=50) and not stage.leave()
    assert stage.site.recorded() == 1


def test_next_person_is_denied_all_the_same(stage: Stage) -> None:
    stage.show(face(STRANGER), times=20)
    badge(stage, BEAS)
    stage.leave()
    stage.site.clock.now += timedelta(seconds=1)
    stage.show(face(OTHER), times=20)
    assert reasons(stage.leave()) == ["not_recognised"]


def test_badge_that_opened_nothing_excuses_nobody(stage: Stage) -> None:
    stage.show(face(STRANGER), times=20)
    badge(stage, Badge(32, 0xBAD))
    stage.show(face(STRANGER), times=20)
    assert reasons(stage.leave()) == ["not_recognised"]


def test_two_people_at_once_are_denied_although_a_badge_opened(stage: Stage) -> None:
    pair = face(STRANGER, x=500), face(OTHER, x=780)
    stage.show(*pair, times=20)
    badge(stage, BEAS)
    stage.show(*pair, times=20)
    assert "several_faces" in reasons(stage.leave())


@pytest.mark.parametrize("seconds_before", [0, 3, 7])
def test_gate_opens_at_the_frame_after_the_badge(both: Stage, seconds_before: int) -> None:
    assert not both.show(face(ADA), times=1 + 25 * seconds_before)
    assert badge(both, ADAS).reason == "face_required"
    (answer,) = both.show(face(ADA))
    assert (answer.reason, answer.method, answer.camera) == ("credential_accepted", "credential", "door")
    assert both.carried == [answer]
    assert not both.show(face(ADA), times=50) and not both.leave()


def test_badge_may_come_before_the_face(both: Stage) -> None:
    badge(both, ADAS)
    assert reasons(both.show(face(ADA))) == ["credential_accepted"]


def test_stolen_badge_is_a_mismatch(both: Stage) -> None:
    both.show(face(STRANGER), times=10)
    badge(both, ADAS)
    (answer,) = both.show(face(STRANGER), times=40)
    assert (answer.reason, answer.verdict) == ("credential_mismatch", "deny")
    assert answer.employee is not None and answer.employee.number == "E-1"
    assert not both.show(face(STRANGER), times=100) and not both.leave() and not both.carried


def test_nobody_passes_without_a_badge(both: Stage) -> None:
    both.show(face(ADA), times=50)
    assert reasons(both.leave()) == ["credential_required"]


def test_person_without_a_template_passes_where_both_are_asked_for(both: Stage) -> None:
    both.show(face(STRANGER), times=20)
    assert badge(both, BEAS).opens
    both.show(face(STRANGER), times=20)
    assert not both.leave() and both.site.recorded() == 1
