"""A person enrols with their own phone by a link: consent, camera, shutter, done; or says that they prefer a card."""

import io
import re
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from app.core.people.details import Details
from tests.console.browser import Tabs
from tests.console.service import Service

Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def made_link(admin: Page) -> str:
    admin.get_by_role("button", name="Make a").click()
    expect(admin.locator("#invitation-state")).to_contain_text(re.compile(r"Waiting until 20\d\d-\d\d-\d\d "))
    return admin.locator("#invitation-address").input_value()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_person_enrols_with_their_phone_or_chooses_a_card(site: Service, filmed: Browser, look: Look, axe: Axe) -> None:
    tabs = Tabs(site, filmed)
    person = site.system.enrolment.add(Details("S-1", "Barack Obama")).id
    admin = tabs.open("admin", path=f"/employees/{person}")
    expect(admin.locator("#invitation-state")).to_have_text("No link was made.")
    card = made_link(admin)
    code = Image.open(io.BytesIO(admin.get_by_alt_text("The link as a QR code").screenshot())).convert("L")
    assert cv2.QRCodeDetector().detectAndDecode(np.asarray(code))[0] == card
    axe(admin)
    phone = tabs.open(**PHONE, path=card)
    assert "token" not in phone.url
    expect(phone.get_by_role("heading", name="Hello Barack Obama")).to_be_visible()
    look(phone, "enrol-consent")
    axe(phone)
    ways = [phone.get_by_role("button", name=name).bounding_box() for name in ("I agree", "I prefer a card")]
    assert ways[0] and ways[1], "both ways are there"
    assert (ways[0]["width"], ways[0]["height"]) == (ways[1]["width"], ways[1]["height"]), "with the same weight"
    assert ways[0]["height"] >= 44 and fits(phone)
    phone.get_by_role("button", name="I prefer a card").tap()
    expect(phone.get_by_role("heading", name="You get a card")).to_be_visible()
    tabs.errors.clear()
    admin.reload()
    expect(admin.locator("#invitation-state")).to_contain_text(re.compile(r"They prefer a card, since 20\d\d-"))

    phone = tabs.open(**PHONE, path=made_link(admin))
    phone.get_by_role("button", name="I agree").press("Enter")
    expect(phone.locator("#guidance")).to_have_text("Good: take the photo", timeout=60_000)
    look(phone, "enrol-photos")
    axe(phone)
    assert fits(phone)
    done = phone.get_by_role("heading", name="Done")
    for _ in range(5):  # the film goes on: what was good when it was said may be somebody who turns away
        expect(phone.locator("#guidance")).to_have_text("Good: take the photo", timeout=60_000)
        phone.get_by_role("button", name="Take a photo").press("Enter")
        expect(phone.locator("#shots li")).to_have_count(1)
        phone.get_by_role("button", name="Send this photo").tap()
        expect(done.or_(phone.locator("#shots .fails"))).to_be_visible(timeout=60_000)
        if done.is_visible():
            break
        phone.get_by_role("button", name="Remove").press("Enter")
    expect(done).to_be_visible()
    look(phone, "enrol-done")
    admin.reload()
    expect(admin.locator("#invitation-state")).to_contain_text(re.compile(r"Done on 20\d\d-.* They agreed to text"))
    assert len(site.system.enrolment.photos(person)) == 1
    phone.goto("/enrol")
    withdraw = phone.get_by_role("button", name="Withdraw and erase my photos")
    expect(withdraw).to_be_visible()
    look(phone, "enrol-enrolled")
    withdraw.tap()
    expect(phone.get_by_role("heading", name="Your photos are erased")).to_be_visible()
    assert site.system.enrolment.photos(person) == []
    phone.goto("/enrol")
    expect(phone.get_by_role("heading", name="This link does not work any more")).to_be_visible()
    tabs.errors.clear()  # the browser logs the 404
    tabs.close()
    site.system.erasure.erase(person)
