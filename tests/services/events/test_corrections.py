"""Corrections: a record of their own that leaves the event alone, labelled pictures, and gone with who is erased."""

from dataclasses import replace

import pytest

from app.core.errors import BadInput, Conflict, NotFound
from app.core.events.corrections import CorrectionKind
from app.services.events.corrections import Corrections
from tests.fakes import Clock, new_id, person, photo
from tests.services.process import Process

NOT, WAS = CorrectionKind


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
