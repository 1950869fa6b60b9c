"""Contractors in the browser: added in one form, given a document, confirmed with one press, and by their sponsor."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.core.access.rules import Group
from app.core.people.details import Details
from app.core.people.reminders import Reminder
from app.core.people.visits import MailState
from app.core.tokens import digest
from tests.console.service import Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]


@pytest.fixture
def site(fresh_site: Service) -> Service:
    with fresh_site.system.store.write() as tx:
        tx.rules.put(Group("CREW", "Crew"), Group("LIFT", "Lift technicians"))
    return fresh_site


@pytest.fixture
def selma(site: Service) -> str:
    return site.system.enrolment.add(Details("S-1", "Selma Sponsor")).id


def test_contractor_is_added_documented_and_confirmed(
    site: Service, selma: str, page_as: Open, look: Look, axe: Axe
) -> None:
    page = page_as("admin", path="/contractors", site=site)
    expect(page.get_by_text("No contractors")).to_be_visible()
    look(page, "contractors-empty")
    page.get_by_role("button", name="Add a contractor").click()
    dialog = page.get_by_role("dialog", name="Add a contractor")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("Type a name.")).to_be_visible()
    dialog.get_by_label("Name").fill("Carl Contractor")
    dialog.get_by_label("Number", exact=True).fill("C-1")
    dialog.get_by_label("Company").fill("ACME Lifts")
    dialog.get_by_label("Sponsor").fill("nobody")
    dialog.get_by_label("Lift technicians").check()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("There is no employee with this number.")).to_be_visible()
    look(page, "contractor-form"), axe(page)
    dialog.get_by_label("Sponsor").fill("S-1")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("Carl Contractor"))).to_be_visible()

    today = site.system.site_clock.today()
    page.get_by_role("button", name="Add a document").click()
    dialog = page.get_by_role("dialog", name="Add a document")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Say what the document is.")).to_be_visible()
    dialog.get_by_label("Kind").fill("Work permit")
    dialog.get_by_label("Number").fill("WP 4711 0815")
    dialog.get_by_label("Last day").fill(str(today - timedelta(days=2)))
    look(page, "contractor-document"), axe(page)
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("No gate lets them in: a document has expired.")).to_be_visible()
    expect(page.get_by_text("••0815")).to_be_visible()
    look(page, "contractor"), axe(page)

    page.get_by_role("button", name="Renew Work permit").click()
    dialog = page.get_by_role("dialog", name="Renew the document")
    expect(dialog.get_by_label("Kind")).to_be_hidden()
    dialog.get_by_label("Last day").fill(str(today + timedelta(days=5)))
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Ends soon")).to_be_visible()

    page.goto("/contractors")
    expect(page.get_by_text("1 Ends soon")).to_be_visible()
    site.system.contractors.book.take_on(Details("C-2", "Dora Decorator"), "S-1", "Paint & Sons")
    site.system.contractors.book.add_document(
        site.system.contractors.book.take_on(Details("C-3", "Emil Electrician"), "S-1").person.id,
        "Insurance",
        "",
        today - timedelta(days=9),
    )
    page.reload()
    look(page, "contractors"), axe(page)
    page.get_by_role("button", name="Confirm Dora Decorator").click()
    expect(page.get_by_text("Confirmed for 90 days from now.")).to_be_visible()
    page.get_by_role("link", name="Carl Contractor").click()
    page.get_by_role("button", name="Remove Work permit").click()
    expect(page.get_by_text("None. Access rests on the sponsor alone.")).to_be_visible()
    page.get_by_role("button", name="No contractor any more").click()
    page.get_by_role("button", name="Make them an employee").click()
    expect(page.get_by_text("They are an employee now.")).to_be_visible()
    look(page, "contractor-none"), axe(page)


def test_sponsor_confirms_behind_the_link(site: Service, selma: str, page_as: Open, look: Look, axe: Axe) -> None:
    book, token = site.system.contractors.book, "s" * 43
    carl = book.take_on(Details("C-1", "Carl Contractor"), "S-1", "ACME Lifts")
    with site.system.store.write() as tx:
        tx.employees.get(carl.person.id, for_update=True)
        tx.reminders.put(Reminder(carl.person.id, carl.contract.confirmed_at, digest(token), MailState.SENT))
    page = page_as(path=f"/sponsor?token={token}", site=site)
    expect(page.get_by_text("Carl Contractor of ACME Lifts works at")).to_be_visible()
    assert "token" not in page.url
    look(page, "sponsor"), axe(page)
    page.get_by_role("button", name="Yes, still needed").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert book.get(carl.person.id).contract.confirmed_at > carl.contract.confirmed_at
    page.goto("/sponsor")
    expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()
