"""Decides about the frames of one approach that a gate sent: a recorded and signed decision comes back."""

import hashlib
import logging
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from time import perf_counter
from typing import Protocol

from app.core.access.rules import EntryMode
from app.core.credentials.pin import TypedPin
from app.core.errors import BadInput, NotFound, Refusal
from app.core.events.decision import RecordedDecision
from app.core.gates.gate import Gate
from app.core.ports.store import Store, Transaction
from app.core.recognition.liveness import LivenessMode
from app.core.site.mode import SiteMode
from app.core.types import FrameResult
from app.services.access.assessor import FAULT
from app.services.access.decision_request import DecisionRequest
from app.services.access.decision_service import DecisionService

logger = logging.getLogger(__name__)

MAX_FRAMES = 8


@dataclass(frozen=True)
class Approach:
    """One request for a decision. frames: 1 to 8 encoded images, oldest first, or none with a credential or PIN."""

    gate: str
    frames: tuple[bytes, ...]
    received_at: datetime
    credential: str | None = None
    idempotency_key: str | None = None
    pin: TypedPin | None = None

    @cached_property
    def pictures(self) -> tuple[str, ...]:
        """SHA-256 of each frame, in hex."""
        return tuple(hashlib.sha256(frame).hexdigest() for frame in self.frames)

    @property
    def digest(self) -> str:
        """Hex SHA-256 over the frames' own digests, in order, the credential and the PIN."""
        frames = b"".join(map(bytes.fromhex, self.pictures))
        typed = "" if self.pin is None else f"\n{self.pin.digits}"
        return hashlib.sha256(frames + f"{self.credential or ''}{typed}".encode()).hexdigest()

    def __post_init__(self) -> None:
        if len(self.frames) > MAX_FRAMES:
            raise BadInput("too_many_frames", f"Send at most {MAX_FRAMES} frames of one approach.")
        if not self.frames and self.credential is None and self.pin is None:
            raise BadInput("image_required", "Send one to eight JPEG or PNG frames, or a credential.")


class Looks(Protocol):
    """Returns one result for each encoded frame.

    liveness: score it too. who: takes turns with the others. within_s: raises Busy instead if it would take longer.
    """

    def __call__(
        self, frames: Sequence[bytes], *, liveness: bool, who: Hashable, within_s: float | None
    ) -> list[FrameResult]: ...


@dataclass(frozen=True, slots=True)
class Arrival:
    """A gate as it was when a request for it arrived.

    Attributes:
        current: whether the gallery is up to date.
        may_look: whether faces may be looked at. Not if the gate is disabled, locked down or released, or if its
            schedule lets in nobody or everybody, or by badge alone.
        both: whether the gate asks for badge and face.
        repeated: whether a request with the same idempotency key was recorded within the last minute.
        has_camera: whether the gate has an enabled camera; None if nobody asked.
    """

    gate: Gate
    current: bool
    may_look: bool
    repeated: bool
    both: bool = False
    has_camera: bool | None = None


@dataclass(frozen=True)
class Access:
    """looks: what the frames of one approach show, one result each (see `recognition`)."""

    store: Store
    looks: Looks
    decisions: DecisionService

    def arrival(
        self, tx: Transaction, gate: Gate, idempotency_key: str | None, *, with_camera: bool = False
    ) -> Arrival:
        """Reads everything that a decision needs before it looks at faces. with_camera: fill `has_camera` too."""
        service = self.decisions
        rules, doubted = service.rules.at(tx), service.clock_doubted()
        entry = service.rules.entry(tx, rules, gate.id, service.clock(), clock_doubted=doubted)
        looks = entry.by_face or entry is EntryMode.BADGE_AND_FACE
        normal = tx.site.get().mode_at(gate.id) is SiteMode.NORMAL and looks
        return Arrival(
            gate=gate,
            current=self.decisions.refresh(tx),
            may_look=gate.usable and normal,
            both=entry is EntryMode.BADGE_AND_FACE,
            repeated=self.decisions.repeats.is_known(tx, gate, idempotency_key),
            has_camera=any(camera.enabled for camera in tx.cameras.of_gate(gate.id)) if with_camera else None,
        )

    def decide(self, approach: Approach, arrival: Arrival | None = None) -> RecordedDecision:
        """Decides about one approach and returns the signed answer once its event is committed.

        Args:
            approach: What the gate sent.
            arrival: What was read when the request arrived; None reads it now.

        Nothing opens if this raises.

        Raises:
            NotFound: There is no such gate.
            BadInput, TooLarge: A frame cannot be used.
            Busy: Too many requests are waiting.
            NotRecorded: The event could not be written.
        """
        started = perf_counter()
        arrival = arrival or self._arrived(approach)
        if arrival.repeated and (earlier := self._earlier(arrival.gate, approach)):
            return earlier
        request = DecisionRequest(
            gate=arrival.gate,
            looks=(),
            frames=len(approach.frames),
            seen_at=approach.received_at,
            started=started,
            credential=approach.credential,
            idempotency_key=approach.idempotency_key,
            digest=approach.digest,
            pin=approach.pin,
            pictures=approach.pictures if arrival.both or approach.credential is None else (),
        )
        try:
            # No face is processed without a purpose.
            if arrival.may_look and approach.frames and (arrival.both or approach.credential is None):
                wanted = arrival.gate.liveness is not LivenessMode.OFF
                request = replace(request, looks=self._looks(approach, liveness=wanted, who=arrival.gate.id))
            # A badge needs no gallery, and neither does a PIN.
            known = arrival.current or approach.credential is not None or not approach.frames
            found = self.decisions.evidence(request.looks, search=not arrival.both) if known else FAULT
        except Refusal:
            raise
        except Exception:
            # Any fault becomes a recorded denial with the reason system_fault.
            logger.exception("recognition_failed gate=%s", arrival.gate.id)
            found = FAULT
        return self.decisions.record(request, found)

    def _arrived(self, approach: Approach) -> Arrival:
        with self.store.read() as tx:
            gate = tx.gates.by_name_or_id(approach.gate)
            if gate is None:
                raise NotFound("unknown_gate", "There is no gate of that name; an admin can add it.")
            return self.arrival(tx, gate, approach.idempotency_key)

    def _earlier(self, gate: Gate, approach: Approach) -> RecordedDecision | None:
        """The answer that the same request had before; its faces are not looked at again."""
        with self.store.read() as tx:
            return self.decisions.earlier(tx, gate, approach.idempotency_key, approach.digest)

    def _looks(self, approach: Approach, *, liveness: bool, who: Hashable) -> list[FrameResult]:
        """Returns one result for each frame.

        A picture that comes twice in a request is looked at and scored once. No camera takes the same picture twice,
        and the more frames there are, the less liveness demands of each.
        """
        frames = approach.frames
        different = list(dict.fromkeys(frames))
        seen = self.looks(different, liveness=liveness, who=who, within_s=self._fresh_s(approach))
        found = dict(zip(different, seen, strict=True))
        return [found[frame] if frame not in frames[:i] else _unscored(found[frame]) for i, frame in enumerate(frames)]

    def _fresh_s(self, approach: Approach) -> float | None:
        """How long the pictures are fresh from now on, in seconds; None if they were stale already as they came."""
        age = self.decisions.clock() - approach.received_at
        left_s = self.decisions.max_frame_age_ms / 1000 - age.total_seconds()
        return left_s if left_s > 0 else None


def _unscored(look: FrameResult) -> FrameResult:
    return replace(look, subject=look.subject and replace(look.subject, liveness=None))
