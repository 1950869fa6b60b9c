"""Employees as the rules know them."""

from collections.abc import Iterable

from app.core.access.permission import CompiledRules
from app.core.access.rule_set import RuleSet
from app.core.access.rules import Block, Person
from app.core.types import Employee, Status


def persons(employees: Iterable[Employee], rules: RuleSet) -> list[Person]:
    """The employees with the groups that these rules have."""
    compiled = CompiledRules(rules)
    return [person_of(employee, compiled) for employee in employees]


def person_of(employee: Employee, rules: CompiledRules) -> Person:
    block = None
    if employee.blocked_at is not None:
        block = Block(employee.block_reason or "blocked", employee.blocked_until)
    return Person(
        employee.id,
        rules.group_ids(employee.groups),
        employee.status is Status.ACTIVE,
        employee.valid_from,
        employee.valid_until,
        block,
        employee.is_guest,
    )
