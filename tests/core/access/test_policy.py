"""Who may pass: every refusal alone, their order, and that nothing but all conditions together opens a gate."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.access.factors.standing import standing
from app.core.access.policy import PolicyLimits, decide
from app.core.site.mode import SiteMode
from app.core.types import OPENING, Advice, Candidate, Decision, Employee, Evidence, Reason, Status, Verdict
from tests.core.access.passage import ADA, ALWAYS, DAY, EVIDENCE, GATE, LIMITS, NAN, Scene, only
from tests.fakes import NOW

ORDER = [
    ("disabled", Reason.GATE_DISABLED),
    ("of_a_newer_version", Reason.SYSTEM_FAULT),
    ("locked_down", Reason.LOCKDOWN),
    ("locked", Reason.LOCKED_BY_HAND),
    ("shut_by_schedule", Reason.NO_ENTRY),
    ("stale", Reason.STALE_FRAME),
    ("no_face", Reason.NO_FACE),
    ("dissimilar", Reason.NOT_RECOGNISED),
    ("twin", Reason.AMBIGUOUS),
    ("not_enrolled", Reason.NOT_RECOGNISED),
    ("picture", Reason.SPOOF_SUSPECTED),
    ("inactive", Reason.EMPLOYEE_INACTIVE),
    ("blocked", Reason.BLOCKED),
    ("too_early", Reason.NOT_YET_VALID),
    ("expired", Reason.EXPIRED),
    ("sponsor_gone", Reason.SPONSOR_INACTIVE),
    ("unconfirmed", Reason.SPONSOR_UNCONFIRMED),
    ("documents_expired", Reason.DOCUMENTS_EXPIRED),
    ("no_rule", Reason.NO_RULE),
]


def test_recognised_employee_passes() -> None:
    decision = Scene().decide()
    assert decision == Decision(Reason.RECOGNISED, ADA)
    assert decision.verdict is Verdict.OPEN


@pytest.mark.parametrize(("fault", "reason"), ORDER)
def test_each_condition_alone_keeps_the_gate_shut(fault: str, reason: Reason) -> None:
    scene = Scene()
    getattr(scene, fault)()
    decision = scene.decide()
    assert decision.reason is reason
    assert decision.verdict is Verdict.DENY


@pytest.mark.parametrize(("first", "second"), list(combinations(range(len(ORDER)), 2)))
def test_first_failed_condition_is_the_reason(first: int, second: int) -> None:
    scene = Scene()
    # The later one is set up first: the order of the questions counts, not that of the events.
    getattr(scene, ORDER[second][0])()
    getattr(scene, ORDER[first][0])()
    assert scene.decide().reason is ORDER[first][1]


def test_failure_of_everything_names_only_the_gate() -> None:
    scene = Scene()
    for fault, _ in ORDER:
        getattr(scene, fault)()
    assert scene.decide() == Decision(Reason.GATE_DISABLED)


def test_release_opens_whatever_else_is_wrong_and_names_nobody() -> None:
    for fault, _ in [("who may pass", None), *ORDER]:
        scene = Scene()
        getattr(scene, fault, lambda: None)()
        scene.mode = SiteMode.RELEASE
        assert scene.decide() == Decision(Reason.RELEASED)
        assert scene.decide().verdict is Verdict.OPEN


def test_only_a_known_person_a_free_period_a_release_or_a_hand_opens() -> None:
    by_person = {Reason.RECOGNISED, Reason.CREDENTIAL_ACCEPTED}
    assert by_person | {Reason.FREE_ENTRY, Reason.RELEASED, Reason.OPENED_BY_HAND} == OPENING


@pytest.mark.parametrize("reason", [r for r in Reason if r not in OPENING])
def test_reason_of_the_evidence_is_kept(reason: Reason) -> None:
    scene = Scene()
    scene.evidence = replace(EVIDENCE, reason=reason)
    assert scene.decide() == Decision(reason)


def test_denied_employee_is_named_and_an_unidentified_person_is_not() -> None:
    for fault, reason in ORDER:
        scene = Scene()
        getattr(scene, fault)()
        known = reason in (
            Reason.SPOOF_SUSPECTED,
            Reason.EMPLOYEE_INACTIVE,
            Reason.BLOCKED,
            Reason.NOT_YET_VALID,
            Reason.EXPIRED,
            Reason.SPONSOR_INACTIVE,
            Reason.SPONSOR_UNCONFIRMED,
            Reason.DOCUMENTS_EXPIRED,
            Reason.NO_RULE,
        )
        assert scene.decide().employee == (scene.employee if known else None)


def test_value_equal_to_its_limit_is_enough() -> None:
    scene = Scene()
    scene.evidence = replace(EVIDENCE, best=Candidate(ADA.id, 0.5), margin=0.1)
    scene.captured_at = NOW - timedelta(milliseconds=2000)
    assert scene.decide().reason is Reason.RECOGNISED


def test_validity_includes_its_first_and_last_day() -> None:
    today = NOW.date()
    valid = replace(ADA, valid_from=today, valid_until=today + DAY)
    expected = {
        today - DAY: Reason.NOT_YET_VALID,
        today: None,
        today + DAY: None,
        today + 2 * DAY: Reason.EXPIRED,
    }
    assert {day: standing(valid, NOW, day) for day in expected} == expected


@pytest.mark.parametrize(
    ("similarity", "margin", "reason"),
    [(NAN, 0.4, Reason.NOT_RECOGNISED), (0.8, NAN, Reason.AMBIGUOUS), (NAN, NAN, Reason.NOT_RECOGNISED)],
)
def test_similarity_or_margin_of_nan_opens_nothing(similarity: float, margin: float, reason: Reason) -> None:
    scene = Scene()
    scene.evidence = replace(EVIDENCE, best=Candidate(ADA.id, similarity), margin=margin)
    assert scene.decide().reason is reason


@pytest.mark.parametrize(
    "limits",
    [(NAN, 0.1, 2000), (0.5, NAN, 2000), (0.5, 0.1, NAN), (1.1, 0.1, 1), (-1.1, 0.1, 1), (0.5, -0.1, 1), (0.5, 0.1, 0)],
)
def test_limits_that_could_never_refuse_are_rejected(limits: tuple[float, float, int]) -> None:
    with pytest.raises(ValueError):
        PolicyLimits(*limits)


@pytest.mark.parametrize(
    "evidence", [replace(EVIDENCE, best=None), replace(EVIDENCE, margin=None), Evidence(1, 1, None)]
)
def test_evidence_without_a_candidate_or_margin_recognises_nobody(evidence: Evidence) -> None:
    scene = Scene()
    scene.evidence = evidence
    assert scene.decide() == Decision(Reason.NOT_RECOGNISED)


@pytest.mark.parametrize("advice", list(Advice))
def test_advice_is_the_reason_of_a_face_not_similar_enough_and_changes_no_other_decision(
    advice: Advice,
) -> None:
    scene = Scene()
    scene.evidence = replace(EVIDENCE, advice=advice)
    assert scene.decide().reason is Reason.RECOGNISED
    scene.evidence = replace(scene.evidence, best=None)
    assert scene.decide() == Decision(Reason(advice))


@pytest.mark.parametrize("employee", [None, replace(ADA, id="01B"), replace(ADA, photos=0)])
def test_only_the_enrolled_employee_found_by_the_search_can_pass(employee: Employee | None) -> None:
    scene = Scene()
    scene.employee = employee
    assert scene.decide() == Decision(Reason.NOT_RECOGNISED)


TODAY = NOW.date()
days = st.one_of(st.none(), st.sampled_from([TODAY - DAY, TODAY, TODAY + DAY]))
numbers = st.one_of(st.just(NAN), st.floats(-1.0, 2.0), st.sampled_from([0.5, 0.1]))


@settings(max_examples=5 * settings.default.max_examples)
@given(
    enabled=st.booleans(),
    mode=st.sampled_from([SiteMode.NORMAL, SiteMode.NORMAL, SiteMode.LOCKDOWN]),
    age_ms=st.sampled_from([-1, 0, 1999, 2000, 2001, 100_000]),
    reason=st.one_of(st.none(), st.none(), st.sampled_from([r for r in Reason if r not in OPENING])),
    best=st.one_of(st.none(), st.sampled_from(["01A", "01A", "01B"])),
    similarity=numbers,
    margin=st.one_of(st.none(), numbers),
    employee_id=st.one_of(st.none(), st.sampled_from(["01A", "01A", "01B"])),
    photos=st.integers(0, 2),
    status=st.sampled_from(Status),
    valid_from=days,
    valid_until=days,
    allowed=st.sampled_from([True, True, False]),
)
def test_opens_if_and_only_if_every_condition_holds(
    enabled: bool,
    mode: SiteMode,
    age_ms: int,
    reason: Reason | None,
    best: str | None,
    similarity: float,
    margin: float | None,
    employee_id: str | None,
    photos: int,
    status: Status,
    valid_from: date | None,
    valid_until: date | None,
    allowed: bool,
) -> None:
    evidence = Evidence(
        1, 1, reason, np.ones(1, np.float32), None if best is None else Candidate(best, similarity), margin
    )
    employee = employee_id and Employee(
        employee_id, "1", "Somebody", status, valid_from=valid_from, valid_until=valid_until, photos=photos
    )
    decision = decide(
        evidence,
        employee or None,
        replace(GATE, enabled=enabled),
        LIMITS,
        NOW - timedelta(milliseconds=age_ms),
        NOW,
        mode=mode,
        rules=ALWAYS if allowed else only(),
    )
    may_pass = [
        enabled,
        mode is SiteMode.NORMAL,
        age_ms <= 2000,
        reason is None,
        best is not None and best == employee_id,
        similarity >= 0.5,
        margin is not None and margin >= 0.1,
        photos >= 1,
        status == "active",
        valid_from in (None, TODAY - DAY, TODAY),
        valid_until in (None, TODAY, TODAY + DAY),
        allowed,
    ]
    assert (decision.verdict is Verdict.OPEN) == all(may_pass)
    assert (decision.reason is Reason.RECOGNISED) == all(may_pass)
