"""A QR pass at the gate: good at one site, between two instants, once where it says so; whatever else is read is
refused with its reason, and nothing of it is kept."""

from datetime import timedelta

import pytest

from app.adapters.crypto.pass_key import Ed25519PassKey
from app.adapters.db.repositories.events import EventRows
from app.core.access.rules import EntryMode, GateMode, GatePlace, Zone
from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.credentials.qr_pass import QrPass, place, read, written
from app.core.errors import BadInput, Conflict, NotFound
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import CommandOutcome, PassageSource
from app.core.gates.result import GateResultRow
from app.core.people.details import Details
from app.core.types import Employee
from app.services.access.credentials.credential_book import CredentialBook
from app.services.access.credentials.pass_book import PassBook
from app.services.access.passages.passage_watch import PassageWatch
from app.services.events.second_records import put_result
from tests.fakes import new_id, person, photo
from tests.services.meanwhile import Meanwhile
from tests.services.process import PASS_KEY, Process

pytestmark = pytest.mark.one_database

HOURS = 8


@pytest.fixture
def passes(site: Process) -> PassBook:
    """Gates: `lobby-1` in and `lobby-2` in, both from the outside into the hall, and `out`."""
    site.gates.add("lobby-2")
    site.gates.add("out")
    for name in ("lobby-1", "lobby-2", "out"):
        site.change_gate(name, passages=PassageSource.SENSOR)
    with site.store.write() as tx:
        places = {one.name: one for one in tx.rules.all().gates}
        site_id = places["out"].site_id
        tx.rules.put(Zone("Z", "Hall", site_id))
        for name, zone_from, zone_to in (("lobby-1", None, "Z"), ("lobby-2", None, "Z"), ("out", "Z", None)):
            tx.rules.put(GatePlace(places[name].id, name, site_id, zone_from, zone_to))
    return PassBook(site.store, site.vault, PASS_KEY, site.clock, new_id)


@pytest.fixture
def ada(site: Process, passes: PassBook) -> Employee:
    """She has no photo and no template."""
    return site.enrolment.add(Details("E-1", "Ada"))


def token(site: Process, passes: PassBook, who: Employee, *, once: bool = False) -> str:
    now = site.clock()
    return passes.give(who.id, now, now + timedelta(hours=HOURS), "admin", once=once).token


def shown(site: Process, text: str, gate: str = "lobby-1", **more: object) -> RecordedDecision:
    return site.decide(credential=text, gate=gate, **more)


def goes_through(site: Process, gate: str = "lobby-1") -> None:
    found = site.gates.get(gate)
    watch = PassageWatch(site.store, site.log, site.clock, new_id, site.decisions.rules)
    assert watch.passed(found.id, 1)


@pytest.mark.both_databases
def test_pass_lets_its_holder_in(site: Process, passes: PassBook, ada: Employee) -> None:
    text = token(site, passes, ada)
    answer = shown(site, text)
    assert (answer.reason, answer.verdict, answer.method) == ("credential_accepted", "open", "credential")
    assert answer.employee is not None and answer.employee.id == ada.id and answer.rule is not None
    (given,) = CredentialBook(site.store, site.vault, site.clock, new_id).of(ada.id)
    assert answer.credential is not None
    assert answer.credential.json() == {
        "kind": "qr", "last_four": given.last_four, "bits": 128, "id": given.credential.id,
    }  # fmt: skip
    # What was recorded reads as it was answered, and nobody can write the pass from it.
    event = site.events.get(answer.id)
    assert event.decision is not None and event.decision.credential == answer.credential
    assert text not in str(event.json()) and read(text, PASS_KEY).id.hex() not in str(event.json())
    assert site.recorded() == 1


def test_same_code_is_written_again(site: Process, passes: PassBook, ada: Employee) -> None:
    now = site.clock()
    given = passes.give(ada.id, now, now + timedelta(hours=1), "admin", once=True)
    assert passes.shown(given.credential.id) == given


def test_pass_is_good_between_its_instants(site: Process, passes: PassBook, ada: Employee) -> None:
    now = site.clock().replace(microsecond=0)
    text = passes.give(ada.id, now + timedelta(hours=1), now + timedelta(hours=2), "admin").token
    reasons = []
    for seconds in (3599, 3600, 7199, 7200, 7200 + 4 * 3600):
        site.clock.now = now + timedelta(seconds=seconds)
        answer = shown(site, text)
        reasons.append(str(answer.reason))
        assert answer.employee is not None and answer.employee.id == ada.id
    assert reasons == ["not_yet_valid", "credential_accepted", "credential_accepted", "expired", "expired"]


def test_pass_lets_its_holder_out_after_its_end(site: Process, passes: PassBook, ada: Employee) -> None:
    text = token(site, passes, ada, once=True)
    shown(site, text)
    goes_through(site)
    site.clock.advance(hours=HOURS + 3)
    assert shown(site, text).reason == "expired"
    assert shown(site, text, "out").reason == "credential_accepted"
    site.clock.advance(hours=1)
    assert shown(site, text, "out").reason == "expired"


def other_site(text: str, site: Process) -> str:
    made = read(text, PASS_KEY)
    return written(QrPass(made.id, place("another"), made.starts_at, made.ends_at), PASS_KEY)


def another_installation(text: str, site: Process) -> str:
    return written(read(text, PASS_KEY), Ed25519PassKey(b"\1" * 32))


def unknown(text: str, site: Process) -> str:
    made = read(text, PASS_KEY)
    return written(QrPass(bytes(16), made.site, made.starts_at, made.ends_at), PASS_KEY)


def for_another_gate(text: str, site: Process) -> str:
    made = read(text, PASS_KEY)
    return written(QrPass(made.id, made.site, made.starts_at, made.ends_at, (place("elsewhere"),)), PASS_KEY)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (other_site, "qr_of_another_site"),
        (another_installation, "qr_of_another_site"),
        (unknown, "credential_unknown"),
        (for_another_gate, "no_rule"),
        (lambda text, _: text[:-2] + ("A" if text[-2] != "A" else "B") + text[-1], "qr_altered"),
        (lambda text, _: text[:-1], "credential_misread"),
        (lambda text, _: text.lower(), "credential_unknown"),
        (lambda text, _: text + "\0", "credential_misread"),
        (lambda text, _: "FG1:' OR 1=1; --", "credential_misread"),
        (lambda text, _: "https://example.org/?" + text, "credential_unknown"),
        (lambda text, _: "FG1:" + "A" * 10_000_000, "credential_misread"),
    ],
)
def test_whatever_else_is_read_has_its_reason_and_is_not_kept(
    site: Process, passes: PassBook, ada: Employee, make: object, reason: str
) -> None:
    text = make(token(site, passes, ada), site)  # type: ignore[operator]
    answer = shown(site, text)
    assert (answer.reason, answer.verdict) == (reason, "deny")
    assert answer.employee is None or reason == "no_rule"
    assert answer.credential is None or reason in ("no_rule", "credential_unknown")
    assert text[-40:] not in str(site.events.get(answer.id).json())
    with site.store.read() as tx:
        assert tx.badge_reads.of(answer.gate_id) is None


def test_token_is_verified_before_the_database_is_asked(
    site: Process, passes: PassBook, ada: Employee, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = token(site, passes, ada)
    monkeypatch.setattr(
        "app.adapters.db.repositories.credentials.credentials.CredentialRows.presented", lambda *_: pytest.fail("asked")
    )
    assert shown(site, text[:-2] + "AA").reason in ("qr_altered", "credential_misread")
    assert shown(site, another_installation(text, site)).reason == "qr_of_another_site"


def test_pass_taken_back_opens_nothing(site: Process, passes: PassBook, ada: Employee) -> None:
    text, book = token(site, passes, ada), CredentialBook(site.store, site.vault, site.clock, new_id)
    book.take_back(book.of(ada.id)[0].credential.id)
    assert shown(site, text).reason == "credential_unknown"


@pytest.mark.both_databases
def test_pass_of_an_erased_person_opens_nothing(site: Process, passes: PassBook, ada: Employee) -> None:
    text = token(site, passes, ada)
    site.erasure.erase(ada.id)
    assert shown(site, text).reason == "credential_unknown"


@pytest.mark.both_databases
def test_pass_for_one_entry_is_used_up_by_the_passage_and_not_by_the_opening(
    site: Process, passes: PassBook, ada: Employee
) -> None:
    text = token(site, passes, ada, once=True)
    first = shown(site, text)
    assert first.passage is not None
    # While it is open, the same gate gives the same answer, and no other gate opens.
    assert shown(site, text) == first
    assert shown(site, text, "lobby-2").reason == "qr_used"
    site.clock.advance(seconds=9)  # nobody went through: the passage lapsed
    assert shown(site, text, "lobby-2").reason == "credential_accepted"
    goes_through(site, "lobby-2")
    for gate in ("lobby-1", "lobby-2"):
        assert shown(site, text, gate).reason == "qr_used"
    assert shown(site, text, "out").reason == "credential_accepted", "leaving is never refused"
    goes_through(site, "out")
    assert shown(site, text).reason == "qr_used"
    assert shown(site, token(site, passes, ada)).reason == "credential_accepted"


@pytest.mark.parametrize("passages", [PassageSource.ASSUME_ON_GRANT, PassageSource.ASSUME_NEVER])
def test_without_a_sensor_the_opening_uses_it_up(
    site: Process, passes: PassBook, ada: Employee, passages: PassageSource
) -> None:
    site.change_gate("lobby-1", passages=passages)
    text = token(site, passes, ada, once=True)
    first = shown(site, text)
    assert first.opens
    site.clock.advance(seconds=20)
    assert shown(site, text).reason == "qr_used"
    # The answer came too late to open anything, so the pass is good again.
    with site.store.write() as tx:
        put_result(tx, GateResultRow(first.id, site.clock(), CommandOutcome.TOO_LATE, "", "signature"))
    assert shown(site, text).reason == "credential_accepted"


@pytest.mark.both_databases
def test_pass_shown_at_two_gates_in_one_instant_opens_one(
    site: Process, start: object, passes: PassBook, ada: Employee, meanwhile: Meanwhile
) -> None:
    other = start()  # type: ignore[operator]
    text = token(site, passes, ada, once=True)
    meanwhile.before(EventRows, "append", lambda: shown(other, text, "lobby-2"))
    first = shown(site, text)
    (second,) = meanwhile.results()
    assert sorted(str(one.reason) for one in (first, second)) == ["credential_accepted", "qr_used"]


def test_what_each_mode_asks_for(site: Process, passes: PassBook) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    badge = Badge(32, 0xADA)
    CredentialBook(site.store, site.vault, site.clock, new_id).give(ada.id, badge, CardFormat.RAW, "admin")
    text = token(site, passes, ada)
    with site.store.read() as tx:
        gate = tx.gates.by_name_or_id("lobby-1")
    assert gate is not None
    found = {}
    for mode in (EntryMode.NORMAL, EntryMode.BADGE, EntryMode.QR, EntryMode.FACE):
        with site.store.write() as tx:
            tx.rules.put(GateMode("M", gate.id, mode))
        found[mode.value] = [str(shown(site, one).reason) for one in (text, badge.text)]
        found[mode.value].append(str(site.decide(photo(person(0))).reason))
        site.clock.advance(seconds=20)
    accepted = "credential_accepted"
    assert found == {
        "normal": [accepted, accepted, accepted],  # the answer of the opening that lasts
        "badge": [accepted, accepted, "credential_required"],
        "qr": [accepted, "qr_required", "credential_required"],
        "face": ["face_required", "face_required", "recognised"],
    }


def test_pass_and_face_of_its_holder(site: Process, passes: PassBook) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    site.enrol("E-2", photo(person(1)))
    text = token(site, passes, ada, once=True)
    with site.store.write() as tx:
        gate = tx.gates.by_name_or_id("lobby-1")
        assert gate is not None
        tx.rules.put(GateMode("M", gate.id, EntryMode.BADGE_AND_FACE))
    assert shown(site, text).reason == "face_required"
    assert site.decide(photo(person(1))).reason == "credential_mismatch"
    shown(site, text)
    answer = site.decide(photo(person(0)))
    assert answer.reason == "credential_accepted" and answer.credential is not None
    goes_through(site)
    assert shown(site, text).reason == "qr_used"


def test_pass_that_cannot_be_is_not_given(site: Process, passes: PassBook, ada: Employee) -> None:
    now = site.clock()
    for starts, ends in (
        (now, now),
        (now, now + timedelta(days=400)),
        (now - timedelta(days=2), now - timedelta(days=1)),
        (now.replace(tzinfo=None), now + timedelta(hours=1)),
    ):
        with pytest.raises(BadInput):
            passes.give(ada.id, starts, ends, "admin")
    with pytest.raises(NotFound):
        passes.give("nobody", now, now + timedelta(hours=1), "admin")
    for _ in range(10):
        token(site, passes, ada)
    with pytest.raises(Conflict, match="at most 10"):
        token(site, passes, ada)


def test_doubted_clock_takes_no_pass(site: Process, start: object, passes: PassBook, ada: Employee) -> None:
    text = token(site, passes, ada)
    doubting = start(clock_doubted=lambda: True)  # type: ignore[operator]
    assert shown(doubting, text).reason == "clock_unconfirmed"
