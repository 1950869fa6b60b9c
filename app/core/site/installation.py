"""What is fixed for one database."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Installation:
    """Facts fixed for one database: the pack and precision that made its templates, and a proof of the master key."""

    pack_digest: str
    precision: str
    key_check: bytes
    created_at: datetime
