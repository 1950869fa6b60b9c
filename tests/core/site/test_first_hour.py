"""The steps of a new site follow from its present state: at most one is next, and what is not needed can be skipped."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.site.first_hour import MAY_BE_SKIPPED, SiteFacts, StepName, StepState, finished, steps

NEW = SiteFacts(named=False, gates=0, driven=0, eyes=0, enrolled=0, passed=False)
SET_UP = SiteFacts(named=True, gates=1, driven=1, eyes=1, enrolled=3, passed=True)
FACTS = st.builds(
    SiteFacts,
    named=st.booleans(),
    gates=st.integers(0, 2),
    driven=st.integers(0, 2),
    eyes=st.integers(0, 2),
    enrolled=st.integers(0, 4),
    passed=st.booleans(),
)


def states(facts: SiteFacts) -> list[str]:
    return [step.state.value for step in steps(facts)]


def test_new_site_begins_with_its_name() -> None:
    assert states(NEW) == ["next", "later", "later", "later", "later", "later"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (SET_UP, ["done"] * 6),
        (replace(SET_UP, passed=False), ["done"] * 5 + ["next"]),
        (replace(SET_UP, driven=0), ["done", "done", "skipped", "done", "done", "done"]),
        (replace(SET_UP, named=False), ["skipped"] + ["done"] * 5),
        (replace(SET_UP, enrolled=2, passed=False), ["done"] * 4 + ["next", "later"]),
        (replace(SET_UP, eyes=0, passed=False), ["done"] * 3 + ["next", "done", "later"]),
        (replace(NEW, named=True, gates=1), ["done", "done", "next", "later", "later", "later"]),
        (replace(NEW, named=True, gates=1, eyes=1), ["done", "done", "skipped", "done", "next", "later"]),
    ],
)
def test_step_follows_from_what_is_there(facts: SiteFacts, expected: list[str]) -> None:
    assert states(facts) == expected


def test_a_camera_that_is_removed_is_asked_for_again() -> None:
    assert finished(steps(SET_UP)) and not finished(steps(replace(SET_UP, eyes=0)))


@given(FACTS)
def test_one_step_is_next_until_everything_is_done(facts: SiteFacts) -> None:
    found = steps(facts)
    assert [step.name for step in found] == list(StepName)
    assert sum(step.state is StepState.NEXT for step in found) == (0 if finished(found) else 1)
    assert {step.name for step in found if step.state is StepState.SKIPPED} <= MAY_BE_SKIPPED
