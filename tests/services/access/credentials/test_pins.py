"""A PIN confirms who a badge or face says it is; wrong ones lock it; the duress PIN opens and calls for help."""

import pytest

from app.core.access.rules import EntryMode, GatePlace, Zone
from app.core.alerts.alert import AlertKind
from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.credentials.stored import CredentialKind
from app.core.errors import Conflict, NotFound
from app.core.people.details import Details
from app.core.types import Employee
from app.services.access.credentials.credential_book import CredentialBook
from app.services.access.rules.rule_questions import RuleQuestions
from tests.fakes import new_id, person, photo
from tests.services.access.credentials.pin_desk import ADA, ADAS, alerts, asks, badge, enrol_ada, issue, typed, wrong
from tests.services.process import Process
from tests.services.stage import Stage, face, reasons

BOB = person(1)
BEAS = Badge(32, 0xBEA)


@pytest.fixture
def ada(site: Process) -> Employee:
    return enrol_ada(site)


@pytest.fixture
def bea(site: Process) -> Employee:
    """Has a badge, and neither photo nor template."""
    bea = site.enrolment.add(Details("E-3", "Bea"))
    CredentialBook(site.store, site.vault, site.clock, new_id).give(bea.id, BEAS, CardFormat.RAW, "admin")
    return bea


@pytest.fixture
def pin(site: Process, ada: Employee) -> str:
    return issue(site, ada).digits


def test_badge_then_pin_opens(site: Process, ada: Employee, pin: str) -> None:
    asks(site, EntryMode.BADGE_AND_PIN)
    asked = badge(site)
    assert (asked.reason, asked.verdict) == ("pin_required", "deny")
    answer = typed(site, pin)
    assert (answer.reason, answer.method, answer.answers) == ("credential_accepted", "credential", asked.id)
    assert answer.employee is not None and answer.employee.id == ada.id
    assert answer.credential is not None and answer.credential.json()["pin"] is True
    assert answer.credential.last_four == "0ADA"
    # The gate waits for nobody any more.
    assert typed(site, pin).reason == "credential_required"


def test_face_then_pin_opens_and_the_event_tells_of_both(site: Process, pin: str) -> None:
    asks(site, EntryMode.PIN_AND_FACE)
    asked = site.decide(photo(ADA))
    assert (asked.reason, asked.method) == ("pin_required", "face")
    answer = typed(site, pin)
    assert (answer.reason, answer.method, answer.answers) == ("credential_accepted", "credential", asked.id)
    assert (answer.similarity, answer.threshold, answer.faces) == (asked.similarity, asked.threshold, 1)
    assert answer.credential is not None and answer.credential.kind is CredentialKind.PIN
    # A PIN can be guessed from a digest of it.
    assert answer.request_digest is None and pin not in str(answer.json())
    assert site.recorded() == 2


@pytest.mark.one_database
def test_both_may_come_in_one_request(site: Process, pin: str) -> None:
    asks(site, EntryMode.PIN_AND_FACE)
    assert typed(site, pin, photo(ADA)).opens
    assert typed(site, wrong(pin), photo(ADA)).reason == "pin_wrong"
    asks(site, EntryMode.BADGE_AND_PIN)
    assert typed(site, pin, credential=ADAS.text).opens
    assert typed(site, wrong(pin), credential=ADAS.text).reason == "pin_wrong"


@pytest.mark.one_database
@pytest.mark.parametrize(("waited_s", "took_s", "opens"), [(5, 0, True), (6, 0, False), (9, 4, True), (10, 4, False)])
def test_first_digit_must_come_within_five_seconds(
    site: Process, pin: str, waited_s: int, took_s: int, opens: bool
) -> None:
    asks(site, EntryMode.BADGE_AND_PIN)
    badge(site)
    site.clock.advance(seconds=waited_s)
    assert typed(site, pin, took_s=took_s).opens is opens


@pytest.mark.one_database
def test_pin_alone_identifies_nobody(site: Process, pin: str) -> None:
    answers = {}
    for mode in (EntryMode.PIN_AND_FACE, EntryMode.BADGE_AND_PIN, EntryMode.NORMAL):
        asks(site, mode)
        answer = typed(site, pin)
        assert answer.employee is None and not answer.opens
        answers[mode] = answer.reason
    assert list(answers.values()) == ["face_required", "credential_required", "credential_unknown"]


@pytest.mark.one_database
def test_pin_of_somebody_else_confirms_nobody(site: Process, ada: Employee, bea: Employee, pin: str) -> None:
    asks(site, EntryMode.BADGE_AND_PIN)
    issue(site, bea)
    badge(site, BEAS)
    assert typed(site, pin).reason == "pin_wrong"


@pytest.mark.one_database
def test_nothing_falls_back(site: Process, ada: Employee, pin: str) -> None:
    """No badge where a face is asked for, no other face, and no PIN where the rules say no."""
    asks(site, EntryMode.PIN_AND_FACE)
    assert typed(site, pin, credential=ADAS.text).reason == "face_required"
    assert typed(site, pin, photo(BOB)).reason == "not_recognised"
    asks(site, EntryMode.BADGE_AND_PIN)
    assert typed(site, pin, photo(ADA)).reason == "credential_required"
    with site.store.write() as tx:
        (everybody,) = tx.rules.all().rules
        tx.rules.delete(everybody)
    assert typed(site, wrong(pin), credential=ADAS.text).reason == "no_rule"
    with site.store.read() as tx:
        (_, own) = tx.credentials.of(ada.id)
        gate = tx.gates.by_name_or_id("lobby-1")
        assert gate is not None and tx.pin_tallies.of(own.id, gate.id) is None, "nobody learns whether it was right"


@pytest.mark.one_database
def test_person_without_a_template_presents_a_badge_in_place_of_a_face(site: Process, bea: Employee) -> None:
    own = issue(site, bea).digits
    for mode in (EntryMode.PIN_AND_FACE, EntryMode.BADGE_AND_PIN):
        asks(site, mode)
        assert badge(site, BEAS).reason == "pin_required"
        assert typed(site, own).opens


@pytest.mark.one_database
def test_badge_taken_back_while_the_gate_waits_opens_nothing(site: Process, ada: Employee, pin: str) -> None:
    asks(site, EntryMode.BADGE_AND_PIN)
    badge(site)
    book = CredentialBook(site.store, site.vault, site.clock, new_id)
    (one, *_) = book.of(ada.id)
    book.take_back(one.credential.id)
    assert typed(site, pin).reason == "credential_required"


def test_new_pin_takes_the_place_of_the_last(site: Process, ada: Employee, pin: str) -> None:
    asks(site, EntryMode.BADGE_AND_PIN)
    for _ in range(5):
        typed(site, wrong(pin), credential=ADAS.text)
    assert typed(site, pin, credential=ADAS.text).reason == "pin_locked"
    new = issue(site, ada).digits
    assert new != pin and len(new) == 6
    assert typed(site, pin, credential=ADAS.text).reason == "pin_wrong"
    assert typed(site, new, credential=ADAS.text).opens


def test_same_request_again_is_one_try(site: Process, ada: Employee, pin: str) -> None:
    asks(site, EntryMode.BADGE_AND_PIN)
    answers = {typed(site, wrong(pin), credential=ADAS.text, idempotency_key="k").id for _ in range(9)}
    assert len(answers) == 1
    assert typed(site, pin, credential=ADAS.text).opens
    with pytest.raises(Conflict, match="Idempotency-Key"):
        typed(site, wrong(pin, 2), credential=ADAS.text, idempotency_key="k")


def test_answer_is_not_repeated_once_the_gate_asks_for_a_pin(site: Process, ada: Employee, pin: str) -> None:
    first = badge(site, idempotency_key="k")
    face_first = site.decide(photo(ADA), idempotency_key="f")
    assert first.opens and face_first.opens
    asks(site, EntryMode.BADGE_AND_PIN)
    assert badge(site, idempotency_key="k").reason == "pin_required"
    confirmed = typed(site, pin, credential=ADAS.text, idempotency_key="p")
    assert typed(site, pin, credential=ADAS.text, idempotency_key="p").id == confirmed.id


def test_duress_pin_opens_and_nobody_at_the_gate_notices(site: Process, ada: Employee, pin: str) -> None:
    asks(site, EntryMode.BADGE_AND_PIN)
    duress = issue(site, ada, CredentialKind.DURESS_PIN).digits
    assert duress != pin
    plain = typed(site, pin, credential=ADAS.text)
    assert alerts(site) == []
    forced = typed(site, duress, credential=ADAS.text)
    assert forced.opens
    differ = {"decision_id", "at", "open_until", "duration_ms", "checkpoint", "signature", "sequence", "hash"}
    seen = [{key: value for key, value in one.json().items() if key not in differ} for one in (plain, forced)]
    assert seen[0] == seen[1]
    assert alerts(site) == [("duress", forced.id)]
    # It counts as right: wrong tries before it are forgotten.
    assert [typed(site, wrong(pin, 7), credential=ADAS.text).reason for _ in range(4)] == ["pin_wrong"] * 4
    assert typed(site, duress, credential=ADAS.text).opens
    assert typed(site, wrong(pin, 7), credential=ADAS.text).reason == "pin_wrong"
    assert [kind for kind, _ in alerts(site)] == [AlertKind.DURESS] * 2


@pytest.mark.one_database
def test_duress_pin_needs_a_pin_and_goes_with_it(site: Process, ada: Employee) -> None:
    with pytest.raises(Conflict, match="PIN first"):
        issue(site, ada, CredentialKind.DURESS_PIN)
    own = issue(site, ada)
    issue(site, ada, CredentialKind.DURESS_PIN)
    book = CredentialBook(site.store, site.vault, site.clock, new_id)
    book.take_back(own.credential.id)
    assert [one.credential.kind for one in book.of(ada.id)] == [CredentialKind.BADGE]
    with pytest.raises(NotFound):
        issue(site, Employee("nobody", "N", "N"))


@pytest.mark.one_database
def test_gate_that_only_leads_out_asks_for_no_pin(site: Process, ada: Employee) -> None:
    asks(site, EntryMode.BADGE_AND_PIN)
    with site.store.write() as tx:
        gate = tx.gates.by_name_or_id("lobby-1")
        assert gate is not None
        where = tx.rules.all().sites[0].id
        tx.rules.put(Zone("Z", "Office", where), GatePlace(gate.id, gate.name, where, "Z", None))
    assert badge(site).opens
    assert RuleQuestions(site.store, site.clock).explain(ada.id, "lobby-1").reason == "recognised"
    with site.store.write() as tx:
        tx.rules.put(GatePlace(gate.id, gate.name, where, None, "Z"))
    assert badge(site).reason == "pin_required"


@pytest.mark.one_database
def test_pin_at_a_camera_confirms_who_stands_there(site: Process, ada: Employee, pin: str) -> None:
    """One event asks, however long they stand there; the gate waits while they do; leaving denies nobody again."""
    asks(site, EntryMode.PIN_AND_FACE)
    stage = Stage(site)
    assert reasons(stage.show(face(ADA), times=250)) == ["pin_required"]
    answer = typed(site, pin)
    assert answer.opens and answer.similarity is not None
    assert not stage.show(face(ADA), times=25) and not stage.leave()
    assert site.recorded() == 2


@pytest.mark.one_database
def test_gate_stops_waiting_once_they_are_gone(site: Process, ada: Employee, pin: str) -> None:
    asks(site, EntryMode.PIN_AND_FACE)
    stage = Stage(site)
    stage.show(face(ADA), times=25)
    stage.leave()
    site.clock.advance(seconds=6)
    assert typed(site, pin).reason == "face_required"
