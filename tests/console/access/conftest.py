"""A building with two gates, a group, a schedule and two people; every test starts from its one rule."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from app.core.access.rules import Group, Rule, Where, Who
from app.core.access.schedules import Hours, Schedule, Window
from app.core.people.details import Details
from app.wiring import new_id
from tests.console.service import Service

Api = Callable[..., Any]
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


@pytest.fixture(scope="module")
def api(site: Service) -> Api:
    """Calls /v1 beside the browser, as an admin's script does."""
    headers = site.key("admin")

    def call(method: str, path: str, status: int = 200, **json: Any) -> Any:
        answer = httpx.request(
            method, f"{site.url}/v1/{path}", headers=headers, json=json or None, trust_env=False, timeout=30
        )
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    return call


@pytest.fixture
def person(site: Service, request: pytest.FixtureRequest) -> Iterator[str]:
    """The id of somebody without a photo, in no group."""
    name = request.node.name[:20]
    added = site.system.enrolment.add(Details(number=f"P1-{new_id()[-8:]}", name=f"Ada {name}"))
    yield added.id
    site.system.erasure.erase(added.id)


@pytest.fixture
def only_rule(site: Service) -> Iterator[Callable[[Who, str | None], Rule]]:
    """Makes a rule the only one, so that what a change does to people shows; the others come back."""
    store = site.system.store
    with store.read() as tx:
        before = tx.rules.all().rules
    made: list[Rule] = []

    def make(who: Who, schedule_id: str | None = None) -> Rule:
        rule = Rule(new_id(), f"Rule {new_id()[-6:]}", who, Where(everywhere=True), schedule_id)
        with store.write() as tx:
            tx.rules.delete(*tx.rules.all().rules)
            tx.rules.put(rule)
        made.append(rule)
        return rule

    yield make
    with store.write() as tx:
        tx.rules.delete(*tx.rules.all().rules)
        tx.rules.put(*before)
