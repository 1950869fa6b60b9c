"""Gates for admins: the list, and for each gate its hardware, where it leads, what it does when, and who may pass."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.permission import CompiledRules
from app.core.access.rule_set import RuleSet
from app.core.access.rules import EntryMode, GatePlace
from app.core.errors import NotFound
from app.core.gates.commands import DriverKind
from app.core.gates.gate import Gate
from app.core.recognition.liveness import LivenessMode, effective
from app.core.types import Role
from app.web.console.access.sentences import MODES, rule_words
from app.web.console.hardware import test_gates
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf
from app.wiring import System

router = APIRouter(include_in_schema=False)
LINKS = (Link("/gates", "Gates", "door", frozenset({Role.ADMIN}), "gates"),)

# What can name a gate: its word, and where it is changed. A gate's modes are on its own page.
USERS = {
    "rules": ("rule", "/access/rules/{id}"),
    "lanes": ("lane", "/access/zones"),
    "modes": ("mode", "#modes-title"),
    "grants": ("temporary grant", "/access/grants"),
}


@router.get("/gates", response_class=HTMLResponse)
def gates(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        compiled, found = CompiledRules(tx.rules.all()), tx.gates.all()
    now, tests = system.clock(), test_gates(system)
    places = {place.id: place for place in compiled.rules.gates}
    return render(
        request,
        "gates/gates.html",
        person,
        gates=[(gate, places.get(gate.id), compiled.mode_at(gate.id, now)) for gate in found],
        names=compiled.rules.names,
        lanes={gate: lane.name for lane in compiled.rules.lanes for gate in lane.gates},
        tests=tests,
        lines=lines_of(system, found, tests),
    )


@router.get("/gates/new", response_class=HTMLResponse)
def new(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    return render(request, "gates/gate_new.html", person, **adding(system))


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

        keys, cameras = tx.api_keys.all(), tx.cameras.of_gate(gate.id)
        has_log = any(head.gate_id == gate.id and head.sequence for head in tx.events.heads())
        rules = compiled.rules
        opening = [
            rule_words(rules, rule, name_of, today) for rule in rules.rules if gate.id in rules.gates_of(rule.where)
        ]
    place, tests = _place(rules, gate.id), test_gates(system)
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
        test_gate=gate.name in tests,
        line=lines_of(system, [gate], tests)[gate.id],
        liveness_here=effective(LivenessMode.AUTO, system.recognition.liveness_works),
        liveness_modes=LivenessMode,
        cameras=cameras,
        gate_keys=[key for key in keys if key.gate_id == gate.id and key.revoked_at is None],
        has_log=has_log,
        users=[(user, *USERS[user.by_kind]) for user in rules.used_by.get(gate.id, ())],
    )


@dataclass(frozen=True)
class Line:
    """Whether a gate's hardware can be driven now. state: works, limited or fails."""

    state: str
    words: str


def lines_of(system: System, gates: Iterable[Gate], tests: Collection[str]) -> dict[str, Line]:
    """Returns what this process knows of the gates' hardware, by the gate's id. tests: the names of the test gates."""
    states, holders = system.gate_control.healthy(), system.gate_leases.holders()
    return {gate.id: _line(gate, gate.name in tests, states, gate.id in holders) for gate in gates}


def _line(gate: Gate, is_test: bool, states: Mapping[str, str | None], is_held: bool) -> Line:
    if is_test:
        return Line("limited", "no hardware: nothing opens")
    if gate.driver is DriverKind.PLAIN:
        return Line("works", "its controller asks us")
    if gate.name not in states:
        return Line("works", "driven by another process") if is_held else Line("fails", "nobody drives it")
    fault = states[gate.name]
    return Line("works", "its line works") if fault is None else Line("fails", fault)


def adding(system: System) -> dict[str, Any]:
    """Returns what the form that adds a gate shows."""
    with system.store.read() as tx:
        rules = tx.rules.all()
    return {"zones": [{"id": zone.id, "name": zone.name} for zone in rules.zones], "sites": rules.sites}


def _place(rules: RuleSet, gate_id: str) -> GatePlace | None:
    return next((place for place in rules.gates if place.id == gate_id), None)
