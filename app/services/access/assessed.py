"""What would be decided about a track now, before anything is recorded."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import perf_counter

from app.core.approach import tries as approach
from app.core.approach.group import Denial
from app.core.approach.tracks import Rules, Track
from app.core.errors import NotRecorded
from app.core.events.decision import RecordedDecision
from app.core.gates.gate import Gate
from app.core.ports.store import Store
from app.core.recognition.liveness import SPOOF_TRIES, LivenessMode
from app.core.types import Decision, Evidence, Reason, Verdict
from app.services.access.assessor import FAULT
from app.services.access.decision_request import DecisionRequest
from app.services.access.decision_service import DecisionService
from app.services.access.watch import Visit, Watch

logger = logging.getLogger(__name__)

ASK_AGAIN = timedelta(seconds=1)  # how often whoever stays in view is waited for anew
# What a face at a camera waits for. It does not count as tried.
WAITS_FOR = frozenset({Reason.CREDENTIAL_REQUIRED, Reason.PIN_REQUIRED})


def assessed(
    store: Store, decisions: DecisionService, rules: Rules, watch: Watch, track: Track, visit: Visit, at: datetime
) -> tuple[DecisionRequest, Evidence, Decision]:
    """The request, its evidence, and what would be decided. Raises NotRecorded if the database or gate is gone."""
    started = perf_counter()
    with store.read() as tx:
        gate = tx.gates.get(watch.gate_id)
        current = decisions.refresh(tx)
    if gate is None:
        raise NotRecorded("the camera's gate no longer exists")
    watch.asks_liveness = gate.liveness is not LivenessMode.OFF
    views = [view.pixels for view in visit.views]
    looks = approach.frame_results(track, visit.faces, rules.same_person, views)
    request = DecisionRequest(gate, looks, track.seen, at, started, camera=watch.camera, share=approach.SHARE)
    before = watch.was_denied(track, at, rules.same_person)
    if before is not None and before.reason is Reason.SPOOF_SUSPECTED:
        visit.spoofs = SPOOF_TRIES  # lost from sight and found again, it is still the same picture
    found = held(visit, decisions.evidence(looks)) if current else FAULT
    try:
        foreseen = decisions.foreseen(request, found)
    except NotRecorded:
        raise
    except Exception:
        # Any fault becomes a recorded denial with the reason system_fault.
        logger.exception("decision_failed camera=%s gate=stays_shut", watch.camera)
        found, foreseen = FAULT, Decision(Reason.SYSTEM_FAULT)
    watch.unrecorded = False
    measured = found.liveness is not None and visit.spoofs < SPOOF_TRIES
    if foreseen.reason is Reason.SPOOF_SUSPECTED and measured:
        visit.spoofs, visit.spoof = visit.spoofs + 1, (found.liveness, found.liveness_frames)
    return request, found, foreseen


def held(visit: Visit | None, found: Evidence) -> Evidence:
    """The evidence, with the liveness of the last refusal once an approach was refused too often as a picture."""
    if visit is None or visit.spoofs < SPOOF_TRIES:
        return found
    score, frames = visit.spoof
    return replace(found, liveness=score, liveness_frames=frames)


def asked_for_pin(
    decisions: DecisionService, visit: Visit, request: DecisionRequest, found: Evidence, reason: Reason
) -> list[RecordedDecision]:
    """Asks somebody before a camera for their PIN: one event an approach, and the gate waits while they are in view.

    reason: what would be decided; nothing is asked of who must show a badge. Raises NotRecorded.
    """
    if reason is not Reason.PIN_REQUIRED or found.employee_id is None:
        return []
    if visit.pin_asked_at is None:
        answer = decisions.record(request, found)
        visit.pin_asked_at, visit.denial = request.seen_at, Denial(answer.reason, request.seen_at)
        return [answer]
    if request.seen_at - visit.pin_asked_at >= ASK_AGAIN:
        visit.pin_asked_at = request.seen_at
        decisions.still_asks_pin(request.gate, found.employee_id)
    return []


def repeated(
    decisions: DecisionService, earlier: Sequence[Denial], request: DecisionRequest, found: Evidence
) -> Denial | None:
    """The recorded denial of these people that the decision would only say again, if any. Raises NotRecorded."""
    if not earlier:
        return None
    try:
        foreseen = decisions.foreseen(request, found)
    except NotRecorded:
        raise
    except Exception:
        # Leaving an event out is a convenience. If that cannot be judged, the denial is recorded.
        logger.exception("repeat_not_judged camera=%s next=recorded", request.camera)
        return None
    if foreseen.verdict is Verdict.OPEN:
        return None
    return next((one for one in earlier if one.covers(foreseen.reason, request.seen_at)), None)


def let_in_by_badge(decisions: DecisionService, gate: Gate, visit: Visit) -> bool:
    """Whether a badge opened the gate while this person stood there alone. Raises NotRecorded.

    Whoever has no template must not leave a denial behind each time they pass.
    """
    since = visit.near_since
    return since is not None and visit.together <= 1 and decisions.opened_by_badge(gate, since)
