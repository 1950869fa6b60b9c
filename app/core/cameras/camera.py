"""A camera and the gate it watches."""

from dataclasses import dataclass, field
from datetime import datetime

from app.core.approach.tries import Region


@dataclass(frozen=True)
class Camera:
    """One camera, which watches one gate. `sealed_url` may hold a password, so only the master key opens it."""

    id: str
    name: str
    gate_id: str
    sealed_url: bytes
    enabled: bool = True
    region: Region = field(default_factory=Region)
    created_at: datetime | None = None
