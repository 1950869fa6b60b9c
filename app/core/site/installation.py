"""Facts that never change for one database."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Installation:
    """The pack and precision that made the templates of a database, and a check value of its master key."""

    pack_digest: str
    precision: str
    key_check: bytes
    created_at: datetime
