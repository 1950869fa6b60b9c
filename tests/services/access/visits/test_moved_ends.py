"""The end of a visit is moved: grant, pass, mail and alarm follow, and what is over stays over."""

import pytest

from app.core.alerts.alert import AlertKind
from app.core.errors import BadInput, Conflict, NotFound
from app.core.people.details import Details
from app.core.people.visits import VisitState
from app.core.types import Status
from app.services.access.rules.permits import Permits
from tests.fakes import new_id
from tests.services.access.visits.reception import GUARD, HOURS, Reception
from tests.services.process import Process


@pytest.fixture
def desk(site: Process) -> Reception:
    return Reception(site)


def test_end_is_moved_with_grant_and_pass(desk: Reception) -> None:
    one = desk.invite(once=False)
    old, clock = desk.code(one), desk.site.clock
    clock.advance(minutes=10)
    assert desk.shows(one, code=old) == "credential_accepted"
    desk.look()
    sent = len(desk.post.sent)
    later = one.visit.ends_at + 8 * HOURS
    moved = desk.book.move_end(GUARD, one.visit.id, later)
    assert (moved.visit.ends_at, moved.visit.arrived_at is not None) == (later, True)
    new = desk.code(one)
    desk.look()
    assert [mail.text for mail in desk.post.sent[sent:]] == [new] and new != old
    clock.now = one.visit.ends_at + 3 * HOURS
    assert desk.state(one) is VisitState.INSIDE and desk.alerts() == []
    assert desk.shows(one, "out", old) == "credential_accepted", "the code that they have still counts"
    clock.now = one.visit.ends_at + 5 * HOURS
    assert desk.shows(one, code=old) == "expired"
    assert desk.shows(one, code=new) == "credential_accepted"
    clock.now = later + HOURS
    assert desk.state(one) is VisitState.OVERDUE and desk.alerts() == [AlertKind.VISITOR_STILL_INSIDE]
    assert desk.shows(one, "out", new) == "credential_accepted"


def test_used_pass_stays_used_and_an_overdue_visitor_is_no_alarm_any_more(desk: Reception) -> None:
    one = desk.invite()
    desk.shows(one)
    desk.site.clock.advance(hours=3)
    assert desk.state(one) is VisitState.OVERDUE and desk.alerts() == [AlertKind.VISITOR_STILL_INSIDE]
    desk.book.move_end(GUARD, one.visit.id, desk.site.clock() + HOURS)
    assert desk.state(one) is VisitState.INSIDE and desk.alerts() == []
    assert desk.shows(one, "out") == "credential_accepted"
    assert desk.shows(one) == "qr_used"


def test_earlier_end_counts_for_the_code_that_the_visitor_has(desk: Reception) -> None:
    one = desk.invite(once=False)
    code, clock = desk.code(one), desk.site.clock
    desk.look()
    sent = len(desk.post.sent)
    desk.book.move_end(GUARD, one.visit.id, clock() + HOURS / 2)
    assert desk.shows(one, code=code) == "credential_accepted"
    clock.advance(minutes=31)
    assert desk.shows(one, code=code) == "expired"
    assert desk.shows(one, "out", code) == "credential_accepted"
    desk.look()
    assert [mail for mail in desk.post.sent[sent:] if mail.subject == "pass"] == []


def test_end_cannot_be_moved(desk: Reception) -> None:
    one, cancelled, blocked = desk.invite(), desk.invite(name="Otto"), desk.invite(name="Bea")
    now = desk.site.clock()
    desk.book.cancel(cancelled.visit.id)
    permits = Permits(desk.site.store, desk.site.log, desk.site.clock, new_id)
    permits.block(blocked.visitor.id, "shouts")
    for which, ends_at, code in (
        (one, now + 25 * HOURS, "bad_visit_times"),
        (one, now - HOURS, "bad_visit_times"),
        (one, one.visit.starts_at, "bad_visit_times"),
        (one, (now + HOURS).replace(tzinfo=None), "bad_visit_times"),
        (cancelled, now + HOURS, "visit_is_over"),
        (blocked, now + 3 * HOURS, "visit_is_over"),
    ):
        with pytest.raises((BadInput, Conflict)) as caught:
            desk.book.move_end(GUARD, which.visit.id, ends_at)
        assert caught.value.code == code, ends_at
    with pytest.raises(NotFound):
        desk.book.move_end(GUARD, "nobody", now + HOURS)
    desk.site.enrolment.update(desk.host.id, lambda before: Details.of(before, status=Status.INACTIVE))
    with pytest.raises(Conflict) as refused:
        desk.book.move_end(GUARD, one.visit.id, now + HOURS)
    assert refused.value.code == "host_inactive"


def test_visit_that_ended_long_ago_is_not_taken_up_again(desk: Reception) -> None:
    one = desk.invite()
    desk.site.clock.now = one.visit.ends_at + 3 * HOURS
    desk.book.move_end(GUARD, one.visit.id, one.visit.ends_at + 5 * HOURS)
    assert desk.shows(one) == "credential_accepted", "somebody who comes too late"
    desk.site.clock.now = one.visit.ends_at + 9 * HOURS
    with pytest.raises(Conflict) as caught:
        desk.book.move_end(GUARD, one.visit.id, one.visit.ends_at + 12 * HOURS)
    assert caught.value.code == "visit_is_over"
