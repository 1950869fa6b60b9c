"""A building with two gates, a group, a schedule and two people; every test starts from its one rule."""

from collections.abc import Iterator

import pytest

from app.core.access.rules import Group
from app.core.access.schedules import Hours, Schedule, Window
from app.core.people.details import Details
from tests.console.service import Service

LOBBY, SERVERS = "a-lobby", "a-server-room"
NIGHTS = Schedule("01NIGHTS", "Friday nights", (Window((4,), Hours(22 * 60, 8 * 60)),))
STAFF = Group("01STAFF", "Staff")


@pytest.fixture(scope="module")
def building(site: Service) -> Iterator[Service]:
    """Everybody may pass everywhere."""
    system = site.system
    for name in {LOBBY, SERVERS} - {gate.name for gate in system.gates.all()}:
        system.gates.add(name)
    with system.store.write() as tx:
        tx.rules.put(STAFF, NIGHTS)
    ids = [
        system.enrolment.add(Details(number="A-1", name="Ada Lovelace", groups=("Staff",))).id,
        system.enrolment.add(Details(number="A-2", name="Grace Hopper")).id,
    ]
    yield site
    for one in ids:
        system.erasure.erase(one)


@pytest.fixture(autouse=True)
def as_before(building: Service) -> Iterator[None]:
    with building.system.store.read() as tx:
        before = tx.rules.all()
    yield
    with building.system.store.write() as tx:
        now = tx.rules.all()
        old = {part.id: part for kind in (before.zones, before.lanes, before.rules, before.modes) for part in kind}
        tx.rules.put(*before.gates)
        for kind in (now.modes, now.grants, now.lanes, now.rules):
            tx.rules.delete(*(part for part in kind if part.id not in old))
        tx.rules.delete(*(zone for zone in reversed(now.zones) if zone.id not in old))
        tx.rules.put(*before.rules)
