"""When a contractor's access lapses: to the millisecond for the sponsor, by the day at the gate for documents."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.core.access import policy
from app.core.access.factors.standing import standing
from app.core.access.permission import CompiledRules
from app.core.access.rule_set import RuleSet
from app.core.access.rules import GatePlace, Group, Rule, Site, Where, Who, Zone
from app.core.contracts import CONFIRMED_FOR, SOON, Contract, ContractState, lapse, state
from app.core.errors import BadInput
from app.core.people.contractors import DocumentDetails
from app.core.types import Employee, PersonKind, Reason

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TODAY = NOW.date()
TICK, DAY = timedelta(milliseconds=1), timedelta(days=1)
GOOD = Contract("S", NOW, "ACME", TODAY, True)
CARL = Employee("C", "C-1", "Carl", groups=("crew",), kind=PersonKind.CONTRACTOR, contract=GOOD)
SITE = RuleSet(
    1,
    sites=(Site("here", "Here", "Europe/Berlin"),),
    zones=(Zone("yard", "Yard", "here"), Zone("hall", "Hall", "here", "yard")),
    groups=(Group("crew", "Crew"),),
    gates=(
        GatePlace("in", "in", "here", None, "yard"),
        GatePlace("further", "further", "here", "yard", "hall"),
        GatePlace("back", "back", "here", "hall", "yard"),
        GatePlace("out", "out", "here", "yard", None),
        GatePlace("auckland", "auckland", "here", None, "yard", "Pacific/Auckland"),
        GatePlace("honolulu", "honolulu", "here", None, "yard", "Pacific/Honolulu"),
    ),
    rules=(
        Rule("A", "Everybody", Who(everybody=True), Where(everywhere=True)),
        Rule("B", "Crew", Who(groups=frozenset({"crew"})), Where(everywhere=True)),
    ),
)
RULES = CompiledRules(SITE)


@pytest.mark.parametrize(
    ("contract", "reason"),
    [
        (GOOD, None),
        (replace(GOOD, documents_until=None), None),
        (replace(GOOD, documents_until=TODAY - DAY), Reason.DOCUMENTS_EXPIRED),
        (replace(GOOD, confirmed_at=NOW - CONFIRMED_FOR + TICK), None),
        (replace(GOOD, confirmed_at=NOW - CONFIRMED_FOR), Reason.SPONSOR_UNCONFIRMED),
        (replace(GOOD, sponsor_active=False), Reason.SPONSOR_INACTIVE),
        (Contract("S", NOW), Reason.SPONSOR_INACTIVE),  # nobody has said that the sponsor is there
    ],
)
def test_lapse(contract: Contract, reason: Reason | None) -> None:
    assert lapse(contract, NOW, TODAY) is reason


@pytest.mark.parametrize(
    ("contract", "found"),
    [
        (replace(GOOD, documents_until=TODAY + SOON), ContractState.VALID),
        (replace(GOOD, documents_until=TODAY + SOON - DAY), ContractState.SOON),
        (replace(GOOD, documents_until=None), ContractState.VALID),
        (replace(GOOD, documents_until=None, confirmed_at=NOW - CONFIRMED_FOR + SOON), ContractState.SOON),
        (replace(GOOD, documents_until=None, confirmed_at=NOW - CONFIRMED_FOR + SOON + TICK), ContractState.VALID),
        (replace(GOOD, documents_until=TODAY - DAY), ContractState.LAPSED),
    ],
)
def test_state(contract: Contract, found: ContractState) -> None:
    assert state(contract, NOW, TODAY) is found


def reason_at(gate: str, at: datetime, person: Employee = CARL, doubted: bool = False) -> Reason:
    return policy.by_standing_and_rules(person, gate, at, RULES, doubted).reason


def test_document_is_valid_through_its_last_day_on_the_gates_clock() -> None:
    until = datetime(2026, 12, 1, tzinfo=UTC)  # the end of the last day in UTC
    carl = replace(CARL, contract=replace(GOOD, documents_until=date(2026, 11, 30)))
    for gate, hours in (("in", 1), ("auckland", 13), ("honolulu", -10)):
        end = until - timedelta(hours=hours)
        assert reason_at(gate, end - TICK, carl) is Reason.RECOGNISED, gate
        assert reason_at(gate, end, carl) is Reason.DOCUMENTS_EXPIRED, gate


@pytest.mark.parametrize(
    "contract",
    [
        replace(GOOD, documents_until=TODAY - DAY),
        replace(GOOD, confirmed_at=NOW - CONFIRMED_FOR),
        replace(GOOD, sponsor_active=False),
    ],
)
def test_leaving_is_never_denied(contract: Contract) -> None:
    carl = replace(CARL, contract=contract)
    lapsed = lapse(contract, NOW, TODAY)
    assert lapsed is not None
    assert {gate.id: reason_at(gate.id, NOW, carl) for gate in SITE.gates} == {
        **dict.fromkeys(("in", "further", "auckland", "honolulu"), lapsed),
        **dict.fromkeys(("back", "out"), Reason.RECOGNISED),
    }


def test_rules_for_everybody_are_not_for_contractors() -> None:
    assert policy.by_standing_and_rules(CARL, "in", NOW, RULES).rule.id == "B"  # type: ignore[union-attr]
    assert reason_at("in", NOW, replace(CARL, groups=())) is Reason.NO_RULE
    assert reason_at("in", NOW, replace(CARL, groups=(), kind=PersonKind.EMPLOYEE)) is Reason.RECOGNISED


def test_while_the_clock_is_in_doubt_contractors_get_out_alone() -> None:
    assert reason_at("in", NOW, doubted=True) is Reason.CLOCK_UNCONFIRMED
    assert reason_at("out", NOW, doubted=True) is Reason.RECOGNISED


def test_other_reasons_come_first() -> None:
    lapsed = replace(CARL, contract=replace(GOOD, sponsor_active=False), valid_until=TODAY - DAY)
    assert standing(lapsed, NOW, TODAY) is Reason.EXPIRED
    assert standing(lapsed, NOW, TODAY, leaves=True) is Reason.EXPIRED


def test_of_a_documents_number_the_last_four_characters_are_kept() -> None:
    assert DocumentDetails.typed(" Work permit ", " WP 4711 0815 ") == DocumentDetails("Work permit", "0815")
    assert DocumentDetails.typed("Work permit", "") == DocumentDetails("Work permit")
    for kind, number, code in (("", "1", "bad_document_kind"), ("Permit", "\u202e12", "bad_document_number")):
        with pytest.raises(BadInput) as caught:
            DocumentDetails.typed(kind, number)
        assert caught.value.code == code
    with pytest.raises(BadInput):
        Contract("S", NOW, "AC\x00ME")
