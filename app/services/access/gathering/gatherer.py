"""Takes a picture of whoever is enrolled by badge, at a badge read that let them in before the gate's camera.

It begins when the person has left the camera's view, in a thread of its own: no decision waits for it. What is gathered
and what follows from it are stored in one transaction, so a kill loses at most one picture.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from app.core.access import policy
from app.core.credentials.stored import CredentialKind
from app.core.errors import FacegateError
from app.core.events.records import EventFilter
from app.core.people.gathering import NEEDED, GateFace, Gathering, GatheringState, agree, far_enough
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.recognition import liveness
from app.core.sealing import Sealed, context
from app.core.types import Evidence, FrameResult, Pixels, Reason, Sample, Status
from app.services.access.decision_request import Threshold
from app.services.access.gathering.gathering_book import GatheringBook
from app.services.access.rules.current_rules import CurrentRules
from app.services.access.rules.eligible_count import in_background
from app.services.events.event_list import EventList
from app.services.people.photo_judgement import judge

logger = logging.getLogger(__name__)
MOST_WAITING = 20  # people who left; more are not photographed
LOOKED_EVERY = timedelta(seconds=30)  # after somebody whether anybody is enrolled by badge


@dataclass(frozen=True, eq=False)
class Passer:
    """Somebody who was alone before a gate's camera from `since` until `until`, and left. looks: oldest first."""

    gate_id: str
    since: datetime
    until: datetime
    looks: Sequence[FrameResult]


@dataclass(frozen=True)
class _Read:
    """A badge read that opened the gate."""

    event_id: str
    employee_id: str
    at: datetime


@dataclass
class Gatherer:
    """look: what a picture shows, by the limits of an enrolment; it waits behind gates. fold: the frames of an approach
    as evidence of one person. threshold: of a decision. start: runs the work, by default in a thread of its own."""

    store: Store
    vault: Vault
    clock: Clock
    new_id: Callable[[], str]
    book: GatheringBook
    events: EventList
    rules: CurrentRules
    look: Callable[[bytes], FrameResult]
    encode: Callable[[Pixels], bytes]
    fold: Callable[[Sequence[FrameResult]], Evidence]
    threshold: Threshold
    liveness_works: bool = False
    start: Callable[[Callable[[], None]], None] = lambda work: in_background(work, "enrolment-by-badge")
    gathers: bool = False  # somebody is photographed here, by what was last read
    _looked_at: datetime | None = field(default=None, init=False, repr=False)
    _waiting: deque[Passer] = field(default_factory=deque, init=False, repr=False)
    _working: bool = field(default=False, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def offer(self, passer: Passer) -> None:
        """Returns at once."""
        with self._lock:
            known = self._looked_at is not None and abs(self.clock() - self._looked_at) < LOOKED_EVERY
            if (known and not self.gathers) or len(self._waiting) >= MOST_WAITING:
                return
            self._waiting.append(passer)
            if self._working:
                return
            self._working = True
        self.start(self._work)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._working = False
                    return
                passer = self._waiting.popleft()
            try:
                self.gather(passer)
            except FacegateError as error:
                logger.warning('badge_picture_not_taken gate=%s why="%s"', passer.gate_id, error)
            except Exception:
                logger.exception("badge_picture_failed gate=%s", passer.gate_id)

    def gather(self, passer: Passer) -> None:
        """Takes the best picture, if the person's badge opened the gate, they are gathered and it is time for one."""
        with self.store.read() as tx:
            on = tx.site_settings.get().enrol_by_badge
            states = [one.state for one in tx.gatherings.all()] if on else []
            gate = tx.gates.get(passer.gate_id)
        self.gathers, self._looked_at = GatheringState.GATHERING in states, self.clock()
        if not self.gathers or gate is None:
            return
        read = self._read(gate.name, passer)
        if read is None:
            return
        with self.store.read() as tx:
            if self._wanted(tx, read) is None:
                return
        found = self.fold(passer.looks)
        shows = policy.liveness_state(found, gate, self.liveness_works)
        if found.reason is not None or liveness.refuses(gate.liveness, self.liveness_works, shows):
            return  # two people, or a picture that somebody held up
        best = self._best(passer.looks)
        if best is None:
            return
        self._keep(read, passer.gate_id, *best)
        self.book.alert()

    def _read(self, gate: str, passer: Passer) -> _Read | None:
        """The one badge read that opened the gate while the person stood there."""
        which = EventFilter(
            gate=gate, reason=Reason.CREDENTIAL_ACCEPTED, since=passer.since, until=passer.until, limit=2
        )
        opened = self.events.find(which)
        if len(opened) != 1 or opened[0].decision is None:
            return None
        decision = opened[0].decision
        used, who = decision.credential, decision.employee
        if used is None or who is None or used.kind is not CredentialKind.BADGE:
            return None
        return _Read(decision.id, who.id, decision.at)

    def _wanted(self, tx: Transaction, read: _Read, *, for_update: bool = False) -> Gathering | None:
        """The gathering that takes a picture from this read. for_update: nobody changes it until the commit."""
        settings, employee = tx.site_settings.get(), tx.employees.get(read.employee_id, for_update=for_update)
        found = tx.gatherings.of(read.employee_id)
        if employee is None or found is None or found.state is not GatheringState.GATHERING:
            return None
        if not settings.enrol_by_badge or (settings.consent_required and employee.consent_at is None):
            return None
        if employee.status is not Status.ACTIVE or employee.photos or read.at < found.started_at:
            return None
        return found if far_enough(tx.gatherings.faces(read.employee_id), read.at) else None

    def _best(self, looks: Sequence[FrameResult]) -> tuple[bytes, Sample] | None:
        pictures = [self.encode(one.snapshot) for one in looks if one.subject is not None and one.snapshot is not None]
        judged = [judge(self.look, picture, bytes) for picture in pictures]
        good = [(one.seen.quality.score, one.data, one.seen) for one in judged if one.seen is not None]
        return max(good, key=lambda one: one[0])[1:] if good else None

    def _keep(self, read: _Read, gate_id: str, picture: bytes, seen: Sample) -> None:
        new = self.new_id()
        with self.store.write() as tx:
            found = self._wanted(tx, read, for_update=True)
            key = None if found is None else tx.data_keys.get(read.employee_id)
            if found is None or key is None:
                return
            vector = seen.embedding.astype("<f4").tobytes()
            face = GateFace(
                new,
                read.employee_id,
                read.event_id,
                gate_id,
                read.at,
                self.vault.seal(key, picture, context(Sealed.GATE_FACE, new)),
                self.vault.seal(key, vector, context(Sealed.GATE_FACE_VECTOR, new)),
                seen.quality.score,
            )
            faces = [*tx.gatherings.faces(read.employee_id), face]
            if len(faces) < NEEDED:
                tx.gatherings.add_face(face)
                return
            least = self.threshold(1, 1, 1.0, self.rules.at(tx).rate_share)
            vectors = [*self.book.vectors(tx, faces[:-1]), seen.embedding]
            state = GatheringState.READY if agree(vectors, least) else GatheringState.DISAGREED
            if state is GatheringState.READY:
                tx.gatherings.add_face(face)
            else:
                tx.gatherings.drop_faces(read.employee_id)
            tx.gatherings.put(replace(found, state=state, changed_at=self.clock()))
        logger.info("badge_pictures_complete employee=%s state=%s", read.employee_id, state.value)
