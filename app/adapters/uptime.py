"""How long this machine has run: a count that no clock's step moves and that goes on while the machine sleeps."""

import time
from pathlib import Path
from uuid import uuid4

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # one for each start of a Linux kernel, also in containers
_OWN = uuid4().hex  # elsewhere: of this process


def boot() -> str:
    """Which run of the machine this is."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return _OWN


def uptime_s() -> float:
    """Since the machine started; without CLOCK_BOOTTIME the process's own count, which sleeps with the machine."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def run() -> tuple[str, int]:
    """Which run of the machine, and for how many milliseconds it has lasted."""
    return _BOOT, int(uptime_s() * 1000)


_BOOT = boot()
