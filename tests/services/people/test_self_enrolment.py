"""Self-enrolment links: single-use, ending, revocable; consent first; a card is as good; nobody else is named."""

from datetime import date, timedelta

import pytest

from app.adapters.db.repositories.people import EmployeeRows
from app.adapters.db.repositories.retention.consents import InvitationRows
from app.core.errors import Conflict, NotFound, Refusal
from app.core.people.details import Details
from app.core.people.invitations import LASTS, MOST_AT_ONCE, MOST_TRIES, InvitationState, lasting
from app.services.people.self_enrolment import SelfEnrolment
from tests.fakes import Clock, empty, new_id, person, photo
from tests.services.meanwhile import Meanwhile
from tests.services.process import Process

TODAY = date(2026, 11, 29)


@pytest.fixture
def links(site: Process) -> SelfEnrolment:
    return SelfEnrolment(site.store, site.enrolment, site.consents, site.clock, new_id)


def invited(site: Process, links: SelfEnrolment, number: str = "E-1") -> tuple[str, str]:
    """An employee's id, and the token of their link."""
    employee = site.enrolment.add(Details(number, f"Person {number}"))
    return employee.id, links.invite([employee.id], "ada")[0].token


def state(links: SelfEnrolment, employee_id: str) -> InvitationState:
    return links.of(employee_id)[0].state


def code(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.code


def test_person_agrees_and_enrols_once(site: Process, links: SelfEnrolment) -> None:
    employee_id, token = invited(site, links)
    with pytest.raises(Conflict) as refused:
        links.send(token, [photo(person(1))])
    assert code(refused) == "consent_required"
    links.consent(token, "the text", TODAY)
    assert [result.accepted for result in links.send(token, [empty()])] == [False]
    assert state(links, employee_id) is InvitationState.WAITING, "they may try again"
    assert [result.accepted for result in links.send(token, [photo(person(1)), empty()])] == [True, False]
    found = links.of(employee_id)[0]
    assert (found.state, found.consent, found.tries) == (InvitationState.DONE, "the text", 2)
    assert found.consent_version is not None and token not in str(found)
    assert site.enrolment.get(employee_id).consent_at == TODAY
    assert len(site.enrolment.photos(employee_id)) == 1
    answers = (links.open, links.decline, lambda used: links.send(used, [photo(person(1))]))
    for again in answers:
        with pytest.raises(NotFound) as over:
            again(token)
        assert code(over) == "link_expired"


def test_card_is_chosen(site: Process, links: SelfEnrolment) -> None:
    employee_id, token = invited(site, links)
    links.consent(token, "the text", TODAY)
    links.decline(token)
    found = links.of(employee_id)[0]
    assert (found.state, found.consent) == (InvitationState.DECLINED, None)
    assert site.enrolment.get(employee_id).consent_at is None
    with pytest.raises(NotFound):
        links.open(token)


def test_another_enrolled_person_is_refused_and_not_named(site: Process, links: SelfEnrolment) -> None:
    other = site.enrolment.add(Details("E-9", "Grace"))
    assert site.enrolment.add_photos(other.id, [photo(person(1))])[0].accepted
    employee_id, token = invited(site, links)
    links.consent(token, "the text", TODAY)
    (result,) = links.send(token, [photo(person(1))])
    assert (result.accepted, result.problems, result.other) == (False, ("not_accepted",), None)
    assert "E-9" not in str(result) and state(links, employee_id) is InvitationState.WAITING


def test_link_ends(site: Process, links: SelfEnrolment, clock: Clock) -> None:
    employee_id, token = invited(site, links)
    newer = links.invite([employee_id], "ada")[0]
    with pytest.raises(NotFound):
        links.open(token)
    links.revoke(employee_id, newer.invitation.id)
    with pytest.raises(NotFound):
        links.open(newer.token)
    with pytest.raises(Conflict):
        links.revoke(employee_id, newer.invitation.id)
    last = links.invite([employee_id], "ada")[0]
    clock.now += LASTS - timedelta(seconds=1)
    assert links.open(last.token)[1].id == employee_id
    clock.now += timedelta(seconds=1)
    with pytest.raises(NotFound):
        links.open(last.token)
    for unknown in ("", "x", "\ud800", last.token + " "):
        with pytest.raises(NotFound):
            links.open(unknown)


def test_tries_and_numbers_are_limited(site: Process, links: SelfEnrolment) -> None:
    employee_id, token = invited(site, links)
    links.consent(token, "the text", TODAY)
    for photos in ([], [empty()] * 4):
        with pytest.raises(Refusal) as refused:
            links.send(token, photos)
        assert code(refused) == "bad_photo_count"
    for _ in range(MOST_TRIES):
        links.send(token, [empty()])
    with pytest.raises(Conflict) as refused:
        links.send(token, [photo(person(1))])
    assert code(refused) == "too_many_tries" and not site.enrolment.photos(employee_id)
    too_many = ["x"] * (MOST_AT_ONCE + 1)
    for people, expected in (([], "bad_people_count"), (too_many, "bad_people_count"), (["x"], "unknown_employee")):
        with pytest.raises(Refusal) as refused:
            links.invite(people, "ada")
        assert code(refused) == expected
    for days in (0, 31):
        with pytest.raises(Refusal):
            lasting(days)


def test_consent_is_kept_only_with_its_link(site: Process, links: SelfEnrolment, meanwhile: Meanwhile) -> None:
    employee_id, token = invited(site, links)
    meanwhile.before(EmployeeRows, "update", lambda: links.revoke(employee_id, links.of(employee_id)[0].id))
    try:
        links.consent(token, "the text", TODAY)
    except NotFound:
        assert site.enrolment.get(employee_id).consent_at is None
    else:
        assert site.enrolment.get(employee_id).consent_at == TODAY
    meanwhile.results()


def test_two_tries_at_once_do_not_exceed_the_limit(site: Process, links: SelfEnrolment, meanwhile: Meanwhile) -> None:
    employee_id, token = invited(site, links)
    links.consent(token, "the text", TODAY)
    for _ in range(MOST_TRIES - 1):
        links.send(token, [empty()])
    meanwhile.before(InvitationRows, "get", lambda: links.send(token, [empty()]))
    refusals = 0
    for send in (lambda: links.send(token, [empty()]), meanwhile.results):
        try:
            send()
        except Conflict:
            refusals += 1
    assert (refusals, links.of(employee_id)[0].tries) == (1, MOST_TRIES)
