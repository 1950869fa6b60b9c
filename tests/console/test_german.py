"""The console in German: no English is left on a page, pages fit a phone and a thumb, and a chosen language stays."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from app.core.access.rules import Group, Rule, Where, Who
from app.core.access.schedules import Calendar, CalendarDay, Hours, Schedule, Window
from app.core.events.decision import Identity
from app.core.people.details import Details
from app.core.types import Reason, Role
from app.services.events.orders import ordered
from app.web.language.catalog import catalog
from app.wiring import new_id
from tests.console.browser import CUT, OVER, SMALL
from tests.console.service import Service
from tests.web.language.texts import all_texts

Open = Callable[..., Page]
GERMAN = {"locale": "de-DE", "viewport": {"width": 390, "height": 844}}
# What people read: text and labels, without code, values that somebody typed, and what is in another language.
SAID = """() => {
  const said = [];
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  const skipped = 'script, style, code, pre, kbd, textarea, datalist, option[value^="utf"], [lang="en"], .brand';
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest(skipped)) said.push(node.data);
  for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
    for (const e of document.querySelectorAll(`[${name}]`))
      if (!e.closest(skipped)) said.push(e.getAttribute(name));
  return said.map((text) => text.replace(/\\s+/g, ' ').trim()).filter(Boolean);
}"""
# Words that a German text does not have.
ENGLISH = re.compile(
    r"\b(the|and|of|is|are|with|nobody|yet|your|you|this|that|has|have|not|from|until|people|gates?|no|yes|"
    r"open|opened|denied|by|or|it|they|them|their|which|who|what)\b",
    re.IGNORECASE,
)
# Examples of what the search takes, and the names of the two languages and of formats.
SAME = {"haddad eva", "yesterday 17:00-17:10", "English", "Site"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Its own: what other tests name in English is no text of ours."""
    with Service.running(tmp_path_factory.mktemp("german")) as service:
        yield service


@pytest.fixture(scope="module")
def translated() -> frozenset[str]:
    """The English texts that read otherwise in German."""
    german = catalog("de")
    return frozenset(text.english for text in all_texts() if german.of(text.english) != text.english)


@pytest.fixture(scope="module")
def paths(site: Service) -> Iterator[list[str]]:
    """The pages of an admin, with something on each."""
    system = site.system
    person = system.enrolment.add(Details(number="D-1", name="Änne Öß", groups=("Büro",)))
    gate, event_id, now = system.gates.add("tor-1"), new_id(), system.clock()
    calendar = Calendar(new_id(), "Feiertage", (CalendarDay(now.date(), False, "Heute"),))
    schedule = Schedule(
        new_id(), "Tagschicht", (Window((0, 1, 2), Hours(7 * 60, 600)), Window((6,), Hours(22 * 60, 480)))
    )
    group = Group(new_id(), "Wache")
    rule = Rule(new_id(), "Regel Eins", Who(groups=frozenset({group.id})), Where(everywhere=True), schedule.id)
    with system.store.write() as tx:
        tx.rules.put(group, calendar, schedule, rule)
        order = ordered(gate, event_id, Reason.EMPLOYEE_INACTIVE, now, None, None, "Grund")
        system.by_hand.log.append(tx, replace(order, employee=Identity.of(person)))
    yield [
        "/", "/live", "/alerts", "/alerts/corrections", "/alerts/shift", "/activity", f"/activity/{event_id}",
        "/reports", "/health", "/employees", f"/employees/{person.id}", f"/employees/{person.id}/sightings",
        "/employees/new", "/employees/unknown", "/imports", "/access/rules", "/access/rules/new",
        f"/access/rules/{rule.id}", "/access/matrix", "/access/groups", f"/access/groups/{group.id}",
        "/access/schedules", f"/access/schedules/{schedule.id}", "/access/calendars",
        f"/access/calendars/{calendar.id}", "/access/zones", "/access/grants", "/access/who?gate=tor-1",
        "/access/who/explain?employee=D-1&gate=tor-1", "/gates", "/gates/new", f"/gates/{gate.id}", "/cameras",
        "/cameras/new", "/settings/site", "/settings/quality", "/settings/care", "/settings/all", "/users",
        "/signins", "/keys", "/displays", "/account", "/nothing-here",
    ]  # fmt: skip
    with system.store.write() as tx:
        tx.rules.delete(rule, schedule, calendar, group)
    system.erasure.erase(person.id)


def left(page: Page, translated: frozenset[str]) -> set[str]:
    """The English on the page."""
    said = set(page.evaluate(SAID))
    # Paths and roles are as they are: /tmp/pytest-of-root, "gate: fragt ...".
    words = {text: re.sub(r"\S*/\S*|^(gate|admin|security|viewer):", "", text) for text in said}
    return {text for text in said if text in translated or ENGLISH.search(words[text])} - SAME


def test_pages_of_an_admin_are_german_and_fit_a_phone(
    page_as: Open, paths: list[str], translated: frozenset[str]
) -> None:
    page = page_as("admin", "security", **GERMAN)
    english, wide, small = {}, {}, {}
    for path in paths:
        page.goto(path)
        expect(page.get_by_text("Wird geladen …")).to_have_count(0)
        assert page.locator("html").get_attribute("lang") == "de"
        if found := left(page, translated):
            english[path] = found
        if page.evaluate(OVER) > 0 or page.evaluate(CUT):
            wide[path] = page.evaluate(CUT)
        if found := page.evaluate(SMALL):
            small[path] = found

    assert english == {}
    assert wide == {}
    assert small == {}


def test_pages_before_signing_in_are_german(page_as: Open, site: Service, translated: frozenset[str]) -> None:
    page = page_as(**GERMAN)
    for path in ("/signin", "/display", "/setup?token=x", "/reset?token=x", "/enrol", "/enrol?said=done"):
        page.goto(path)

        assert not left(page, translated), path
        assert page.evaluate(OVER) <= 0, path


def test_refusal_is_said_in_the_language_of_the_page(page_as: Open) -> None:
    page = page_as(path="/signin", **GERMAN)
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Passwort").fill("wrong")
    page.get_by_role("button", name="Anmelden").click()

    expect(page.get_by_role("alert")).to_contain_text("Name oder Passwort ist falsch")


def test_chosen_language_stays_with_the_browser_and_with_the_account(page_as: Open, site: Service) -> None:
    page = page_as("viewer", path="/reports?days=7", locale="en-GB")
    page.get_by_role("button", name="Deutsch").click()

    expect(page).to_have_url(f"{site.url}/reports?days=7")
    expect(page.get_by_role("heading", name="Berichte")).to_be_visible()
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("status").first).to_have_text("Sie haben sich abgemeldet.")


def test_signing_in_brings_the_language_of_the_account(page_as: Open, site: Service) -> None:
    password = "a sentence to remember"
    user = site.system.accounts.users.add("grete", frozenset({Role.VIEWER}), password)
    site.system.accounts.users.speak(user.id, "de")
    page = page_as(path="/signin", locale="en-GB")
    page.get_by_label("Name").fill("grete")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("link", name="Aktivität")).to_be_visible()


def test_a_browser_without_our_languages_gets_the_one_of_the_site(page_as: Open, site: Service) -> None:
    site.system.site_settings.change(lambda before: replace(before, language="de"))
    try:
        page = page_as(path="/signin", locale="fr-FR")
        expect(page.get_by_role("button", name="Anmelden")).to_be_visible()
    finally:
        site.system.site_settings.change(lambda before: replace(before, language=None))


@pytest.mark.parametrize(("locale", "said"), [("en-GB", "Let in"), ("de-DE", "Einlassen")])
def test_scripts_show_no_note_on_the_meaning(page_as: Open, locale: str, said: str) -> None:
    page = page_as("viewer", path="/live", locale=locale)

    assert page.evaluate("""import('/static/words.js').then(({ _ }) => _('Let in|do'))""") == said
