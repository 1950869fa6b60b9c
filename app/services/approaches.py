"""From the faces of a camera's frames to one decision an approach: who comes, when to try, when to give up.

A track is tried as its evidence grows and opens as soon as it suffices; if it never does, one denial is recorded when
the person leaves or has waited long enough. Only the person at the gate is ever tried.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from time import perf_counter

from app.core import approach, tracks
from app.core.approach import Zone
from app.core.errors import NotRecorded
from app.core.ports import Store
from app.core.tracks import Scene, Seen, Track
from app.core.types import Gate, Look, Pixels, Reason
from app.services.answers import Answer
from app.services.verdicts import FAULT, Case, Verdicts

logger = logging.getLogger(__name__)


@dataclass
class Watch:
    """What is going on before one camera. Only its camera's thread changes it; `view` may be read by others."""

    camera: str
    gate_id: str
    zone: Zone
    scene: Scene = field(default_factory=Scene)
    answered: dict[int, Answer] = field(default_factory=dict)
    at_gate: set[int] = field(default_factory=set)
    views: dict[int, Pixels] = field(default_factory=dict)
    passed: dict[str, datetime] = field(default_factory=dict)  # employee id -> until when their opening lasts
    last_frame_at: datetime | None = None
    faces: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def busy(self) -> bool:
        """Whether anybody is in view, so that every frame counts."""
        return bool(self.scene.tracks)


@dataclass(frozen=True)
class Approaches:
    """snapshot: a small copy of a face's surroundings, for the record. carry_out: told of every answer that opens,
    after it is committed; it must not block. tailgating: told of a gate at which somebody followed through."""

    store: Store
    verdicts: Verdicts
    rules: tracks.Rules
    snapshot: Callable[[Pixels, Seen], Pixels]
    carry_out: Callable[[Gate, Answer], None]
    tailgating: Callable[[Gate, str], None]

    def frame(self, watch: Watch, seen: Sequence[Seen], pixels: Pixels, captured_at: datetime) -> list[Answer]:
        """Takes in one frame's faces; the decisions it brought about, already recorded and carried out."""
        height, width = pixels.shape[:2]
        step = tracks.step(watch.scene, seen, captured_at, self.rules)
        with watch._lock:
            watch.scene, watch.last_frame_at, watch.faces = step.scene, captured_at, len(seen)
        self._keep_views(watch, step.fresh, seen, pixels)
        answers: list[Answer] = []
        near = approach.at_gate(step.scene, watch.zone, width, height)
        if near is not None:
            watch.at_gate.add(near.id)
            if near.id not in watch.answered:
                if near.id in step.fresh and approach.due(near):
                    answers += self._tried(watch, near, captured_at, only_open=True)
                elif approach.waited(near) and approach.is_approach(near, watch.zone):
                    answers += self._tried(watch, near, captured_at, only_open=False)
        self._notice_tailgaters(watch, step.ended, captured_at, width, height)
        return answers + self._left(watch, step.ended)

    def silence(self, watch: Watch, at: datetime) -> list[Answer]:
        """No frame came for a while: whoever was in view has left. Denials that are owed are recorded."""
        step = tracks.step(watch.scene, (), at, self.rules)
        with watch._lock:
            watch.scene = step.scene
        return self._left(watch, step.ended)

    def now(self, watch: Watch, gate: Gate, received_at: datetime) -> Answer:
        """What the camera sees this moment, decided and recorded: for hardware that polls."""
        started = perf_counter()
        with watch._lock:
            scene, seen_at, faces = watch.scene, watch.last_frame_at, watch.faces
        fresh = [t for t in scene.tracks if t.last_at == seen_at and t.box.width_px >= watch.zone.min_face_px]
        nearest = sorted(fresh, key=lambda t: -t.box.width_px)
        if not nearest:
            looks = [Look(faces, None, Reason.FACE_TOO_SMALL if faces else Reason.NO_FACE)]
        elif len(nearest) > 1 and nearest[1].box.width_px >= approach.RIVAL * nearest[0].box.width_px:
            looks = [Look(faces, None, Reason.SEVERAL_FACES)]
        else:
            looks = self._looks(watch, nearest[0], faces)
        # A camera that gave no frame yet is as stale as can be.
        at = seen_at or received_at - timedelta(days=1)
        case = Case(gate, looks, len(looks), at, started, camera=watch.camera, share=approach.SHARE)
        return self._recorded(case)

    def _left(self, watch: Watch, ended: Sequence[Track]) -> list[Answer]:
        answers: list[Answer] = []
        for track in ended:
            if self._is_owed_a_denial(watch, track):
                answers += self._tried(watch, track, track.last_at, only_open=False)
            watch.answered.pop(track.id, None)
            watch.views.pop(track.id, None)
            watch.at_gate.discard(track.id)
        return answers

    def _tried(self, watch: Watch, track: Track, seen_at: datetime, *, only_open: bool) -> list[Answer]:
        """Tries a track; records if it opens, or if a denial is due."""
        started = perf_counter()
        try:
            with self.store.read() as tx:
                gate = tx.gates.get(watch.gate_id)
                current = self.verdicts.refresh(tx)
            if gate is None:
                return []
            looks = self._looks(watch, track, watch.faces)
            case = Case(gate, looks, track.seen, seen_at, started, camera=watch.camera, share=approach.SHARE)
            found = self.verdicts.evidence(looks) if current else FAULT
            if found.best is not None and self._passes_already(watch, found.best.employee_id, seen_at):
                # The tracker lost somebody for whom the gate stands open, and found them again.
                return []
            if only_open and not self.verdicts.would_open(case, found):
                return []
            answer = self.verdicts.record(case, found)
        except NotRecorded:
            logger.error("camera %s: an approach could not be recorded; the gate stays shut", watch.camera)
            return []
        watch.answered[track.id] = answer
        if answer["decision"] == "open":
            # A released gate opens for whoever comes, and nobody is named.
            who = answer["employee"]["id"] if answer["employee"] else f"track {track.id}"
            watch.passed[who] = seen_at + timedelta(milliseconds=gate.open_ms)
            self.carry_out(gate, answer)
        return [answer]

    def _recorded(self, case: Case) -> Answer:
        with self.store.read() as tx:
            current = self.verdicts.refresh(tx)
        return self.verdicts.record(case, self.verdicts.evidence(case.looks) if current else FAULT)

    def _looks(self, watch: Watch, track: Track, faces: int) -> list[Look]:
        looks = approach.looks(track, faces)
        view = watch.views.get(track.id)
        if view is not None:
            last = looks[-1]
            looks[-1] = Look(last.faces, last.subject, last.reason, view, last.problems)
        return looks

    def _keep_views(self, watch: Watch, fresh: frozenset[int], seen: Sequence[Seen], pixels: Pixels) -> None:
        """One picture a track, of its best or first sighting, so that the record shows who it was."""
        for track in watch.scene.tracks:
            newest = track.sightings[-1] if track.sightings else None
            for face in seen:
                if face.face.box is track.box and (
                    track.id not in watch.views
                    or (
                        track.id in fresh
                        and newest
                        and newest.quality.score >= max(s.quality.score for s in track.sightings)
                    )
                ):
                    watch.views[track.id] = self.snapshot(pixels, face)

    def _is_owed_a_denial(self, watch: Watch, track: Track) -> bool:
        return track.id in watch.at_gate and track.id not in watch.answered and approach.is_approach(track, watch.zone)

    def _passes_already(self, watch: Watch, employee_id: str, at: datetime) -> bool:
        watch.passed = {who: until for who, until in watch.passed.items() if until > at}
        return employee_id in watch.passed

    def _notice_tailgaters(
        self, watch: Watch, ended: Sequence[Track], at: datetime, width_px: int, height_px: int
    ) -> None:
        opened = frozenset(i for i, answer in watch.answered.items() if answer["decision"] == "open")
        stands_open = any(until > at for until in watch.passed.values())
        near = [t for t in ended if t.widest_px >= watch.zone.min_face_px]
        if not stands_open or not approach.tailgaters(near, opened, width_px, height_px):
            return
        with self.store.read() as tx:
            gate = tx.gates.get(watch.gate_id)
        if gate is not None:
            self.tailgating(gate, watch.camera)
