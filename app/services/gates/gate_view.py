"""What a process tells of the gates that it drives."""

from dataclasses import dataclass

from app.core.gates.commands import DoorState, DriverKind


@dataclass(frozen=True)
class GateView:
    """One gate as this process sees it. fault: what is wrong now, in words without secrets, or None."""

    name: str
    driver: DriverKind
    door: DoorState | None
    fault: str | None
