"""Corrections: a record of their own that leaves the event alone, labelled pictures, and gone with who is erased."""

from dataclasses import replace

import pytest

from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.events.corrections import CorrectionKind
from app.services.events.corrections import Corrections
from tests.fakes import Clock, new_id, person, photo
from tests.services.process import Process
from tests.stores import statements

NOT, WAS = CorrectionKind.NOT_THIS_PERSON, CorrectionKind.WAS


@pytest.fixture
def corrections(site: Process, clock: Clock) -> Corrections:
    return Corrections(site.store, site.log, site.vault, site.signer, clock, new_id)


def test_correction_says_it_was_another_person(site: Process, corrections: Corrections) -> None:
    ada, bob = site.enrol("E-1", photo(person(0))), site.enrol("E/2", photo(person(1)))
    opened = site.decide(photo(person(0)))
    before = site.events.get(opened.id)
    corrections.add(opened.id, NOT, None, "user-7")
    corrections.add(opened.id, WAS, bob.id, "user-7")
    said = corrections.of(opened.id)
    assert [
        (one.correction.kind, one.employee and one.employee.number, one.correction.actor, one.forged) for one in said
    ] == [
        ("not_this_person", "E-1", "user-7", False),
        ("was", "E/2", "user-7", False),
    ]
    assert site.events.get(opened.id) == before
    assert site.recorded() == 1
    exported = {(one.folder, one.name.partition("-")[0], one.same) for one in corrections.labelled()}
    assert exported == {
        ("E-1", "photo", True),
        ("E-1", "event", False),
        ("E%2f2", "photo", True),
        ("E%2f2", "event", True),
    }
    assert ada.id != bob.id


def test_latest_correction_labels_the_picture(site: Process, corrections: Corrections) -> None:
    site.enrol("E-1", photo(person(0)))
    bob, cay = site.enrol("E-2", photo(person(1))), site.enrol("E-3", photo(person(2)))
    opened = site.decide(photo(person(0))).id
    for who in (cay, bob, bob):
        corrections.add(opened, WAS, who.id, "user-7")
    labels = [(one.folder, one.photo, one.same) for one in corrections.labelled()]
    assert labels == [("E-1", True, True), ("E-1", False, False), ("E-2", True, True), ("E-2", False, True)]


def test_corrections_that_are_refused(site: Process, corrections: Corrections) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    opened, stranger = site.decide(photo(person(0))), site.decide(photo(person(5)))
    with pytest.raises(Conflict, match="names nobody"):
        corrections.add(stranger.id, NOT, None, "user-7")
    with pytest.raises(Conflict, match="itself says"):
        corrections.add(opened.id, WAS, ada.id, "user-7")
    with pytest.raises(BadInput):
        corrections.add(stranger.id, WAS, None, "user-7")
    for event, employee in (("nowhere", ada.id), (stranger.id, "nobody")):
        with pytest.raises(NotFound):
            corrections.add(event, WAS, employee, "user-7")
    assert list(corrections.labelled()) == []


def test_erasure_removes_corrections_and_pictures(site: Process, corrections: Corrections) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    stranger = site.decide(photo(person(5)))
    corrections.add(stranger.id, WAS, ada.id, "user-7")
    receipt = site.erasure.erase(ada.id)
    assert receipt.events_unlinked == 1
    (said,) = corrections.of(stranger.id)
    assert said.employee is None and said.forged is False
    with pytest.raises(NotFound):
        site.events.snapshot(stranger.id)
    assert list(corrections.labelled()) == []
    assert site.recorded() == 1


def test_open_corrections_are_read_in_as_many_queries_however_many_there_are(
    site: Process, corrections: Corrections
) -> None:
    asked = []
    for axis in (1, 2, 3):
        somebody = site.enrol(f"E-{axis}", photo(person(axis)))
        corrections.add(site.decide(photo(person(5))).id, WAS, somebody.id, "user-7")
        with statements(site.store) as run:
            found = corrections.open()
        assert [one.employee and one.employee.number for one in found] == [f"E-{n}" for n in range(axis, 0, -1)]
        asked.append(len(run))
    assert len(set(asked)) == 1


@pytest.mark.parametrize("kind", [CorrectionKind.WITHDRAWN, CorrectionKind.DISMISSED])
def test_row_that_settles_nothing_does_not_keep_an_erased_persons_picture(
    site: Process, corrections: Corrections, kind: CorrectionKind
) -> None:
    ada, bob = site.enrol("E-1", photo(person(0))), site.enrol("E-2", photo(person(1)))
    stranger, another = site.decide(photo(person(5))), site.decide(photo(person(6)))
    corrections.add(stranger.id, WAS, ada.id, "user-7")
    planted = corrections.add(another.id, WAS, bob.id, "user-7")
    with site.store.write() as tx:
        tx.corrections.add(replace(planted, id=new_id(), kind=kind, about=None))
    assert site.erasure.erase(ada.id).events_unlinked == 1
    with pytest.raises(NotFound):
        site.events.snapshot(stranger.id)


def test_altered_correction_is_marked_forged_and_not_exported(site: Process, corrections: Corrections) -> None:
    ada, bob = site.enrol("E-1", photo(person(0))), site.enrol("E-2", photo(person(1)))
    stranger = site.decide(photo(person(5)))
    made = corrections.add(stranger.id, WAS, ada.id, "user-7")
    with site.store.write() as tx:
        tx.corrections.forget(ada.id)
        tx.corrections.add(replace(made, id=new_id(), employee_id=bob.id))
    emptied, altered = corrections.of(stranger.id)
    assert (emptied.forged, altered.forged) == (False, True)
    assert list(corrections.labelled()) == []


def test_the_same_correction_twice_is_one(site: Process, corrections: Corrections) -> None:
    site.enrol("E-1", photo(person(0)))
    opened = site.decide(photo(person(0)))
    first = corrections.add(opened.id, NOT, None, "user-7")
    assert corrections.add(opened.id, NOT, None, "user-8") == first
    assert len(corrections.of(opened.id)) == corrections.count_open() == 1
    # Once it is withdrawn, it can be made again.
    corrections.withdraw(opened.id, first.id, "user-7", admin=False)
    assert corrections.add(opened.id, NOT, None, "user-7") != first and corrections.count_open() == 1


def test_withdrawn_and_dismissed_corrections_label_nothing(site: Process, corrections: Corrections) -> None:
    site.enrol("E-1", photo(person(0)))
    bob, cay = site.enrol("E-2", photo(person(1))), site.enrol("E-3", photo(person(2)))
    opened = site.decide(photo(person(0)))
    before, recorded = site.events.get(opened.id), site.recorded()
    withdrawn, dismissed, accepted = (
        corrections.add(opened.id, kind, who, "user-7").id for kind, who in ((NOT, None), (WAS, cay.id), (WAS, bob.id))
    )
    corrections.withdraw(opened.id, withdrawn, "user-7", admin=False)
    corrections.decide(opened.id, dismissed, "admin-1", " not Cay ", accept=False)
    corrections.decide(opened.id, accepted, "admin-1", "", accept=True)
    settled = [one.settled for one in corrections.of(opened.id) if one.settled]
    said = [(one.kind, one.actor, one.comment) for one in settled]
    assert said == [("withdrawn", "user-7", None), ("dismissed", "admin-1", "not Cay"), ("accepted", "admin-1", None)]
    labels = {(one.folder, one.same) for one in corrections.labelled() if not one.photo}
    assert labels == {("E-1", False), ("E-2", True)}
    assert corrections.open() == [] and site.events.get(opened.id) == before
    assert site.recorded() == recorded, "and the log is whole"


def test_correction_is_settled_once_by_those_who_may(site: Process, corrections: Corrections) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    opened = site.decide(photo(person(0)))
    made = corrections.add(opened.id, NOT, None, "user-7").id
    with pytest.raises(Forbidden):
        corrections.withdraw(opened.id, made, "user-8", admin=False)
    with pytest.raises(NotFound):
        corrections.withdraw("another event", made, "user-7", admin=False)
    with pytest.raises(BadInput):
        corrections.decide(opened.id, made, "admin-1", "a\u0000b", accept=True)
    assert [one.correction.id for one in corrections.open()] == [made]
    ruling = corrections.withdraw(opened.id, made, "admin-1", admin=True).settled
    assert ruling is not None
    with pytest.raises(Conflict, match="withdrawn already"):
        corrections.withdraw(opened.id, made, "user-7", admin=False)
    with pytest.raises(Conflict, match="withdrawn already"):
        corrections.decide(opened.id, made, "admin-1", "", accept=True)
    with pytest.raises(NotFound):
        corrections.decide(opened.id, ruling.id, "admin-1", "", accept=True)
    again = corrections.add(opened.id, NOT, None, "user-7").id
    site.erasure.erase(ada.id)
    assert corrections.open() == [] and corrections.count_open() == 0
    with pytest.raises(Conflict, match="erased"):
        corrections.decide(opened.id, again, "admin-1", "Ada", accept=True)


def test_erasure_takes_what_was_said_of_a_person(site: Process, corrections: Corrections) -> None:
    bob = site.enrol("E-2", photo(person(1)))
    stranger, other = site.decide(photo(person(5))), site.decide(photo(person(6)))
    for event, accept in ((stranger, True), (other, False)):
        made = corrections.add(event.id, WAS, bob.id, "user-7")
        corrections.decide(event.id, made.id, "admin-1", "Bob B.", accept=accept)
    receipt = site.erasure.erase(bob.id)
    assert receipt.events_unlinked == 1, "the event of somebody else stays whole"
    assert site.events.get(other.id).decision is not None and site.events.get(stranger.id).decision is None
    for event in (stranger, other):
        (one,) = corrections.of(event.id)
        assert one.settled is not None and (one.settled.comment, one.settled.employee_id, one.forged) == (
            None,
            None,
            False,
        )
    assert site.recorded() == 2


def test_planted_settlement_is_not_believed(site: Process, corrections: Corrections) -> None:
    site.enrol("E-1", photo(person(0)))
    opened = site.decide(photo(person(0)))
    made = corrections.add(opened.id, NOT, None, "user-7")
    planted = replace(made, id=new_id(), kind=CorrectionKind.DISMISSED, about=made.id)
    with site.store.write() as tx:
        tx.corrections.add(planted)
    assert [one.settled for one in corrections.of(opened.id)] == [None]
    assert [one.same for one in corrections.labelled() if not one.photo] == [False]
    report = site.audit.verify()
    assert report.flaw is not None and "not signed by this installation" in report.flaw.problem


def test_correction_by_an_admin_is_accepted_at_once(site: Process, corrections: Corrections) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    stranger = site.decide(photo(person(5)))
    said = corrections.add(stranger.id, WAS, ada.id, "user-7")
    for _ in range(2):
        assert corrections.add(stranger.id, WAS, ada.id, "admin-1", accept=True) == said
    (one,) = corrections.of(stranger.id)
    assert one.settled is not None and (one.settled.kind, one.settled.actor) == ("accepted", "admin-1")
    assert corrections.count_open() == 0
