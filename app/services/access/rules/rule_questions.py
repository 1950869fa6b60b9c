"""Who may pass, and why somebody may not: asked without anybody at the gate."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from app.core.access import policy
from app.core.access.explanation import Explanation, explain
from app.core.access.factors.standing import standing
from app.core.access.permission import CompiledRules, ModeNow, Permission
from app.core.access.rules import EntryMode, Grant
from app.core.credentials.stored import CredentialKind
from app.core.errors import BadInput, NotFound
from app.core.gates.gate import Gate
from app.core.ports.store import Store, Transaction
from app.core.site.mode import SiteMode, SiteState
from app.core.types import OPENING, Decision, Employee, Reason
from app.services.access.passages.zone_gate import ZoneGate
from app.services.access.rules.current_rules import CurrentRules
from app.services.access.rules.rule_changes import everybody
from app.services.access.rules.rule_people import person_of

ZONES = ZoneGate(str)  # asks, and grants nothing
FAR = timedelta(days=3653)  # where calendars and time zones still mean something


@dataclass(frozen=True)
class Answer:
    """What a decision about the person would come to, if their face or badge is recognised.

    Attributes:
        gate_says: what the gate does with everybody at that time, so that nobody is asked about the person.
        refused: what keeps the person out everywhere, before any rule is asked.
        zones_say: why the zones behind the gate refuse the person now; None for another time, or if they do not.
        lacks: what the gate asks for and the person does not have: a badge, a face, or a PIN.
        mode: of the gate at that time. A free period that waits for a first person does not count as begun.
    """

    employee: Employee
    gate: Gate
    at: datetime
    gate_says: Reason | None
    refused: Reason | None
    explanation: Explanation
    mode: ModeNow
    zones_say: Reason | None = None
    lacks: Reason | None = None

    @property
    def reason(self) -> Reason:
        found = self.gate_says or self.refused or _by_rules(self.explanation.permission)
        return self.lacks or self.zones_say or found if found is Reason.RECOGNISED else found

    @property
    def words(self) -> str:
        """One sentence about the person: what they lack or what the zones say, else what the rules say."""
        if self.reason in LACKING_WORDS:
            return LACKING_WORDS[self.reason]
        return ZONE_WORDS.get(self.zones_say, self.explanation.words) if self.zones_say else self.explanation.words


LACKING_WORDS = {
    Reason.SPONSOR_INACTIVE: "The contractor's sponsor is not active any more.",
    Reason.SPONSOR_UNCONFIRMED: "The contractor's sponsor has not confirmed for 90 days that they are needed.",
    Reason.DOCUMENTS_EXPIRED: "A document of the contractor has expired.",
    Reason.CREDENTIAL_REQUIRED: "The gate asks for a badge, and the person has none.",
    Reason.QR_REQUIRED: "The gate asks for a QR pass, and the person has none.",
    Reason.FACE_REQUIRED: "The gate asks for a face, and the person has neither a photo nor a badge.",
    Reason.PIN_REQUIRED: "The gate asks for a PIN, and the person has none.",
}
ZONE_WORDS = {
    Reason.ZONE_FULL: "The zone behind the gate is full.",
    Reason.ANTI_PASSBACK: "The person is inside already, by what gates know.",
}


class GateVerdict(NamedTuple):
    """What a decision about a person would come to at a gate. by_grant: a temporary grant lets them in, and no rule."""

    gate: Gate
    reason: Reason
    by_grant: bool = False

    @property
    def passes(self) -> bool:
        return self.reason in OPENING


@dataclass(frozen=True)
class RuleQuestions:
    store: Store
    clock: Callable[[], datetime]
    rules: CurrentRules = field(default_factory=CurrentRules)

    def explain(self, employee: str, gate: str, at: datetime | None = None) -> Answer:
        """Whether an employee (an id or number) may pass a gate (a name or id), now or at another time.

        Raises NotFound, and BadInput for a time that is too far away.
        """
        asked = self._asked(at)
        with self.store.read() as tx:
            who, where, rules = _employee(tx, employee), _gate(tx, gate), self.rules.at(tx)
            site = tx.site.get() if at is None else None
            answer = _answer(rules, who, where, asked, site)
            answer = replace(answer, lacks=policy.lacks(who, _kinds(tx, who), answer.mode.mode))
            if at is not None or answer.reason is not Reason.RECOGNISED:
                return answer
            # Where people are says nothing about another time.
            zoned = ZONES.ask(tx, rules, where, Decision(answer.reason, who), asked, for_update=False)
            return answer if zoned is None else replace(answer, zones_say=zoned.answer.reason)

    def at_every_gate(self, employee: str, at: datetime | None = None) -> list[GateVerdict]:
        """What `explain` comes to before it asks the zones, for every gate by name, without its reasons."""
        asked = self._asked(at)
        with self.store.read() as tx:
            who, gates, rules = _employee(tx, employee), tx.gates.all(), self.rules.at(tx)
            site = tx.site.get() if at is None else None
            has = _kinds(tx, who)
        person = person_of(who, rules)

        def verdict(gate: Gate) -> GateVerdict:
            mode = rules.mode_at(gate.id, asked)
            before = _gate_says(gate, mode, site) or _standing(rules, who, gate, asked)
            if before is not None:
                return GateVerdict(gate, before)
            permission = rules.may_pass(person, gate.id, asked)
            if permission.allowed and (lacking := policy.lacks(who, has, mode.mode)) is not None:
                return GateVerdict(gate, lacking)
            return GateVerdict(gate, _by_rules(permission), permission.allowed and isinstance(permission.rule, Grant))

        return [verdict(gate) for gate in gates]

    def _asked(self, at: datetime | None) -> datetime:
        now = self.clock()
        if at is not None and abs(at - now) > FAR:
            raise BadInput("bad_at", "Ask about a time within ten years.")
        return at or now

    def who(self, gate: str, at: datetime | None = None) -> list[Employee]:
        """The employees who may pass a gate, now or at another time, by number. Raises NotFound."""
        at = self._asked(at)
        with self.store.read() as tx:
            where = _gate(tx, gate)
            rules = self.rules.at(tx)
            today, leaves = rules.day_at(where.id, at), rules.zones.only_leads_out(where.id)
            people = {e.id: e for e in everybody(tx) if standing(e, at, today, leaves=leaves) is None}
        allowed = rules.who(where.id, at, [person_of(employee, rules) for employee in people.values()])
        return [people[person.id] for person in allowed]


def _answer(rules: CompiledRules, who: Employee, gate: Gate, at: datetime, site: SiteState | None) -> Answer:
    """site: as it is now; None for another time."""
    mode = rules.mode_at(gate.id, at)
    return Answer(
        who,
        gate,
        at,
        _gate_says(gate, mode, site),
        _standing(rules, who, gate, at),
        explain(rules, person_of(who, rules), gate.id, at, who.name),
        mode,
    )


def _standing(rules: CompiledRules, who: Employee, gate: Gate, at: datetime) -> Reason | None:
    return standing(who, at, rules.day_at(gate.id, at), leaves=rules.zones.only_leads_out(gate.id))


def _by_rules(permission: Permission) -> Reason:
    return Reason.RECOGNISED if permission.denial is None else Reason(permission.denial.value)


def _gate_says(gate: Gate, mode: ModeNow, site: SiteState | None) -> Reason | None:
    waits = mode.by is not None and mode.by.first_person_group_id is not None
    entry = EntryMode.NORMAL if mode.mode is EntryMode.FREE and waits else mode.mode
    if site is not None:
        return policy.for_everybody(gate, site.mode_at(gate.id), entry)
    # What somebody ordered holds now, and says nothing about another time.
    return policy.for_everybody(replace(gate, enabled=True, locked=False), SiteMode.NORMAL, entry)


def _employee(tx: Transaction, name: str) -> Employee:
    employee = tx.employees.get(name) or tx.employees.by_number(name)
    if employee is None:
        raise NotFound("unknown_employee", "There is no employee with that id or number.")
    return employee


def _gate(tx: Transaction, name: str) -> Gate:
    gate = tx.gates.by_name_or_id(name)
    if gate is None:
        raise NotFound("unknown_gate", "There is no gate of that name.")
    return gate


def _kinds(tx: Transaction, who: Employee) -> set[CredentialKind]:
    return {one.kind for one in tx.credentials.of(who.id)}
