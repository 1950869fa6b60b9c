"""Builds the application. Only this folder names concrete adapters."""

from app.adapters.cameras.attached import attached as attached_cameras
from app.wiring.backbone import Backbone, new_id, open_backbone, read_checkpoints, utc_now
from app.wiring.moving import reembed
from app.wiring.packs import moved_on, settle_precision
from app.wiring.system import System, open_system

__all__ = [
    "Backbone",
    "System",
    "attached_cameras",
    "moved_on",
    "new_id",
    "open_backbone",
    "open_system",
    "read_checkpoints",
    "reembed",
    "settle_precision",
    "utc_now",
]
