"""What a gate asks for by its mode: badge, face, either, or the face of the badge's holder. Who has no template passes
by badge at each."""

from collections.abc import Callable

import pytest

from app.core.access.rules import EntryMode, GateMode
from app.core.access.schedules import Hours, Schedule, Window
from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.errors import NotFound
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import PassageSource
from app.core.people.details import Details
from app.core.types import Employee
from app.services.access.credentials.credential_book import CredentialBook
from app.services.access.rules.permits import Permits
from app.services.access.rules.rule_questions import RuleQuestions
from tests.fakes import empty, like, new_id, person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database

ADAS, BEAS, UNKNOWN = Badge(32, 0xADA), Badge(32, 0xBEA), Badge(32, 0xF00)
ADA, BOB = person(0), person(1)
BOTH = EntryMode.BADGE_AND_FACE


@pytest.fixture
def ada(site: Process) -> Employee:
    """Has a template and a badge; so has nobody else, but for Bob, who has a template."""
    ada = site.enrol("E-1", photo(ADA))
    site.enrol("E-2", photo(BOB))
    book(site).give(ada.id, ADAS, CardFormat.RAW, "admin")
    return ada


@pytest.fixture
def bea(site: Process, ada: Employee) -> Employee:
    """Has a badge, and neither photo nor template."""
    bea = site.enrolment.add(Details("E-3", "Bea"))
    book(site).give(bea.id, BEAS, CardFormat.RAW, "admin")
    return bea


def book(site: Process) -> CredentialBook:
    return CredentialBook(site.store, site.vault, site.clock, new_id)


def gate(site: Process) -> str:
    return site.gates.get("lobby-1").id


def set_mode(site: Process, mode: EntryMode, schedule: str | None = None) -> None:
    with site.store.write() as tx:
        tx.rules.put(GateMode(f"M-{mode}", gate(site), mode, schedule))


def badge(site: Process, which: Badge = ADAS, *frames: bytes, **more: str) -> RecordedDecision:
    return site.decide(*frames, credential=which.text, **more)


def face(site: Process, vector: object = ADA) -> RecordedDecision:
    return site.decide(photo(vector))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mode", "by_badge", "by_face"),
    [
        (EntryMode.NORMAL, "credential_accepted", "recognised"),
        (EntryMode.FACE, "face_required", "recognised"),
        (EntryMode.BADGE, "credential_accepted", "credential_required"),
        (BOTH, "face_required", "credential_mismatch"),
        (EntryMode.NO_ENTRY, "no_entry", "no_entry"),
        (EntryMode.FREE, "free_entry", "free_entry"),
    ],
)
def test_what_each_mode_asks_for(site: Process, ada: Employee, mode: EntryMode, by_badge: str, by_face: str) -> None:
    set_mode(site, mode)
    assert badge(site).reason == by_badge
    # At a gate that asks for both, the badge was just read, and this is another face.
    assert face(site, BOB if mode is BOTH else ADA).reason == by_face


@pytest.mark.parametrize("mode", list(EntryMode))
@pytest.mark.parametrize("passages", list(PassageSource))
def test_person_without_a_template_passes_by_badge_wherever_others_pass(
    site: Process, bea: Employee, mode: EntryMode, passages: PassageSource
) -> None:
    site.change_gate("lobby-1", passages=passages)
    set_mode(site, mode)
    answer = badge(site, BEAS)
    if mode.asks_pin:  # as of everybody
        assert answer.reason == "pin_required"
        return
    assert answer.verdict == ("deny" if mode is EntryMode.NO_ENTRY else "open")
    if mode.asks_who:
        # The same words as for everybody who passes by badge, at once, and one event.
        assert answer.reason == "credential_accepted"
        assert answer.employee is not None and answer.employee.id == bea.id
    assert site.recorded() == 1


def test_same_hours_for_badge_and_face(site: Process, ada: Employee, bea: Employee) -> None:
    with site.store.write() as tx:
        tx.rules.put(Schedule("T", "Mornings", (Window((0, 1, 2, 3, 4, 5, 6), Hours(360, 240)),)))
        (rule,) = tx.rules.all().rules
        tx.rules.put(rule.__class__(**{**vars(rule), "schedule_id": "T"}))
    for hours, verdict in ((0, "open"), (6, "deny"), (12, "deny")):
        site.clock.advance(hours=hours)
        assert {badge(site, BEAS).verdict, badge(site, ADAS).verdict, face(site).verdict} == {verdict}


def test_mode_holds_while_its_schedule_is_open(site: Process, ada: Employee) -> None:
    with site.store.write() as tx:
        tx.rules.put(Schedule("N", "Nights", (Window((0, 1, 2, 3, 4, 5, 6), Hours(18 * 60, 600)),)))
    set_mode(site, EntryMode.BADGE, "N")
    assert face(site).reason == "recognised"
    site.clock.advance(hours=12)
    assert face(site).reason == "credential_required" and badge(site).reason == "credential_accepted"
    set_mode(site, BOTH, "N")  # of two at once, the one that lets fewer people in
    assert badge(site).reason == "face_required"


@pytest.mark.both_databases
def test_badge_and_face_of_its_holder_open_once(site: Process, ada: Employee) -> None:
    set_mode(site, BOTH)
    assert face(site).reason == "credential_required"
    assert badge(site).reason == "face_required"
    site.clock.advance(seconds=4)
    opened = face(site)
    assert (opened.reason, opened.method, opened.candidates) == ("credential_accepted", "credential", 1)
    assert opened.similarity is not None and opened.similarity > 0.9 and opened.margin is None
    assert opened.credential is not None and opened.employee is not None and opened.employee.id == ada.id
    assert face(site).reason == "credential_required", "one badge, one passage"


def test_badge_and_frames_in_one_request(site: Process, ada: Employee) -> None:
    set_mode(site, BOTH)
    assert badge(site, ADAS, photo(ADA)).reason == "credential_accepted"
    assert badge(site, ADAS, photo(BOB)).reason == "credential_mismatch"
    assert badge(site, UNKNOWN, photo(ADA)).reason == "credential_unknown", "the face is not looked for"
    again = photo(ADA)
    first = badge(site, ADAS, again, idempotency_key="k")
    assert badge(site, ADAS, again, idempotency_key="k") == first


def test_another_face_is_refused_and_never_searched_for(
    site: Process, ada: Employee, monkeypatch: pytest.MonkeyPatch
) -> None:
    def searched(*args: object, **more: object) -> None:
        raise AssertionError("searched")

    set_mode(site, BOTH)
    monkeypatch.setattr(site.gallery, "search", searched)
    badge(site)
    answer = face(site, BOB)
    assert (answer.reason, answer.verdict) == ("credential_mismatch", "deny")
    assert answer.employee is not None and answer.employee.id == ada.id, "whose badge it was"
    assert face(site).reason == "credential_required", "for another try the badge is read again"


def test_threshold_is_that_of_one_comparison_at_the_same_rate(site: Process, ada: Employee) -> None:
    set_mode(site, BOTH)
    site.threshold.asked.clear()
    badge(site)
    face(site)
    assert site.threshold.asked == [(1, 1, 1)]
    site.threshold.value = 0.8
    badge(site)
    assert face(site, like(0, 0.79)).reason == "credential_mismatch"
    badge(site)
    assert face(site, like(0, 0.81)).reason == "credential_accepted"


def test_face_comes_within_five_seconds(site: Process, ada: Employee) -> None:
    set_mode(site, BOTH)
    badge(site)
    site.clock.advance(seconds=5, milliseconds=1)
    assert face(site).reason == "credential_required"


def test_poor_picture_does_not_end_the_waiting(site: Process, ada: Employee) -> None:
    set_mode(site, BOTH)
    badge(site)
    assert site.decide(empty()).reason == "no_face"
    assert face(site).reason == "credential_accepted"


def test_next_badge_takes_the_place_of_the_one_before(site: Process, ada: Employee, bea: Employee) -> None:
    bob = site.enrolment.by_number("E-2")
    assert bob is not None
    book(site).give(bob.id, Badge(32, 0xB0B), CardFormat.RAW, "admin")
    set_mode(site, BOTH)
    badge(site)
    badge(site, Badge(32, 0xB0B))
    assert face(site, BOB).reason == "credential_accepted"
    badge(site)
    badge(site, BEAS)
    assert face(site).reason == "credential_required"


def lapses(site: Process, ada: Employee) -> None:
    book(site).take_back(book(site).of(ada.id)[0].credential.id)


def is_blocked(site: Process, ada: Employee) -> None:
    Permits(site.store, site.log, site.clock, new_id).block(ada.id, "Badge lost")


def is_erased(site: Process, ada: Employee) -> None:
    site.erasure.erase(ada.id)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("change", "reason"), [(lapses, "credential_required"), (is_blocked, "blocked"), (is_erased, "credential_required")]
)
def test_what_changes_between_badge_and_face_counts(
    site: Process, ada: Employee, change: Callable[[Process, Employee], None], reason: str
) -> None:
    set_mode(site, BOTH)
    badge(site)
    change(site, ada)
    assert face(site).reason == reason


def test_waiting_badge_is_offered_to_nobody_and_none_waits_at_other_gates(site: Process, ada: Employee) -> None:
    set_mode(site, EntryMode.FACE)
    badge(site)
    with site.store.read() as tx:
        assert tx.badge_reads.of(gate(site)) is None, "it opens nothing there, so it is not kept"
    set_mode(site, BOTH)
    badge(site)
    with pytest.raises(NotFound):
        book(site).last_read(gate(site))


def test_repeated_request_opens_only_while_the_mode_still_takes_it(site: Process, ada: Employee) -> None:
    first = badge(site, idempotency_key="k")
    set_mode(site, EntryMode.FACE)
    assert first.opens and badge(site, idempotency_key="k").reason == "face_required"
    picture = photo(ADA)
    assert site.decide(picture, idempotency_key="f").opens
    set_mode(site, BOTH)
    assert site.decide(picture, idempotency_key="f").reason == "credential_required"


def test_no_face_is_looked_at_where_a_badge_is_asked_for(
    site: Process, start: Callable[..., Process], ada: Employee
) -> None:
    def looked(*args: object, **more: object) -> None:
        raise AssertionError("looked at")

    set_mode(site, EntryMode.BADGE)
    blind = start(looks=looked)
    assert blind.decide(photo(ADA)).reason == "credential_required"


@pytest.mark.parametrize("mode", [mode for mode in EntryMode if mode.asks_who])
def test_explanation_names_what_the_person_lacks(site: Process, ada: Employee, bea: Employee, mode: EntryMode) -> None:
    """It says yes exactly where they pass, whoever they are."""
    nobody = site.enrolment.add(Details("E-4", "Neither badge nor photo"))
    bob = site.enrolment.by_number("E-2")
    assert bob is not None
    set_mode(site, mode)
    questions = RuleQuestions(site.store, site.clock)
    said = {one.id: str(questions.explain(one.id, "lobby-1").reason) for one in (ada, bea, bob, nobody)}
    if mode is EntryMode.QR:  # a badge is enough only for whoever has no template
        assert said == {bea.id: "recognised"} | dict.fromkeys([ada.id, bob.id, nobody.id], "qr_required")
        return
    needs_badge = mode in (EntryMode.BADGE, BOTH, EntryMode.BADGE_AND_PIN)
    # With neither, the rules alone are explained where either would do.
    by_face = {EntryMode.FACE, EntryMode.PIN_AND_FACE}
    lacking = (
        "recognised" if mode is EntryMode.NORMAL else "face_required" if mode in by_face else "credential_required"
    )
    identified = "pin_required" if mode.asks_pin else "recognised"  # nobody has a PIN
    assert said == {
        ada.id: identified,
        bea.id: identified,
        bob.id: "credential_required" if needs_badge else identified,
        nobody.id: lacking,
    }
    for one, reason in said.items():
        (verdict,) = questions.at_every_gate(one)
        assert verdict.reason == reason


def test_first_person_of_a_free_period_may_come_by_badge(site: Process, ada: Employee, bea: Employee) -> None:
    with site.store.write() as tx:
        tx.rules.note_groups(["Porters"])
    site.enrolment.update(bea.id, lambda before: Details.of(before, groups=("Porters",)))
    with site.store.write() as tx:
        (porters,) = tx.rules.all().groups
        tx.rules.put(GateMode("M", gate(site), EntryMode.FREE, None, porters.id))
    assert badge(site).reason == "credential_accepted" and face(site, person(7)).reason == "not_recognised"
    assert badge(site, BEAS).reason == "credential_accepted"
    assert face(site, person(7)).reason == "free_entry"
