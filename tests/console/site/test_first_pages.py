"""What a page costs whoever opens it first, and how pages look that are rarely opened: status, a site in fault."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from app.core.alerts.alert import Alert, AlertKind
from app.core.approach.tries import Region
from app.core.people.details import Details
from app.core.recognition.liveness import LivenessMode
from app.core.types import Role
from app.services.cameras.camera_list import Address
from app.services.gates.gate_settings import GateUpdate
from app.wiring import new_id
from tests import pictures
from tests.console.service import PASSWORD, Service
from tests.waiting import eventually

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]
MOST = 120_000
GATE = "first-1"
WELL = re.compile(r"(Ready|Works with limits)$")  # whether photos held up are noticed depends on the weights


def weigh(page: Page) -> list[Response]:
    """From now on the page's own files: not the data that it shows."""
    got: list[Response] = []

    def take(answer: Response) -> None:
        if not re.search(r"/v1/|/portraits/|/face$", answer.url):
            got.append(answer)

    page.on("response", take)
    return got


def size(got: list[Response]) -> int:
    """As sent: nothing is compressed on the way. Chromium forgets a body once it leaves the page, but not its head."""
    return sum(int(answer.headers["content-length"]) for answer in got if answer.status == 200)


def test_the_first_page_after_signing_in_is_small(site: Service, page_as: Open) -> None:
    person = site.user("admin", name="Ada at first", password=PASSWORD)
    page = page_as(path="/signin")
    page.get_by_label("Name").fill(person.name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    got = weigh(page)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{site.url}/")
    page.wait_for_load_state("networkidle")
    print(f"first page after signing in: {size(got)} bytes of {[a.url for a in got]}")  # noqa: T201  of the README
    assert size(got) < MOST


@pytest.fixture(scope="module")
def own_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service.running(tmp_path_factory.mktemp("small")) as service:
        service.system.gates.add(GATE)
        yield service


@pytest.mark.parametrize("path", ["/", "/live", "/activity", "/reports", "/health", "/employees", "/imports", "/users"])
def test_page_with_all_its_files_is_small(own_site: Service, page_as: Open, path: str) -> None:
    """In a browser that has nothing of us yet. How much is listed must not matter, so nothing is."""
    page = page_as("admin", site=own_site)
    got = weigh(page)
    page.goto(path)
    page.wait_for_timeout(300)
    names = {answer.url.rpartition("/")[2] for answer in got}
    assert "console.css" in names and "shell.js" in names, names
    assert len({answer.url for answer in got}) == len(got), "nothing is loaded twice"
    print(f"{path}: {size(got)} bytes in {len(got)} files")  # noqa: T201  a figure of the README
    assert size(got) < MOST


def test_the_status_page(page_as: Open, look: Look, axe: Axe) -> None:
    page = page_as(path="/")
    expect(page.get_by_role("heading", name=WELL)).to_be_visible()
    look(page, "status")
    axe(page)


def shown_after_reloads(page: Page, part: Locator) -> None:
    """The service looks at its health once a second, and a page shows what the last look found."""

    def shown() -> bool:
        page.reload()
        return part.is_visible()

    eventually(shown, f"the page shows {part}")


def test_new_site_is_not_called_ready(fresh_site: Service, page_as: Open) -> None:
    """To people who cannot set it up, it says what is lacking. Admins have the steps: see `test_first_hour`."""
    system = fresh_site.system
    page = page_as("viewer", path="/", site=fresh_site)
    expect(page.get_by_role("heading", name="Running, but not set up yet")).to_be_visible()
    expect(page.get_by_text("There is no gate yet")).to_be_visible()
    assert page.get_by_text("Set up this site").count() == 0
    system.gates.add(GATE)
    page.reload()
    expect(page.get_by_text("There is no gate yet")).to_have_count(0)
    expect(page.get_by_text("Nobody is seen yet")).to_be_visible()
    shown_after_reloads(page, page.get_by_text("is a test gate, where nothing opens"))
    for gate in system.gates.all():
        system.keys.create(Role.GATE, gate.name)
    ada = system.enrolment.add(Details(number="F-1", name="Ada Lovelace"))
    system.enrolment.add_photos(ada.id, [pictures.small(pictures.ADA[0], 720)])
    shown_after_reloads(page, page.get_by_role("heading", name=WELL))


@pytest.fixture
def troubled(site: Service) -> Iterator[Service]:
    """A gate with two cameras, of which one gives no pictures, and a door that was forced."""
    system = site.system
    gate = system.gates.add(GATE)
    system.gate_settings.change(GATE, GateUpdate(liveness=LivenessMode.MONITOR))
    lost, _ = (system.cameras.add(name, GATE, Address("rtsp://10.0.5.7/1"), Region()) for name in ("hall", "hall-side"))
    standing = [
        Alert(new_id(), system.clock(), AlertKind.CAMERA_DEAD, gate.id, lost.id, "no pictures for 3 s"),
        Alert(new_id(), system.clock(), AlertKind.DOOR_FORCED, gate.id, None, "no decision covers it"),
    ]
    with system.store.write() as tx:
        for alert in standing:
            tx.alerts.raise_(alert)
    yield site
    with system.store.write() as tx:
        for alert in standing:
            tx.alerts.clear(alert.kind, gate.id, alert.camera_id, system.clock())
    for name in ("hall", "hall-side"):
        system.cameras.delete(name)


def test_live_and_health_of_a_site_in_trouble(troubled: Service, page_as: Open, look: Look, axe: Axe) -> None:
    page = page_as("security", path="/live")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    lane = page.get_by_role("region", name=GATE, exact=True)
    expect(lane.get_by_text("hall: no pictures")).to_be_visible()
    expect(page.get_by_text("Door was forced")).to_be_visible()
    look(page, "live-troubled")
    axe(page)
    page.goto("/health")
    expect(page.get_by_role("paragraph").filter(has_text=f"Camera sends no pictures at {GATE}")).to_be_visible()
    expect(page.get_by_text("hall-side", exact=True)).to_be_visible()
    look(page, "health-troubled")
    axe(page)
