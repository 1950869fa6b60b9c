"""The main job over HTTP: frames of one approach in, a recorded and signed decision out."""

import hashlib
import logging
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from time import perf_counter
from typing import Protocol

from app.core.errors import BadInput, NotFound, Refusal
from app.core.events.decision import RecordedDecision
from app.core.ports.store import Store
from app.core.recognition.liveness import LivenessMode
from app.core.site.mode import SiteMode
from app.core.types import FrameResult
from app.services.access.decision_request import DecisionRequest
from app.services.access.decision_service import FAULT, DecisionService
from app.services.access.replays import AGAIN, Sent

logger = logging.getLogger(__name__)

MAX_FRAMES = 8


@dataclass(frozen=True)
class Approach:
    """One request for a decision. frames: 1 to 8 encoded images, oldest first, or none with a credential."""

    gate: str
    frames: tuple[bytes, ...]
    received_at: datetime
    credential: str | None = None
    idempotency_key: str | None = None

    @cached_property
    def pictures(self) -> tuple[str, ...]:
        """SHA-256 of each frame, in hex."""
        return tuple(hashlib.sha256(frame).hexdigest() for frame in self.frames)

    @property
    def digest(self) -> str:
        """Of what is asked: SHA-256 over each frame's own, and the credential."""
        frames = b"".join(map(bytes.fromhex, self.pictures))
        return hashlib.sha256(frames + (self.credential or "").encode()).hexdigest()

    def __post_init__(self) -> None:
        if len(self.frames) > MAX_FRAMES:
            raise BadInput("too_many_frames", f"Send at most {MAX_FRAMES} frames of one approach.")
        if not self.frames and self.credential is None:
            raise BadInput("no_image", "Send one to eight JPEG or PNG frames, or a credential.")


class Looks(Protocol):
    """One look for each encoded frame. liveness: score it, too. who: takes turns with the others."""

    def __call__(self, frames: Sequence[bytes], *, liveness: bool, who: Hashable) -> list[FrameResult]: ...


@dataclass(frozen=True)
class Access:
    """looks: what the frames of one approach show, one look each (see `recognition`)."""

    store: Store
    looks: Looks
    verdicts: DecisionService

    def decide(self, approach: Approach) -> RecordedDecision:
        """The signed answer, after its event is committed.

        Raises NotFound for an unknown gate, BadInput or TooLarge for frames that cannot be used, Busy when too many
        wait, NotRecorded when the event could not be written: in none of these cases does anything open.
        """
        started = perf_counter()
        digest, pictures = approach.digest, () if approach.credential is not None else approach.pictures
        with self.store.read() as tx:
            gate = tx.gates.by_name_or_id(approach.gate)
            if gate is None:
                raise NotFound("unknown_gate", "There is no gate of that name; an admin can add it.")
            if earlier := self.verdicts.earlier(tx, gate, approach.idempotency_key, digest):
                return earlier
            if self.verdicts.repeats.is_known(tx, gate, approach.idempotency_key):
                pictures = ()  # the same request again, which opens no more
            known = self.verdicts.replays.known(tx, pictures, self.verdicts.clock())
            current = self.verdicts.refresh(tx)
            normal = tx.site.get().mode_at(gate.id) is SiteMode.NORMAL
        looks: list[FrameResult] = []
        try:
            # No face is processed without a purpose: not where the gate is disabled, locked down or released.
            if gate.enabled and normal and approach.credential is None:
                named = zip(approach.frames, approach.pictures, strict=True)
                fresh = [frame for frame, name in named if name not in known]
                looks = self._looks(fresh, liveness=gate.liveness != LivenessMode.OFF, who=gate.id)
            found = self.verdicts.evidence(looks) if current else FAULT
            if known and not looks and current:
                found = AGAIN
        except Refusal:
            raise
        except Exception:
            # Whatever it is, it becomes a recorded denial with the reason system_fault.
            logger.exception("recognition_failed gate=stays_shut")
            found = FAULT
        case = DecisionRequest(
            gate=gate,
            looks=looks,
            frames=len(approach.frames),
            seen_at=approach.received_at,
            started=started,
            credential=approach.credential,
            idempotency_key=approach.idempotency_key,
            digest=digest,
            sent=Sent(pictures, frozenset(known)),
        )
        return self.verdicts.record(case, found)

    def _looks(self, frames: Sequence[bytes], *, liveness: bool, who: Hashable) -> list[FrameResult]:
        """One a frame. A picture that is sent again is looked at once and scored once: no camera takes the same picture
        twice, and of several frames liveness asks less of each."""
        different = list(dict.fromkeys(frames))
        found = dict(zip(different, self.looks(different, liveness=liveness, who=who), strict=True))
        return [found[frame] if frame not in frames[:i] else _unscored(found[frame]) for i, frame in enumerate(frames)]


def _unscored(look: FrameResult) -> FrameResult:
    return replace(look, subject=look.subject and replace(look.subject, liveness=None))
