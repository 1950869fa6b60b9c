"""Sponsors are reminded once before the end, by mail and by an alert, and confirm by a link that works once."""

import pytest

from app.core.alerts.alert import AlertKind
from app.core.contracts import ContractState
from app.core.errors import NotFound
from app.core.people.details import Details
from app.core.people.visits import MOST_TRIES, MailState
from app.core.ports.mail import MailFault
from app.services.access.contractors.contract_watch import ContractWatch
from tests.fakes import new_id
from tests.services.access.contractors.works import Works
from tests.services.process import Process

SOON = [AlertKind.CONTRACTOR_ENDS_SOON]


@pytest.fixture
def works(site: Process) -> Works:
    return Works(site)


def mail_state(works: Works) -> MailState:
    with works.site.store.read() as tx:
        found = tx.reminders.of(works.carl.id)
    assert found is not None
    return found.mail


def test_sponsor_gets_one_mail_and_confirms_by_its_link(works: Works) -> None:
    works.site.clock.advance(days=75)
    works.look()
    assert (works.post.sent, works.alerts()) == ([], [])
    works.site.clock.advance(days=1)
    works.look()
    works.look()
    (token,) = works.post.tokens
    assert (mail_state(works), works.alerts()) == (MailState.SENT, SOON)
    assert works.watch.open(token).person.id == works.carl.id
    works.watch.confirm(token)
    works.look()
    assert (works.state(), works.alerts()) == (ContractState.VALID, [])
    for use in (works.watch.open, works.watch.confirm):
        with pytest.raises(NotFound) as caught:
            use(token)
        assert caught.value.code == "link_expired"


def test_link_still_works_after_the_end_and_for_the_same_sponsor_alone(works: Works) -> None:
    works.site.clock.advance(days=80)
    works.look()
    works.site.clock.advance(days=11)
    assert works.by_badge() == "sponsor_unconfirmed"
    (token,) = works.post.tokens
    works.watch.confirm(token)
    assert works.by_badge() == "credential_accepted"
    works.site.clock.advance(days=80)
    works.look()
    other = works.site.enrolment.add(Details("S-2", "Sam"))
    works.book.engage(works.carl.id, other.number)
    with pytest.raises(NotFound):
        works.watch.confirm(works.post.tokens[-1])


def test_link_of_a_sponsor_who_left_confirms_nothing(works: Works) -> None:
    works.site.clock.advance(days=80)
    works.look()
    works.suspend(works.selma.id)
    with pytest.raises(NotFound):
        works.watch.confirm(works.post.tokens[0])
    for guess in ("", "x" * 300, works.post.tokens[0] + "A"):
        with pytest.raises(NotFound):
            works.watch.open(guess)


def test_mail_is_tried_again_and_given_up(works: Works) -> None:
    works.post.fault = MailFault("the server cannot be used")
    works.site.clock.advance(days=77)
    for _ in range(2 * MOST_TRIES):
        works.look()
        works.site.clock.advance(hours=1)
    assert (works.post.sent, mail_state(works)) == ([], MailState.FAILED)
    works.post.fault = None
    works.look()
    assert works.post.sent == []
    works.book.confirm(works.carl.id)
    works.site.clock.advance(days=77)
    works.look()
    assert len(works.post.sent) == 1, "the next period has a reminder of its own"


def test_of_documents_the_alert_tells_and_nothing_without_a_mail_server_fails(works: Works) -> None:
    works.watch = ContractWatch(works.site.store, works.book, works.site.clock, new_id)
    works.book.add_document(works.carl.id, "Permit", "", works.clock.today())
    works.look()
    assert works.alerts() == SOON
    works.site.clock.advance(days=1)
    works.look()
    assert works.state() is ContractState.LAPSED and works.alerts() == [], "it is too late to remind anybody"


def test_nobody_is_reminded_of_a_contractor_who_left(works: Works) -> None:
    works.suspend(works.carl.id)
    works.site.clock.advance(days=80)
    works.look()
    assert (works.post.sent, works.alerts()) == ([], [])
