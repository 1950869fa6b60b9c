"""The lockdown or emergency release in force, for the band on every page, and who may order and end one."""

from dataclasses import dataclass
from datetime import datetime

from app.core.accounts.users import Principal
from app.core.site.mode import SiteMode
from app.core.types import Role
from app.web.console.actors import actor_name
from app.web.language.catalog import counted, translated
from app.wiring import System


@dataclass(frozen=True)
class ModeBand:
    """What the band says.

    gates: names; empty means every gate. zones: the names of those ordered; extra: the gates that are in none of them.
    since: None if the record was lost or altered. by: "" if unknown.
    """

    mode: SiteMode
    gates: list[str]
    zones: list[str]
    extra: list[str]
    since: datetime | None
    by: str
    comment: str
    is_recorded: bool
    may_end: bool

    @property
    def where(self) -> str:
        """Where it holds, as people say it; "" for every gate."""
        if not self.zones:
            return ", ".join(self.gates)
        count = len(self.gates) - len(self.extra)
        zones = f"{', '.join(self.zones)} ({counted('{count} gate', '{count} gates', count)})"
        extra = ", ".join(self.extra)
        return translated("{zones} and at {gates}", zones=zones, gates=extra) if extra else zones


def mode_band(system: System, who: Principal) -> ModeBand | None:
    """Returns what is in force, None for a site in normal operation."""
    state = system.site.in_force()
    if state.mode is SiteMode.NORMAL:
        return None
    names = {gate.id: gate.name for gate in system.gates.all()} if state.gates else {}
    zones, inside = dict[str, str](), frozenset[str]()
    if state.zones:
        with system.store.read() as tx:
            rules = system.decisions.rules.at(tx).rules  # asked every 5 s by each open page: read once a version
        zones, inside = {zone.id: zone.name for zone in rules.zones}, rules.gates_around(state.zones)
    return ModeBand(
        state.mode,
        sorted(names.get(gate, gate) for gate in state.gates),
        sorted(zones.get(zone, zone) for zone in state.zones),
        sorted(names.get(gate, gate) for gate in state.gates if gate not in inside),
        state.since,
        actor_name(system, state.actor),
        state.comment,
        not system.site.is_unrecorded,
        state.mode in may_order(system, who),
    )


def may_order(system: System, who: Principal) -> list[SiteMode]:
    """Returns the modes that this person may begin and end."""
    if who.may(Role.ADMIN):
        return [SiteMode.LOCKDOWN, SiteMode.RELEASE]
    if not who.may(Role.SECURITY):
        return []
    lockdown = [SiteMode.LOCKDOWN] if system.site_settings.get().guards_may_lock_down else []
    return [*lockdown, SiteMode.RELEASE]
