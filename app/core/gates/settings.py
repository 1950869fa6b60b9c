"""What an admin may write about a gate."""

import re

from app.core.errors import BadInput

GATE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


LONGEST_UNLOCK_MS = 60_000


def gate_name(name: str) -> str:
    """The name if it can stand in an address. Raises BadInput."""
    if not GATE_NAME.fullmatch(name):
        raise BadInput("bad_gate_name", "A gate's name has 1 to 64 letters, digits, dots, dashes or underscores.")
    return name


def unlock_ms(value: int) -> int:
    """How long a gate stays open for one person, if that is sensible. Raises BadInput."""
    if not 500 <= value <= LONGEST_UNLOCK_MS:
        raise BadInput("bad_unlock_ms", f"A gate opens for 500 to {LONGEST_UNLOCK_MS} milliseconds.")
    return value


def door_held_after_ms(value: int) -> int:
    """How long a door may be open before it counts as held, if that is sensible. Raises BadInput."""
    if not 1000 <= value <= 3_600_000:
        raise BadInput("bad_door_held_after_ms", "A door counts as held after 1000 to 3600000 milliseconds.")
    return value
