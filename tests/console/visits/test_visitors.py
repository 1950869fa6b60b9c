"""Visitors in the browser: invited in one form, the pass on the screen and behind its link, and the end of a visit."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.core.people.details import Details
from app.services.access.access import Approach
from app.web.console.visits.letters import letters
from tests.console.service import Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]
GATE = "visitors-gate"


@pytest.fixture
def site(fresh_site: Service) -> Service:
    """Its own: a site that other tests gave zones asks for zones."""
    fresh_site.system.gates.add(GATE)
    return fresh_site


@pytest.fixture
def host(site: Service) -> str:
    return site.system.enrolment.add(Details("VH-1", "Hanna Host")).number


def test_visitor_is_invited_comes_and_leaves(site: Service, host: str, page_as: Open, look: Look, axe: Axe) -> None:
    page = page_as("security", path="/visitors", site=site)
    expect(page.get_by_text("Nobody is expected")).to_be_visible()
    page.get_by_role("button", name="Invite a visitor").click()
    dialog = page.get_by_role("dialog", name="Invite a visitor")
    dialog.get_by_role("button", name="Invite", exact=True).click()
    expect(dialog.get_by_text("Type the visitor's name.")).to_be_visible()
    dialog.get_by_label("Visitor's name").fill("Vera Visitor")
    dialog.get_by_label("Host").fill("nobody")
    dialog.get_by_label(GATE).check()
    dialog.get_by_role("button", name="Invite", exact=True).click()
    expect(dialog.get_by_text("There is no employee with this number.")).to_be_visible()
    dialog.get_by_label("Host").fill(host)
    dialog.get_by_label("Company").fill("ACME")
    look(page, "visitor-form"), axe(page)
    dialog.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("Vera Visitor"))).to_be_visible()
    expect(page.get_by_role("img", name="QR code of the pass")).to_be_visible()
    look(page, "visit"), axe(page)
    page.get_by_role("button", name="Move the end").click()
    moving = page.get_by_role("dialog", name="Move the end")
    until = moving.get_by_label("Until").input_value()
    moving.get_by_label("Until").fill("2020-01-01T10:00")
    moving.get_by_role("button", name="Save").click()
    expect(moving.get_by_text("A visit ends in the future")).to_be_visible()
    look(page, "visit-end"), axe(page)
    moving.get_by_label("Until").fill(until[:14] + ("58" if until[14:16] != "58" else "59"))
    moving.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The end is moved.")).to_be_visible()
    link = page.get_by_label("Link to the pass").input_value()
    own = page_as(path="/visit?" + link.partition("?")[2], site=site)
    expect(own.get_by_text("Hanna Host expects you")).to_be_visible()
    expect(own.get_by_role("img", name="QR code of your pass")).to_be_visible()
    assert "token" not in own.url
    look(own, "own-pass"), axe(own)

    system = site.system
    with system.store.read() as tx:
        visit = tx.visits.get(page.url.rpartition("/")[2])
        assert visit is not None
        credential = tx.credentials.get(visit.credential_id)
        assert credential is not None
        code = system.passes.token_in(tx, credential)
    assert system.access.decide(Approach(GATE, (), system.clock(), credential=code)).opens
    system.visits.watch.look(letters(system))
    page.goto("/visitors")
    expect(page.get_by_text("1 Inside")).to_be_visible()
    look(page, "visitors"), axe(page)
    page.get_by_role("button", name="Vera Visitor has left").click()
    expect(page.get_by_text("The visitor has left.")).to_be_visible()
    expect(page.get_by_text("1 Gone")).to_be_visible()
    own.reload()
    expect(own.get_by_role("img", name="QR code of your pass")).to_have_count(0)
