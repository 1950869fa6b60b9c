"""The gate opens for the right person and for nobody else, only after the event is committed, in every process."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.core.canonical import canonical
from app.core.errors import BadInput, Busy, NotFound
from app.core.people.details import Details
from app.core.types import Employee, Reason, Status
from app.services.access.access import Approach
from tests.fakes import BROKEN, NOW, empty, like, look, person, photo
from tests.services.process import MARGIN, Process

pytestmark = pytest.mark.one_database

Start = Callable[..., Process]
ADA = photo(person(0))


def details(employee: Employee, **changes: Any) -> Details:
    return Details(**{"number": employee.number, "name": employee.name, **changes})


def test_enrolled_employee_passes(site: Process) -> None:
    ada = site.enrol("E-1", ADA)
    site.change_gate("lobby-1", unlock_ms=3000)
    answer = site.decide(photo(like(0, 0.8)), empty())
    assert answer.rule is not None
    expected = {
        "decision": "open",
        "reason": "recognised",
        "gate": "lobby-1",
        "at": "2026-11-23T08:00:00.123Z",
        "open_until": "2026-11-23T08:00:03.123Z",
        "employee": {"id": ada.id, "name": "Employee E-1", "number": "E-1"},
        "method": "face",
        "camera": None,
        "similarity": 0.8,
        "threshold": 0.5,
        "candidates": 1,
        "margin": 1.8,
        "liveness": None,
        "liveness_state": "unavailable",
        "faces": 1,
        "frames_received": 2,
        "frames_used": 1,
        "rule": {"id": answer.rule.id, "name": "Everybody, everywhere, always"},
    }
    made = {"decision_id", "duration_ms", "request_digest", "checkpoint", "signature", "rules_version"}
    printed = answer.json()
    assert {name: value for name, value in printed.items() if name not in made} == expected
    assert made <= printed.keys()
    assert site.told == [answer] and site.recorded() == 1


def test_stranger_does_not_pass(site: Process) -> None:
    site.enrol("E-1", ADA)
    answer = site.decide(photo(like(0, 0.49)))
    assert (answer.verdict, answer.reason) == ("deny", "not_recognised")
    assert answer.employee is None and answer.open_until is None
    assert (answer.similarity, answer.threshold) == (0.49, 0.5)


def test_empty_gallery_recognises_nobody(site: Process) -> None:
    answer = site.decide(ADA)
    assert (answer.reason, answer.similarity, answer.threshold) == ("not_recognised", None, None)


def test_reason_without_a_comparison_is_returned_and_recorded(site: Process) -> None:
    for reason in (Reason.NO_FACE, Reason.SEVERAL_FACES, Reason.FACE_TOO_SMALL, Reason.POOR_QUALITY):
        answer = site.decide(empty(reason))
        assert answer.reason == site.events.get(answer.id).reason == reason


def test_twins_are_ambiguous(site: Process) -> None:
    # Given two employees who are nearly alike: only so by other photos, as alike as that could not be enrolled
    site.enrol("E-1", ADA)
    site.enrol("E-2", photo(like(0, 0.55, 1)))
    # when somebody comes who is between the two
    answer = site.decide(photo(like(0, 0.9, 1)))
    assert (answer.reason, answer.employee) == ("ambiguous", None)
    assert answer.margin is not None and 0 <= answer.margin < MARGIN
    # then who is clearly one of them still passes
    assert site.sees(0) == "recognised"


def test_two_people_in_one_approach_identify_nobody(site: Process) -> None:
    site.enrol("E-1", ADA)
    assert site.decide(ADA, photo(person(1))).reason == "ambiguous"


def test_signature_covers_every_field_of_an_answer(site: Process, signer: Ed25519Signer) -> None:
    site.enrol("E-1", ADA)
    answer = site.decide(ADA)
    assert answer.checkpoint is not None and answer.signature is not None
    unsigned = {name: value for name, value in answer.json().items() if name != "signature"}
    assert signer.verify(canonical(unsigned), answer.signature)
    assert signer.verify(answer.checkpoint.signed_part, answer.checkpoint.signature)
    for name, value in unsigned.items():
        altered = {**unsigned, name: {**value, "x": 1} if isinstance(value, dict) else f"{value}!"}
        assert not signer.verify(canonical(altered), answer.signature), name
        rest = {other: unsigned[other] for other in unsigned if other != name}
        assert not signer.verify(canonical(rest), answer.signature), name


def test_disabled_gate_runs_no_recognition(site: Process, start: Start) -> None:
    site.enrol("E-1", ADA)
    looked: list[object] = []

    def watched(frames: Any, *, liveness: bool, who: Any, within_s: Any) -> Any:
        looked.append(frames)
        return [look(frame) for frame in frames]

    other = start(looks=watched)
    site.change_gate("lobby-1", enabled=False)
    answer = other.decide(ADA)
    assert (answer.reason, answer.faces, answer.similarity) == ("gate_disabled", 0, None)
    assert looked == [] and not site.events.get(answer.id).has_picture
    site.change_gate("lobby-1", enabled=True)
    assert other.sees(0) == "recognised"


def test_gate_disabled_during_recognition_stays_shut(site: Process, start: Start) -> None:
    site.enrol("E-1", ADA)

    def slow(frames: Any, *, liveness: bool, who: Any, within_s: Any) -> Any:
        site.change_gate("lobby-1", enabled=False)
        return [look(frame) for frame in frames]

    assert start(looks=slow).sees(0) == "gate_disabled"


def test_unknown_credential_is_denied_without_recognition(site: Process) -> None:
    site.enrol("E-1", ADA)
    answer = site.decide(BROKEN, credential="a badge")
    assert (answer.reason, answer.method) == ("credential_unknown", "credential")
    assert site.decide(credential="a badge").verdict == "deny"


def test_stale_picture_opens_nothing(site: Process) -> None:
    site.enrol("E-1", ADA)
    assert site.sees(0, received_at=NOW - timedelta(milliseconds=2000)) == "recognised"
    assert site.sees(0, received_at=NOW - timedelta(milliseconds=2001)) == "stale_frame"


def test_failing_recognition_is_recorded_as_a_denial(site: Process) -> None:
    site.enrol("E-1", ADA)
    answer = site.decide(ADA, BROKEN)
    assert (answer.verdict, answer.reason, answer.employee) == ("deny", "system_fault", None)
    assert site.events.get(answer.id).reason == "system_fault"


def test_templates_of_another_pack_are_recorded_as_a_denial(site: Process, start: Start) -> None:
    site.enrol("E-1", ADA)
    other = start()
    other.gallery.pack_digest = "newer pack"
    assert other.sees(0) == other.sees(0) == "system_fault"
    assert site.sees(0) == "recognised" and site.recorded() == 3


@pytest.mark.parametrize(
    ("approach", "error"),
    [
        ({"gate": "nowhere"}, NotFound),
        ({"frames": (b"no picture",)}, BadInput),
        ({"frames": ()}, BadInput),
        ({"frames": (ADA,) * 9}, BadInput),
    ],
)
def test_unusable_request_is_refused_and_not_recorded(
    site: Process, approach: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        site.access.decide(Approach(**{"gate": "lobby-1", "frames": (ADA,), "received_at": NOW, **approach}))
    assert site.recorded() == 0 and site.told == []


def test_overload_is_refused_and_not_recorded(site: Process, start: Start) -> None:
    def busy(_: Any, *, liveness: bool, who: Any, within_s: Any) -> Any:
        raise Busy("too_busy", "later")

    with pytest.raises(Busy):
        start(looks=busy).decide(ADA)
    assert site.recorded() == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": Status.INACTIVE}, "employee_inactive"),
        ({"valid_until": (NOW - timedelta(days=2)).date()}, "expired"),
        ({"valid_from": (NOW + timedelta(days=2)).date()}, "not_yet_valid"),
    ],
)
def test_deactivation_holds_at_the_next_decision_of_every_process(
    site: Process, start: Start, change: dict[str, Any], reason: str
) -> None:
    ada, other = site.enrol("E-1", ADA), start()
    assert other.sees(0) == "recognised"
    site.enrolment.update(ada.id, lambda employee: details(employee, **change))
    answer = other.decide(ADA)
    assert (answer.reason, answer.employee.id) == (reason, ada.id)
    assert site.sees(0) == reason


def test_enrolment_and_erasure_hold_at_the_next_decision_of_every_process(site: Process, start: Start) -> None:
    other = start()
    assert other.sees(0) == "not_recognised"
    ada = site.enrol("E-1", ADA)
    assert other.sees(0) == "recognised"
    site.erasure.erase(ada.id)
    assert other.sees(0) == site.sees(0) == "not_recognised"
    assert len(other.gallery) == len(site.gallery) == 0


def test_employee_erased_during_recognition_is_refused(site: Process, start: Start) -> None:
    ada = site.enrol("E-1", ADA)

    def slow(frames: Any, *, liveness: bool, who: Any, within_s: Any) -> Any:
        site.erasure.erase(ada.id)
        return [look(frame) for frame in frames]

    answer = start(looks=slow).decide(ADA)
    assert (answer.reason, answer.employee) == ("not_recognised", None)
