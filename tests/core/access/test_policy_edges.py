"""Edge cases of the policy: the ends of its limits, records of other people, and a clock in doubt."""

from dataclasses import FrozenInstanceError, replace
from datetime import date, timedelta

import pytest

from app.core.access.factors.standing import standing
from app.core.access.policy import PolicyLimits, decide
from app.core.types import Candidate, Decision, Reason, Status
from tests.core.access.passage import ADA, ALWAYS, DAY, EVIDENCE, GATE, LIMITS, Scene
from tests.fakes import NOW

TODAY, TOMORROW, YESTERDAY = NOW.date(), (NOW + DAY).date(), (NOW - DAY).date()


@pytest.mark.parametrize("limits", [(-1.0, 0.0, 1), (1.0, 2.0, 1), (0.0, 1.5, 86_400_000)])
def test_both_ends_of_each_range_are_valid_limits(limits: tuple[float, float, int]) -> None:
    taken = PolicyLimits(*limits)
    assert (taken.threshold, taken.margin, taken.max_frame_age_ms) == limits


@pytest.mark.parametrize("limits", [(1.01, 0.1, 1), (-1.01, 0.1, 1), (0.5, 2.01, 1), (0.5, -0.01, 1), (0.5, 0.1, -1)])
def test_limits_outside_their_range_are_refused(limits: tuple[float, float, int]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        PolicyLimits(*limits)


def test_limits_cannot_change_after_the_check() -> None:
    with pytest.raises(FrozenInstanceError):
        LIMITS.threshold = -1.0  # type: ignore[misc]


@pytest.mark.parametrize("named", ["01", "01@", "01B", "02"])
def test_record_of_somebody_else_never_opens_whichever_id_is_greater(named: str) -> None:
    scene = Scene()
    scene.evidence = replace(EVIDENCE, best=Candidate(named, 0.8))
    assert scene.decide() == Decision(Reason.NOT_RECOGNISED)


def test_equal_ids_match_even_as_separate_strings() -> None:
    # The index and the database each build their own string.
    scene = Scene()
    scene.evidence = replace(EVIDENCE, best=Candidate("".join(["0", "1A"]), 0.8))
    assert scene.decide() == Decision(Reason.RECOGNISED, ADA)


def test_by_default_the_mode_is_normal() -> None:
    assert decide(EVIDENCE, ADA, GATE, LIMITS, NOW, NOW, rules=ALWAYS) == Decision(Reason.RECOGNISED, ADA)


@pytest.mark.parametrize(
    ("valid_from", "valid_until"), [(TODAY, None), (None, TODAY), (TODAY, TODAY), (TOMORROW, None), (None, YESTERDAY)]
)
def test_people_with_a_start_or_end_date_wait_until_the_clock_is_confirmed(
    valid_from: date | None, valid_until: date | None
) -> None:
    scene = Scene()
    scene.changed(valid_from=valid_from, valid_until=valid_until)
    scene.limits = replace(LIMITS, clock_doubted=True)
    assert scene.decide() == Decision(Reason.CLOCK_UNCONFIRMED, scene.employee)


def test_people_without_dates_pass_while_the_clock_is_in_doubt() -> None:
    scene = Scene()
    scene.limits = replace(LIMITS, clock_doubted=True)
    assert scene.decide() == Decision(Reason.RECOGNISED, ADA)


def test_inactive_people_are_refused_as_inactive_while_the_clock_is_in_doubt() -> None:
    gone = replace(ADA, status=Status.INACTIVE, valid_until=TODAY)
    assert standing(gone, NOW, TODAY, clock_doubted=True) is Reason.EMPLOYEE_INACTIVE


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "reason"),
    [
        (YESTERDAY, TOMORROW, None),
        (TODAY, None, None),
        (None, TODAY, None),
        (TODAY, TODAY, None),
        (TOMORROW, None, Reason.NOT_YET_VALID),
        (None, YESTERDAY, Reason.EXPIRED),
        (TOMORROW, TOMORROW, Reason.NOT_YET_VALID),
        (YESTERDAY, YESTERDAY, Reason.EXPIRED),
    ],
)
def test_each_date_counts_by_itself(valid_from: date | None, valid_until: date | None, reason: Reason | None) -> None:
    assert standing(replace(ADA, valid_from=valid_from, valid_until=valid_until), NOW, TODAY) is reason


@pytest.mark.parametrize(("age_ms", "fresh"), [(2000, True), (2001, False), (-2000, True), (-2001, False)])
def test_frame_is_stale_in_the_past_and_in_the_future(age_ms: int, fresh: bool) -> None:
    scene = Scene()
    scene.captured_at = NOW - timedelta(milliseconds=age_ms)
    assert scene.decide().reason is (Reason.RECOGNISED if fresh else Reason.STALE_FRAME)
