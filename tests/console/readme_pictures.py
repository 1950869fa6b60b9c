"""Takes the README's two pictures: `python -m tests.console.readme_pictures`, run by hand when the pages change.

The decisions are real: real models judge the portraits that the tests use. Those may not be published, so each picture
of a person is replaced by a drawn one on its way to the browser.
"""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from PIL import Image
from playwright.sync_api import Page, Route, ViewportSize, expect, sync_playwright

from app.core.people.details import Details
from app.core.recognition.liveness import LivenessMode
from app.services.gates.gate_settings import GateUpdate
from tests import pictures
from tests.console.browser import CHROMIUM
from tests.console.drawn_faces import ADA, GRACE, STRANGER, Drawn
from tests.console.service import Service

FOLDER = Path(__file__).parents[2] / "app" / "web" / "console" / "pictures"
MOST_BYTES = 150 * 1024
SIZE = ViewportSize(width=1280, height=720)
GATES = ("lobby-north", "lobby-south", "dock")
# Who the portraits are in the pictures: the photo that enrols them, others that the gates see.
PEOPLE = {
    "Ada Lovelace": ("E-1001", ADA, pictures.ADA[0], pictures.ADA[1]),
    "Grace Hopper": ("E-1002", GRACE, pictures.BOB[0], pictures.BOB[0]),
}


def furnish(site: Service) -> dict[str, Drawn]:
    """Makes gates and people. Gives who is drawn for each employee's id."""
    system = site.system
    for name in GATES:
        system.gates.add(name)
        system.gate_settings.change(name, GateUpdate(liveness=LivenessMode.MONITOR))
    drawn = {}
    for name, (number, person, photo, _) in PEOPLE.items():
        employee = system.enrolment.add(Details(number=number, name=name))
        (kept,) = system.enrolment.add_photos(employee.id, [pictures.small(photo, 720)])
        assert kept.accepted, kept
        drawn[employee.id] = person
    return drawn


def decide(site: Service, gate: str, picture: bytes) -> str:
    """Shows a gate a picture. Gives the event's id."""
    headers = {**site.key("gate", gate), "Content-Type": pictures.JPEG}
    answer = httpx.post(
        f"{site.url}/v1/gates/{gate}/decisions", headers=headers, content=picture, trust_env=False, timeout=60
    )
    answer.raise_for_status()
    return str(answer.json()["decision_id"])


def a_morning(site: Service) -> tuple[dict[str, Drawn], str]:
    """Decisions at each gate. Gives who is drawn in each event's pictures, and the event to show by itself."""
    north, south, dock = GATES
    seen = {}
    for gate, name, longest in (
        (south, "Grace Hopper", 500),
        (dock, "Ada Lovelace", 500),
        (north, "Grace Hopper", 520),
    ):
        _, person, _, portrait = PEOPLE[name]
        seen[decide(site, gate, pictures.small(portrait, longest))] = person
    decide(site, dock, pictures.empty())
    decide(site, north, pictures.crowd(columns=2, rows=1))
    seen[decide(site, south, pictures.small(pictures.STRANGER))] = STRANGER
    _, person, _, portrait = PEOPLE["Ada Lovelace"]
    shown = decide(site, north, pictures.small(portrait, 640))
    seen[shown] = person
    guard = site.user("security", name="Katherine")
    site.system.by_hand.open(dock, "Delivery, note 4711", guard.id)
    return seen, shown


def redraw(page: Page, people: dict[str, Drawn], seen: dict[str, Drawn]) -> None:
    """From now on the page gets drawn people for photographed ones; what nobody is drawn for is missing."""

    def portrait(route: Route) -> None:
        person = people[route.request.url.rsplit("/", 1)[-1]]
        route.fulfill(content_type="image/svg+xml", body=person.enrolled())

    def picture(route: Route) -> None:
        person = seen.get(route.request.url.split("/events/")[1].split("/")[0])
        if person is None:
            route.fulfill(status=404)
        else:
            route.fulfill(content_type="image/svg+xml", body=person.at_gate())

    page.route("**/portraits/*", portrait)
    page.route("**/v1/events/*/snapshot", picture)
    page.route("**/v1/events/*/pictures/*", picture)


def take(page: Page, name: str) -> None:
    """Keeps what the window shows, in 256 colours."""
    page.wait_for_load_state("load")
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
    out = BytesIO()
    shot.quantize(256, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    assert out.tell() < MOST_BYTES, out.tell()
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(out.getvalue())


def main() -> None:
    with TemporaryDirectory() as data, Service.running(Path(data)) as site:
        people = furnish(site)
        seen, shown = a_morning(site)
        show(site, people, seen, shown)


def show(site: Service, people: dict[str, Drawn], seen: dict[str, Drawn], shown: str) -> None:
    """Opens both pages as a guard and takes their pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(base_url=site.url, viewport=SIZE, locale="en-GB")
        cookie = site.session(site.user("security", name="Mary"))
        context.add_cookies([{"name": "facegate", "value": cookie, "url": site.url, "httpOnly": True}])
        page = context.new_page()
        redraw(page, people, seen)
        page.goto("/live")
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        take(page, "live")
        page.goto(f"/activity/{shown}")
        take(page, "event")
        browser.close()


if __name__ == "__main__":
    main()
