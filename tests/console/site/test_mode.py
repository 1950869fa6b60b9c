"""Lockdown and release from the header of every page: held to confirm, by mouse, touch and keyboard, and ended."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect

from app.core.access.rules import Zone
from app.core.site.mode import SiteMode
from app.core.site.settings import SiteSettings
from tests.console.browser import Shots
from tests.console.service import Service

Open = Callable[..., Page]
GATES = ("mode-1", "mode-2")
HOLD_MS = 1500
# When Lockdown was pressed, and when the service had answered.
TIMES = """() => {
  document.addEventListener("pointerdown", () => { window.pressedAt ??= performance.now(); }, true);
  const send = window.fetch;
  window.fetch = async (...asked) => {
    const answer = await send(...asked);
    if (String(asked[0]).endsWith("/v1/lockdown")) window.tookMs = performance.now() - window.pressedAt;
    return answer;
  };
}"""


@pytest.fixture
def guarded(site: Service) -> Iterator[Service]:
    """Guards may lock down here. At the end the site is as other tests expect it."""
    for name in GATES:
        if name not in {gate.name for gate in site.system.gates.all()}:
            site.system.gates.add(name)
    site.system.site_settings.change(lambda _: SiteSettings(guards_may_lock_down=True))
    yield site
    site.system.site.set_mode(SiteMode.NORMAL)
    site.system.site_settings.change(lambda _: SiteSettings())


def mode(site: Service) -> SiteMode:
    return site.system.site.state().mode


def band(page: Page) -> Locator:
    return page.locator(".mode-band")


def hold(page: Page, button: Locator, ms: int = HOLD_MS + 100) -> None:
    box = button.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(ms)
    page.mouse.up()


def test_guard_locks_down_in_two_presses_and_two_seconds(
    guarded: Service, page_as: Open, look: Shots, axe: Callable[[Page], None]
) -> None:
    page = page_as("security", path="/activity")
    viewer = page_as("viewer", path="/account")
    expect(viewer.get_by_role("button", name="Lockdown")).to_have_count(0)
    took = []
    for _ in range(3):
        page.goto("/activity")
        page.evaluate(TIMES)
        page.get_by_role("button", name="Lockdown").click()
        hold(page, page.get_by_role("button", name="Hold to lock down"))
        expect(band(page)).to_contain_text("Nobody gets in at any gate")
        assert mode(guarded) is SiteMode.LOCKDOWN
        took.append(page.evaluate("window.tookMs"))
        if len(took) < 3:
            hold(page, page.get_by_role("button", name="Hold to end"))
            expect(band(page)).to_have_count(0)
            assert mode(guarded) is SiteMode.NORMAL
    print(f"from the press to the answer, held 1.5 s of it: {[round(ms) for ms in took]} ms")  # noqa: T201  a figure
    assert min(took) < 2000
    # Somebody else's page shows it by itself, and has nothing to end it with.
    expect(band(viewer)).to_contain_text("LOCKDOWN", timeout=10_000)
    expect(band(viewer)).to_contain_text("by security")
    expect(viewer.get_by_role("button", name="Hold to end")).to_have_count(0)
    look(page, "mode-lockdown")
    axe(page)


def test_letting_go_early_orders_nothing(guarded: Service, page_as: Open) -> None:
    page = page_as("admin", path="/account")
    page.get_by_role("button", name="Lockdown").click()
    button = page.get_by_role("button", name="Hold to lock down")
    hold(page, button, 600)
    expect(page.get_by_text("Hold for 1.5 s, or press Confirm. Nothing was ordered.")).to_be_visible()
    expect(button).to_be_focused()
    page.keyboard.down("Enter")
    page.wait_for_timeout(600)
    page.keyboard.up("Enter")
    page.keyboard.down(" ")
    page.keyboard.press("Shift+Tab")
    page.wait_for_timeout(HOLD_MS)
    page.keyboard.up(" ")
    button.click()
    page.wait_for_timeout(HOLD_MS)
    assert mode(guarded) is SiteMode.NORMAL
    expect(page.get_by_role("dialog")).to_be_visible()


def test_release_of_a_chosen_gate_by_keyboard_alone(
    guarded: Service, page_as: Open, look: Shots, axe: Callable[[Page], None]
) -> None:
    page = page_as("security", path="/account")
    page.get_by_role("button", name="Release").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(page.get_by_role("button", name="Hold to release")).to_be_focused()
    page.get_by_role("radio", name="All gates").focus()
    page.keyboard.press("ArrowDown")
    expect(dialog.get_by_role("checkbox", name=GATES[1])).to_be_visible()
    confirm = page.get_by_role("button", name="Hold to release")

    def held_by_key(button: Locator) -> None:
        button.focus()
        page.keyboard.down(" ")
        page.wait_for_timeout(HOLD_MS + 100)
        page.keyboard.up(" ")

    held_by_key(confirm)
    expect(dialog.get_by_text("Choose a zone or a gate, or all gates.")).to_be_visible()
    dialog.get_by_role("checkbox", name=GATES[1]).focus()
    page.keyboard.press(" ")
    page.get_by_label("Reason (optional)").focus()
    page.keyboard.type("smoke <b>& fire</b>")
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    assert mode(guarded) is SiteMode.NORMAL, "a short Enter orders nothing, wherever it is pressed"
    look(page, "mode-order")
    axe(page)
    held_by_key(confirm)
    expect(band(page)).to_contain_text(f"Open for everybody: {GATES[1]}.")
    expect(band(page)).to_contain_text("“smoke <b>& fire</b>”")
    assert [guarded.system.gates.get(GATES[1]).id] == list(guarded.system.site.state().gates)
    page.goto("/live")
    expect(band(page)).to_contain_text("EMERGENCY RELEASE")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    look(page, "mode-release-live")
    axe(page)
    page.set_viewport_size({"width": 2560, "height": 1440})
    size = page.locator(".mode-word").evaluate("word => parseFloat(getComputedStyle(word).fontSize)")
    assert size >= 2560 * 0.016, "it is read from three metres"
    if look.folder:
        page.screenshot(path=look.folder / "mode-release-2560.png")
    page.get_by_role("link", name="Who came last").press("Enter")
    expect(page).to_have_url(f"{guarded.url}/activity?reason=recognised")
    expect(page.get_by_label("Reason")).to_have_value("recognised")
    held_by_key(page.get_by_role("button", name="Hold to end"))
    expect(band(page)).to_have_count(0)
    assert mode(guarded) is SiteMode.NORMAL


def test_zone_is_locked_down_and_opened_by_presses_alone(
    guarded: Service, page_as: Open, look: Shots, axe: Callable[[Page], None]
) -> None:
    """As voice control and switches press: a click, without a pointer or a key that could be held."""
    with guarded.system.store.write() as tx:
        rules = tx.rules.all()
        tx.rules.put(Zone("mode-lab", "Laboratory", rules.sites[0].id))
        tx.rules.put(replace(next(gate for gate in rules.gates if gate.name == GATES[0]), zone_to="mode-lab"))
    page = page_as("security", path="/account")

    def press(name: str) -> None:
        page.get_by_role("button", name=name).evaluate("button => button.click()")

    page.get_by_role("button", name="Lockdown").click()
    page.get_by_role("radio", name="Chosen zones and gates").check()
    page.get_by_role("checkbox", name="Laboratory (1 gate)").check()
    page.get_by_role("button", name="Hold to lock down").dblclick()
    expect(page.get_by_role("button", name="Confirm: lock down")).to_be_visible()
    assert mode(guarded) is SiteMode.NORMAL, "two quick presses order nothing"
    press("Confirm: lock down")
    assert mode(guarded) is SiteMode.NORMAL, "nor does a third"
    page.wait_for_timeout(700)
    look(page, "mode-confirm")
    axe(page)
    press("Confirm: lock down")
    expect(band(page)).to_contain_text("Lockdown in Laboratory (1 gate): nobody gets in.")
    assert list(guarded.system.site.state().zones) == ["mode-lab"]
    look(page, "mode-zone")
    press("Hold to end")
    page.wait_for_timeout(700)
    press("Confirm: end it")
    expect(band(page)).to_have_count(0)
    assert mode(guarded) is SiteMode.NORMAL


def test_held_by_touch_on_a_phone(guarded: Service, page_as: Open) -> None:
    page = page_as("security", path="/account", viewport={"width": 390, "height": 844}, has_touch=True)
    cdp = page.context.new_cdp_session(page)
    for name in ("Lockdown", "Release"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box and box["height"] >= 44 and box["width"] >= 44
    page.get_by_role("button", name="Release").tap()
    box = page.get_by_role("button", name="Hold to release").bounding_box()
    assert box and box["height"] >= 44
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    page.wait_for_timeout(HOLD_MS + 100)
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(band(page)).to_contain_text("Every gate is open for everybody")
    assert mode(guarded) is SiteMode.RELEASE
    hint = "Gates are released; end the release before a lockdown."
    page.get_by_role("button", name="Lockdown").tap()
    hold(page, page.get_by_role("button", name="Hold to lock down"))
    expect(page.get_by_role("dialog").get_by_text(hint)).to_be_visible()


def test_guard_without_the_setting_sees_a_lockdown_and_cannot_end_it(guarded: Service, page_as: Open) -> None:
    guarded.system.site_settings.change(lambda _: SiteSettings())
    guarded.system.site.set_mode(SiteMode.LOCKDOWN, GATES, comment="drill")
    page = page_as("security", path="/account")
    expect(band(page)).to_contain_text(f"Nobody gets in at {', '.join(GATES)}.")
    expect(band(page)).to_contain_text("“drill”")
    expect(page.get_by_role("button", name="Hold to end")).to_have_count(0)
    expect(page.get_by_role("button", name="Lockdown")).to_have_count(0)
    expect(page.get_by_role("button", name="Release")).to_be_visible()
