"""A camera and the gate it watches."""

from dataclasses import dataclass, field
from datetime import datetime

from app.core.approach.tries import Zone


@dataclass(frozen=True)
class Camera:
    """One camera, which watches one gate. `sealed_url` may hold a password, so it opens only with the master key."""

    id: str
    name: str
    gate_id: str
    sealed_url: bytes
    enabled: bool = True
    zone: Zone = field(default_factory=Zone)
    created_at: datetime | None = None
