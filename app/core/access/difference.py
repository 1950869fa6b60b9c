"""What a change of the rules would do, before it is saved: who loses which gates, who gains, whose hours change.

People in the same groups are looked at once.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from app.core.access.permission import standing
from app.core.access.rule_set import RuleSet
from app.core.access.rule_times import RuleTimes
from app.core.access.rules import Grant, Person

# People's ids by their groups, and by themselves where a rule names them.
Classes = dict[tuple[frozenset[str], str | None], list[str]]


@dataclass(frozen=True)
class GateDifference:
    """What a change does at one gate, as ids of people.

    less and more: they still pass, at fewer times or at more; at fewer here and more there puts them into both.
    nobody_left: people could pass here, and after the change none can.
    """

    gate_id: str
    name: str
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    nobody_left: bool = False

    @property
    def anything(self) -> bool:
        return bool(self.lost or self.gained or self.less or self.more or self.nobody_left)


@dataclass(frozen=True)
class Difference:
    """The gates at which something changes, in the order of the new rules, then those that are gone."""

    gates: tuple[GateDifference, ...]

    @property
    def words(self) -> str:
        """Such as "This takes 12 people off 3 gates; nobody is left for Gate 4." """
        parts = [
            words.format(people=_count(people, "person", "people"), gates=_count(gates, "gate", "gates"))
            for words, people, gates in self.parts
        ]
        sentence = "This " + ", ".join(parts) if parts else "This changes nothing for anybody"
        return f"{sentence}; nobody is left for {', '.join(self.left)}." if self.left else f"{sentence}."

    @property
    def parts(self) -> list[tuple[str, int, int]]:
        """What the change does, for how many people, at how many gates."""
        return [
            *self._part(lambda gate: gate.lost, "takes {people} off {gates}"),
            *self._part(lambda gate: gate.gained, "lets {people} through {gates} that they could not pass"),
            *self._part(lambda gate: gate.less, "takes hours from {people} at {gates}"),
            *self._part(lambda gate: gate.more, "gives {people} more hours at {gates}"),
        ]

    @property
    def left(self) -> list[str]:
        """The names of the gates for which nobody is left."""
        return [gate.name for gate in self.gates if gate.nobody_left]

    def _part(self, ids: Callable[[GateDifference], tuple[str, ...]], words: str) -> Iterator[tuple[str, int, int]]:
        gates = [gate for gate in self.gates if ids(gate)]
        people = {person for gate in gates for person in ids(gate)}
        if gates:
            yield words, len(people), len(gates)


def difference(before: RuleSet, after: RuleSet, people: Iterable[Person], at: datetime) -> Difference:
    """Returns what changing one rule set into another does in the year from `at` on.

    Args:
        people: those the rules apply to; who is inactive or blocked now, or whose validity has ended, is left out.
    """
    before, after = before.sound(), after.sound()
    times = RuleTimes(at)
    numbered = [_gates(rules, times) for rules in (before, after)]
    kinds, all_kinds = times.kinds()
    old, new = (with_kinds(kinds) for with_kinds in numbered)
    # People in the same groups have the same access, unless a rule names them.
    named = {person for side in (old, new) for gate in side.values() for person in gate.people}
    classes: Classes = {}
    for person in people:
        if _counts(person, at):
            classes.setdefault((person.groups, person.id if person.id in named else None), []).append(person.id)
    names = {gate.id: gate.name for gate in (*after.gates, *before.gates)}
    nothing = _GateTimes()
    found = []
    for gate_id, name in names.items():
        was, now = old.get(gate_id, nothing), new.get(gate_id, nothing)
        if was != now:
            found.append(_at_gate(gate_id, name, was, now, classes, all_kinds))
    return Difference(tuple(gate for gate in found if gate.anything))


@dataclass
class _GateTimes:
    """Who can pass a gate, and when, as bits: one for each kind of minute. zone: the time zone of those minutes."""

    zone: str = ""
    everybody: int = 0
    groups: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)

    def of(self, groups: frozenset[str], person: str | None) -> int:
        times = self.everybody
        if person in self.people:
            times |= self.people[person]
        for group in groups:
            times |= self.groups.get(group, 0)
        return times


def _gates(rules: RuleSet, times: RuleTimes) -> Callable[[list[int]], dict[str, _GateTimes]]:
    """Number the rules' times; the answer turns the kinds that belong to the numbers into the gates' times."""
    numbered = [
        (rule, gate.id, times.number(rules, rule, rules.zone_of(gate)))
        for rule in rules.allowing
        for reached in (rules.gates_of(rule.where),)
        for gate in rules.gates
        if gate.id in reached
    ]

    def with_kinds(kinds: list[int]) -> dict[str, _GateTimes]:
        gates = {gate.id: _GateTimes(rules.zone_of(gate)) for gate in rules.gates}
        for rule, gate_id, number in numbered:
            gate, bits = gates[gate_id], kinds[number]
            if isinstance(rule, Grant):
                gate.people[rule.person_id] = gate.people.get(rule.person_id, 0) | bits
                continue
            if rule.who.everybody:
                gate.everybody |= bits
            for group in rule.who.groups:
                gate.groups[group] = gate.groups.get(group, 0) | bits
            for person in rule.who.people:
                gate.people[person] = gate.people.get(person, 0) | bits
        return gates

    return with_kinds


def _at_gate(
    gate_id: str, name: str, old: _GateTimes, new: _GateTimes, classes: Classes, all_kinds: int
) -> GateDifference:
    lost: list[str] = []
    gained: list[str] = []
    less: list[str] = []
    more: list[str] = []
    before_any = after_any = False
    moved = old.zone != new.zone
    for (groups, person), ids in classes.items():
        before, after = old.of(groups, person), new.of(groups, person)
        before_any, after_any = before_any or bool(before), after_any or bool(after)
        if before and not after:
            lost += ids
        elif after and not before:
            gained += ids
        elif before != after or (moved and before != all_kinds):
            less += ids if before & ~after or moved else []
            more += ids if after & ~before or moved else []
    return GateDifference(
        gate_id, name, tuple(lost), tuple(gained), tuple(less), tuple(more), before_any and not after_any
    )


def _counts(person: Person, at: datetime) -> bool:
    """Whether the person can pass somewhere in the time that is compared. A day's leeway covers every time zone."""
    day = at.date()
    if person.valid_until is not None and person.valid_until.toordinal() < day.toordinal() - 1:
        return False
    return standing(Person(person.id, active=person.active, block=person.block), day, at) is None


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
