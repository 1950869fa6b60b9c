"""A certificate says who asked, what was removed and what is left, and its signature proves it."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.adapters.crypto.signing import Ed25519Signer, signed_by
from app.core.accounts.trail import AtWork, working
from app.core.accounts.users import User
from app.core.errors import Conflict, NotFound, NotRecorded
from app.core.people.certificates import HeldBackup, Place, Scope, Searched, message
from app.core.people.consents import ConsentHow
from app.core.people.details import Details
from app.core.ports.store import Transaction
from app.core.site.retention import Kind
from app.core.types import Employee, Role, Status
from app.services.people.certificates.certificate_book import GIVEN_UP, ROLLED_BACK, signed
from tests.fakes import NOW, Clock, new_id, person, photo
from tests.services.process import Process


@dataclass(frozen=True)
class Broken:
    error: Exception
    place: Place = Place.DATABASE

    def look(self, needles: object, rest: object) -> list[Searched]:
        raise self.error


MARKS = ("Augusta Kingsley", "augusta@example.net", "E-77001", "12AB34CD56EF78")


def test_nothing_is_left_of_an_erased_person(site: Process, ada: Employee, signer: Ed25519Signer) -> None:
    receipt = site.erasure.erase(ada.id)
    assert site.certificates.make() == 1
    document = site.certificates.of(ada.id)
    assert document["search"]["complete"] and document["search"]["found"] == 0 and document["left"] == []
    assert (document["person"], document["scope"], document["receipt"]) == (ada.id, "person", receipt.id)
    assert document["removed"]["photos"] == document["removed"]["templates"] == document["removed"]["credentials"] == 1
    assert document["removed"]["events"] == 1 and document["keys_destroyed"] == 1
    assert document["asked"] == {"by": "retention", "reference": "", "way": "", "at": "2026-11-23T08:00:00.123Z"}
    assert [one["place"] for one in document["places"]] == ["database", "index", "caches", "imports", "files"]
    terms = document["search"]["terms"]
    assert {"name", "number", "email", "badge", "photo", "embedding", "sealed", "key", "link"} <= terms.keys()
    # it is signed, names nobody, and no other key signed it
    assert signed_by(signer.public_key(), message(document), document["signature"])
    assert not signed_by(signer.public_key(), message({**document, "left": ["x"]}), document["signature"])
    assert not signed_by(Ed25519Signer(bytes(32)).public_key(), message(document), document["signature"])
    assert not any(mark in str(document) for mark in MARKS)


def test_certificate_is_pending_until_the_search_ends(site: Process, ada: Employee) -> None:
    with pytest.raises(NotFound):
        site.certificates.of(ada.id)
    site.erasure.erase(ada.id)
    with pytest.raises(Conflict, match="still running"):
        site.certificates.of(ada.id)
    assert [one.found for one in site.certificates.all(10)] == [None]
    site.certificates.make()
    assert [one.found for one in site.certificates.all(10)] == [0]
    assert site.certificates.make() == 0


def test_who_asked_is_a_reference_and_no_name(site: Process, ada: Employee) -> None:
    with site.store.write() as tx:
        tx.users.add(User("u1", "grace", frozenset({Role.ADMIN}), None, NOW))
    way = "DELETE /v1/employees/{employee_id}"
    with working(AtWork(site.clock, new_id, "10.0.0.7", lambda: way, lambda: "u1")):
        site.erasure.erase(ada.id)
    site.certificates.make()
    document = site.certificates.of(ada.id)
    assert document["asked"] == {"by": "user", "reference": "u1", "way": way, "at": "2026-11-23T08:00:00.123Z"}
    assert "grace" not in str(document) and "10.0.0.7" not in str(document)


def test_command_gives_no_account(site: Process, ada: Employee) -> None:
    with working(AtWork(site.clock, new_id, "root", lambda: "import")):
        site.erasure.erase(ada.id)
    site.certificates.make()
    assert site.certificates.of(ada.id)["asked"]["by"] == "command" and "root" not in str(site.certificates.of(ada.id))


def test_face_that_retention_removed_has_a_certificate(site: Process, ada: Employee, clock: Clock) -> None:
    site.enrolment.update(ada.id, lambda before: Details.of(before, status=Status.INACTIVE))
    clock.advance(days=31)
    assert site.retention.run(lambda seconds: False)[Kind.FACES] == 1
    site.certificates.make()
    document = site.certificates.of(ada.id)
    assert (document["scope"], document["asked"]["by"]) == ("face", "retention")
    assert document["search"]["found"] == 0 and document["keys_destroyed"] == 0
    assert document["removed"] == {"photos": 1, "templates": 1}
    assert set(document["search"]["terms"]) == {"photo", "embedding", "sealed"}, "the person stays, with their name"


def test_withdrawal_has_a_certificate_if_there_was_a_face(site: Process, ada: Employee) -> None:
    site.consents.withdraw(ada.id, ConsentHow.LINK)
    site.certificates.make()
    assert site.certificates.of(ada.id)["scope"] == Scope.FACE.value
    nobody = site.enrolment.add(Details("E-9", "Nobody's face", consent_at=NOW.date()))
    site.consents.withdraw(nobody.id)
    with pytest.raises(NotFound):
        site.certificates.of(nobody.id)


def test_erasure_that_was_rolled_back_has_none(site: Process, ada: Employee, clock: Clock) -> None:
    class Cut(Exception):
        pass

    def cut(tx: Transaction) -> None:
        site.erasure.erase_in(tx, ada.id)
        raise Cut

    with pytest.raises(Cut), site.store.write() as tx:
        cut(tx)
    assert site.certificates.make() == 0 and site.certificates.all(10) == []
    # what names the person is forgotten, once no commit can come any more
    clock.now += ROLLED_BACK * 2
    assert site.certificates.make() == 0 and not site.certificates.taking_down.waiting


def test_look_between_the_erasure_and_its_commit_forgets_nobody(site: Process, ada: Employee) -> None:
    with site.store.write() as tx:
        site.erasure.erase_in(tx, ada.id)
        assert site.certificates.make() == 0
    assert site.certificates.make() == 1


def test_people_who_are_erased_together_share_a_search(site: Process, ada: Employee) -> None:
    others = [site.enrol(f"E-{n}0001", photo(person(n))) for n in (3, 4)]
    for one in (ada, *others):
        site.erasure.erase(one.id)
    looked: list[int] = []
    first = site.certificates.searches[0]

    class Counted:
        place = first.place

        def look(self, needles: object, rest: Callable[[], None]) -> list[object]:
            looked.append(1)
            return first.look(needles, rest)  # type: ignore[arg-type, return-value]

    site.certificates.searches = (Counted(), *site.certificates.searches[1:])  # type: ignore[arg-type]
    assert site.certificates.make() == 3 and len(looked) == 1
    assert all(site.certificates.of(one.id)["search"]["found"] == 0 for one in (ada, *others))


def test_search_that_fails_is_made_again(site: Process, ada: Employee) -> None:
    searches = site.certificates.searches

    site.erasure.erase(ada.id)
    site.certificates.searches = (Broken(NotRecorded("the database is gone")),)
    with pytest.raises(NotRecorded):
        site.certificates.make()
    site.certificates.searches = searches
    assert site.certificates.make() == 1
    assert site.certificates.of(ada.id)["search"]["complete"]


def test_search_that_fails_for_long_keeps_no_certificate_back(site: Process, ada: Employee, clock: Clock) -> None:
    site.erasure.erase(ada.id)
    site.certificates.searches = (Broken(NotRecorded("it is gone")), *site.certificates.searches[1:])
    clock.advance(seconds=GIVEN_UP / timedelta(seconds=1) + 1)
    young = site.enrol("E-30001", photo(person(3)))
    site.erasure.erase(young.id)
    with pytest.raises(NotRecorded):
        site.certificates.make()
    document = site.certificates.of(ada.id)
    assert not document["search"]["complete"]
    assert document["not_searched"] == [{"place": "database", "where": "all of it"}]
    assert [one["place"] for one in document["places"]] == ["index", "caches", "imports", "files"]
    assert [one.traces.ids >= {young.id} for one in site.certificates.taking_down.waiting.values()] == [True]


def test_fault_of_a_search_is_a_place_not_searched(
    site: Process, ada: Employee, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(traces: object) -> None:
        raise ValueError("Augusta Kingsley")

    site.erasure.erase(ada.id)
    site.certificates.searches = (Broken(MemoryError("Augusta Kingsley")), *site.certificates.searches[1:])
    site.certificates.let_go = (*site.certificates.let_go, broken)
    assert site.certificates.make() == 1 and not site.certificates.taking_down.waiting
    assert site.certificates.of(ada.id)["not_searched"] == [{"place": "database", "where": "all of it"}]
    assert [one.getMessage().split()[0] for one in caplog.records if "erasure_search" in one.getMessage()] == [
        "erasure_search_failed",
        "erasure_search_failed",
        "erasure_search_incomplete",
    ]
    assert "Traceback" not in caplog.text and "Augusta" not in caplog.text


@pytest.mark.one_database
def test_files_and_folders_that_cannot_be_read_are_named(
    site: Process, ada: Employee, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lost.bin").write_bytes(b"x")
    (tmp_path / "note.txt").write_bytes(b"Augusta Kingsley")
    (tmp_path / "closed").mkdir()
    opened, scanned = Path.open, os.scandir

    # Root, as whom tests may run, may read everything.
    def refused(path: Path, *args: Any, **named: Any) -> Any:
        if path.name == "lost.bin":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *args, **named)

    def unlisted(path: Any = ".") -> Any:
        if Path(os.fsdecode(path)).name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scanned(path)

    monkeypatch.setattr(Path, "open", refused)
    monkeypatch.setattr(os, "scandir", unlisted)
    site.erasure.erase(ada.id)
    assert site.certificates.make() == 1 and not site.certificates.taking_down.waiting
    document = site.certificates.of(ada.id)
    assert not document["search"]["complete"]
    assert document["not_searched"] == [{"place": "files", "where": name} for name in ("closed", "lost.bin")]
    assert [(one["where"], one["term"]) for one in document["left"]] == [("note.txt", "name")], (
        "the others are searched"
    )


def test_search_ends_with_the_process_and_is_made_by_it_alone(
    site: Process, start: Callable[[], Process], ada: Employee, clock: Clock, signer: Ed25519Signer
) -> None:
    site.erasure.erase(ada.id)
    assert site.certificates.make(stopped=lambda: True) == 0
    other = start()  # which does not know what to search for
    other.certificates.give_up()
    assert [one.found for one in other.certificates.all(10)] == [None], "the first may still be searching"
    clock.advance(seconds=GIVEN_UP / timedelta(seconds=1) + 1)
    other.certificates.give_up()
    document = other.certificates.of(ada.id)
    assert document["search"] == {"complete": False, "ended_at": "2026-11-23T09:00:01.123Z", "found": 0}
    assert signer.verify(message(document), document["signature"])


def test_backups_that_hold_the_person_are_named(site: Process, ada: Employee) -> None:
    nightly = HeldBackup("facegate-20261122.backup", NOW - timedelta(days=1), NOW + timedelta(days=13))
    by_hand = HeldBackup("monday.backup", NOW - timedelta(days=2), None)
    site.certificates = replace(site.certificates, backups=lambda before: [nightly, by_hand])
    site.erasure.erase(ada.id)
    site.certificates.make()
    assert site.certificates.of(ada.id)["backups"] == [
        {
            "name": nightly.name,
            "made_at": "2026-11-22T08:00:00.123Z",
            "kept_until": "2026-12-06T08:00:00.123Z",
        },
        {"name": by_hand.name, "made_at": "2026-11-21T08:00:00.123Z", "kept_until": None},
    ]


def test_row_of_a_certificate_that_somebody_altered_is_none(site: Process, ada: Employee, tmp_path: Path) -> None:
    site.erasure.erase(ada.id)
    site.certificates.make()
    (made,) = site.certificates.all(10)
    assert signed(made)["search"]["found"] == 0
    with site.store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE certificates SET document = '{}'")
    assert site.certificates.all(10) == []
