"""Employees in the browser: found while one types, added, enrolled, suspended and erased; and a gate goes by it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.people.details import Details
from app.core.people.records import EmployeeFilter
from tests import pictures
from tests.console.browser import Tabs
from tests.console.service import Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]
GATE = "people-gate"


@pytest.fixture(scope="module")
def gate(site: Service) -> Callable[[bytes], dict[str, Any]]:
    """Decides on a picture, as gate hardware asks."""
    site.system.gates.add(GATE)
    return asking(site)


def asking(site: Service) -> Callable[[bytes], dict[str, Any]]:
    headers = {**site.key("gate", GATE), "Content-Type": "image/jpeg"}

    def decide(picture: bytes) -> dict[str, Any]:
        for _ in range(5):
            answer = httpx.post(f"{site.url}/v1/gates/{GATE}/decisions", headers=headers, content=picture, timeout=30)
            assert answer.status_code == 200, answer.text
            if answer.json()["reason"] != "stale_frame":  # on a machine that is busy with other things
                break
        return dict(answer.json())

    return decide


@pytest.fixture
def photos(tmp_path: Path) -> Callable[..., list[str]]:
    """Portraits as files to choose."""

    def files(*names: str) -> list[str]:
        found = []
        for name in names:
            path = tmp_path / f"{name}.jpg"
            path.write_bytes(pictures.small(name, 720) if name != "empty" else pictures.empty())
            found.append(str(path))
        return found

    return files


def employee(site: Service, number: str, name: str, *portraits: str) -> str:
    added = site.system.enrolment.add(Details(number=number, name=name))
    if portraits:
        results = site.system.enrolment.add_photos(added.id, [pictures.small(p, 720) for p in portraits])
        assert all(result.accepted for result in results), results
    return added.id


@pytest.fixture(autouse=True)
def alone(site: Service) -> Iterator[None]:
    """Whoever a test adds goes with it: the same few faces play everybody."""
    yield
    for one in site.system.enrolment.find(EmployeeFilter(q="P-")):
        site.system.erasure.erase(one.id)


def test_first_employee_opens_a_gate(
    site: Service, page_as: Open, look: Look, axe: Axe, gate: Callable[[bytes], dict[str, Any]], photos: Any
) -> None:
    """One browser enrols; the gate, which did not know the person, opens; another browser sees it, and suspends."""
    assert gate(pictures.small("biden"))["decision"] == "deny"
    page = page_as("admin", path="/employees")
    page.get_by_role("link", name="Add", exact=True).click()
    look(page, "employee-new"), axe(page)
    page.get_by_label("Name", exact=True).fill("Joe Biden")
    page.get_by_label("Number", exact=True).fill("P-1")
    page.get_by_label("Groups").fill("office, visitors")
    page.get_by_label("Valid until").fill("2099-12-31")
    page.get_by_label("Legal basis").fill("consent")
    page.get_by_role("button", name="Add and go to photos").click()
    expect(page.get_by_role("heading", name="Joe Biden", exact=True)).to_be_visible()
    expect(page.get_by_text("No gate can recognise Joe Biden")).to_be_visible()
    page.wait_for_load_state()  # its scripts are there now, and not a moment before
    page.set_input_files("#files", photos("biden"))
    expect(page.get_by_role("img", name="Photo 1 of Joe Biden")).to_be_visible()
    assert gate(pictures.small("biden"))["decision"] == "open"
    other = page_as("admin", path=page.url)
    expect(other.get_by_role("link", name="Recognised")).to_be_visible()
    expect(other.get_by_text(re.compile(r"One photo: about 1 in \d+ tries turned away"))).to_be_visible()
    look(other, "employee"), axe(other)
    other.get_by_role("button", name="Suspend").click()
    expect(other.get_by_role("button", name="Reactivate")).to_be_visible()
    other.wait_for_load_state()
    assert gate(pictures.small("biden"))["reason"] == "employee_inactive"
    other.get_by_role("button", name="Reactivate").click()
    expect(other.get_by_role("button", name="Suspend")).to_be_visible()
    assert gate(pictures.small("biden"))["decision"] == "open"


def test_each_photo_gets_its_verdict(site: Service, page_as: Open, look: Look, axe: Axe, photos: Any) -> None:
    person = employee(site, "P-2", "Barack Obama", "obama2")
    page = page_as("admin", path=f"/employees/{person}")
    page.set_input_files("#files", photos("impostor_1", "impostor_2", "empty"))
    decisions = page.locator("#verdicts li")
    expect(decisions.nth(0)).to_contain_text("Accepted")
    expect(decisions.nth(1)).to_contain_text("shows a different person")
    expect(decisions.nth(2)).to_contain_text("No face was found")
    look(page, "employee-verdicts"), axe(page)
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".photos li")).to_have_count(2)
    page.wait_for_load_state()
    page.get_by_role("button", name="Remove photo 2").click()
    expect(page.locator(".photos li")).to_have_count(1)


def test_photos_are_dropped_on_the_page(site: Service, page_as: Open) -> None:
    person = employee(site, "P-3", "Drop Target")
    page = page_as("admin", path=f"/employees/{person}")
    data = list(pictures.small("impostor_2", 720))
    page.evaluate(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", {type: "image/jpeg"}));
            document.getElementById("drop").dispatchEvent(
                new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
        }""",
        data,
    )
    expect(page.locator(".photos li")).to_have_count(1)


def test_editing(site: Service, page_as: Open, look: Look, axe: Axe) -> None:
    person = employee(site, "P-4", "Grace Hoper")
    page = page_as("admin", path=f"/employees/{person}")
    page.get_by_role("button", name="Edit").click()
    look(page, "employee-edit")
    axe(page)
    page.locator("#edit").get_by_label("Name", exact=True).fill("Grace Hopper")
    page.locator("#edit").get_by_label("Valid until").fill("2020-01-31")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Grace Hopper")).to_be_visible()
    expect(page.locator(".page-head").get_by_text("ended")).to_be_visible()
    stored = site.system.enrolment.get(person)
    assert stored.valid_until is not None and stored.valid_until.isoformat() == "2020-01-31"
    page.get_by_role("button", name="Edit").click()
    page.locator("#edit").get_by_label("E-mail").fill("grace@example.org")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("grace@example.org")).to_be_visible()
    assert site.system.enrolment.get(person).valid_until == stored.valid_until


def test_erasure_asks_for_the_number_and_shows_the_receipt(site: Service, page_as: Open, look: Look, axe: Axe) -> None:
    person = employee(site, "P-5", "Leaving Soon", "impostor_2")
    page = page_as("admin", path=f"/employees/{person}")
    page.get_by_role("button", name="Erase", exact=True).click()
    button = page.get_by_role("button", name="Erase permanently")
    page.get_by_label("Type the number").fill("P-")
    expect(button).to_be_disabled()
    look(page, "employee-erase")
    axe(page)
    page.get_by_label("Type the number").fill("P-5")
    button.click()
    expect(page.get_by_role("heading", name="Erased")).to_be_visible()
    expect(page.locator("#receipt-facts")).to_contain_text(person)
    look(page, "employee-receipt")
    page.get_by_role("link", name="Back to the list").click()
    expect(page).to_have_url(f"{site.url}/employees")
    assert site.system.enrolment.by_number("P-5") is None


def test_photos_from_a_gate(tmp_path: Path, browser: Browser, look: Look, axe: Axe) -> None:
    """Somebody whom the gate did not know becomes known by what it saw of them."""
    with Service.running(tmp_path / "data", enrol_from_gate=True, max_frame_age_ms=60_000) as site:
        tabs = Tabs(site, browser)
        site.system.gates.add(GATE)
        decide = asking(site)
        assert decide(pictures.small("biden", 720))["reason"] == "not_recognised"
        person = employee(site, "P-8", "Joe Biden")
        page = tabs.open("admin", path=f"/employees/{person}")
        page.get_by_role("link", name="From a gate").click()
        page.get_by_role("checkbox").first.check()
        look(page, "employee-sightings")
        axe(page)
        page.get_by_role("button", name="Use as photos").click()
        expect(page.get_by_role("img", name="Photo 1 of Joe Biden")).to_be_visible()
        answer = decide(pictures.small("biden", 720))
        assert answer["decision"] == "open", answer
        tabs.close()


def test_only_admins_see_employees(page_as: Open) -> None:
    page = page_as("security", path="/employees")
    expect(page.get_by_text("This page needs the role admin")).to_be_visible()
    expect(page.get_by_role("link", name="People")).to_have_count(0)
    expect(page.get_by_role("link", name="Visitors")).to_be_visible()


# The camera


def test_camera_guides_and_takes_the_pictures_itself(
    site: Service, filmed: Browser, look: Look, axe: Axe, gate: Callable[[bytes], dict[str, Any]]
) -> None:
    tabs = Tabs(site, filmed)
    person = employee(site, "P-7", "Barack Obama")
    page = tabs.open("admin", path=f"/employees/{person}")
    page.get_by_role("button", name="Use the camera").press("Enter")
    heard = page.locator("#guidance")
    expect(heard).to_have_text("Look into the camera", timeout=30_000)
    expect(heard).to_have_text("Come closer", timeout=30_000)
    expect(page.locator(".shots .taken")).to_have_count(1, timeout=60_000)
    look(page, "employee-camera")
    axe(page)
    expect(page.locator(".shots .taken")).to_have_count(3, timeout=60_000)
    use = page.get_by_role("button", name="Use these 3 pictures")
    expect(use).to_be_focused()
    live = "() => document.getElementById('video').srcObject?.getTracks().some((t) => t.readyState === 'live') ?? false"
    assert page.evaluate(live)
    use.press("Enter")
    kept, done = page.locator(".photos li").first, page.get_by_role("button", name="Done")
    expect(kept.or_(done)).to_be_visible(timeout=30_000)
    if done.is_visible():  # the film is short: on a slow machine one of its pictures comes twice, and is refused
        done.click()
    expect(kept).to_be_visible()
    assert not page.evaluate(live)
    assert gate(pictures.small("impostor_1"))["employee"]["number"] == "P-7"
    page.get_by_role("button", name="Use the camera").click()
    expect(heard).not_to_have_text("Starting the camera …")
    assert page.evaluate(live)
    page.keyboard.press("Escape")
    expect(page.locator("#camera")).not_to_be_visible()
    page.wait_for_function(f"() => !({live})()")  # leaving ends the camera
    tabs.close()
