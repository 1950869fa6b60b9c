"""Zones and lanes for admins: what lies inside what, which gates lead where, and which two gates are one turnstile."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.rule_set import RuleSet
from app.core.access.rules import GatePlace, Site, Zone
from app.core.types import Role
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/access/zones", "Zones", "door", frozenset({Role.ADMIN}), section="access"),)


@dataclass(frozen=True)
class Branch:
    """A zone in the tree. depth: 0 at the top. into, out: the gates that lead into it and out of it."""

    zone: Zone
    depth: int
    into: tuple[GatePlace, ...]
    out: tuple[GatePlace, ...]


@router.get("/access/zones", response_class=HTMLResponse)
def zones(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        rules = tx.rules.all().sound()
    return render(
        request,
        "access/zones.html",
        person,
        sites=[(site, list(tree(rules, site))) for site in rules.sites],
        zones=rules.zones,
        gates=rules.gates,
        lanes=rules.lanes,
        groups=rules.groups,
        names=rules.names,
        unplaced=[gate for gate in rules.gates if gate.zone_from is None and gate.zone_to is None],
    )


def tree(rules: RuleSet, site: Site) -> Iterator[Branch]:
    """The zones of a site, each followed by the zones inside it."""

    def inside(parent: str | None, depth: int) -> Iterator[Branch]:
        for zone in rules.zones:
            if zone.site_id == site.id and zone.parent_id == parent:
                into = tuple(gate for gate in rules.gates if gate.zone_to == zone.id)
                out = tuple(gate for gate in rules.gates if gate.zone_from == zone.id)
                yield Branch(zone, depth, into, out)
                yield from inside(zone.id, depth + 1)

    yield from inside(None, 0)
