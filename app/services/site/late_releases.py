"""Releases that this process carried out and could not record yet. Any thread may use it at any time."""

from collections.abc import Collection
from dataclasses import replace
from threading import Lock

from app.core.site.mode import SiteState


class LateReleases:
    """Copy on write: readers get an immutable tuple, and only the swap takes the lock."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: tuple[SiteState, ...] = ()

    def all(self) -> tuple[SiteState, ...]:
        """Returns the releases, oldest first."""
        return self._waiting

    def add(self, release: SiteState) -> None:
        """Adds a release, in place of older ones whose gates it covers: a panel that repeats itself takes no room."""
        with self._lock:
            newer = [kept for kept in self._waiting if _is_newer(kept, release)]
            if any(_covers(kept, release) for kept in newer):
                return
            older = [kept for kept in self._waiting if kept not in newer and not _covers(release, kept)]
            self._waiting = (*older, release, *newer)

    def remove(self, releases: Collection[SiteState]) -> None:
        """Removes releases. One may be gone already, because another order ended or recorded it."""
        with self._lock:
            self._waiting = tuple(kept for kept in self._waiting if kept not in releases)


def together(releases: Collection[SiteState]) -> SiteState:
    """Joins releases into one, in the name of whoever ordered the newest. Raises ValueError for none."""
    newest = max(releases, key=lambda one: (one.since is not None, one.since))
    every = any(not one.gates for one in releases)
    return replace(newest, gates=() if every else tuple(sorted({gate for one in releases for gate in one.gates})))


def _is_newer(one: SiteState, than: SiteState) -> bool:
    return one.since is not None and than.since is not None and one.since > than.since


def _covers(one: SiteState, other: SiteState) -> bool:
    return not one.gates or bool(other.gates and set(other.gates) <= set(one.gates))
