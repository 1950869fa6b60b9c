"""How long this machine has run: unaffected by changes of the clock, and counting while the machine sleeps."""

import time
from pathlib import Path
from uuid import uuid4

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # new for each boot of a Linux kernel, also in containers
_OWN = uuid4().hex  # on other systems: the id of this process's run


def boot() -> str:
    """An id of this run of the machine."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return _OWN


def uptime_s() -> float:
    """Seconds since boot. Without CLOCK_BOOTTIME a monotonic count, which stops while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def run() -> tuple[str, int]:
    """(id of this run of the machine, milliseconds it has lasted)."""
    return _BOOT, int(uptime_s() * 1000)


_BOOT = boot()
