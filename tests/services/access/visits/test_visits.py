"""Visits from the invitation to the erasure: a visitor passes by their own grant alone, comes, leaves or stays too
long, and is forgotten."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.access.rules import Where
from app.core.alerts.alert import AlertKind
from app.core.errors import BadInput, Conflict, CryptoFault, NotFound
from app.core.people.details import Details
from app.core.people.records import EmployeeFilter
from app.core.people.visits import Cancelled, LeftBy, MailState, VisitState
from app.core.ports.mail import Mail, MailFault
from app.core.ports.store import Transaction
from app.core.site.retention import Kind
from app.core.types import Role, Status
from app.services.access.passages.muster_book import MusterBook
from app.services.access.visits.visitor_remover import VisitorRemover
from app.services.people.retention.retention import Retention
from tests.fakes import new_id
from tests.services.access.visits.reception import GUARD, HOURS, Reception
from tests.services.process import Process

pytestmark = pytest.mark.one_database


@pytest.fixture
def desk(site: Process) -> Reception:
    return Reception(site)


@pytest.mark.both_databases
def test_visitor_comes_and_leaves_by_the_gates(desk: Reception) -> None:
    one = desk.invite()
    assert desk.state(one) is VisitState.EXPECTED
    desk.site.clock.advance(minutes=10)
    assert desk.shows(one) == "credential_accepted"
    assert desk.state(one) is VisitState.INSIDE
    desk.site.clock.advance(minutes=10)
    assert desk.shows(one, "out") == "credential_accepted"
    assert desk.state(one) is VisitState.LEFT
    assert desk.book.get(one.visit.id).visit.left_by is LeftBy.GATE
    assert desk.shows(one) == "qr_used"
    assert desk.site.recorded() > 0


def test_rules_for_everybody_are_not_for_visitors(desk: Reception) -> None:
    """The first rule of a site lets everybody in everywhere."""
    one = desk.invite()
    assert desk.shows(one, "room") == "no_rule"
    assert desk.shows(one) == "credential_accepted"


def test_visitor_without_limit_comes_again(desk: Reception) -> None:
    one = desk.invite(once=False)
    for gate, state in (("lobby-1", VisitState.INSIDE), ("out", VisitState.LEFT), ("lobby-1", VisitState.INSIDE)):
        desk.site.clock.advance(minutes=5)
        assert desk.shows(one, gate) == "credential_accepted"
        assert desk.state(one) is state


def test_pass_opens_half_an_hour_early_and_lets_out_later(desk: Reception) -> None:
    now = desk.site.clock()
    one = desk.invite(starts_at=now + 2 * HOURS, ends_at=now + 3 * HOURS)
    code = desk.code(one)
    desk.site.clock.advance(minutes=89)
    assert desk.shows(one) == "not_yet_valid"
    desk.site.clock.advance(minutes=2)
    assert desk.shows(one) == "credential_accepted"
    desk.site.clock.advance(hours=3)
    assert desk.shows(one, code=code) == "expired"
    assert desk.shows(one, "out", code) == "credential_accepted"


@pytest.mark.both_databases
def test_visitor_who_stays_too_long_raises_an_alert_until_they_have_left(desk: Reception) -> None:
    one, other = desk.invite(), desk.invite(name="Otto")
    desk.shows(one)
    desk.shows(other)
    desk.site.clock.advance(hours=2, minutes=14)
    assert desk.state(one) is VisitState.INSIDE and desk.alerts() == []
    desk.site.clock.advance(minutes=1)
    assert desk.state(one) is VisitState.OVERDUE
    assert desk.alerts() == [AlertKind.VISITOR_STILL_INSIDE]
    desk.book.leave(one.visit.id)
    desk.look()
    assert desk.alerts() == [AlertKind.VISITOR_STILL_INSIDE], "the other one is still there"
    assert desk.shows(other, "out") == "credential_accepted"
    desk.look()
    assert desk.alerts() == []


def test_whoever_left_by_word_of_a_person_cannot_come_in_again(desk: Reception) -> None:
    one = desk.invite(once=False)
    code = desk.code(one)
    with pytest.raises(Conflict) as caught:
        desk.book.leave(one.visit.id)
    assert caught.value.code == "visitor_not_inside"
    desk.shows(one)
    desk.look()
    assert desk.book.leave(one.visit.id).visit.left_by is LeftBy.PERSON
    assert desk.shows(one, code=code) == "credential_unknown"
    with desk.site.store.read() as tx:
        assert [grant for grant in tx.rules.all().grants if grant.person_id == one.visitor.id] == []


@pytest.mark.both_databases
def test_visitors_stand_on_the_muster_and_not_among_employees(desk: Reception) -> None:
    one = desk.invite()
    desk.shows(one)
    muster = MusterBook(desk.site.store, desk.site.clock, new_id).view()
    assert [muster.names[person].name for person in muster.names] == ["Vera Visitor"]
    assert [found.name for found in desk.site.enrolment.find(EmployeeFilter())] == ["Hanna Host"]


def test_cancelled_visit_opens_nothing_and_its_link_is_over(desk: Reception) -> None:
    one = desk.invite()
    code = desk.code(one)
    assert desk.book.cancel(one.visit.id).state is VisitState.CANCELLED
    assert desk.shows(one, code=code) == "credential_unknown"
    with pytest.raises(NotFound):
        desk.book.open(one.details.token)
    with pytest.raises(Conflict) as caught:
        desk.book.cancel(one.visit.id)
    assert caught.value.code == "visit_is_over"


@pytest.mark.both_databases
def test_visits_of_a_host_who_is_deactivated_are_cancelled(desk: Reception) -> None:
    expected, inside = desk.invite(), desk.invite(name="Inge")
    codes = desk.code(expected), desk.code(inside)
    desk.shows(inside)
    desk.look()
    desk.site.enrolment.update(desk.host.id, lambda before: Details.of(before, status=Status.INACTIVE))
    assert desk.state(expected) is VisitState.CANCELLED
    assert desk.book.get(expected.visit.id).visit.cancelled_by is Cancelled.HOST_INACTIVE
    assert desk.shows(expected, code=codes[0]) == "credential_unknown"
    assert desk.state(inside) is VisitState.INSIDE and desk.shows(inside, "out", codes[1]) == "credential_accepted"
    with pytest.raises(Conflict) as caught:
        desk.invite()
    assert caught.value.code == "host_inactive"


@pytest.mark.both_databases
def test_mails_go_once_and_are_tried_again(desk: Reception) -> None:
    one = desk.invite()
    desk.post.fault = MailFault("the server cannot be used")
    for minutes in (0, 1, 2):
        desk.site.clock.advance(minutes=minutes)
        desk.look()
        desk.look()
    assert desk.book.get(one.visit.id).visit.tries == 3 and desk.post.sent == []
    desk.post.fault = None
    desk.site.clock.advance(hours=1)
    desk.look()
    desk.look()
    assert [mail.to for mail in desk.post.sent] == ["vera@example.org"]
    assert desk.post.sent[0].text == desk.code(one)
    desk.shows(one)
    desk.look()
    desk.look()
    assert [(mail.to, mail.text) for mail in desk.post.sent[1:]] == [("host@example.org", "Vera Visitor")]


def test_host_is_told_at_once_though_the_pass_could_not_be_sent(desk: Reception) -> None:
    one = desk.invite()
    desk.post.fault = MailFault("the visitor's server is slow")
    for _ in range(4):
        desk.look()
        desk.site.clock.advance(minutes=5)
    desk.post.fault = None
    desk.shows(one)
    desk.look()
    assert {mail.to for mail in desk.post.sent} >= {"host@example.org"}


def test_dead_server_is_asked_once_a_look(desk: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Vera", "Inge", "Olga"):
        desk.invite(name=name)
    asked = []

    def dead(self: object, mail: Mail) -> None:
        asked.append(mail.to)
        raise MailFault("the server cannot be used")

    monkeypatch.setattr(type(desk.post), "send", dead)
    desk.look()
    assert len(asked) == 1, "each would wait twenty seconds"
    desk.look()
    assert len(asked) == 2, "the next one's turn"


def test_visit_that_cannot_be_opened_keeps_no_other_mail_back(desk: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, good = desk.invite(), desk.invite(name="Inge", email="inge@example.org")
    real = desk.book.passes.code_in

    def damaged(self: object, tx: Transaction, credential_id: str) -> str | None:
        if credential_id == broken.visit.credential_id:
            raise CryptoFault("the sealed pass does not open")
        return real(tx, credential_id)

    monkeypatch.setattr(type(desk.book.passes), "code_in", damaged)
    desk.look()
    assert [mail.to for mail in desk.post.sent] == ["inge@example.org"]
    assert desk.book.get(broken.visit.id).visit.pass_mail is MailState.FAILED
    assert desk.book.get(good.visit.id).visit.pass_mail is MailState.SENT


def test_address_that_is_refused_is_not_tried_again(desk: Reception) -> None:
    desk.post.fault = MailFault("the address was refused", final=True)
    one = desk.invite()
    desk.look()
    assert desk.book.get(one.visit.id).visit.pass_mail is MailState.FAILED
    assert desk.invite(email=None).visit.pass_mail is MailState.NONE


@pytest.mark.both_databases
def test_visitors_are_erased_thirty_days_after_their_visit(desk: Reception) -> None:
    one, site = desk.invite(), desk.site
    desk.shows(one)
    removers = {Kind.VISITORS: VisitorRemover(site.erasure)}
    retention = Retention(site.store, site.events.answers.signer, site.clock, removers)
    site.clock.advance(days=30)
    assert retention.run(lambda seconds: False) == {}
    site.clock.advance(hours=3)
    (state,) = retention.states(counted=True)
    assert (state.due, state.usual_hours) == (1, 720)
    assert retention.run(lambda seconds: False) == {Kind.VISITORS: 1}
    with pytest.raises(NotFound):
        desk.book.get(one.visit.id)
    assert site.erasure.receipt(one.visitor.id) is not None
    with site.store.read() as tx:
        assert tx.rules.all().grants == () and tx.presences.get(one.visitor.id) is None
    assert site.recorded() > 0


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": ""}, "bad_name"),
        ({"name": "Vera\u202e"}, "bad_name"),
        ({"email": "vera"}, "bad_email"),
        ({"company": "A" * 201}, "bad_company"),
        ({"reason": "a\nb"}, "bad_reason"),
        ({"host": "E-99"}, "unknown_host"),
        ({"where": Where(zones=frozenset({"nowhere"}))}, "unknown_reference"),
    ],
)
def test_visit_that_cannot_be_is_not_made(desk: Reception, changed: dict[str, object], code: str) -> None:
    with pytest.raises((BadInput, NotFound)) as caught:
        desk.invite(**changed)
    assert caught.value.code == code
    with desk.site.store.read() as tx:
        assert tx.employees.count() == 1 and tx.rules.all().grants == ()


@pytest.mark.parametrize(
    "times",
    [
        (timedelta(0), timedelta(0)),
        (-2 * HOURS, -HOURS),
        (HOURS, 100 * 24 * HOURS),
        (400 * 24 * HOURS, 401 * 24 * HOURS),
    ],
)
def test_times_that_cannot_be_are_refused(desk: Reception, times: tuple[timedelta, timedelta]) -> None:
    now = desk.site.clock()
    with pytest.raises(BadInput) as caught:
        desk.invite(starts_at=now + times[0], ends_at=now + times[1])
    assert caught.value.code == "bad_visit_times"


def test_guards_invite_for_a_day_and_admins_for_longer(desk: Reception) -> None:
    now = desk.site.clock()
    long = desk.invitee(ends_at=now + 25 * HOURS)
    with pytest.raises(BadInput) as caught:
        desk.book.invite(GUARD, long)
    assert caught.value.code == "bad_visit_times"
    assert desk.book.invite(replace(GUARD, roles=frozenset({Role.ADMIN})), long).visit.ends_at > now + 24 * HOURS


def test_visitor_is_no_host(desk: Reception) -> None:
    with pytest.raises(NotFound):
        desk.invite(host=desk.invite().visitor.number)


def test_link_is_unguessable_and_nothing_stored_reveals_it(desk: Reception, start: Callable[..., Process]) -> None:
    one = desk.invite()
    assert len(one.details.token) >= 43
    stored = str(vars(one.visit))
    assert one.details.token not in stored and "ACME" not in stored and "Audit" not in stored
    for wrong in ("", one.details.token[:-1], one.visit.id):
        with pytest.raises(NotFound):
            desk.book.open(wrong)
