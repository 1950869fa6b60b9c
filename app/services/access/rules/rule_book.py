"""Reads and changes the rules, as a whole file or one entry of it. Says what a change would do before it is made."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.core.access.difference import Difference, difference
from app.core.access.rule_edits import KINDS, Edit, Remove, edited, find
from app.core.access.rule_set import Contradiction, Problem, RulePart, RuleSet
from app.core.access.rules import GateMode, Grant, Group, Rule
from app.core.access.rules_file import RulesReader, write
from app.core.errors import Outdated
from app.core.ports.store import Clock, Store, Transaction
from app.core.text import folded
from app.core.types import Employee
from app.services.access.rules.rule_changes import everybody, store
from app.services.access.rules.rule_people import persons


@dataclass(frozen=True)
class RuleChange:
    """What a change does, or would do.

    version: of the rules after the change. warnings: probable mistakes that it brings. people: those it affects, by id.
    """

    version: int
    difference: Difference
    warnings: tuple[Problem, ...]
    people: Mapping[str, Employee]


@dataclass(frozen=True)
class Shown:
    """Entries of the rules, and what they are shown with.

    Attributes:
        names: of everything that the rules mention, and of the people that these entries mention, by id.
        members: how many people each group has, by its id; only where a group is among the entries.
        warnings: probable mistakes, after a change.
    """

    rules: RuleSet
    entries: tuple[RulePart, ...]
    names: Mapping[str, str]
    members: Mapping[str, int]
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class RuleBook:
    store: Store
    clock: Clock
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
        with self.store.read() if dry_run else self.store.write() as tx:
            before = tx.rules.all().sound() if dry_run else _held(tx)
            if version is not None and version != before.version:
                current = {"version": before.version, "rules": write(before, _Numbers(tx))}
                raise Outdated("rules_changed", "The rules were changed meanwhile. Read them again.", current)
            after = RulesReader(before, _Ids(tx), self.new_id).read(data)
            people = self._people(tx)  # before a group takes its new name to them
            if not dry_run:
                store(tx, before, after)
            return self._change(tx, before, after, people)

    def propose(self, edits: Sequence[Edit]) -> RuleChange:
        """What the edits would do, one after the other. Raises as `edit` does, and changes nothing."""
        with self.store.read() as tx:
            before = after = tx.rules.all().sound()
            for one in edits:
                after, _ = edited(after, one, self.new_id)
            _check_people(tx, before, after)
            return self._change(tx, before, after, self._people(tx))

    def edit(self, edit: Edit) -> Shown:
        """Makes one change. Returns the entry as it is now; no entry where it was removed.

        Raises as `rule_edits.edited` does, and Contradiction for a person who does not exist.
        """
        with self.store.write() as tx:
            before = _held(tx)
            after, entry_id = edited(before, edit, self.new_id)
            _check_people(tx, before, after)
            store(tx, before, after)
            entry = None if isinstance(edit, Remove) else find(after, edit.part, entry_id)
            members = _members(tx, after)
            today = self.clock().date()
            warnings = _new(before.warnings(members, today), after.warnings(members, today), entry)
            return _shown(tx, after, () if entry is None else (entry,), warnings)

    def show(self, choose: Callable[[RuleSet], Sequence[RulePart]]) -> Shown:
        """The entries that are chosen from the rules as they are."""
        with self.store.read() as tx:
            rules = tx.rules.all().sound()
            return _shown(tx, rules, tuple(choose(rules)))

    def _people(self, tx: Transaction) -> list[Employee]:
        """Returns every employee whose dates do not rule them out at any gate."""
        yesterday = self.clock().date() - timedelta(days=1)  # a day's leeway covers every time zone
        return [e for e in everybody(tx) if e.valid_until is None or e.valid_until >= yesterday]

    def _change(self, tx: Transaction, before: RuleSet, after: RuleSet, people: list[Employee]) -> RuleChange:
        now = self.clock()
        today = now.date()
        # Under the names that groups had before, by which people know them.
        known = persons(people, before)
        members = Counter(group for person in known for group in person.groups)
        return RuleChange(
            tx.rules.version(),
            difference(before, after, known, now),
            _new(before.warnings(members, today), after.warnings(members, today)),
            {employee.id: employee for employee in people},
        )


def _new(before: Iterable[Problem], after: Iterable[Problem], entry: RulePart | None = None) -> tuple[Problem, ...]:
    """The warnings that a change adds, and all those about the entry that it makes."""
    known = set(before)
    return tuple(warning for warning in after if warning not in known or (entry is not None and _about(entry, warning)))


def _held(tx: Transaction) -> RuleSet:
    """The rules, which nobody else changes until the transaction ends.

    Of two changes at once the second sees the first's. A new name of a group goes to its members, and whoever changes
    people takes this lock first, too.
    """
    tx.templates.lock()
    return tx.rules.all().sound()


def _check_people(tx: Transaction, before: RuleSet, after: RuleSet) -> None:
    """Raises Contradiction for a rule that names somebody who does not exist."""
    known = {person for rule in before.rules for person in rule.who.people}
    for rule in after.rules:
        for person in sorted(rule.who.people - known):
            if tx.employees.get(person) is None:
                raise Contradiction(
                    Problem(f"rules[{rule.name}].who", "unknown_reference", f"There is nobody with the id {person}.")
                )


def _shown(tx: Transaction, rules: RuleSet, entries: tuple[RulePart, ...], warnings: tuple[Problem, ...] = ()) -> Shown:
    wanted = {person for entry in entries if isinstance(entry, Rule) for person in entry.who.people}
    wanted |= {entry.person_id for entry in entries if isinstance(entry, Grant)}
    people = {person: employee.name for person in wanted if (employee := tx.employees.get(person))}
    members = _members(tx, rules) if any(isinstance(entry, Group) for entry in entries) else {}
    return Shown(rules, entries, rules.names | people, members, warnings)


def _members(tx: Transaction, rules: RuleSet) -> dict[str, int]:
    sizes = tx.employees.group_sizes()
    return {group.id: sizes.get(folded(group.name), 0) for group in rules.groups}


def _about(entry: RulePart, warning: Problem) -> bool:
    return not isinstance(entry, GateMode) and warning.path.startswith(f"{KINDS[type(entry)]}[{entry.name}].")


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
