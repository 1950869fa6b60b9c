"""A badge opens where and when its holder may pass, and for nobody else; what is unknown is offered for a moment."""

from datetime import date, timedelta
from typing import Any

import pytest

from app.adapters.db.repositories.credentials.credentials import CredentialRows
from app.adapters.db.repositories.people import EmployeeRows
from app.core.access.rules import GatePlace, Who, Zone
from app.core.access.zone_policy import AntiPassback, ZonePolicy
from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat, CardNumber, encode
from app.core.errors import BadInput, Conflict, NotFound
from app.core.events.decision import RecordedDecision
from app.core.people.details import Details
from app.core.types import Employee, Status
from app.services.access.credentials.credential_book import CredentialBook
from app.services.access.rules.permits import Permits
from tests.fakes import new_id
from tests.services.meanwhile import Meanwhile
from tests.services.process import Process

FORMAT = CardFormat.H10301
BADGE = encode(CardNumber(12, 54711), FORMAT)
OTHER = encode(CardNumber(12, 815), FORMAT)


@pytest.fixture
def book(site: Process) -> CredentialBook:
    site.change_gate("lobby-1", badge_format=FORMAT)
    return CredentialBook(site.store, site.vault, site.clock, new_id)


@pytest.fixture
def ada(site: Process) -> Employee:
    """She has no photo and no template."""
    return site.enrolment.add(Details("E-1", "Ada"))


@pytest.fixture
def badge(book: CredentialBook, ada: Employee) -> str:
    """Ada's, by its id."""
    return book.give(ada.id, BADGE, FORMAT, "admin").credential.id


def shown(site: Process, badge: Badge | str = BADGE, **more: Any) -> RecordedDecision:
    return site.decide(credential=badge if isinstance(badge, str) else badge.text, **more)


def test_badge_lets_its_holder_in(site: Process, ada: Employee, badge: str) -> None:
    answer = shown(site)
    assert (answer.reason, answer.verdict, answer.method) == ("credential_accepted", "open", "credential")
    assert answer.employee is not None and answer.employee.id == ada.id
    assert answer.credential is not None
    assert answer.credential.json() == {"kind": "badge", "last_four": "4711", "bits": 26, "id": badge}
    assert answer.open_until is not None and answer.rule is not None and answer.faces == 0
    assert site.recorded() == 1
    # What was recorded reads as it was answered, and holds no more of the number.
    event = site.events.get(answer.id)
    assert event.decision is not None and event.decision.credential == answer.credential
    assert "54711" not in str(event.json())


def test_number_may_be_typed_in_the_gates_format(site: Process, badge: str) -> None:
    assert shown(site, "12-54711").reason == "credential_accepted"
    assert shown(site, "12-54712").reason == "credential_unknown"
    assert shown(site, "not a badge").credential is None


def test_badge_is_known_by_length_and_bits(site: Process, book: CredentialBook, ada: Employee) -> None:
    site.change_gate("lobby-1", badge_format=CardFormat.RAW)
    book.give(ada.id, Badge(32, 0xDEADBEEF), CardFormat.RAW, "admin")
    assert shown(site, Badge(32, 0xDEADBEEF)).verdict == "open"
    assert shown(site, Badge(33, 0xDEADBEEF)).reason == "credential_unknown"
    assert shown(site, Badge(40, 0xDEADBEEF << 8)).reason == "credential_unknown"


def test_misread_badge_opens_nothing_and_is_offered_to_nobody(site: Process, book: CredentialBook, badge: str) -> None:
    for wrong in range(26):
        assert shown(site, Badge(26, BADGE.value ^ 1 << wrong)).reason == "credential_misread"
    with pytest.raises(NotFound):
        book.last_read(_gate(site))


@pytest.mark.parametrize("bits", [1, 4, 8, 25, 27, 34, 64, 200, 512])
def test_bits_of_any_length_are_an_event(site: Process, badge: str, bits: int) -> None:
    answer = shown(site, Badge(bits, (1 << bits) - 1 >> 1))
    assert (answer.reason, answer.verdict) == ("credential_unknown", "deny")
    assert answer.credential is not None and answer.credential.bits == bits and answer.credential.id is None


@pytest.mark.parametrize("text", ["513:" + "F" * 130, "26:8C", "0:", "26:GGGGGGGG", "\x00", "' OR 1=1 --", "1" * 512])
def test_what_is_no_badge_is_denied_and_not_kept(site: Process, book: CredentialBook, badge: str, text: str) -> None:
    answer = shown(site, text)
    assert (answer.reason, answer.credential) == ("credential_unknown", None)
    with pytest.raises(NotFound):
        book.last_read(_gate(site))


def test_whatever_stops_a_face_stops_a_badge(site: Process, ada: Employee, badge: str) -> None:
    def now(**details: object) -> str:
        site.enrolment.update(ada.id, lambda before: Details.of(before, **details))
        return str(shown(site).reason)

    today = site.clock().date()
    assert now(status=Status.INACTIVE) == "employee_inactive"
    assert now(status=Status.ACTIVE, valid_until=today - timedelta(days=1)) == "expired"
    assert now(valid_until=None, valid_from=date(2999, 1, 1)) == "not_yet_valid"
    assert now(valid_from=None) == "credential_accepted"
    permits = Permits(site.store, site.log, site.clock, new_id)
    permits.block(ada.id, "Badge lost")
    assert shown(site).reason == "blocked"
    permits.unblock(ada.id)
    with site.store.write() as tx:
        (rule,) = tx.rules.all().rules
        tx.rules.delete(rule)
    assert shown(site).reason == "no_rule"
    site.change_gate("lobby-1", enabled=False)
    assert shown(site).reason == "gate_disabled"


def test_badge_that_was_read_too_long_ago_opens_nothing(site: Process, badge: str) -> None:
    assert shown(site, received_at=site.clock() - timedelta(seconds=3)).reason == "stale_frame"


def test_badge_taken_back_opens_nothing(site: Process, book: CredentialBook, ada: Employee, badge: str) -> None:
    first = shown(site, idempotency_key="k")
    assert shown(site, idempotency_key="k") == first
    book.take_back(badge)
    assert shown(site, idempotency_key="k").reason == "credential_unknown"
    assert book.of(ada.id) == []
    with pytest.raises(NotFound):
        book.take_back(badge)


def test_badge_of_an_erased_person_is_nobodys(site: Process, book: CredentialBook, ada: Employee, badge: str) -> None:
    opened = shown(site)
    site.erasure.erase(ada.id)
    answer = shown(site)
    assert (answer.reason, answer.employee) == ("credential_unknown", None)
    assert site.events.get(opened.id).decision is None  # the event of an erased person names no badge
    other = site.enrolment.add(Details("E-2", "Bo"))
    book.give(other.id, BADGE, FORMAT, "admin")
    assert shown(site).employee is not None


def test_second_holder_of_the_same_bits_is_refused(
    site: Process, book: CredentialBook, ada: Employee, badge: str
) -> None:
    other = site.enrolment.add(Details("E-2", "Bo"))
    for card_format in (FORMAT, CardFormat.RAW):
        with pytest.raises(Conflict) as caught:
            book.give(other.id, BADGE, card_format, "admin")
        assert caught.value.code == "credential_taken"
    book.give(other.id, OTHER, FORMAT, "admin")  # the transaction of a refusal is not broken
    assert [one.last_four for one in book.of(ada.id)] == ["4711"]


def test_unknown_badge_can_be_given_for_a_moment(
    site: Process, book: CredentialBook, ada: Employee, badge: str
) -> None:
    gate = _gate(site)
    shown(site, OTHER)
    assert book.last_read(gate).badge == OTHER
    given = book.give_read(ada.id, gate, FORMAT, "admin")
    assert (given.last_four, given.bits) == ("815", 26)
    assert shown(site, OTHER).reason == "credential_accepted"
    with pytest.raises(NotFound):  # it is nobody's no more
        book.give_read(ada.id, gate, FORMAT, "admin")
    shown(site, encode(CardNumber(1, 2), FORMAT))
    site.clock.advance(seconds=121)
    with pytest.raises(NotFound):
        book.last_read(gate)
    book.tidy()
    with site.store.read() as tx:
        assert tx.badge_reads.of(gate) is None


def test_what_cannot_be_a_badge_is_not_given(book: CredentialBook, ada: Employee) -> None:
    for bits, card_format in [
        (Badge(8, 0x2D), CardFormat.RAW),
        (Badge(26, 0), CardFormat.RAW),
        (Badge(26, BADGE.value ^ 1), FORMAT),
        (BADGE, CardFormat.H10306),
    ]:
        with pytest.raises(BadInput):
            book.give(ada.id, bits, card_format, "admin")
    with pytest.raises(NotFound):
        book.give("nobody", BADGE, FORMAT, "admin")
    for number in range(10):
        book.give(ada.id, Badge(32, 1000 + number), CardFormat.RAW, "admin")
    with pytest.raises(Conflict, match="at most 10"):
        book.give(ada.id, Badge(32, 99), CardFormat.RAW, "admin")


def test_badge_row_that_somebody_altered_is_nobodys(
    site: Process, book: CredentialBook, ada: Employee, badge: str
) -> None:
    other = site.enrolment.add(Details("E-2", "Bo"))
    with site.store._engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE credentials SET employee_id = '{other.id}'")
    assert shown(site).reason == "credential_unknown"


def test_badge_works_while_the_gallery_cannot_be_read(
    site: Process, badge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(tx: object) -> None:
        raise RuntimeError("no gallery")

    monkeypatch.setattr(site.gallery, "refresh", fails)
    assert shown(site).reason == "credential_accepted"


def test_fault_keeps_the_gate_shut(site: Process, badge: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object, **more: Any) -> None:
        raise RuntimeError("cannot be looked up")

    monkeypatch.setattr("app.services.access.assessor.presented", fails)
    answer = shown(site)
    assert (answer.reason, answer.verdict) == ("system_fault", "deny")


def _gate(site: Process) -> str:
    with site.store.read() as tx:
        gate = tx.gates.by_name_or_id("lobby-1")
    assert gate is not None
    return gate.id


def test_rule_for_others_does_not_let_the_holder_in(site: Process, ada: Employee, badge: str) -> None:
    other = site.enrolment.add(Details("E-2", "Bo"))
    with site.store.write() as tx:
        (rule,) = tx.rules.all().rules
        tx.rules.put(rule.__class__(**{**vars(rule), "who": Who(people=frozenset({other.id}))}))
    assert shown(site).reason == "no_rule"


def test_badge_taken_back_while_it_is_decided_about_opens_nothing(
    site: Process, book: CredentialBook, badge: str, meanwhile: Meanwhile
) -> None:
    meanwhile.before(EmployeeRows, "get", lambda: book.take_back(badge))
    answer = shown(site)
    meanwhile.results()
    # Whichever came first: either it was still theirs, or it opened nothing. Never is it theirs no more, and opens.
    with site.store.read() as tx:
        assert tx.credentials.get(badge) is None
    assert answer.reason in ("credential_accepted", "credential_unknown")
    assert shown(site).reason == "credential_unknown"


def test_two_admins_give_one_badge_to_two_people_at_once(
    site: Process, book: CredentialBook, ada: Employee, meanwhile: Meanwhile
) -> None:
    other = site.enrolment.add(Details("E-2", "Bo"))

    def give_other() -> str:
        try:
            return book.give(other.id, BADGE, FORMAT, "admin").last_four
        except Conflict as error:
            return error.code

    meanwhile.before(CredentialRows, "add", give_other)
    try:
        first = book.give(ada.id, BADGE, FORMAT, "admin").last_four
    except Conflict as error:
        first = error.code
    (second,) = meanwhile.results()
    assert {first, second} == {"4711", "credential_taken"}


def test_anti_passback_counts_a_badge_as_a_face(site: Process, badge: str) -> None:
    with site.store.write() as tx:
        (place,) = tx.rules.all().gates
        tx.rules.put(Zone("Z", "Hall", place.site_id, policy=ZonePolicy(AntiPassback.HARD)))
        tx.rules.put(GatePlace(place.id, place.name, place.site_id, None, "Z"))
    assert shown(site).reason == "credential_accepted"
    site.clock.advance(seconds=20)
    assert shown(site).reason == "anti_passback"
