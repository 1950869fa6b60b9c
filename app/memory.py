"""How many arenas the allocator may have: set once, before the first thread, so that the service's memory stays level.

glibc gives threads arenas of their own, up to eight a core. A camera that reconnects brings new threads and new
pictures, which leave a little in ever more of them: over 60 faults the service grew by 12.6 MB, less with each. With
two arenas it grew by 1.9 MB, and by nothing over the last 25 of 65 (2026-11-24).
"""

import ctypes
import sys

ARENAS = 2
M_ARENA_MAX = -8  # malloc.h


def bound() -> None:
    """Does nothing where the allocator is not glibc's."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
