"""Enrolment by badge: four reads far apart, one person in all pictures, an admin's word, and nothing left over."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.access.rules import EntryMode, GateMode
from app.core.alerts.alert import AlertKind
from app.core.credentials.badge import Badge
from app.core.errors import Conflict, NotFound
from app.core.people.details import Details
from app.core.people.gathering import NEEDED, GatheringState
from app.core.recognition.liveness import LivenessMode
from app.core.types import Status
from tests.fakes import like, person, photo
from tests.services.access.gathering.desk import ADAS, BOBS, Desk, evidence_of_two
from tests.services.process import Process

ADA, BOB = person(0), person(1)
READY, DISAGREED, GATHERING = GatheringState.READY, GatheringState.DISAGREED, GatheringState.GATHERING
Start = Callable[..., Process]


@pytest.fixture
def desk(site: Process) -> Desk:
    return Desk(site)


def test_four_agreeing_pictures_become_a_template_once_an_admin_accepts(desk: Desk) -> None:
    desk.gather(*(like(0, 0.98, 2 + n) for n in range(3)))
    assert (desk.state(), desk.pictures(), desk.alerts()) == (GATHERING, 3, [])
    desk.reads(like(0, 0.98, 6))
    assert (desk.state(), desk.pictures(), desk.alerts()) == (READY, NEEDED, [AlertKind.FACE_TO_REVIEW])
    assert desk.site.sees(0) == "not_recognised", "nobody is enrolled before an admin looked"
    shown = desk.book.get(desk.ada)
    assert all(desk.book.picture(desk.ada, face.id) for face in shown.faces)
    results = desk.book.accept(desk.ada)
    assert [one.accepted for one in results] == [True] * NEEDED
    assert (desk.state(), desk.pictures(), desk.alerts()) == (None, 0, [])
    assert desk.site.sees(0) == "recognised"
    assert desk.site.audit.verify().valid


def test_second_person_who_uses_the_badge_once_ends_it(desk: Desk) -> None:
    desk.gather(ADA, BOB, like(0, 0.98), like(0, 0.98, 3))
    assert (desk.state(), desk.pictures(), desk.alerts()) == (DISAGREED, 0, [])
    desk.reads(ADA)
    assert desk.pictures() == 0
    with pytest.raises(Conflict) as caught:
        desk.book.accept(desk.ada)
    assert caught.value.code == "not_ready"
    desk.gather(*(like(0, 0.98, 2 + n) for n in range(NEEDED)))
    assert desk.state() is READY, "an admin begins anew"


def test_every_pair_must_agree(desk: Desk) -> None:
    """Three pairs that are alike enough do not make up for one that is not: 0.9 * 0.9 is 0.81, and 0.88 * 0.9 less."""
    desk.gather(ADA, like(0, 0.9, 2), like(0, 0.9, 3), like(0, 0.88, 4))
    assert desk.state() is DISAGREED


def test_reads_less_than_five_minutes_apart_give_one_picture(desk: Desk) -> None:
    desk.book.begin(desk.ada)
    desk.reads(ADA)
    desk.reads(like(0, 0.98), after=timedelta(minutes=4, seconds=59))
    assert desk.pictures() == 1
    desk.reads(like(0, 0.98), after=timedelta(minutes=1))
    assert desk.pictures() == 2


def test_what_gives_no_picture(desk: Desk) -> None:
    desk.reads(ADA)
    assert desk.pictures() == 0, "nobody asked for it"
    desk.book.begin(desk.ada)
    desk.reads()
    desk.reads(None)
    assert desk.pictures() == 0, "no face was seen"
    desk.site.clock.advance(minutes=6)
    desk.gatherer.offer(desk.passer(ADA))
    assert desk.pictures() == 0, "no badge was read"
    desk.add("E-2", "Bob", BOBS)
    desk.site.clock.advance(minutes=6)
    desk.site.decide(credential=BOBS.text)
    desk.site.clock.advance(seconds=4)
    desk.site.decide(credential=ADAS.text)
    desk.gatherer.offer(desk.passer(ADA))
    assert desk.pictures() == 0, "two badges were read, and nobody knows whose this is"
    desk.site.clock.advance(minutes=6)
    desk.site.decide(credential=ADAS.text, gate="lobby-2")
    desk.gatherer.offer(desk.passer(ADA))
    assert desk.pictures() == 0, "the badge was read at another gate"
    desk.site.clock.advance(minutes=6)
    assert desk.site.decide(credential=Badge(32, 0xBAD).text).reason == "credential_unknown"
    desk.gatherer.offer(desk.passer(ADA))
    assert desk.pictures() == 0
    fold, desk.gatherer.fold = desk.gatherer.fold, evidence_of_two
    desk.reads(ADA)
    assert desk.pictures() == 0, "two people in one approach"
    desk.gatherer.fold = fold
    desk.reads(ADA)
    assert desk.pictures() == 1


def test_picture_that_is_held_up_is_not_taken(desk: Desk) -> None:
    desk.site.change_gate("lobby-1", liveness=LivenessMode.REQUIRED)
    desk.gatherer.liveness_works = True
    desk.book.begin(desk.ada)
    fold = desk.gatherer.fold
    desk.gatherer.fold = lambda looks: replace(fold(looks), liveness=0.1, liveness_frames=5)
    desk.reads(ADA)
    assert desk.pictures() == 0
    desk.gatherer.fold = lambda looks: replace(fold(looks), liveness=0.99, liveness_frames=5)
    desk.reads(ADA)
    assert desk.pictures() == 1


def test_two_gates_at_once_take_one_picture(desk: Desk, start: Start) -> None:
    desk.book.begin(desk.ada)
    other = desk.another(start())
    desk.site.clock.advance(minutes=6)
    for gate in ("lobby-1", "lobby-2"):
        assert desk.site.decide(credential=ADAS.text, gate=gate).opens
    passers = [desk.passer(ADA, gate=gate) for gate in ("lobby-1", "lobby-2")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda work: work[0].gather(work[1]), zip((desk.gatherer, other), passers, strict=True)))
    assert desk.pictures() == 1


def test_fourth_picture_at_two_gates_at_once_ends_the_gathering_once(desk: Desk, start: Start) -> None:
    desk.gather(*(like(0, 0.98, 2 + n) for n in range(3)))
    other = desk.another(start())
    desk.site.clock.advance(minutes=6)
    for gate in ("lobby-1", "lobby-2"):
        assert desk.site.decide(credential=ADAS.text, gate=gate).opens
    passers = [desk.passer(ADA, gate=gate) for gate in ("lobby-1", "lobby-2")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda work: work[0].gather(work[1]), zip((desk.gatherer, other), passers, strict=True)))
    assert (desk.state(), desk.pictures()) == (READY, NEEDED)


class Killed(Exception):
    pass


def test_kill_between_picture_and_verdict_leaves_what_was_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fourth picture and what follows from it are one transaction."""
    desk.gather(*(like(0, 0.98, 2 + n) for n in range(3)))
    desk.site.clock.advance(minutes=6)
    assert desk.site.decide(credential=ADAS.text).opens

    def killed(*args: object, **more: object) -> None:
        raise Killed

    for place in ("agree", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(f"app.services.access.gathering.gatherer.{place}", killed)
            with pytest.raises(Killed):
                desk.gatherer.gather(desk.passer(ADA))
        assert (desk.state(), desk.pictures()) == (GATHERING, 3)
    desk.gatherer.gather(desk.passer(ADA))
    assert (desk.state(), desk.pictures()) == (READY, NEEDED)


def test_kill_while_it_is_accepted_enrols_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.gather(*(like(0, 0.98, 2 + n) for n in range(NEEDED)))
    with monkeypatch.context() as patched:

        def killed(self: object, employee_id: str, until: object = None) -> int:
            raise Killed

        patched.setattr("app.adapters.db.repositories.contractors.gatherings.GatheringRows.forget", killed)
        with pytest.raises(Killed):
            desk.book.accept(desk.ada)
    assert (desk.state(), desk.pictures(), desk.site.sees(0)) == (READY, NEEDED, "not_recognised")
    assert all(one.accepted for one in desk.book.accept(desk.ada))


def test_somebody_else_who_is_enrolled_is_found_at_the_acceptance(desk: Desk) -> None:
    desk.site.enrol("E-9", photo(ADA))
    desk.gather(*(like(0, 0.98, 2 + n) for n in range(NEEDED)))
    results = desk.book.accept(desk.ada)
    assert {one.problems for one in results} == {("already_enrolled_as",)}
    assert (desk.state(), desk.site.enrolment.get(desk.ada).photos) == (READY, 0)


def test_never_without_consent_where_consent_is_the_legal_basis(desk: Desk) -> None:
    desk.allow(True, consent=True)
    with pytest.raises(Conflict) as caught:
        desk.book.begin(desk.ada)
    assert caught.value.code == "consent_required"
    desk.allow(True)
    desk.gather(ADA)
    desk.allow(True, consent=True)
    desk.reads(ADA)
    assert desk.pictures() == 1, "consent became the legal basis meanwhile"
    desk.site.consents.record(desk.ada, desk.site.clock().date(), "I agree", "en")
    desk.reads(like(0, 0.98))
    assert desk.pictures() == 2


def test_never_where_the_site_does_not_allow_it(desk: Desk) -> None:
    desk.gather(ADA)
    desk.allow(False)
    desk.reads(ADA)
    assert desk.pictures() == 1
    for call in (desk.book.begin, desk.book.accept):
        with pytest.raises(Conflict) as caught:
            call(desk.ada)
        assert caught.value.code == "enrol_by_badge_off"


def test_who_cannot_begin(desk: Desk) -> None:
    without = desk.site.enrolment.add(Details("E-5", "Eve")).id
    known = desk.site.enrol("E-6", photo(BOB)).id
    idle = desk.add("E-7", "Ida", Badge(32, 0x1DA))
    desk.site.enrolment.update(idle, lambda before: Details.of(before, status=Status.INACTIVE))
    for employee, code in ((without, "no_badge"), (known, "enrolled_already"), (idle, "employee_inactive")):
        with pytest.raises(Conflict) as caught:
            desk.book.begin(employee)
        assert caught.value.code == code
    for call in (desk.book.begin, desk.book.accept, desk.book.stop, desk.book.get):
        with pytest.raises(NotFound):
            call("nobody")
    with pytest.raises(NotFound):
        desk.book.picture(desk.ada, "nothing")


def test_passers_are_forgotten_while_nobody_is_gathered_and_when_too_many_wait(desk: Desk) -> None:
    waiting: list[Callable[[], None]] = []
    desk.gatherer.start = waiting.append
    for _ in range(50):
        desk.gatherer.offer(desk.passer(ADA))
    assert len(waiting) == 1 and len(desk.gatherer._waiting) == 20
    waiting.pop()()
    assert not desk.gatherer._waiting and not desk.gatherer.gathers
    desk.gatherer.offer(desk.passer(ADA))
    assert waiting == [], "for half a minute nobody asks the database again"
    desk.book.begin(desk.ada)
    desk.site.clock.advance(seconds=31)
    desk.gatherer.offer(desk.passer(ADA))
    waiting.pop()()
    assert desk.gatherer.gathers


def test_failure_takes_no_picture_and_the_next_one_comes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.book.begin(desk.ada)

    def broken(data: bytes) -> object:
        raise RuntimeError("an engine died")

    with monkeypatch.context() as patched:
        patched.setattr(desk.gatherer, "look", broken)
        desk.reads(ADA)
    assert desk.pictures() == 0
    desk.reads(ADA)
    assert desk.pictures() == 1


def test_badge_that_still_waits_for_its_pin_gives_no_picture(desk: Desk) -> None:
    with desk.site.store.write() as tx:
        gate = tx.gates.by_name_or_id("lobby-1")
        assert gate is not None
        tx.rules.put(GateMode("M", gate.id, EntryMode.BADGE_AND_PIN))
    desk.book.begin(desk.ada)
    desk.site.clock.advance(minutes=6)
    assert desk.site.decide(credential=ADAS.text).reason == "pin_required"
    desk.gatherer.offer(desk.passer(ADA))
    assert desk.pictures() == 0
