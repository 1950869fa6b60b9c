"""On a phone of 360 px: long names move no page sideways, plots can be read, faces stand side by side, and tables show
that there is more."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from app.core.access.rules import Grant, Group, Rule, Where, Who
from app.core.access.schedules import Calendar, CalendarDay, CalendarHours, Hours, Schedule, Window
from app.core.alerts.alert import Acknowledgement, Alert, AlertKind
from app.core.events.decision import Identity
from app.core.people.details import Details
from app.core.recognition.liveness import LivenessMode
from app.core.types import Reason
from app.services.events.orders import ordered
from app.services.gates.gate_settings import GateUpdate
from app.wiring import new_id
from tests import pictures
from tests.console.browser import CUT, OVER
from tests.console.service import Service

Open = Callable[..., Page]
PHONE = {"width": 360, "height": 740}
WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtenfrau"[:72]
GATE = "g" * 64


@pytest.fixture(scope="module")
def paths(site: Service) -> Iterator[dict[str, str]]:
    """Pages that show somebody, a gate and a user whose names are one long word, by what they are."""
    system = site.system
    person = system.enrolment.add(Details(number="N" * 40, name=WORD, groups=(WORD[:60],), legal_basis=WORD))
    gate, event_id, now = system.gates.add(GATE), new_id(), system.clock()
    site.user("viewer", name=WORD[:64])
    calendar = Calendar(new_id(), WORD, (CalendarDay(now.date(), False, WORD),))
    hours = CalendarHours(calendar.id)
    schedule = Schedule(new_id(), WORD, (Window((0, 6), Hours(22 * 60, 480)),), (hours,))
    group = Group(new_id(), WORD[:64])
    rule = Rule(new_id(), WORD, Who(groups=frozenset({group.id})), Where(everywhere=True), schedule.id)
    with system.store.write() as tx:
        tx.rules.put(group, calendar, schedule, rule)
        order = ordered(gate, event_id, Reason.EMPLOYEE_INACTIVE, now, None, None, WORD)
        system.by_hand.log.append(tx, replace(order, employee=Identity.of(person)))
        tx.rules.put(Grant(new_id(), person.id, Where(everywhere=True), now, now + timedelta(days=1), WORD, "01NOBODY"))
    yield {
        "employee": f"/employees/{person.id}",
        "sightings": f"/employees/{person.id}/sightings",
        "employees": f"/employees?q={WORD}",
        "log": f"/activity?gate={GATE}",
        "event": f"/activity/{event_id}",
        "live": "/live",
        "health": "/health",
        "users": "/users",
        "gates": "/gates",
        "gate": f"/gates/{gate.id}",
        "who": f"/access/who?gate={GATE}",
        "explain": f"/access/who/explain?employee={person.number}&gate={GATE}",
        "grants": "/access/grants",
        "groups": "/access/groups",
        "group": f"/access/groups/{group.id}",
        "calendars": "/access/calendars",
        "calendar": f"/access/calendars/{calendar.id}",
        "schedules": "/access/schedules",
        "schedule": f"/access/schedules/{schedule.id}",
    }
    with system.store.write() as tx:
        tx.rules.delete(rule, schedule, calendar, group)
    system.erasure.erase(person.id)


OF_A_PERSON = ["employee", "sightings", "employees", "log", "event", "live", "users", "who", "explain", "grants"]
OF_RULES = ["groups", "group", "calendars", "calendar", "schedules", "schedule"]
OF_A_GATE = ["health", "gates", "gate"]


@pytest.mark.parametrize("page_of", OF_A_PERSON + OF_RULES + OF_A_GATE)
def test_long_word_causes_no_horizontal_scrolling(page_as: Open, paths: dict[str, str], page_of: str) -> None:
    page = page_as("admin", path=paths[page_of], viewport=PHONE)
    expect(page.get_by_text(GATE if page_of in OF_A_GATE else WORD[:64]).first).to_be_attached()
    assert page.evaluate(OVER) <= 0
    assert page.evaluate(CUT) == []


def test_labels_of_a_small_plot_stand_apart(site: Service, page_as: Open, paths: dict[str, str]) -> None:
    headers = {**site.key("gate", GATE), "Content-Type": "image/jpeg"}
    address = f"{site.url}/v1/gates/{GATE}/decisions"
    httpx.post(address, headers=headers, content=pictures.empty(), trust_env=False, timeout=30).raise_for_status()
    page = page_as("admin", viewport=PHONE)
    for path, plot in (
        ("/health", "How long"),
        ("/reports?days=7", "Passages per hour"),
        ("/reports", "Similarity of"),
    ):
        page.goto(path)
        labels = page.get_by_role("img", name=plot).locator(".plot-below:visible")
        boxes = labels.evaluate_all("(all) => all.map((e) => e.getBoundingClientRect()).map((b) => [b.left, b.right])")
        assert len(boxes) >= 4
        assert all(left - right >= 3 for (_, right), (left, _) in pairwise(boxes)), (path, boxes)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_table_shows_on_which_side_there_is_more(page_as: Open, theme: str) -> None:
    page = page_as("admin", path="/health", viewport={**PHONE, "height": 16_000}, color_scheme=theme)
    table = page.get_by_role("region", name="Thresholds", exact=True)

    def shaded() -> tuple[bool, bool]:
        """Left, right: whether the edge has another colour than the middle, above all words."""
        shot = Image.open(io.BytesIO(table.screenshot())).convert("RGB")
        left, middle, right = (shot.getpixel((x, 6)) for x in (4, shot.width // 2, shot.width - 5))
        return left != middle, right != middle

    assert shaded() == (False, True)
    table.evaluate("(e) => e.scrollTo(e.scrollWidth, 0)")
    assert shaded() == (True, False)


@pytest.mark.parametrize("page_of", ["users", "grants"])
def test_rows_with_buttons_are_boxes_on_a_phone(page_as: Open, paths: dict[str, str], page_of: str) -> None:
    page = page_as("admin", path=paths[page_of], viewport=PHONE)
    row = page.get_by_role("table").get_by_role("row").filter(has_text=WORD[:64]).first
    expect(row.get_by_role("rowheader")).to_be_visible()
    assert row.get_by_role("cell").count() >= 3, "still cells for a screen reader"
    for button in row.get_by_role("button").all():
        box = button.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"], "reached without moving sideways"


def test_faces_that_are_compared_stand_side_by_side(site: Service, page_as: Open) -> None:
    system, gate = site.system, "narrow-gate"
    system.gates.add(gate)
    system.gate_settings.change(gate, GateUpdate(liveness=LivenessMode.OFF))
    person = system.enrolment.add(Details(number="N-2", name="Ada Lovelace"))
    kept = system.enrolment.add_photos(person.id, [pictures.small(name, 720) for name in pictures.ADA])
    assert all(photo.accepted for photo in kept)
    address = f"{site.url}/v1/gates/{gate}/decisions"
    headers = {**site.key("gate", gate), "Content-Type": pictures.JPEG}
    seen = pictures.small(pictures.ADA[1], 640)
    event = httpx.post(address, headers=headers, content=seen, trust_env=False, timeout=30).json()["decision_id"]
    page = page_as("admin", viewport=PHONE)
    for path, faces in ((f"/employees/{person.id}", ".photos img"), (f"/activity/{event}", ".event .faces img")):
        page.goto(path)
        expect(page.locator(faces)).to_have_count(2)
        first, second = page.locator(faces).evaluate_all("(all) => all.map((e) => e.getBoundingClientRect().top)")
        assert first == second, path
    system.erasure.erase(person.id)


def test_alerts_are_acknowledged_without_moving_the_table(site: Service, page_as: Open) -> None:
    system, gate = site.system, "narrow-alert"
    system.gates.add(gate)
    alert = Alert(new_id(), system.clock(), AlertKind.DOOR_HELD, system.gates.get(gate).id, None, "25 s")
    wide = Alert(new_id(), system.clock(), AlertKind.DOOR_HELD, system.gates.add("w" * 64).id, None, "25 s")
    with system.store.write() as tx:
        tx.alerts.raise_(alert)
        tx.alerts.raise_(wide)  # words that have no place to break
    page = page_as("security", path="/alerts", viewport=PHONE)
    row = page.get_by_role("table").get_by_role("row").filter(has_text=gate)
    expect(row.get_by_role("rowheader")).to_contain_text("Door is held open")
    box = row.get_by_role("button", name="Acknowledge").bounding_box()
    assert box
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
    with system.store.write() as tx:
        tx.alerts.clear(alert.kind, alert.gate_id, None, system.clock())
        tx.alerts.clear(wide.kind, wide.gate_id, None, system.clock())
        for one in (alert, wide):
            tx.alerts.acknowledge(one.id, Acknowledgement(system.clock(), "01NOBODY"))
