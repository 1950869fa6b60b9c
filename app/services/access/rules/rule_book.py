"""Reads and changes the rules: as a whole file, or one entry of it. What a change would do is known before it is made.

Entries have the form that they have in the file: names instead of ids. A change that names what it is based on is
refused if somebody else changed that meanwhile, and comes with what they made of it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.core.access.difference import Difference, difference
from app.core.access.rule_set import Problem, RuleSet
from app.core.access.rules_file import KINDS, RulesReader, write
from app.core.errors import BadInput, Conflict, NotFound, Outdated
from app.core.ports.store import Store, Transaction
from app.services.access.rules.rule_changes import everybody, store
from app.services.access.rules.rule_people import persons

NAMED = tuple(kind for kind in KINDS if kind != "modes")


@dataclass(frozen=True)
class Entry:
    """One entry of the file. mark: changes with its content, so that two edits are told apart."""

    id: str
    data: Mapping[str, Any]

    @property
    def mark(self) -> str:
        text = json.dumps(self.data, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class RuleChange:
    """What a change does, or would do. version: of the rules after it. warnings: what is hardly meant."""

    version: int
    difference: Difference
    warnings: tuple[Problem, ...]


@dataclass(frozen=True)
class RuleBook:
    store: Store
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def file(self) -> tuple[int, dict[str, Any]]:
        """The version of the rules, and the rules as a file has them."""
        with self.store.read() as tx:
            rules = tx.rules.all().sound()
            return rules.version, write(rules, _Numbers(tx))

    def apply(self, data: object, *, dry_run: bool = False, version: int | None = None) -> RuleChange:
        """Makes the rules what a file says; all of it, or nothing.

        Args:
            dry_run: only find out what would change.
            version: of the rules that the file was made from; None applies it to any.

        Raises:
            BadRulesFile: the path to what is wrong, and why. BadInput where parts contradict each other.
            Outdated: the rules have another version by now.
        """

        def change(tx: Transaction, before: RuleSet) -> RuleSet:
            if version is not None and version != before.version:
                current = {"version": before.version, "rules": write(before, _Numbers(tx))}
                raise Outdated("rules_changed", "The rules were changed meanwhile. Read them again.", current)
            return self._reader(tx, before).read(data)

        return self._change(change, dry_run=dry_run)

    def entries(self, kind: str) -> list[Entry]:
        """All entries of a kind, in the file's order. Raises NotFound for a kind that does not exist."""
        with self.store.read() as tx:
            return _entries(tx, tx.rules.all().sound(), kind)

    def entry(self, kind: str, entry_id: str) -> Entry:
        """Raises NotFound."""
        return _one(self.entries(kind), entry_id)

    def save(
        self,
        kind: str,
        data: Mapping[str, Any],
        entry_id: str | None = None,
        mark: str | None = None,
        *,
        dry_run: bool = False,
    ) -> RuleChange:
        """Adds an entry, or replaces the one with this id. Raises as `apply` does, and NotFound.

        Args:
            mark: of the entry that this one is based on; None replaces any.
        """
        if kind == "gates" and entry_id is None:
            raise BadInput("gate_not_managed_here", "Add the gate under /v1/gates; here it gets its place.")

        def change(tx: Transaction, before: RuleSet) -> RuleSet:
            known, place = before, len(_entries(tx, before, kind))
            if entry_id is not None:
                entries = _entries(tx, before, kind)
                _unchanged(_one(entries, entry_id), mark)
                place = [entry.id for entry in entries].index(entry_id)
                known = _renamed(before, kind, entry_id, data.get("name"))
            written = write(known, _Numbers(tx))
            # Under its new name the entry may have another place.
            if entry_id is not None and kind in NAMED:
                place = [entry.id for entry in _entries(tx, known, kind)].index(entry_id)
            written[kind][place : place + 1] = [dict(data)]
            return self._reader(tx, known).read(written)

        return self._change(change, dry_run=dry_run)

    def delete(self, kind: str, entry_id: str, mark: str | None = None, *, dry_run: bool = False) -> RuleChange:
        """Raises NotFound, Outdated, and Conflict('in_use') with what names the entry."""
        if kind == "gates":
            raise BadInput("gate_not_managed_here", "Remove the gate under /v1/gates.")

        def change(tx: Transaction, before: RuleSet) -> RuleSet:
            _unchanged(_one(_entries(tx, before, kind), entry_id), mark)
            users = before.used_by(entry_id)
            if users:
                raise Conflict("in_use", f"Still used by {', '.join(users[:20])}. Change these first.")
            kept = tuple(part for part in getattr(before, kind) if part.id != entry_id)
            without: dict[str, Any] = {kind: kept}
            return replace(before, **without)

        return self._change(change, dry_run=dry_run)

    def _change(self, change: Callable[[Transaction, RuleSet], RuleSet], *, dry_run: bool) -> RuleChange:
        now = self.clock()
        with self.store.read() if dry_run else self.store.write() as tx:
            if not dry_run:
                # Of two changes at once the second sees the first's. A new name of a group goes to its members, and
                # whoever changes people takes this lock first, too.
                tx.templates.lock()
            before = tx.rules.all().sound()
            after = change(tx, before)
            yesterday = now.date() - timedelta(days=1)  # a day's leeway covers every time zone
            valid = (e for e in everybody(tx) if e.valid_until is None or e.valid_until >= yesterday)
            people = persons(valid, after)
            if not dry_run:
                store(tx, before, after)
            members: dict[str, int] = {}
            for person in people:
                for group in person.groups:
                    members[group] = members.get(group, 0) + 1
            return RuleChange(
                tx.rules.version(),
                difference(before, after, people, now),
                tuple(after.warnings(members, now.date())),
            )

    def _reader(self, tx: Transaction, known: RuleSet) -> RulesReader:
        return RulesReader(known, _Ids(tx), self.new_id)


def _entries(tx: Transaction, rules: RuleSet, kind: str) -> list[Entry]:
    if kind not in KINDS:
        raise NotFound("unknown_kind", f"There are no such things. There are {', '.join(KINDS)}.")
    numbers = _Numbers(tx)
    written = write(rules, numbers)[kind]
    if kind == "modes":
        alone = {mode.id: write(replace(rules, modes=(mode,)), numbers)["modes"][0] for mode in rules.modes}
        return [Entry(next(i for i, one in alone.items() if one == data), data) for data in written]
    named = {part.name: part.id for part in rules.kinds[kind]}
    return [Entry(named[data["name"]], data) for data in written]


def _one(entries: list[Entry], entry_id: str) -> Entry:
    for entry in entries:
        if entry.id == entry_id:
            return entry
    raise NotFound("unknown_entry", "There is no entry with this id.")


def _unchanged(entry: Entry, mark: str | None) -> None:
    if mark is not None and mark != entry.mark:
        raise Outdated("entry_changed", "Somebody changed this entry meanwhile.", {"mark": entry.mark, **entry.data})


def _renamed(rules: RuleSet, kind: str, entry_id: str, name: object) -> RuleSet:
    """Return the rules with one thing renamed. References are by id, so they follow."""
    if kind not in NAMED or kind == "gates" or not isinstance(name, str):
        return rules
    parts = (replace(part, name=name) if part.id == entry_id else part for part in getattr(rules, kind))
    renamed: dict[str, Any] = {kind: tuple(parts)}
    return replace(rules, **renamed)


@dataclass(frozen=True)
class _Numbers(Mapping[str, str]):
    """People's numbers by id, read as they are asked for."""

    tx: Transaction

    def __getitem__(self, person_id: str) -> str:
        employee = self.tx.employees.get(person_id)
        if employee is None:
            raise KeyError(person_id)
        return employee.number

    def __iter__(self) -> Iterator[str]:
        return (employee.id for employee in everybody(self.tx))

    def __len__(self) -> int:
        return self.tx.employees.count()


class _Ids(_Numbers):
    """People's ids by number."""

    def __getitem__(self, number: str) -> str:
        employee = self.tx.employees.by_number(number)
        if employee is None:
            raise KeyError(number)
        return employee.id

    def __iter__(self) -> Iterator[str]:
        return (employee.number for employee in everybody(self.tx))
