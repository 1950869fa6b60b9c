"""Builds the application: the only place that names concrete adapters."""

from app.wiring.office import Office, new_id, open_office, read_checkpoints, utc_now
from app.wiring.system import System, open_system, reembed, settle_precision

__all__ = [
    "Office",
    "System",
    "new_id",
    "open_office",
    "open_system",
    "read_checkpoints",
    "reembed",
    "settle_precision",
    "utc_now",
]
