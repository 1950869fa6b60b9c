"""Consent is recorded with its text; where it is asked for, photos wait; a withdrawal erases the face at once."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from app.adapters.db.repositories.gallery import TemplateRows
from app.core.accounts.trail import AtWork, working
from app.core.errors import Conflict, NotFound, NotRecorded
from app.core.people.consents import Consent, ConsentHow
from app.core.people.details import Details
from app.core.people.invitations import version_of
from app.core.site.settings import SiteSettings
from app.services.people.self_enrolment import SelfEnrolment
from tests.fakes import Clock, new_id, person, photo
from tests.services.meanwhile import Meanwhile
from tests.services.process import Process

TODAY = date(2026, 11, 23)
TEXT = "I agree that gates know my face."


@pytest.fixture
def links(site: Process) -> SelfEnrolment:
    return SelfEnrolment(site.store, site.enrolment, site.consents, site.clock, new_id)


@pytest.fixture
def asks(site: Process) -> None:
    """Consent is the legal basis of this site."""
    with site.store.write() as tx:
        tx.site_settings.put(SiteSettings(consent_required=True))


def has_face(site: Process, employee_id: str) -> bool:
    with site.store.read() as tx:
        kept = [*tx.photos.of(employee_id), tx.templates.get(employee_id)]
    return any(kept)


def newest(site: Process, employee_id: str) -> Consent:
    return site.consents.of(employee_id)[0]


def test_photos_wait_for_a_consent(site: Process, asks: None) -> None:
    ada = site.enrolment.add(Details("E-1", "Ada"))
    with pytest.raises(Conflict) as refused:
        site.enrolment.add_photos(ada.id, [photo(person(0))])
    assert refused.value.code == "consent_required" and not has_face(site, ada.id)
    with pytest.raises(Conflict):
        site.enrolment.add_recognisable(Details("E-2", "Eve"), [photo(person(1))])
    assert site.enrolment.by_number("E-2") is None
    who = AtWork(site.clock, new_id, "192.0.2.7", lambda: "a test", lambda: "user-7", lambda: False)
    with working(who):
        site.consents.record(ada.id, TODAY, TEXT, "en")
    assert site.enrolment.add_photos(ada.id, [photo(person(0))])[0].accepted
    found = newest(site, ada.id)
    assert (found.given_on, found.how, found.actor, found.text, found.language) == (
        TODAY, ConsentHow.RECORDED, "user-7", TEXT, "en",
    )  # fmt: skip
    assert found.stands and found.version == version_of(TEXT)
    assert site.enrolment.get(ada.id).consent_at == TODAY


def test_day_from_a_form_or_an_import_is_a_record_too(site: Process, asks: None) -> None:
    employee, results = site.enrolment.add_recognisable(Details("E-1", "Ada", consent_at=TODAY), [photo(person(0))])
    assert employee is not None and results[0].accepted
    site.enrolment.update(employee.id, lambda one: Details.of(one, name="Ada Byron"))
    (found,) = site.consents.of(employee.id)
    assert (found.given_on, found.how, found.text) == (TODAY, ConsentHow.DATED, None)


def test_withdrawal_erases_the_face_and_keeps_person_badge_and_log(site: Process, clock: Clock) -> None:
    ada, eve = site.enrol("E-1", photo(person(0))), site.enrol("E-2", photo(person(1)))
    site.consents.record(ada.id, TODAY, TEXT, "en")
    assert site.sees(0) == "recognised"
    clock.advance(hours=1)
    assert site.consents.withdraw(ada.id) == 1
    assert not has_face(site, ada.id) and has_face(site, eve.id)
    assert site.sees(0) == "not_recognised" and site.sees(1) == "recognised"
    found = newest(site, ada.id)
    assert (found.stands, found.withdrawn_at, found.withdrawn_how, found.erased_photos) == (
        False, clock(), ConsentHow.RECORDED, 1,
    )  # fmt: skip
    assert site.enrolment.get(ada.id).consent_at is None and site.enrolment.get(ada.id).number == "E-1"
    assert site.recorded() == 3
    with pytest.raises(Conflict) as refused:
        site.consents.withdraw(ada.id)
    assert refused.value.code == "no_consent"
    with pytest.raises(NotFound):
        site.consents.withdraw("nobody")


def test_withdrawal_holds_after_a_restore_and_spares_a_later_face(
    site: Process, start: Callable[..., Process], clock: Clock
) -> None:
    """The journal outlives the database: what an older backup brings back goes again at the start."""
    ada = site.enrol("E-1", photo(person(0)))
    with site.store.read() as tx:
        before = tx.photos.of(ada.id), tx.templates.get(ada.id)
    clock.advance(hours=1)
    site.consents.withdraw(ada.id)
    with site.store.write() as tx:  # as an older backup has it
        tx.templates.lock()
        tx.photos.add(before[0])
        assert before[1] is not None
        tx.templates.put(before[1])
    assert has_face(site, ada.id)
    again = start()
    assert again.erasure.replay() == 1 and not has_face(again, ada.id)
    clock.advance(hours=1)
    again.consents.record(ada.id, TODAY, TEXT, "en")
    assert again.enrolment.add_photos(ada.id, [photo(person(0), note="later")])[0].accepted
    assert again.erasure.replay() == 0 and has_face(again, ada.id) and newest(again, ada.id).stands


def test_withdrawal_without_a_face_holds_after_a_restore_too(
    site: Process, start: Callable[..., Process], clock: Clock
) -> None:
    """Retention, or an admin, took the photos before; the older backup has them, and the consent."""
    ada = site.enrol("E-1", photo(person(0)))
    site.consents.record(ada.id, TODAY, TEXT, "en")
    with site.store.read() as tx:
        photos, template = tx.photos.of(ada.id), tx.templates.get(ada.id)
        (consent,), employee = tx.consents.of(ada.id), tx.employees.get(ada.id)
    site.enrolment.delete_photo(ada.id, photos[0].id)
    clock.advance(hours=1)
    site.consents.withdraw(ada.id)
    assert template is not None and employee is not None
    with site.store.write() as tx:  # as an older backup has it
        tx.templates.lock()
        tx.employees.update(employee)
        tx.photos.add(photos)
        tx.templates.put(template)
        tx.consents.put(consent)
    again = start()
    assert again.erasure.replay() == 1 and not has_face(again, ada.id)
    assert again.enrolment.get(ada.id).consent_at is None and not newest(again, ada.id).stands


def test_withdrawal_takes_an_altered_template_too(site: Process) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    with site.store._engine.begin() as connection:
        connection.execute(text("UPDATE templates SET photos = 9"))
    site.consents.withdraw(ada.id)
    with site.store._engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM templates")).scalar_one() == 0


def test_of_declining_and_enrolling_at_once_one_holds(
    site: Process, links: SelfEnrolment, meanwhile: Meanwhile
) -> None:
    """And the next start does not undo it."""
    ada = site.enrolment.add(Details("E-1", "Ada"))
    token = links.invite([ada.id], "user-7")[0].token
    links.consent(token, TEXT, TODAY)
    meanwhile.before(TemplateRows, "lock", lambda: links.send(token, [photo(person(0))]))
    try:
        links.decline(token)
    except NotFound:
        meanwhile.results()
        assert has_face(site, ada.id)
    else:
        with pytest.raises(NotFound):
            meanwhile.results()
        assert not has_face(site, ada.id)
    before = has_face(site, ada.id)
    site.erasure.replay()
    assert has_face(site, ada.id) is before


def test_withdrawal_that_was_cut_off_is_finished_at_the_next_start(site: Process, tmp_path: Path) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    with pytest.raises(NotRecorded), site.store.write() as tx:
        site.consents.end(tx, ada.id, ConsentHow.RECORDED)
        raise NotRecorded("power cut")
    assert has_face(site, ada.id)
    assert site.erasure.replay() == 1 and not has_face(site, ada.id)


def test_forged_line_of_the_journal_erases_no_face(site: Process) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    site.journal.append({"employee_id": ada.id, "erased_at": "2030-01-01T00:00:00Z", "scope": "face", "signature": "x"})
    assert site.erasure.replay() == 0 and has_face(site, ada.id)


def test_person_withdraws_by_their_own_link(site: Process, links: SelfEnrolment) -> None:
    ada = site.enrolment.add(Details("E-1", "Ada"))
    token = links.invite([ada.id], "user-7")[0].token
    with pytest.raises(NotFound):
        links.withdraw(token)
    links.consent(token, TEXT, TODAY, "de")
    assert links.send(token, [photo(person(0))])[0].accepted
    found = newest(site, ada.id)
    assert (found.how, found.actor, found.language, found.text) == (ConsentHow.LINK, None, "de", TEXT)
    with pytest.raises(NotFound):
        links.open(token)
    assert links.enrolled(token)[1].id == ada.id
    links.withdraw(token)
    assert not has_face(site, ada.id) and newest(site, ada.id).withdrawn_how is ConsentHow.LINK
    with pytest.raises(NotFound):
        links.withdraw(token)


def test_who_prefers_a_card_keeps_no_face(site: Process, links: SelfEnrolment) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    token = links.invite([ada.id], "user-7")[0].token
    links.decline(token)
    assert not has_face(site, ada.id)


def test_consents_go_with_their_person(site: Process) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    site.consents.record(ada.id, TODAY, TEXT, "en")
    site.erasure.erase(ada.id)
    with site.store.read() as tx:
        assert tx.consents.of(ada.id) == [] and next(iter(tx.seals.flaws()), None) is None
    with pytest.raises(NotFound):
        site.consents.of(ada.id)
