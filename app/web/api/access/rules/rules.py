"""Rules, which say who may pass where and when; and gate modes, which say what a gate does by schedule."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from app.core.access.permission import CompiledRules
from app.core.access.rule_set import RuleSet
from app.core.access.rules import NOTE_CHARS, EntryMode, GateMode, Rule, Where, Who
from app.services.access.rules.rule_people import person_of
from app.web.api.access.rules.entries import Chosen, EntryOut, Id, Kind, Name, add_routes
from app.web.api.schemas import Day, Strict
from app.web.fields import PlainText
from app.web.security import SystemOf

router = APIRouter(prefix="/v1", tags=["Rules"])

MOST_PEOPLE = 1000  # of one rule; for more there are groups
Filter = Annotated[PlainText | None, Query(max_length=64, description="an id")]


class WhoIO(Strict):
    """Everybody, or the members of groups together with single people."""

    everybody: bool = False
    groups: list[Id] = Field(default_factory=list, max_length=MOST_PEOPLE)
    people: list[Id] = Field(default_factory=list, max_length=MOST_PEOPLE, description="ids of employees")

    def who(self) -> Who:
        return Who(self.everybody, frozenset(self.groups), frozenset(self.people))


class WhereIO(Strict):
    """Every gate, or those of sites and zones together with single gates."""

    everywhere: bool = False
    sites: list[Id] = Field(default_factory=list, max_length=1000)
    zones: list[Id] = Field(default_factory=list, max_length=1000)
    gates: list[Id] = Field(default_factory=list, max_length=1000)

    @classmethod
    def of(cls, where: Where) -> "WhereIO":
        sites, zones, gates = sorted(where.sites), sorted(where.zones), sorted(where.gates)
        return cls.model_construct(everywhere=where.everywhere, sites=sites, zones=zones, gates=gates)

    def where(self) -> Where:
        return Where(self.everywhere, frozenset(self.sites), frozenset(self.zones), frozenset(self.gates))


class RuleIn(Strict):
    name: Name = Field(examples=["Night shift"])
    who: WhoIO = Field(examples=[{"everybody": True}])
    where: WhereIO = Field(examples=[{"everywhere": True}])
    schedule: Id | None = Field(None, description="null: always")
    valid_from: Day | None = Field(None, description="the first day, on the clock of each gate")
    valid_until: Day | None = Field(None, examples=["2027-12-31"], description="the last day, which is included")
    note: PlainText | None = Field(None, min_length=1, max_length=NOTE_CHARS)


class RuleOut(EntryOut, RuleIn):
    pass


MODE = (
    "normal (or badge_or_face): the rules decide, by badge or face; face, badge, qr: by that alone; badge_and_face: by "
    "the badge and its holder's face within 5 s; no_entry: nobody gets in; free: everybody does. Whoever has no "
    "template passes by badge or QR pass wherever others pass by their face; a QR pass counts as a badge"
)


class GateModeIn(Strict):
    gate: Id
    mode: EntryMode = Field(description=MODE)
    schedule: Id | None = Field(None, description="null: always")
    first_person_group: Id | None = Field(None, description="a free period begins once one of them was let in")


class GateModeOut(EntryOut, GateModeIn):
    pass


def rules_wanted(
    system: SystemOf,
    group: Annotated[Filter, Query(description="rules that name it")] = None,
    person: Annotated[Filter, Query(description="rules that are for this employee, by name or by group")] = None,
    gate: Annotated[Filter, Query(description="rules that reach it")] = None,
    schedule: Filter = None,
) -> Chosen:
    employee = None if person is None else system.enrolment.get(person)

    def wanted(rules: RuleSet) -> Callable[[Rule], bool]:
        who = None if employee is None else person_of(employee, CompiledRules(rules))
        return lambda rule: (
            (group is None or group in rule.who.groups)
            and (who is None or rule.who.includes(who))
            and (gate is None or gate in rules.gates_of(rule.where))
            and (schedule is None or schedule == rule.schedule_id)
        )

    return wanted


def modes_wanted(gate: Filter = None) -> Chosen:
    return lambda _: lambda mode: gate is None or mode.gate_id == gate


def _rule(body: RuleIn, entry_id: str, _: Rule | None) -> Rule:
    who, where = body.who.who(), body.where.where()
    return Rule(entry_id, body.name, who, where, body.schedule, body.valid_from, body.valid_until, body.note)


def _rule_fields(rule: Rule) -> dict[str, Any]:
    who = rule.who
    return {
        "name": rule.name,
        "who": WhoIO.model_construct(everybody=who.everybody, groups=sorted(who.groups), people=sorted(who.people)),
        "where": WhereIO.of(rule.where),
        "schedule": rule.schedule_id,
        "valid_from": rule.valid_from,
        "valid_until": rule.valid_until,
        "note": rule.note,
    }


def _mode(body: GateModeIn, entry_id: str, _: GateMode | None) -> GateMode:
    return GateMode(entry_id, body.gate, body.mode, body.schedule, body.first_person_group)


def _mode_order(rules: RuleSet, mode: GateMode) -> tuple[str, ...]:
    names = rules.names
    return names.get(mode.gate_id, "").casefold(), mode.mode.value, names.get(mode.schedule_id or "", ""), mode.id


RULES = Kind(
    path="rules",
    one="a rule",
    part=Rule,
    body=RuleIn,
    out=RuleOut,
    build=_rule,
    fields=_rule_fields,
    more=lambda _, rule: {"people": sorted(rule.who.people)},
    wanted=rules_wanted,
)
GATE_MODES = Kind(
    path="gate-modes",
    one="a mode of a gate",
    part=GateMode,
    body=GateModeIn,
    out=GateModeOut,
    build=_mode,
    fields=lambda mode: {
        "gate": mode.gate_id,
        "mode": mode.mode,
        "schedule": mode.schedule_id,
        "first_person_group": mode.first_person_group_id,
    },
    order=_mode_order,
    wanted=modes_wanted,
)

for kind in (RULES, GATE_MODES):
    add_routes(router, kind)
