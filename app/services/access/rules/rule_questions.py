"""Who may pass, and why somebody may not: asked without anybody at the gate."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.access import policy
from app.core.access.explanation import Explanation, explain
from app.core.access.permission import CompiledRules
from app.core.errors import BadInput, NotFound
from app.core.gates.gate import Gate
from app.core.ports.store import Store, Transaction
from app.core.types import Employee, Reason
from app.services.access.rules.rule_changes import everybody
from app.services.access.rules.rule_people import person_of

FAR = timedelta(days=3653)  # where calendars and time zones still mean something


@dataclass(frozen=True)
class Answer:
    """What a decision about the person would come to. refused: what keeps them out before any rule is asked."""

    employee: Employee
    gate: Gate
    at: datetime
    refused: Reason | None
    explanation: Explanation

    @property
    def reason(self) -> Reason:
        denial = self.explanation.permission.denial
        return self.refused or (Reason.RECOGNISED if denial is None else Reason(denial.value))


@dataclass(frozen=True)
class RuleQuestions:
    store: Store
    clock: Callable[[], datetime]

    def explain(self, employee: str, gate: str, at: datetime | None = None) -> Answer:
        """Whether an employee (an id or number) may pass a gate (a name or id), now or at another time.

        Raises NotFound, and BadInput for a time that is too far away.
        """
        at = self._asked(at)
        with self.store.read() as tx:
            who = tx.employees.get(employee) or tx.employees.by_number(employee)
            if who is None:
                raise NotFound("unknown_employee", "There is no employee with that id or number.")
            where = _gate(tx, gate)
            rules = CompiledRules(tx.rules.all())
        answer = explain(rules, person_of(who, rules), where.id, at, who.name)
        return Answer(who, where, at, policy.standing(who, at, rules.day_at(where.id, at)), answer)

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
            rules = CompiledRules(tx.rules.all())
            today = rules.day_at(where.id, at)
            people = {e.id: e for e in everybody(tx) if policy.standing(e, at, today) is None}
        allowed = rules.who(where.id, at, [person_of(employee, rules) for employee in people.values()])
        return [people[person.id] for person in allowed]


def _gate(tx: Transaction, name: str) -> Gate:
    gate = tx.gates.by_name_or_id(name)
    if gate is None:
        raise NotFound("unknown_gate", "There is no gate of that name.")
    return gate
