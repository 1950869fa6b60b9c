"""A span of time for a talk with another machine."""

import time


class Window:
    """A span of time from now on the monotonic clock, so setting the machine's clock does not move it."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def left_s(self) -> float:
        """Seconds, at least 0."""
        return max(0.0, self._ends - time.monotonic())

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._ends
