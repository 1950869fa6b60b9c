"""The lockdown or emergency release in force, for the band on every page, and who may order and end one."""

from dataclasses import dataclass
from datetime import datetime

from app.core.accounts.users import Principal
from app.core.site.mode import SiteMode
from app.core.types import Role
from app.web.console.actors import actor_name
from app.wiring import System


@dataclass(frozen=True)
class ModeBand:
    """gates: names; empty means every gate. since: None if the record was lost or altered. by: "" if unknown."""

    mode: SiteMode
    gates: list[str]
    since: datetime | None
    by: str
    comment: str
    is_recorded: bool
    may_end: bool


def mode_band(system: System, who: Principal) -> ModeBand | None:
    """Returns what is in force, None for a site in normal operation."""
    state = system.site.in_force()
    if state.mode is SiteMode.NORMAL:
        return None
    names = {gate.id: gate.name for gate in system.gates.all()} if state.gates else {}
    return ModeBand(
        state.mode,
        sorted(names.get(gate, gate) for gate in state.gates),
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
