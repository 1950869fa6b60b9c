"""A directory's people: whoever leaves is let in by no gate and no process; a mass leaving waits for an admin."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.alerts.alert import AlertKind
from app.core.errors import BadInput, Conflict, NotFound, Outdated, Unauthorised
from app.core.people.details import Details
from app.core.people.directories import DirectoryPerson, Leaving
from app.core.types import Employee, Role, Status
from app.services.access.directories.directory_book import DirectoryBook
from app.services.access.directories.group_sync import GroupSync, SentGroup
from app.services.access.directories.people_sync import PeopleSync, Sent
from tests.fakes import new_id, person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database

ADA = Sent("ada@x.org", "e-1", "E-1", "Ada Lovelace", "ada@x.org", True, {"userName": "ada@x.org"})


@pytest.fixture
def sync(site: Process) -> PeopleSync:
    return PeopleSync(site.store, site.enrolment, site.erasure, site.clock, new_id)


@pytest.fixture
def book(site: Process, sync: PeopleSync) -> DirectoryBook:
    return DirectoryBook(site.store, sync, site.clock, new_id)


@pytest.fixture
def entra(book: DirectoryBook) -> str:
    return book.add("Entra ID").id


def add(site: Process, sync: PeopleSync, directory: str, sent: Sent = ADA) -> DirectoryPerson:
    with site.store.write() as tx:
        return sync.add(tx, directory, sent)


def change(
    site: Process, sync: PeopleSync, directory: str, who: DirectoryPerson, sent: Sent, version: int | None = None
) -> DirectoryPerson:
    with site.store.write() as tx:
        return sync.change(tx, directory, who.employee_id, sent, version)


def alerts(site: Process) -> set[AlertKind]:
    with site.store.read() as tx:
        return {alert.kind for alert in tx.alerts.uncleared()}


def crowd(site: Process, sync: PeopleSync, directory: str, count: int) -> list[DirectoryPerson]:
    return [add(site, sync, directory, some(number)) for number in range(count)]


def some(number: int) -> Sent:
    return Sent(f"p{number}@x.org", None, f"P-{number}", f"Person {number}", None, True, {})


@pytest.mark.both_databases
def test_person_is_added_as_an_employee_and_read_back(site: Process, sync: PeopleSync, entra: str) -> None:
    made = add(site, sync, entra)
    employee = site.enrolment.get(made.employee_id)
    assert (employee.number, employee.name, employee.email) == ("E-1", "Ada Lovelace", "ada@x.org")
    with site.store.read() as tx:
        assert tx.directories.by_user_name(entra, "ADA@X.ORG") == made
        assert tx.directories.by_external_id(entra, "e-1") == [made]
        assert tx.directories.by_user_name("another", "ada@x.org") is None


def test_somebody_enrolled_before_becomes_the_directorys_with_all_they_have(
    site: Process, sync: PeopleSync, entra: str
) -> None:
    known = site.enrol("E-1", photo(person(0)))
    made = add(site, sync, entra)
    after = site.enrolment.get(made.employee_id)
    assert (made.employee_id, after.name, after.photos) == (known.id, "Ada Lovelace", 1)
    with pytest.raises(Conflict, match="employeeNumber"):
        add(site, sync, entra, replace(ADA, user_name="somebody else"))


def test_taken_names_and_bad_fields_are_refused(site: Process, sync: PeopleSync, entra: str) -> None:
    add(site, sync, entra)
    other = add(site, sync, entra, some(2))
    with pytest.raises(Conflict, match="userName"):
        add(site, sync, entra, replace(ADA, user_name="Ada@x.org", number=None))
    with pytest.raises(Conflict):  # a rename onto a taken name
        change(site, sync, entra, other, replace(some(2), user_name="ada@x.org"))
    with pytest.raises(BadInput):
        add(site, sync, entra, replace(some(3), email="x" * 10_000 + "@x.org"))
    with pytest.raises(BadInput):
        add(site, sync, entra, replace(some(3), name="A\u202eda"))
    with site.store.read() as tx:
        assert tx.directories.count(entra) == 2 and tx.employees.count() == 2


@pytest.mark.both_databases
def test_leaver_passes_no_gate_in_any_process(
    site: Process, start: Callable[..., Process], sync: PeopleSync, entra: str
) -> None:
    site.gates.add("lobby-2")
    site.enrol("E-1", photo(person(0)))
    other = start()
    ada = add(site, sync, entra)
    assert site.sees(0) == other.sees(0, gate="lobby-2") == "recognised"
    change(site, sync, entra, ada, replace(ADA, active=False))
    tries = [one.sees(0, gate=gate) for _ in range(5) for one in (site, other) for gate in ("lobby-1", "lobby-2")]
    assert set(tries) == {"employee_inactive"}
    change(site, sync, entra, ada, replace(ADA, active=None))  # what is not said changes nothing
    assert site.sees(0) == "employee_inactive"
    change(site, sync, entra, ada, ADA)
    assert other.sees(0) == "recognised"


def test_admin_who_suspends_somebody_is_not_overruled_by_the_next_change(
    site: Process, sync: PeopleSync, entra: str
) -> None:
    ada = add(site, sync, entra)
    site.enrolment.update(ada.employee_id, lambda one: Details.of(one, status=Status.INACTIVE))
    change(site, sync, entra, ada, replace(ADA, name="Ada King"))
    after = site.enrolment.get(ada.employee_id)
    assert (after.status, after.name) == (Status.INACTIVE, "Ada King")


def test_deleted_person_is_erased(site: Process, sync: PeopleSync, entra: str) -> None:
    ada = add(site, sync, entra)
    assert not sync.remove(entra, ada.employee_id, None)
    with pytest.raises(NotFound):
        site.enrolment.get(ada.employee_id)
    assert site.erasure.receipt(ada.employee_id) is not None
    with site.store.read() as tx:
        assert tx.directories.person(ada.employee_id) is None
        assert tx.directories.last_run(entra) is not None


@pytest.mark.both_databases
def test_older_version_changes_nothing(site: Process, sync: PeopleSync, entra: str) -> None:
    ada = add(site, sync, entra)
    changed = change(site, sync, entra, ada, replace(ADA, name="Ada King"), version=1)
    assert changed.version == 2
    with pytest.raises(Outdated):
        change(site, sync, entra, ada, ADA, version=1)
    assert change(site, sync, entra, ada, replace(ADA, name="Ada King"), version=2).version == 2, "nothing changed"


def test_another_directory_sees_and_changes_nobody(site: Process, sync: PeopleSync, book: DirectoryBook) -> None:
    entra, okta = book.add("Entra ID").id, book.add("Okta").id
    ada = add(site, sync, entra)
    with pytest.raises(NotFound):
        change(site, sync, okta, ada, replace(ADA, active=False))
    with pytest.raises(NotFound):
        sync.remove(okta, ada.employee_id, None)


@pytest.mark.both_databases
def test_mass_leaving_waits_for_an_admin(site: Process, sync: PeopleSync, book: DirectoryBook, entra: str) -> None:
    people = crowd(site, sync, entra, 30)
    for number, one in enumerate(people):
        change(site, sync, entra, one, replace(some(number), active=False))
    off = [site.enrolment.get(one.employee_id).status for one in people]
    assert off.count(Status.INACTIVE) == 20, "as many as one run may"
    assert {one.wants for one in book.held()} == {Leaving.OFF} and len(book.held()) == 10
    book.look()
    assert AlertKind.DIRECTORY_HELD in alerts(site)
    assert book.answer(go=True) == 10
    assert all(site.enrolment.get(one.employee_id).status is Status.INACTIVE for one in people)
    assert book.held() == [] and AlertKind.DIRECTORY_HELD not in alerts(site)


def test_a_tenth_of_many_may_leave_in_one_run(site: Process, sync: PeopleSync, entra: str) -> None:
    people = crowd(site, sync, entra, 250)
    held = [change(site, sync, entra, one, replace(some(n), active=False)).held for n, one in enumerate(people[:26])]
    assert held == [None] * 25 + [Leaving.OFF]


def test_deletions_are_held_too_and_their_people_can_be_kept(
    site: Process, sync: PeopleSync, book: DirectoryBook, entra: str
) -> None:
    people = crowd(site, sync, entra, 22)
    held = [sync.remove(entra, one.employee_id, None) for one in people]
    assert held == [False] * 20 + [True, True]
    with pytest.raises(NotFound), site.store.read() as tx:
        sync.get(tx, entra, people[-1].employee_id)  # as the directory sees it
    assert site.enrolment.get(people[-1].employee_id).status is Status.ACTIVE
    assert [one.wants for one in book.held()] == [Leaving.ERASE] * 2
    assert book.answer(go=False) == 2
    assert site.enrolment.get(people[-1].employee_id).status is Status.ACTIVE and book.held() == []


def test_another_run_may_take_people_off_again(site: Process, sync: PeopleSync, entra: str) -> None:
    people = crowd(site, sync, entra, 22)
    for number, one in enumerate(people[:20]):
        change(site, sync, entra, one, replace(some(number), active=False))
    site.clock.advance(minutes=16)
    assert change(site, sync, entra, people[20], replace(some(20), active=False)).held is None


def test_whoever_comes_back_is_held_no_longer(site: Process, sync: PeopleSync, book: DirectoryBook, entra: str) -> None:
    people = crowd(site, sync, entra, 21)
    for number, one in enumerate(people):
        change(site, sync, entra, one, replace(some(number), active=False))
    assert len(book.held()) == 1
    change(site, sync, entra, people[20], some(20))
    assert book.held() == [] and site.enrolment.get(people[20].employee_id).status is Status.ACTIVE


@pytest.mark.both_databases
def test_silent_directory_raises_an_alert_until_it_speaks(
    site: Process, sync: PeopleSync, book: DirectoryBook, entra: str
) -> None:
    site.clock.advance(hours=3)
    book.look()
    assert alerts(site) == set(), "one that never spoke is not silent"
    add(site, sync, entra)
    site.clock.now += timedelta(hours=2, seconds=1)
    book.look()
    assert alerts(site) == {AlertKind.DIRECTORY_SILENT}
    sync.seen(entra)
    book.look()
    assert alerts(site) == set()


@pytest.mark.both_databases
def test_runs_tell_what_was_done_and_ignored(site: Process, sync: PeopleSync, book: DirectoryBook, entra: str) -> None:
    ada = add(site, sync, entra, replace(ADA, ignored=("title", "phoneNumbers")))
    change(site, sync, entra, ada, replace(ADA, active=False, ignored=("title",)))
    sync.refused(entra)
    site.clock.advance(hours=1)
    sync.seen(entra)
    newer, older = book.views()[0].runs
    assert (older.counts, older.ignored) == ({"added": 1, "off": 1, "refused": 1}, ("title", "phoneNumbers"))
    assert newer.counts == {}


@pytest.mark.both_databases
def test_group_lets_nobody_in_by_itself_and_keeps_its_members(
    site: Process, sync: PeopleSync, book: DirectoryBook, entra: str
) -> None:
    groups = GroupSync(sync, site.clock, new_id)
    ada, bob = add(site, sync, entra), add(site, sync, entra, some(2))
    with site.store.write() as tx:
        made = groups.add(tx, entra, SentGroup("Laboratory", "g-1", frozenset({ada.employee_id})))
        with pytest.raises(Conflict):
            groups.add(tx, entra, SentGroup("laboratory", None, None))
    assert _groups(site, ada) == ("Laboratory",)
    with site.store.write() as tx:
        groups.change(tx, entra, made.group_id, SentGroup("Lab", "g-1", None), made.version)
    assert _groups(site, ada) == ("Lab",) and book.views()[0].rules == {made.group_id: 0}
    with site.store.write() as tx:
        groups.change(tx, entra, made.group_id, SentGroup("Lab", "g-1", frozenset({bob.employee_id})), None)
    assert (_groups(site, ada), _groups(site, bob)) == ((), ("Lab",))
    stranger = site.enrolment.add(Details("L-1", "A local employee"))
    with pytest.raises(BadInput), site.store.write() as tx:
        groups.change(tx, entra, made.group_id, SentGroup("Lab", None, frozenset({stranger.id})), None)
    with site.store.write() as tx:
        groups.remove(tx, entra, made.group_id, None)
    assert _groups(site, bob) == ()
    with site.store.read() as tx:
        assert all(group.id != made.group_id for group in tx.rules.all().groups)


@pytest.mark.both_databases
def test_removed_directory_leaves_people_and_groups_to_the_site(
    site: Process, sync: PeopleSync, book: DirectoryBook, entra: str
) -> None:
    secret, _ = site.keys.create(Role.DIRECTORY, directory_id=entra)
    ada = add(site, sync, entra)
    with site.store.write() as tx:
        made = GroupSync(sync, site.clock, new_id).add(tx, entra, SentGroup("Lab", None, frozenset({ada.employee_id})))
    book.remove(entra)
    with pytest.raises(Unauthorised, match="revoked"):
        site.keys.authenticate(secret)
    assert _groups(site, ada) == ("Lab",) and book.all() == []
    with site.store.read() as tx:
        assert tx.directories.person(ada.employee_id) is None
        assert next(one for one in tx.rules.all().groups if one.id == made.group_id).source == "local"


def _groups(site: Process, who: DirectoryPerson) -> tuple[str, ...]:
    employee: Employee = site.enrolment.get(who.employee_id)
    return employee.groups
