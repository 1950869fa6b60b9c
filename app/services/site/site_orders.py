"""An order that changes the site's mode, and its effect: gates add up, and a fire overrides a lockdown."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core.access.rule_set import RuleSet
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.ports.store import Transaction
from app.core.site.mode import SiteMode, SiteState


@dataclass(frozen=True)
class SiteOrder:
    """gates, zones: names or ids; none of both means every gate. A zone stands for the gates that lead into or out of
    it, or of a zone inside it. actor: the id of a key or user. ending: the mode that NORMAL ends,
    None for any. in_force: a release that was carried out already, so its record follows: a lockdown ends, and a gate
    that was deleted meanwhile is left out. by_guard: a lockdown and its end need the setting for guards."""

    mode: SiteMode
    gates: Collection[str] = ()
    actor: str | None = None
    ending: SiteMode | None = None
    in_force: bool = False
    comment: str = ""
    by_guard: bool = False
    zones: Collection[str] = ()

    @property
    def ends_every_release(self) -> bool:
        return self.mode is SiteMode.NORMAL and self.ending is not SiteMode.LOCKDOWN and self.names_all

    @property
    def names_all(self) -> bool:
        """Whether it is about every gate."""
        return not self.gates and not self.zones

    def after(self, tx: Transaction, before: SiteState, now: datetime) -> SiteState:
        """The state after the order; `before` itself if nothing changes. Raises NotFound, Conflict, Forbidden."""
        self._check_setting(tx)
        rules = tx.rules.all() if self.zones or before.zones else RuleSet()
        ordered = self._zones(rules)
        named = self._named(tx) | rules.gates_around(ordered)
        if not named and not self.names_all and (self.in_force or self.mode is not SiteMode.NORMAL):
            if self.in_force:
                return before
            raise Conflict("zone_without_gates", "No gate leads into or out of this zone; name gates instead.")
        mode = self.mode
        if mode is SiteMode.NORMAL:
            if before.mode is SiteMode.NORMAL or (self.ending is not None and before.mode is not self.ending):
                return before
            held = set(before.gates or (gate.id for gate in tx.gates.all()))
            left = set() if self.names_all else held - named
            # A zone that is ended in part no longer takes in gates that are added to it.
            zones = {z for z in before.zones if z not in ordered and rules.gates_around([z]).isdisjoint(named)}
            mode = before.mode if left else SiteMode.NORMAL
        else:
            self._check(before, named)
            joins = before.mode is mode
            every = self.names_all or (joins and not before.gates)
            zones = ordered | set(before.zones if joins else ())
            left = set() if every else named | set(before.gates if joins else ())
        after = replace(before, mode=mode, gates=tuple(sorted(left)), zones=tuple(sorted(zones)) if left else ())
        if after == before:
            return before
        if before.since is not None:
            # Later than the state it follows, whatever the clock says: processes compare the times.
            now = max(now, before.since + timedelta(milliseconds=1))
        return replace(after, since=now, actor=self.actor, comment=self.comment)

    def _named(self, tx: Transaction) -> set[str]:
        found = set()
        for name in self.gates:
            gate = tx.gates.by_name_or_id(name)
            if gate is not None:
                found.add(gate.id)
            elif not self.in_force:
                raise NotFound("unknown_gate", "There is no gate of that name.")
        return found

    def _zones(self, rules: RuleSet) -> set[str]:
        """The ids of the zones. Raises NotFound."""
        known = {key: zone.id for zone in rules.zones for key in (zone.name, zone.id)}
        unknown = [name for name in self.zones if name not in known]
        if unknown and not self.in_force:
            raise NotFound("unknown_zone", "There is no zone of that name.")
        return {known[name] for name in self.zones if name in known}

    def _check_setting(self, tx: Transaction) -> None:
        about_lockdown = SiteMode.LOCKDOWN in (self.mode, self.ending)
        if self.by_guard and about_lockdown and not tx.site_settings.get().guards_may_lock_down:
            raise Forbidden(
                "guards_may_not_lock_down", "Only admins begin and end a lockdown here. An admin can change that."
            )

    def _check(self, before: SiteState, named: set[str]) -> None:
        if self.mode is SiteMode.LOCKDOWN and before.mode is SiteMode.RELEASE:
            raise Conflict("release_active", "Gates are released; end the release before a lockdown.")
        if self.mode is SiteMode.RELEASE and before.mode is SiteMode.LOCKDOWN and named and not self.in_force:
            raise Conflict("lockdown_active", "A lockdown is in force; release every gate, or end the lockdown first.")
