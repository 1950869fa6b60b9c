"""What is held stays as it was read until the commit: two who change one thing at once undo nothing of each other."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.db.store import SqlStore
from app.core.accounts.lockout import Tally, one_more
from app.core.accounts.users import User
from app.core.cameras.camera import Camera
from app.core.gates.gate import Gate
from app.core.imports.reports import Import, ImportState
from app.core.ports.store import Transaction
from app.core.types import Employee, Role

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
WAIT = timedelta(seconds=30)  # for the threads of a busy machine
Change = Callable[[Transaction, str], object]


def user(tx: Transaction, more: str) -> None:
    held = tx.users.get("01U", for_update=True)
    assert held is not None
    tx.users.update(replace(held, name=held.name + more))


def every_user(tx: Transaction, more: str) -> None:
    (held,) = tx.users.all(for_update=True)
    tx.users.update(replace(held, name=held.name + more))


def camera(tx: Transaction, more: str) -> None:
    held = tx.cameras.by_name_or_id("front", for_update=True)
    assert held is not None
    tx.cameras.update(replace(held, sealed_url=held.sealed_url + more.encode()))


def upload(tx: Transaction, more: str) -> None:
    held = tx.imports.get("01I", for_update=True)
    assert held is not None
    tx.imports.put(replace(held, sealed_notes=(held.sealed_notes or b"") + more.encode()))


@pytest.fixture
def site(store: SqlStore) -> SqlStore:
    with store.write() as tx:
        tx.gates.add(Gate("01G", "lobby-1", created_at=NOW))
        tx.users.add(User("01U", "a", frozenset({Role.ADMIN}), None, NOW))
        tx.cameras.add(Camera("01C", "front", "01G", b"a"))
        tx.imports.add(Import("01I", ImportState.WAITING, True, "ada", NOW, "", sealed_notes=b"a"))
        tx.employees.add(Employee("01E", "E-1", "Ada"))
    return store


def seen(site: SqlStore) -> list[str]:
    """What there is of each, those that were changed twice among them."""
    with site.read() as tx:
        (user,), (camera,), (job,) = tx.users.all(), tx.cameras.all(), tx.imports.all()
    return [user.name, camera.sealed_url.decode(), (job.sealed_notes or b"").decode()]


def at_once(site: SqlStore, first: Callable[[Transaction], object], second: Callable[[Transaction], object]) -> bool:
    """Whether the second waited until what the first did was committed."""
    over = threading.Event()

    def other() -> None:
        with site.write(WAIT) as tx:
            second(tx)
        over.set()

    thread = threading.Thread(target=other)
    with site.write(WAIT) as tx:
        first(tx)
        thread.start()
        waited = not over.wait(0.3)
    thread.join()
    return waited


@pytest.mark.parametrize(("change", "which"), [(user, 0), (every_user, 0), (camera, 1), (upload, 2)])
def test_concurrent_changes_are_both_kept(site: SqlStore, change: Change, which: int) -> None:
    assert at_once(site, lambda tx: change(tx, "b"), lambda tx: change(tx, "c"))
    assert seen(site)[which] == "abc"


def test_concurrent_wrong_passwords_are_both_counted(site: SqlStore) -> None:
    def count(tx: Transaction) -> None:
        tx.tallies.put("name", one_more(tx.tallies.hold("name", NOW), NOW))

    assert at_once(site, count, count), "the first two of a name"
    assert at_once(site, count, count)
    assert at_once(site, lambda tx: tx.tallies.one_less("name"), count)
    with site.read() as tx:
        assert tx.tallies.get(["name"]) == {"name": Tally(4, NOW)}


def test_decision_about_an_erased_person_happens_before_or_after(site: SqlStore) -> None:
    def hold(tx: Transaction) -> None:
        tx.employees.get("01E", for_update=True)

    assert at_once(site, lambda tx: tx.employees.lock("01E"), hold)
    assert at_once(site, hold, lambda tx: tx.employees.lock("01E"))
    with site.write() as tx:
        assert not tx.employees.lock("nobody")
