"""A gate: what it is called, how it is driven, and what its door last reported."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.core.credentials.formats import CardFormat
from app.core.gates.commands import DoorState, DriverKind, FailMode, PassageSource
from app.core.recognition.liveness import LivenessMode
from app.core.types import ApiKey


@dataclass(frozen=True)
class Gate:
    """One gate as the database has it.

    Attributes:
        unlock_ms: how long an opening lasts.
        sealed_config: the driver's own settings, which may hold secrets; None if it has none.
        fail_mode: what the gate does without power or orders.
        door_held_after_ms: a door open for longer is held.
        door, door_at: what the door last reported, and since when; an update of the gate leaves them alone.
        locked: by hand; nobody gets in until it is unlocked. Egress is not touched.
        passages: how it learns that people went through.
        badge_format: what its reader reads.
    """

    id: str
    name: str
    enabled: bool = True
    unlock_ms: int = 5000
    created_at: datetime | None = None
    driver: DriverKind = DriverKind.DRY_RUN
    sealed_config: bytes | None = None
    fail_mode: FailMode = FailMode.SECURE
    door_held_after_ms: int = 15000
    door: DoorState | None = None
    door_at: datetime | None = None
    liveness: LivenessMode = LivenessMode.AUTO
    locked: bool = False
    passages: PassageSource = PassageSource.ASSUME_ON_GRANT
    badge_format: CardFormat = CardFormat.RAW

    @property
    def version(self) -> str:
        """Identifies what an admin has set. The lock and the door do not change it."""
        kept = [self.name, self.enabled, self.unlock_ms, self.driver, self.fail_mode]
        kept += [self.door_held_after_ms, self.liveness]
        if self.passages is not PassageSource.ASSUME_ON_GRANT:
            kept.append(self.passages)
        if self.badge_format is not CardFormat.RAW:
            kept.append(self.badge_format)
        sealed = self.sealed_config or b""
        return hashlib.sha256(repr([str(one) for one in kept]).encode() + sealed).hexdigest()[:16]

    @property
    def usable(self) -> bool:
        """Whether it lets anybody in at all. A release does not ask."""
        return self.enabled and self.driver is not DriverKind.UNKNOWN


def without_hardware(gates: Iterable[Gate], keys: Iterable[ApiKey]) -> set[str]:
    """Returns the ids of test gates: no driver opens them, and no hardware has a key to ask for decisions there."""
    asking = {key.gate_id for key in keys if key.revoked_at is None}
    return {gate.id for gate in gates if gate.driver is DriverKind.DRY_RUN and gate.id not in asking}
