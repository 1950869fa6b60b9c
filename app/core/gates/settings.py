"""Checks the settings of a gate that an admin may change."""

import re

from app.core.errors import BadInput
from app.core.gates.commands import DriverKind

GATE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LONGEST_UNLOCK_MS = 60_000
DRIVER_UNKNOWN = "a newer version of Facegate wrote this gate's settings: update Facegate here, or set its driver again"
_KNOWN = {kind.value: kind for kind in DriverKind if kind is not DriverKind.UNKNOWN}


def gate_name(name: str) -> str:
    """Returns the name if it is safe in a URL path. Raises BadInput otherwise."""
    if not GATE_NAME.fullmatch(name):
        raise BadInput("bad_gate_name", "A gate's name has 1 to 64 letters, digits, dots, dashes or underscores.")
    return name


def driver_kind(kind: str) -> DriverKind:
    """Returns the kind of driver. Raises BadInput if there is none of that name."""
    try:
        return _KNOWN[kind]
    except KeyError:
        raise BadInput("unknown_gate_kind", f"a gate is one of {', '.join(_KNOWN)}") from None


def unlock_ms(value: int) -> int:
    """Returns how long a gate opens for one person, in milliseconds. Raises BadInput if it is out of range."""
    if not 500 <= value <= LONGEST_UNLOCK_MS:
        raise BadInput("bad_unlock_ms", f"A gate opens for 500 to {LONGEST_UNLOCK_MS} milliseconds.")
    return value


def door_held_after_ms(value: int) -> int:
    """Returns how long a door may stay open before it is held, in milliseconds. Raises BadInput if out of range."""
    if not 1000 <= value <= 3_600_000:
        raise BadInput("bad_door_held_after_ms", "A door counts as held after 1000 to 3600000 milliseconds.")
    return value
