"""Gates for admins: the list, and for each gate where it leads, what it does when, and who may pass."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import machine
from app.core.access.permission import CompiledRules
from app.core.access.rule_set import RuleSet
from app.core.access.rules import EntryMode, GatePlace
from app.core.errors import NotFound
from app.core.types import Role
from app.web.console.access.sentences import MODES, rule_words
from app.web.console.hardware import test_gates
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/gates", "Gates", "door", frozenset({Role.ADMIN}), "gates"),)


@router.get("/gates", response_class=HTMLResponse)
def gates(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        compiled, found = CompiledRules(tx.rules.all()), tx.gates.all()
    now, tests = system.clock(), test_gates(system)
    return render(
        request,
        "gates/gates.html",
        person,
        gates=[(gate, _place(compiled.rules, gate.id), compiled.mode_at(gate.id, now)) for gate in found],
        names=compiled.rules.names,
        lanes={gate: lane.name for lane in compiled.rules.lanes for gate in lane.gates},
        tests=tests,
        add_command=machine.command(system.settings.data, "gates", "add", "lobby-1"),
    )


@router.get("/gates/{gate_id}", response_class=HTMLResponse)
def one(gate_id: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    now, today = system.clock(), system.site_clock.today()
    with system.store.read() as tx:
        compiled, gate = CompiledRules(tx.rules.all()), tx.gates.by_name_or_id(gate_id)
        if gate is None:
            raise NotFound("unknown_gate", "There is no gate of that name.")

        def name_of(employee_id: str) -> str | None:
            found = tx.employees.get(employee_id)
            return found.name if found else None

        rules = compiled.rules
        opening = [
            rule_words(rules, rule, name_of, today) for rule in rules.rules if gate.id in rules.gates_of(rule.where)
        ]
    place = _place(rules, gate.id)
    return render(
        request,
        "gates/gate.html",
        person,
        gate=gate,
        place=place,
        site=rules.names.get(place.site_id, "") if place else "",
        lane=next((lane for lane in rules.lanes if gate.id in lane.gates), None),
        modes=[mode for mode in rules.modes if mode.gate_id == gate.id],
        mode_now=compiled.mode_at(gate.id, now),
        mode_words=MODES,
        kinds=EntryMode,
        opening=opening,
        rules=rules,
        names=rules.names,
        passing=len(system.rule_questions.who(gate.id)),
        test_gate=gate.name in test_gates(system),
    )


def _place(rules: RuleSet, gate_id: str) -> GatePlace | None:
    return next((place for place in rules.gates if place.id == gate_id), None)
