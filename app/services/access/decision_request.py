"""What a decision is about, and who waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.core.access.permission import CompiledRules
from app.core.credentials.pin import TypedPin
from app.core.errors import Busy
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import RemotePoll
from app.core.gates.gate import Gate
from app.core.ports.store import Transaction
from app.core.types import FrameResult

FROM_CAMERA = "from_camera"  # the digest of every request for what the gate's own camera sees


class GivenUp(Busy):
    """The process that asked no longer waits, so nothing may be recorded."""

    def __init__(self) -> None:
        super().__init__("request_withdrawn", "Nobody waits for the answer any more.")


class Threshold(Protocol):
    """The calibrated similarity that keeps false accepts at a share of the operator's rate."""

    def __call__(self, gallery_size: int, photos: int, frames: float, share: float = 1.0) -> float: ...


class Eligible(Protocol):
    """How many people may pass a gate now; None while that is not known."""

    def __call__(self, tx: Transaction, rules: CompiledRules, gate_id: str, now: datetime, /) -> int | None: ...


@dataclass(frozen=True, eq=False)
class DecisionRequest:
    """What one decision is about.

    Attributes:
        looks: what its frames show, oldest first.
        frames: how many frames were sent or seen.
        seen_at: when the newest frame was taken, or received if the sender does not say.
        started: `perf_counter` when the work began.
        digest: of the request, so that an idempotency key does not answer another one.
        share: of the false accept rate, if one approach is tried several times (`core.approach`).
        poll: another process's poll, if this answers one.
        pin: what was typed at the gate's keypad.
        pictures: the digest of each frame that a gate sent; if faces were looked at, one for each of `looks`.
    """

    gate: Gate
    looks: Sequence[FrameResult]
    frames: int
    seen_at: datetime
    started: float
    camera: str | None = None
    credential: str | None = None
    idempotency_key: str | None = None
    digest: str = ""
    share: float = 1.0
    poll: RemotePoll | None = None
    pictures: Sequence[str] = ()
    pin: TypedPin | None = None

    @property
    def pin_alone(self) -> bool:
        """Whether nothing came with the PIN that says who somebody is."""
        return self.pin is not None and self.credential is None and not self.frames

    def left(self, now: datetime) -> timedelta:
        """How much longer somebody waits for the answer. Raises GivenUp if nobody does."""
        if self.poll is None:
            return timedelta.max
        left = self.poll.until - now
        if left <= timedelta(0):
            raise GivenUp
        return left

    def answer_poll(self, tx: Transaction, answer: RecordedDecision) -> None:
        """Names the event to the process that asked. Raises GivenUp if it no longer waits: nothing may be committed."""
        if self.poll is not None and not tx.remote_polls.answer(self.poll.id, answer.id):
            raise GivenUp
