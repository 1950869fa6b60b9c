"""Faces of the last three days that no gate knew, for admins who want to name them. Off unless the site allows it.

Nothing is stored: the pictures are those of the events, and what a picture shows is read when an admin looks, and kept
in memory for a quarter of an hour, sealed with the key of the event. Whoever is named gets photos by the checks of an
enrolment, and the events a signed correction; so an erasure of that person takes the pictures along.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock, Timer

import numpy as np

from app.core.errors import BadInput, Conflict, CryptoFault, NotFound, TooLarge
from app.core.events.corrections import CorrectionKind, standing
from app.core.events.records import EventFilter, EventRow
from app.core.media import unbundle
from app.core.people.unknown_faces import FaceGroup, UnknownFace, grouped
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.sealing import Sealed, context
from app.core.types import Employee, FrameResult, Reason
from app.services.access.rules.eligible_count import in_background
from app.services.events.access_log import AccessLog
from app.services.events.corrections import Corrections
from app.services.people.enrolment import Enrolment
from app.services.people.photo_judgement import PhotoResult

logger = logging.getLogger(__name__)
SHOWN_FOR = timedelta(hours=72)  # the events keep their pictures longer
MOST = 1000  # attempts, the newest
FORGET_S = 15 * 60
NEAREST = 3
MOST_GROUPS = 40  # the largest, for which the most similar people are looked up
MOST_PHOTOS = 3  # of one group


@dataclass(frozen=True)
class Suggestion:
    employee: Employee
    similarity: float


@dataclass(frozen=True, eq=False)
class NamelessGroup:
    """Faces that are probably one person. nearest: the most similar enrolled people, best first."""

    group: FaceGroup
    nearest: tuple[Suggestion, ...]


@dataclass(frozen=True)
class RecentUnknown:
    """unread: pictures that are still being looked at. unusable: those in which no face can be compared."""

    groups: tuple[NamelessGroup, ...]
    unread: int
    unusable: int


@dataclass(frozen=True, eq=False)
class _Seen:
    """What a picture shows. sealed: the embedding; None if it has no face to compare."""

    sealed: bytes | None
    quality: float = 0.0


@dataclass
class UnknownFaces:
    """look: what a picture shows, waiting behind gates. threshold: see `core.people.unknown_faces`. start: runs the
    reading of pictures, by default in a thread of its own."""

    store: Store
    log: AccessLog
    vault: Vault
    enrolment: Enrolment
    corrections: Corrections
    look: Callable[[bytes], FrameResult]
    threshold: Callable[[int, int], float]
    clock: Clock
    start: Callable[[Callable[[], None]], None] = lambda work: in_background(work, "unknown-faces")
    _seen: dict[str, _Seen] = field(default_factory=dict, init=False, repr=False)
    _reading: Lock = field(default_factory=Lock, init=False, repr=False)
    _timer: Timer | None = field(default=None, init=False, repr=False)

    def recent(self) -> RecentUnknown:
        """Returns what is known by now, and goes on reading pictures. Raises Conflict('unknown_faces_off')."""
        with self.store.read() as tx:
            self._check(tx)
            rows = self._rows(tx)
            faces = self._faces(tx, rows)
            self.enrolment.gallery.refresh(tx)
            groups = self._with_nearest(tx, grouped(faces, self.threshold))
        ids = {row.id for row in rows}
        seen = self._seen.copy()  # since another thread may be reading pictures
        for gone in seen.keys() - ids:
            del seen[gone]
            self._seen.pop(gone, None)
        unread = len(ids - seen.keys())
        if unread:
            self._read_on()
        self._forget_later()
        return RecentUnknown(groups, unread, sum(one.sealed is None for one in seen.values()))

    def assign(self, event_ids: Sequence[str], employee_id: str, actor: str) -> list[PhotoResult]:
        """Says who these attempts were. The best pictures become photos, by the checks of every enrolment.

        Only if one is accepted, each event gets a signed correction, which is accepted at once: an admin says it.

        Returns:
            One result for each picture that was tried.

        Raises:
            Conflict, NotFound, and BadInput for events that are not among the recent unknown.
        """
        with self.store.read() as tx:
            self._check(tx)
            rows = {row.id: row for row in self._rows(tx)}
            wanted = list(dict.fromkeys(event_ids))
            if not wanted or not rows.keys() >= set(wanted):
                raise BadInput(
                    "not_unknown", "Somebody has named these faces already, or they are older than three days."
                )
            seen = self._seen.copy()  # since it may be forgotten at any moment
            wanted.sort(key=lambda one: seen[one].quality if one in seen else 0.0, reverse=True)
            kept = [self._picture(tx, one) for one in wanted[:MOST_PHOTOS]]
        pictures = [picture for picture in kept if picture is not None]
        if not pictures:
            raise NotFound("no_snapshot", "These attempts have no picture, or no longer have one.")
        results = self.enrolment.add_photos(employee_id, pictures)
        if any(result.accepted for result in results):
            for event_id in wanted:
                try:
                    self.corrections.add(event_id, CorrectionKind.WAS, employee_id, actor, accept=True)
                except Conflict:
                    continue  # somebody else said so meanwhile
        return results

    def forget(self) -> None:
        """Drops what was read of the pictures."""
        self._seen.clear()

    def _check(self, tx: Transaction) -> None:
        if not tx.site_settings.get().unknown_faces:
            self.forget()
            raise Conflict("unknown_faces_off", "Unknown faces are off. An admin turns them on under People.")

    def _rows(self, tx: Transaction) -> list[EventRow]:
        """The recent attempts that matched nobody, still have their picture and were not named since."""
        which = EventFilter(reason=Reason.NOT_RECOGNISED, since=self.clock() - SHOWN_FOR, limit=MOST)
        rows = [row for row in tx.events.find(which) if row.subject_id is not None]
        named = {
            event_id
            for event_id, made in tx.corrections.of(row.id for row in rows).items()
            if any(one.kind is CorrectionKind.WAS for one in standing(made))
        }
        return [row for row in rows if row.id not in named]

    def _faces(self, tx: Transaction, rows: Sequence[EventRow]) -> list[UnknownFace]:
        names = {gate.id: gate.name for gate in tx.gates.all()}
        keys = {subject: tx.data_keys.peek(subject) for subject in {row.subject_id for row in rows} if subject}
        found = []
        for row in rows:
            seen, key = self._seen.get(row.id), keys.get(row.subject_id or "")
            if seen is None or seen.sealed is None or key is None:
                continue
            plain = self.vault.open(key, seen.sealed, context(Sealed.UNKNOWN_FACE, row.id))
            vector = np.frombuffer(plain, dtype="<f4").astype(np.float32)
            found.append(UnknownFace(row.id, row.at, names.get(row.gate_id, row.gate_id), vector, seen.quality))
        return found

    def _with_nearest(self, tx: Transaction, groups: Sequence[FaceGroup]) -> tuple[NamelessGroup, ...]:
        found = [self.enrolment.gallery.search(group.template, NEAREST) for group in groups[:MOST_GROUPS]]
        people = tx.employees.some({one.employee_id for candidates in found for one in candidates})
        nearest = [
            tuple(Suggestion(people[c.employee_id], c.similarity) for c in candidates if c.employee_id in people)
            for candidates in found
        ]
        nearest += [()] * (len(groups) - len(nearest))
        return tuple(map(NamelessGroup, groups, nearest))

    def _picture(self, tx: Transaction, event_id: str) -> bytes | None:
        """The best picture of the event; None where none was kept, or none is left."""
        row = tx.events.get(event_id)
        kept = None if row is None else self.log.snapshot_of(tx, row)
        return None if kept is None else unbundle(kept)[0]

    # Reading

    def _read_on(self) -> None:
        if self._reading.acquire(blocking=False):
            try:
                self.start(self._read)
            except BaseException:
                self._reading.release()
                raise

    def _read(self) -> None:
        try:
            with self.store.read() as tx:
                rows = [row for row in self._rows(tx) if row.id not in self._seen]
            for row in rows:
                self._seen[row.id] = self._look(row)
        except Conflict:  # turned off meanwhile
            self.forget()
        except Exception:
            logger.exception("unknown_faces_unreadable next=when_looked_at_again")
        finally:
            self._reading.release()

    def _look(self, row: EventRow) -> _Seen:
        try:
            with self.store.read() as tx:
                self._check(tx)
                key, picture = tx.data_keys.peek(row.subject_id or ""), self._picture(tx, row.id)
            subject = None if picture is None else self.look(picture).subject
            if subject is None or key is None:
                return _Seen(None)
            plain = subject.embedding.astype("<f4").tobytes()
            return _Seen(self.vault.seal(key, plain, context(Sealed.UNKNOWN_FACE, row.id)), subject.quality.score)
        except (CryptoFault, BadInput, TooLarge):
            # The picture was altered or is none, or the day's key was destroyed meanwhile.
            return _Seen(None)

    def _forget_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = Timer(FORGET_S, self.forget)
        self._timer.daemon = True
        self._timer.start()
