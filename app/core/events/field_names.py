"""Field names that earlier versions recorded, and what they are called today.

A recorded payload never changes: its commitment covers it under the names of its day. A reader renames the opened copy.
"""

from collections.abc import Mapping
from typing import Any

NEW_NAMES = {
    "frames": "frames_received",
    "took_ms": "duration_ms",
    "by": "actor",
    "why": "comment",
}


def with_new_names(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a copy of a recorded payload under today's field names. A payload of today comes back unchanged."""
    return {NEW_NAMES.get(name, name): value for name, value in payload.items()}
