"""From the faces of a camera's frames to one decision an approach: who comes, when to try, when to give up.

A track is tried as its evidence grows and opens as soon as it suffices; if it does not, one denial is recorded when the
person leaves or has waited long enough. Only the person at the gate is ever tried, and only while they are seen.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter

from app.core import approach, tracks
from app.core.approach import AtGate
from app.core.errors import NotRecorded
from app.core.gates import Question
from app.core.liveness import LivenessMode
from app.core.ports import Store
from app.core.tracks import Scene, Seen, Step, Track
from app.core.types import Evidence, Gate, Look, Pixels, Reason
from app.services.answers import Answer
from app.services.verdicts import FAULT, FROM_CAMERA, Case, Verdicts
from app.services.watch import COOL_DOWN, Glimpse, Passage, View, Visit
from app.services.watch import Watch as Watch  # part of what this module offers

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Approaches:
    """snapshot: a small copy of a face's surroundings, for the record. carry_out: told of every answer that opens,
    after it is committed; it must not block. tailgating: told of a gate at which somebody followed through. views: how
    many pictures of an approach are kept for the record."""

    store: Store
    verdicts: Verdicts
    rules: tracks.Rules
    snapshot: Callable[[Pixels, Seen], Pixels]
    carry_out: Callable[[Gate, Answer], None]
    tailgating: Callable[[Gate, str], None]
    views: int = 1

    def frame(self, watch: Watch, seen: Sequence[Seen], pixels: Pixels, captured_at: datetime) -> list[Answer]:
        """Takes in one frame's faces; the decisions it brought about, already recorded and carried out."""
        height, width = pixels.shape[:2]
        step = tracks.step(watch.latest.scene if watch.latest else Scene(), seen, captured_at, self.rules)
        near = approach.at_gate(step.scene, watch.zone, width, height, captured_at, watch.let_in)
        self._follow(watch, step, near, pixels, captured_at)
        views = {i: [view.pixels for view in visit.views] for i, visit in watch.visits.items()}
        watch.latest = Glimpse(step.scene, captured_at, width, height, len(seen), near, views)
        answers = self._at_gate(watch, step, near, captured_at)
        return answers + self._left(watch, step, captured_at)

    def silence(self, watch: Watch, at: datetime) -> list[Answer]:
        """No new frame came for a while: whoever was in view has left. Denials that are owed are recorded."""
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
        question: Question | None = None,
    ) -> Answer:
        """What the camera sees this moment, decided and recorded: for hardware that polls. Raises NotRecorded.

        question: of another process. Raises GivenUp where it does not wait any more: then nothing is recorded.
        """
        started = perf_counter()
        latest = watch.latest
        person = latest.person.person if latest else None
        if latest is None:
            # A camera that gave no frame yet is as stale as can be.
            case = Case(gate, (), 0, received_at - timedelta(days=1), started, camera=watch.camera)
        else:
            looks = self._looks_now(latest)
            frames = person.seen if person else 1
            share = approach.SHARE * (approach.poll_share(watch.polled(person.id)) if person else 1.0)
            case = Case(gate, looks, frames, latest.at, started, camera=watch.camera, share=share)
        case = replace(case, idempotency_key=idempotency_key, digest=FROM_CAMERA, question=question)
        with self.store.read() as tx:
            current = self.verdicts.refresh(tx)
        answer = self.verdicts.record(case, self.verdicts.evidence(case.looks) if current else FAULT)
        if person is not None and answer["decision"] == "open":
            watch.opened(_passage(answer, None, person, case))
        return answer

    def _looks_now(self, latest: Glimpse) -> list[Look]:
        person = latest.person.person
        if person is None:
            reason = Reason.FACE_TOO_SMALL if latest.faces else Reason.NO_FACE
            return [Look(latest.faces, None, Reason.SEVERAL_FACES if latest.person.rivals else reason)]
        if person.usable_at != latest.at:
            # What was seen of a track before may be of somebody whom this one has stepped before.
            person = replace(person, sightings=())
        return self._looks(person, latest.faces, latest.views.get(person.id, ()))

    def _follow(self, watch: Watch, step: Step, near: AtGate, pixels: Pixels, at: datetime) -> None:
        """Brings each track's visit up to date with the frame."""
        let_in = watch.let_in & step.faces.keys()
        close = {t.id for t in (*near.rivals, near.person) if t is not None}
        for track in step.scene.tracks:
            face = step.faces.get(track.id)
            if face is None:
                continue
            visit = watch.visits.setdefault(track.id, Visit())
            visit.faces = max(visit.faces, len(step.faces))
            visit.beside |= let_in - {track.id}
            if track.id in close:
                visit.near_since = visit.near_since or at
                visit.near += 1
                visit.alone |= near.person is track
            # Pictures of a track's best sightings, or else one of its widest, so that the record shows who it was.
            fresh = track.id in step.fresh
            rank = (fresh, round(face.quality.score, 2) if fresh else 0.0, track.box.width_px)
            most = self.views if fresh else 1
            if (fresh or track.id in close) and visit.wants(rank, at, most):
                visit.keep(View(rank, at, self.snapshot(pixels, face)), most)

    def _at_gate(self, watch: Watch, step: Step, near: AtGate, at: datetime) -> list[Answer]:
        answers: list[Answer] = []
        person = near.person
        if person is not None and person.id in step.fresh:
            visit = watch.visits[person.id]
            if not visit.let_in and approach.due(person, visit.tries, visit.tried_from):
                answers += self._tried(watch, person, visit, at)
        for track in near.rivals if person is None else (person,):
            visit = watch.visits.get(track.id, Visit())
            late = visit.near_since is not None and approach.waited(visit.near_since, at)
            if late and approach.is_approach(visit.near):
                answers += self._denied(watch, track, visit, at)
        return answers

    def _left(self, watch: Watch, step: Step, at: datetime) -> list[Answer]:
        answers: list[Answer] = []
        for track in step.ended:
            visit = watch.visits.pop(track.id, None)
            if visit is not None and approach.is_approach(visit.near):
                self._notice_tailgater(watch, track, visit)
                answers += self._denied(watch, track, visit, at, left=True)
                if visit.denied:
                    watch.refused(track)
        living = {track.id for track in step.scene.tracks}
        watch.visits = {i: visit for i, visit in watch.visits.items() if i in living}
        return answers

    def _tried(self, watch: Watch, track: Track, visit: Visit, at: datetime) -> list[Answer]:
        """One try of what was seen so far: recorded and carried out if it opens, else nothing happens."""
        try:
            case, found, opens = self._weighed(watch, track, visit, at)
            if opens:
                return self._opened(watch, track, visit, case, found)
            visit.tries += 1
            visit.tried_from = track.usable if visit.tried_from is None else visit.tried_from
        except NotRecorded as error:
            _complain(watch, error)
        return []

    def _opened(self, watch: Watch, track: Track, visit: Visit, case: Case, found: Evidence) -> list[Answer]:
        who = found.best.employee_id if found.best else None
        if who is not None and any(
            p.employee_id == who and p.lasts(case.seen_at) and (p.track_id is None or p.track_id not in visit.beside)
            for p in watch.passages
        ):
            # The tracker lost somebody for whom the gate stands open, and found them again.
            visit.let_in = True
            return []
        answer = self.verdicts.record(case, found)
        if answer["decision"] != "open":
            visit.denied = True  # dismissed between the two looks at the database
            return [answer]
        visit.let_in = True
        watch.opened(_passage(answer, track.id, track, case))
        try:
            self.carry_out(case.gate, answer)
        except Exception:
            # It is recorded, so it stands; the other tracks of this frame must not pay for it.
            logger.exception("camera %s: a recorded opening was not handed on: the gate stays shut", watch.camera)
        return [answer]

    def _denied(self, watch: Watch, track: Track, visit: Visit, at: datetime, *, left: bool = False) -> list[Answer]:
        """The one denial of an approach, unless it has had its answer. left: the gate must not open any more."""
        if visit.let_in or visit.denied:
            return []
        if left and self._was_denied(watch, track):
            visit.denied = True
            return []
        try:
            case, found, opens = self._weighed(watch, track, visit, at)
            if not visit.alone:
                found = Evidence(visit.faces, 0, Reason.SEVERAL_FACES)
            elif opens and not left:
                # What was seen before opens only while that person is seen.
                return self._opened(watch, track, visit, case, found) if track.usable_at == at else []
            elif opens:
                found = Evidence(visit.faces, 0, Reason.NO_FACE)
            elif self._was_let_in(watch, track, visit):
                visit.let_in = True
                return []
            answer = self.verdicts.record(case, found)
        except NotRecorded as error:
            _complain(watch, error)
            return []
        visit.denied = True
        return [answer]

    def _weighed(self, watch: Watch, track: Track, visit: Visit, at: datetime) -> tuple[Case, Evidence, bool]:
        """The case, what it shows, and whether it would open. Raises NotRecorded where the database or gate is gone."""
        started = perf_counter()
        with self.store.read() as tx:
            gate = tx.gates.get(watch.gate_id)
            current = self.verdicts.refresh(tx)
        if gate is None:
            raise NotRecorded("its gate is gone")
        watch.asks_liveness = gate.liveness != LivenessMode.OFF
        looks = self._looks(track, visit.faces, [view.pixels for view in visit.views])
        case = Case(gate, looks, track.seen, at, started, camera=watch.camera, share=approach.SHARE)
        found = self.verdicts.evidence(looks) if current else FAULT
        try:
            opens = self.verdicts.would_open(case, found)
        except NotRecorded:
            raise
        except Exception:
            # Whatever it is, it becomes a recorded denial with the reason system_fault.
            logger.exception("camera %s: the decision failed; the gate stays shut", watch.camera)
            found, opens = FAULT, False
        watch.unrecorded = False
        return case, found, opens

    def _looks(self, track: Track, faces: int, views: Sequence[Pixels]) -> list[Look]:
        """views: best first; the newest look carries the best, for the record."""
        looks = approach.looks(track, faces, self.rules.same_person)
        for i, view in zip(range(len(looks) - 1, -1, -1), views, strict=False):
            looks[i] = replace(looks[i], snapshot=view)
        return looks

    def _was_let_in(self, watch: Watch, track: Track, visit: Visit) -> bool:
        """Whether this is a piece of the way of somebody for whom the gate stands open, too poor to be recognised."""
        return bool(track.sightings) and any(
            p.lasts(track.last_at) and not self._is_another(p, track, visit) for p in watch.passages if p.sightings
        )

    def _was_denied(self, watch: Watch, track: Track) -> bool:
        """Whether this is a piece of the way of somebody who has had their denial a moment before."""
        return bool(track.sightings) and any(
            bool(t.sightings)
            and track.first_at < t.last_at + COOL_DOWN
            and not approach.is_another(track, t.sightings, self.rules.same_person)
            for t in watch.turned_away
        )

    def _is_another(self, passage: Passage, track: Track, visit: Visit) -> bool:
        return passage.track_id in visit.beside or approach.is_another(track, passage.sightings, self.rules.same_person)

    def _notice_tailgater(self, watch: Watch, track: Track, visit: Visit) -> None:
        """Somebody crossed who was not let in, while the gate stood open for another. Told once an opening."""
        latest = watch.latest
        if visit.let_in or latest is None or not approach.crossed(track, latest.width_px, latest.height_px):
            return
        for passage in watch.passages:
            if passage.lasts(track.last_at) and not passage.hinted and self._is_another(passage, track, visit):
                passage.hinted = True
                try:
                    with self.store.read() as tx:
                        gate = tx.gates.get(watch.gate_id)
                    if gate is not None:
                        self.tailgating(gate, watch.camera)
                except Exception:
                    # A hint, told once: not worth the frame's decisions, nor an error at every frame.
                    logger.exception("camera %s: somebody followed through, and it could not be told", watch.camera)
                return


def _passage(answer: Answer, track_id: int | None, track: Track, case: Case) -> Passage:
    who = answer["employee"]["id"] if answer["employee"] else None
    until = case.seen_at + timedelta(milliseconds=case.gate.open_ms)
    return Passage(who, track_id, track.sightings, case.seen_at, until)


def _complain(watch: Watch, error: NotRecorded) -> None:
    """Once an outage, not once a frame."""
    if not watch.unrecorded:
        logger.error("camera %s: nothing opens, because it could not be recorded: %s", watch.camera, error)
    watch.unrecorded = True
