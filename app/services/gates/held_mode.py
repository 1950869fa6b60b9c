"""Which mode holds in this process: what is recorded, and beside it a release that is not recorded yet.

No lock of its own: whoever has one holds it around each call.
"""

from dataclasses import replace
from datetime import timedelta

from app.core.site.mode import SiteMode, SiteState


class HeldMode:
    def __init__(self) -> None:
        self._recorded = SiteState()
        self._unrecorded: SiteState | None = None

    @property
    def site(self) -> SiteState:
        """The present mode as one state. An unrecorded release takes precedence over another mode elsewhere."""
        if self._unrecorded is None:
            return self._recorded
        return _added(self._unrecorded, self._recorded if self._recorded.mode is SiteMode.RELEASE else None)

    def mode_at(self, gate_id: str) -> SiteMode:
        if self._unrecorded is not None and self._unrecorded.mode_at(gate_id) is SiteMode.RELEASE:
            return SiteMode.RELEASE
        return self._recorded.mode_at(gate_id)

    def follow(self, site: SiteState) -> None:
        """What is recorded holds, unless it is older. It ends no release that is not recorded yet: whoever ordered
        something else meanwhile did not know of the fire."""
        if not _is_older(site, self._recorded):
            self._recorded = site

    def release(self, site: SiteState) -> SiteState:
        """What is released and not recorded now: releases add up. It is newer than all before, whatever the clocks
        say."""
        times = [one.since for one in (self._recorded, self._unrecorded) if one is not None and one.since is not None]
        if times and (site.since is None or site.since <= max(times)):
            site = replace(site, since=max(times) + timedelta(milliseconds=1))
        self._unrecorded = _added(site, self._unrecorded)
        return self._unrecorded

    def supersede(self, ordered: SiteState, site: SiteState) -> None:
        """Replaces `ordered`, which `release` returned, by `site`, which records or ends it.

        Nothing changes if something else is released by now.
        """
        if self._unrecorded == ordered:
            self._unrecorded = None
            # The record of a release may bear an older time than what held before it.
            if site.mode is SiteMode.RELEASE or not _is_older(site, self._recorded):
                self._recorded = site


def _added(release: SiteState, to: SiteState | None) -> SiteState:
    """Joins two sets of gates; an empty one means every gate."""
    if to is None:
        return release
    both = release.gates and to.gates
    return replace(release, gates=tuple(sorted({*release.gates, *to.gates})) if both else ())


def _is_older(site: SiteState, than: SiteState) -> bool:
    if than.since is None or site.since is None:
        return than.since is not None
    return site.since < than.since
