"""A camera and the gate it watches."""

import hashlib
from dataclasses import asdict, dataclass, field
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

    @property
    def version(self) -> str:
        """Identifies what an admin has set."""
        kept = [self.name, self.gate_id, self.enabled, asdict(self.region)]
        return hashlib.sha256(repr(kept).encode() + self.sealed_url).hexdigest()[:16]
