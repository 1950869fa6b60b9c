"""An admin keeps the site well: what was found has a button, the log is verified, backups are made and listed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.console.service import Service

Open = Callable[..., Page]


def test_admin_verifies_the_log_and_backs_up(
    fresh_site: Service, page_as: Open, look: Any, axe: Callable[[Page], None], tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    page = page_as("admin", path="/settings/care", site=fresh_site)
    page.get_by_role("button", name="Verify it now").click()
    expect(page.get_by_text("The log is intact: 0 events at 0 gates.")).to_be_visible()
    # A folder that is not there is refused beside its field, and saved once it is
    page.get_by_role("link", name="Choose a folder").click()
    page.get_by_label("Folder for nightly backups").fill(str(folder))
    page.get_by_label("How many are kept").fill("3")
    save = page.get_by_role("form", name="Nightly backups").get_by_role("button", name="Save")
    save.click()
    expect(page.locator(".field-problem")).to_contain_text("There is no such folder on the service's machine.")
    folder.mkdir()
    save.click()
    expect(page.get_by_text("Saved. The first backup follows within a minute.")).to_be_visible()
    # One without the key, and by keyboard one with it
    page.get_by_role("button", name="Back up now").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Back up").click()
    expect(page.get_by_text("The backup was made.")).to_be_visible()
    expect(page.get_by_role("region", name="Backups that were made").get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name="Back up now").first.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    page.keyboard.press("ArrowDown")
    expect(dialog.get_by_role("radio", name="Yes")).to_be_checked()
    dialog.get_by_role("textbox", name="Passphrase").fill("correct horse battery")
    dialog.get_by_label("The same again").fill("correct horse batterie")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("This is not the same passphrase.")).to_be_visible()
    axe(page)
    dialog.get_by_label("The same again").fill("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Backups that were made").get_by_role("row")).to_have_count(3)
    expect(page.get_by_role("region", name="Backups that were made")).to_contain_text("with the master key")
    look(page, "care"), axe(page)
    assert len(list(folder.glob("facegate-*.backup"))) == 2 and (folder / "facegate-keys.sealed").exists()
