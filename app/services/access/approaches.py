"""Makes one decision for each approach from a camera's faces: who comes, when to try, when to give up.

A track is tried as its evidence grows, and the gate opens as soon as it suffices. If it never does, one denial is
recorded when the person leaves or has waited long enough. Only the person at the gate is tried, while in view.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import perf_counter

from app.core.approach import tracks
from app.core.approach import tries as approach
from app.core.approach.group import Denial
from app.core.approach.tracks import Scene, Step, Track
from app.core.approach.tries import AtGate
from app.core.errors import FacegateError, NotRecorded, Unconfirmed
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import RemotePoll
from app.core.gates.gate import Gate
from app.core.ports.store import Store
from app.core.types import Detection, Evidence, Pixels, Reason, Verdict
from app.services.access.assessed import WAITS_FOR, asked_for_pin, assessed, held, let_in_by_badge, repeated
from app.services.access.assessor import FAULT
from app.services.access.decision_request import FROM_CAMERA, DecisionRequest
from app.services.access.decision_service import DecisionService
from app.services.access.watch import LatestFrame, Openings, Passage, View, Visit
from app.services.access.watch import Watch as Watch  # part of what this module offers

logger = logging.getLogger(__name__)
Decisions = list[RecordedDecision]


@dataclass(frozen=True)
class Approaches:
    """All cameras' approaches, with what they share: the openings of each gate.

    Attributes:
        snapshot: makes a small copy of a face and its surroundings, for the record.
        carry_out: called with every answer that opens, after its commit; it must not block.
        tailgating: called with a gate at which somebody followed another person through, and the camera.
        views: how many pictures of an approach are kept.
        left: called at the end of each approach; it must return at once, and not raise.
    """

    store: Store
    decisions: DecisionService
    rules: tracks.Rules
    snapshot: Callable[[Pixels, Detection], Pixels]
    carry_out: Callable[[Gate, RecordedDecision], None]
    tailgating: Callable[[Gate, str], None]
    views: int = 1
    left: Callable[[str, Track, Visit], None] = lambda gate_id, track, visit: None
    _openings: dict[str, Openings] = field(default_factory=dict, init=False, repr=False)  # by gate

    def frame(self, watch: Watch, seen: Sequence[Detection], pixels: Pixels, captured_at: datetime) -> Decisions:
        """Takes in the faces of one frame. Returns the decisions that followed, already recorded and carried out."""
        height, width = pixels.shape[:2]
        step = tracks.step(watch.latest.scene if watch.latest else Scene(), seen, captured_at, self.rules)
        near = approach.at_gate(step.scene, watch.region, width, height, captured_at, watch.let_in)
        self._follow(watch, step, near, pixels, captured_at)
        views = {i: [view.pixels for view in visit.views] for i, visit in watch.visits.items()}
        watch.latest = LatestFrame(step.scene, captured_at, width, height, len(step.people), near, views)
        answers = self._at_gate(watch, step, near, captured_at)
        return answers + self._left(watch, step, captured_at)

    def silence(self, watch: Watch, at: datetime) -> Decisions:
        """Ends all approaches, because no new frame came for a while. Records the denials that are still due."""
        if watch.latest is None:
            return []
        step = tracks.step(watch.latest.scene, (), at, self.rules)
        watch.latest = replace(watch.latest, scene=step.scene)
        return self._left(watch, step, at)

    def now(
        self,
        watch: Watch,
        gate: Gate,
        received_at: datetime,
        idempotency_key: str | None = None,
        poll: RemotePoll | None = None,
        *,
        current: bool | None = None,
    ) -> RecordedDecision:
        """Decides about what the camera sees at this moment, for hardware that polls.

        poll: another process's poll, if the request came to that one. current: whether the gallery is up to
        date; None brings it up to date. Raises NotRecorded, and GivenUp if the other process no longer waits.
        """
        started = perf_counter()
        latest = watch.latest
        person = latest.person.person if latest else None
        if latest is None:  # before its first frame a camera is as stale as it can be
            request = DecisionRequest(gate, (), 0, received_at - timedelta(days=1), started, camera=watch.camera)
        else:
            looks = latest.looks(self.rules.same_person)
            share = approach.SHARE * (approach.poll_share(watch.polled(person.id)) if person else 1.0)
            request = DecisionRequest(
                gate, looks, person.seen if person else 1, latest.at, started, camera=watch.camera, share=share
            )
        request = replace(request, idempotency_key=idempotency_key, digest=FROM_CAMERA, poll=poll)
        if current is None:
            with self.store.read() as tx:
                current = self.decisions.refresh(tx)
        found = held(watch.visit_of(person), self.decisions.evidence(request.looks)) if current else FAULT
        openings = self._openings_of(watch)
        with openings.deciding:
            if answer := self._camera_opening(openings, request, found):
                return answer
            try:
                answer = self.decisions.record(request, found)
            except Unconfirmed:
                with suppress(FacegateError):
                    if person is not None and self.decisions.would_open(request, found):
                        self._keep(watch, request, person, None, None, found.employee_id)
                raise
            if person is not None and answer.opens:
                self._keep(watch, request, person, None, answer)
        return answer

    def _camera_opening(self, openings: Openings, request: DecisionRequest, found: Evidence) -> RecordedDecision | None:
        """The answer with which a camera of this gate just let this person in: one opening makes one event."""
        for passage in openings.of(found.employee_id, request.seen_at):
            if passage.track_id is not None and passage.event_id is not None:
                return self.decisions.again(request, found, passage.event_id)
        return None

    def _openings_of(self, watch: Watch) -> Openings:
        return self._openings.setdefault(watch.gate_id, Openings())

    def _keep(
        self,
        watch: Watch,
        request: DecisionRequest,
        of: Track,
        track_id: int | None,
        answer: RecordedDecision | None,
        who: str | None = None,
    ) -> None:
        """Remembers an opening while it lasts. answer: None if it came too late; `who` is then the person."""
        if answer is not None:
            who = answer.employee.id if answer.employee else None
        until = request.seen_at + timedelta(milliseconds=request.gate.unlock_ms)
        event = answer.id if answer else None
        passage = Passage(who, track_id, of.samples, request.seen_at, until, watch.camera, event)
        self._openings_of(watch).add(passage)
        watch.opened(passage)

    def _follow(self, watch: Watch, step: Step, near: AtGate, pixels: Pixels, at: datetime) -> None:
        """Updates each track's visit from the frame."""
        people = step.people
        let_in = watch.let_in & people.keys()
        close = {t.id for t in (*near.rivals, near.person) if t is not None}
        if watch.group is not None:
            watch.group = watch.group.seen([t for t in step.scene.tracks if t.id in close & people.keys()], at)
        for track in step.scene.tracks:
            face = people.get(track.id)
            if face is None:
                continue
            visit = watch.visits.setdefault(track.id, Visit())
            visit.faces = max(visit.faces, len(people))
            visit.beside |= let_in - {track.id}
            if track.id in close:
                visit.near_since = visit.near_since or at
                visit.near += 1
                visit.together = max(visit.together, len(close))
                visit.alone |= near.person is track
            # The record shows the best usable views of a track, or else one of its widest.
            fresh = track.id in step.fresh
            rank = (fresh, round(face.quality.score, 2) if fresh else 0.0, track.box.width_px)
            most = self.views if fresh else 1
            if (fresh or track.id in close) and visit.wants(rank, at, most):
                visit.keep(View(rank, at, self.snapshot(pixels, face)), most)

    def _at_gate(self, watch: Watch, step: Step, near: AtGate, at: datetime) -> Decisions:
        answers: Decisions = []
        person = near.person
        if person is not None and person.id in step.fresh:
            visit = watch.visits[person.id]
            if not (visit.let_in or visit.too_late) and approach.due(person, visit.tries, visit.tried_from):
                answers += self._tried(watch, person, visit, at)
        for track in near.rivals if person is None else (person,):
            visit = watch.visits.get(track.id, Visit())
            late = visit.near_since is not None and approach.waited(visit.near_since, at)
            if late and approach.is_approach(visit.near):
                answers += self._denied(watch, step, track, visit, at)
        return answers

    def _left(self, watch: Watch, step: Step, at: datetime) -> Decisions:
        answers: Decisions = []
        for track in step.ended:
            visit = watch.visits.pop(track.id, None)
            if visit is not None and approach.is_approach(visit.near):
                self._notice_tailgater(watch, track, visit)
                self.left(watch.gate_id, track, visit)
                answers += self._denied(watch, step, track, visit, at, left=True)
                if visit.denial:
                    watch.refused(track, visit.denial)
        living = {track.id for track in step.scene.tracks}
        watch.visits = {i: visit for i, visit in watch.visits.items() if i in living}
        return answers

    def _tried(self, watch: Watch, track: Track, visit: Visit, at: datetime) -> Decisions:
        """Tries what was seen so far. An opening is recorded and carried out; otherwise nothing happens."""
        try:
            request, found, foreseen = assessed(self.store, self.decisions, self.rules, watch, track, visit, at)
            if foreseen.verdict is Verdict.OPEN or approach.is_another_holder(foreseen.reason, visit.tries):
                return self._opened(watch, track, visit, request, found)
            if foreseen.reason in WAITS_FOR:
                return asked_for_pin(self.decisions, visit, request, found, foreseen.reason)
            visit.tries += 1
            visit.tried_from = track.usable if visit.tried_from is None else visit.tried_from
        except NotRecorded as error:
            watch.complain(error)
        return []

    def _opened(self, watch: Watch, track: Track, visit: Visit, request: DecisionRequest, found: Evidence) -> Decisions:
        who, openings = found.employee_id, self._openings_of(watch)
        with openings.deciding:
            for passage in openings.of(who, request.seen_at):
                if passage.camera != watch.camera or passage.track_id is None or passage.track_id not in visit.beside:
                    # The gate is open for this person already: the tracker lost them and found them again, or a poll
                    # or another camera of this gate let them in.
                    visit.let_in, visit.too_late = passage.opened, not passage.opened
                    return []
            try:
                answer = self.decisions.record(request, found)
            except Unconfirmed as error:
                visit.too_late = True
                self._keep(watch, request, track, track.id, None, who)
                logger.error("opening_recorded_too_late camera=%s reason=%s", watch.camera, error)
                return []
            if not answer.opens:
                visit.denial = Denial(answer.reason, request.seen_at)  # suspended between the two transactions
                return [answer]
            visit.let_in = True
            self._keep(watch, request, track, track.id, answer)
        try:
            self.carry_out(request.gate, answer)
        except Exception:
            # The decision is recorded and stands. The other tracks of this frame must go on.
            logger.exception("opening_not_passed_on camera=%s gate=stays_shut", watch.camera)
        return [answer]

    def _denied(
        self, watch: Watch, step: Step, track: Track, visit: Visit, at: datetime, *, left: bool = False
    ) -> Decisions:
        """Records the one denial of an approach without an answer. left: the person is gone, so nothing may open."""
        if visit.let_in or visit.denial or visit.too_late or watch.is_phantom(track):
            return []
        alike = self.rules.same_person
        before = watch.was_denied(track, at, alike)
        if left and before:
            visit.denial = before
            return []
        try:
            request, found, foreseen = assessed(self.store, self.decisions, self.rules, watch, track, visit, at)
            opens = foreseen.verdict is Verdict.OPEN
            if not visit.alone:
                found = Evidence(visit.faces, 0, Reason.SEVERAL_FACES)
            elif opens and not left:
                # Earlier frames open the gate only while the person is still in view.
                return self._opened(watch, track, visit, request, found) if track.usable_at == at else []
            elif opens:
                found = Evidence(visit.faces, 0, Reason.LEFT_TOO_SOON)
            elif watch.was_let_in(track, visit, alike) or let_in_by_badge(self.decisions, request.gate, visit):
                visit.let_in = True
                return []
            earlier = [one for one in (before, watch.denied_together(track, visit, at, alike)) if one is not None]
            visit.denial = repeated(self.decisions, earlier, request, found)
            if visit.denial:
                return []
            answer = self.decisions.record(request, found)
        except NotRecorded as error:
            watch.complain(error)
            if isinstance(error, Unconfirmed):
                visit.denial = Denial(None, at)  # it may be recorded, so it must not be tried again
            return []
        near = [t for t in (*step.scene.tracks, *step.ended) if watch.visits.get(t.id, Visit()).near or t is track]
        watch.denied(track, visit, Denial(answer.reason, at), near)
        return [answer]

    def _notice_tailgater(self, watch: Watch, track: Track, visit: Visit) -> None:
        if not watch.tailgates(track, visit, self.rules.same_person):
            return
        try:
            with self.store.read() as tx:
                gate = tx.gates.get(watch.gate_id)
            if gate is not None:
                self.tailgating(gate, watch.camera)
        except Exception:
            # This alert must not cost the frame its decisions. It is not tried again: every frame would log an error.
            logger.exception("tailgating_alert_failed camera=%s", watch.camera)
