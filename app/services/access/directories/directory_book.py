"""What an admin sees of the directories and does about them: add, remove, look at runs, answer what is held."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.core.access.rules import Group, GroupSource, Rule
from app.core.alerts.alert import Alert, AlertKind
from app.core.errors import NotFound
from app.core.people.directories import SILENT_AFTER, Directory, Leaving, Run
from app.core.people.records import PersonName
from app.core.ports.store import Clock, Store, Transaction
from app.core.types import ApiKey
from app.services.access.directories.people_sync import PeopleSync

logger = logging.getLogger(__name__)
RUNS = 20
KINDS = frozenset({AlertKind.DIRECTORY_SILENT, AlertKind.DIRECTORY_HELD})


@dataclass(frozen=True)
class HeldPerson:
    """Somebody whom a directory wants off the doors, and who waits for an admin. name: None if they were altered."""

    employee_id: str
    directory: str
    wants: Leaving
    since: datetime
    name: PersonName | None


@dataclass(frozen=True)
class DirectoryView:
    """A directory with what it did. people: how many it sent; active: how many of them are. keys: those in force.

    rules: how many rules name each of its groups, by the group's id.
    """

    directory: Directory
    people: int
    active: int
    keys: tuple[ApiKey, ...]
    groups: tuple[Group, ...]
    rules: dict[str, int]
    runs: tuple[Run, ...]
    silent: bool


@dataclass(frozen=True)
class DirectoryBook:
    store: Store
    people: PeopleSync
    clock: Clock
    new_id: Callable[[], str]

    def add(self, name: str) -> Directory:
        """Raises BadInput and Conflict('directory_taken')."""
        directory = Directory(self.new_id(), name, self.clock())
        with self.store.write() as tx:
            tx.directories.add(directory)
        return directory

    def get(self, directory_id: str) -> Directory:
        """Raises NotFound."""
        with self.store.read() as tx:
            return _found(tx, directory_id)

    def of(self, employee_id: str) -> Directory | None:
        """The directory that sent somebody, and owns their name and whether they are active."""
        with self.store.read() as tx:
            person = tx.directories.person(employee_id)
            return None if person is None else tx.directories.get(person.directory_id)

    def all(self) -> list[Directory]:
        with self.store.read() as tx:
            return tx.directories.all()

    def remove(self, directory_id: str) -> None:
        """Its keys are revoked, and its people and groups become the site's own, as they are. Raises NotFound."""
        with self.store.write() as tx:
            _found(tx, directory_id)
            for key in tx.api_keys.all():
                if key.directory_id == directory_id and key.revoked_at is None:
                    tx.api_keys.revoke(key.id, self.clock())
            tx.templates.lock()
            groups = {one.id: one for one in tx.rules.all().groups}
            for linked in tx.directories.groups(directory_id):
                if group := groups.get(linked.group_id):
                    tx.rules.put(Group(group.id, group.name, GroupSource.LOCAL, group.description))
            tx.directories.delete(directory_id)
        self.look()

    def views(self) -> list[DirectoryView]:
        """Every directory, oldest first."""
        with self.store.read() as tx:
            rules, keys = tx.rules.all(), tx.api_keys.all()
            return [self._view(tx, one, rules.groups, rules.rules, keys) for one in tx.directories.all()]

    def held(self) -> list[HeldPerson]:
        """Those who wait for an admin, who waited longest first."""
        with self.store.read() as tx:
            names = {one.id: one.name for one in tx.directories.all()}
            waiting = tx.directories.held()
            called = tx.employees.names([one.employee_id for one in waiting])
        return [
            HeldPerson(
                one.employee_id,
                names.get(one.directory_id, ""),
                one.held or Leaving.OFF,
                one.held_at or one.changed_at,
                called.get(one.employee_id),
            )
            for one in waiting
        ]

    def answer(self, *, go: bool) -> int:
        """Lets all who are held go, as the directory wants, or keeps them. Returns how many.

        One at a time: whom a crash leaves over stays held.
        """
        with self.store.read() as tx:
            waiting = tx.directories.held()
        for one in waiting:
            if go:
                self.people.let_go(one)
            else:
                self.people.keep(one)
        self.look()
        return len(waiting)

    def look(self) -> None:
        """Raises alerts for directories that were silent for too long and for people who are held, or clears them.

        Called every minute, and when somebody is held.
        """
        now = self.clock()
        with self.store.read() as tx:
            silent = [one.name for one in tx.directories.all() if _is_silent(tx.directories.last_run(one.id), now)]
            wanted = {AlertKind.DIRECTORY_SILENT: ", ".join(silent)[:200]} if silent else {}
            if tx.directories.held():
                wanted[AlertKind.DIRECTORY_HELD] = ""
            there = {alert.kind for alert in tx.alerts.uncleared()} & KINDS
        if there == wanted.keys():
            return
        with self.store.write() as tx:
            for kind in sorted(KINDS):
                if kind not in wanted:
                    tx.alerts.clear(kind, None, None, now)
                elif tx.alerts.raise_(Alert(self.new_id(), now, kind, detail=wanted[kind])):
                    logger.warning('directory_alert kind=%s do="look at Settings, Directories"', kind)

    def _view(
        self, tx: Transaction, one: Directory, groups: tuple[Group, ...], rules: tuple[Rule, ...], keys: list[ApiKey]
    ) -> DirectoryView:
        linked = {group.group_id for group in tx.directories.groups(one.id)}
        runs = tuple(tx.directories.runs(one.id, RUNS))
        return DirectoryView(
            one,
            tx.directories.count(one.id),
            tx.directories.active(one.id),
            tuple(key for key in keys if key.directory_id == one.id and key.revoked_at is None),
            tuple(group for group in groups if group.id in linked),
            {group: sum(group in rule.who.groups for rule in rules) for group in linked},
            runs,
            _is_silent(runs[0] if runs else None, self.clock()),
        )


def _is_silent(run: Run | None, now: datetime) -> bool:
    return run is not None and now - run.last_at > SILENT_AFTER


def _found(tx: Transaction, directory_id: str) -> Directory:
    directory = tx.directories.get(directory_id)
    if directory is None:
        raise NotFound("unknown_directory", "There is no directory with this id.")
    return directory
