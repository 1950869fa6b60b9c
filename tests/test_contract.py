"""The documented contract is the one that the code keeps: error codes, reasons and fields, no more and no fewer."""

import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from app.core.access.permission import Denial
from app.core.events.decision import RecordedDecision
from app.core.types import Reason
from app.web.api.describe import Problem
from app.web.api.schemas import DecisionAnswer, EventOut
from app.web.codes import BY_STATUS, PROBLEMS, codes
from app.web.console.words import REASONS
from tests.declared_codes import Source

README = Path(__file__).parents[1] / "app/web/api/README.md"


@cache
def source() -> Source:
    return Source()


@cache
def readme_section(title: str) -> str:
    """The text between this heading and the next."""
    text = README.read_text()
    begin = text.index(f"## {title}\n")
    return text[begin : text.index("\n## ", begin + 1)]


def first_cells(section: str) -> list[str]:
    """The code words in the first column of a section's table."""
    return [
        name
        for line in section.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    ]


def test_walk_finds_what_is_raised_in_each_way() -> None:
    found = source()
    assert found.errors["unknown_gate"] == {404}, "a literal"
    assert found.errors["bad_camera_address"] == {400}, "a constant of the module"
    assert {"bad_label", "bad_client_id", "bad_valid_from"} <= set(found.errors), "a name made of a field's name"
    assert found.errors["request_withdrawn"] == {503}, "a class that names its own code"
    assert found.errors["no_face"] == {400}, "a reason of recognition"
    assert found.errors["malformed_request"] == {422}, "an error answer without a refusal"
    assert {"blurred", "duplicate_number", "not_same_person", "zone_circle"} <= found.problems
    assert len(found.errors) > 150


def test_table_has_exactly_the_error_codes_with_their_statuses() -> None:
    documented = defaultdict(set)
    for status, table in BY_STATUS.items():
        for code in table:
            documented[code].add(status)
    assert dict(documented) == dict(source().errors)


def test_table_has_exactly_the_problems() -> None:
    assert set(PROBLEMS) == source().problems


@pytest.mark.parametrize("table", [*BY_STATUS.values(), PROBLEMS])
def test_codes_are_sorted_snake_case_with_one_sentence_each(table: dict[str, str]) -> None:
    assert list(table) == sorted(table)
    for code, meaning in table.items():
        assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", code), code
        assert re.fullmatch(r"[A-Z`].*[^.]\.", meaning) and ". " not in meaning, meaning


def test_openapi_description_lists_the_codes() -> None:
    error = Problem.model_json_schema()["properties"]["error"]
    assert error["enum"] == codes()
    assert all(
        f"`{code}` ({status}): {text}" in error["description"]
        for status, t in BY_STATUS.items()
        for code, text in t.items()
    )


def test_every_reason_is_given_somewhere_named_on_the_pages_and_documented() -> None:
    deciding = ("core/access", "core/credentials", "core/recognition", "services/access", "services/gates")
    given = set().union(*(source().reasons_of(f"{folder}/") for folder in (*deciding, "services/site")))
    given |= source().reasons_of("services/recognition/") | {denial.value for denial in Denial} & set(Reason)
    assert given == set(Reason) == set(REASONS)
    documented = first_cells(readme_section("Reasons"))
    assert sorted(documented) == sorted(Reason)


def test_fields_of_a_decision_are_the_documented_ones() -> None:
    documented = first_cells(readme_section("Fields of a decision"))
    assert sorted(documented) == sorted(DecisionAnswer.model_fields)
    example = json.loads(re.search(r"```json\n(.*?)```", readme_section("Fields of a decision"), re.S)[1])  # type: ignore[index]
    assert set(example) <= set(documented) and DecisionAnswer.model_validate(example)
    of_an_order = {"actor", "comment", "answers"}
    assert set(DecisionAnswer.model_fields) | of_an_order <= set(EventOut.model_fields) | {"nonce"}
    renamed = {"id": "decision_id", "gate_id": None}
    recorded = {renamed.get(name, name) for name in RecordedDecision.__dataclass_fields__} - {None}
    assert recorded | {"decision"} == set(DecisionAnswer.model_fields) | of_an_order
