"""An admin adds a receiver, tries it, sees what became of its messages, and removes it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.core.alerts.alert import Alert, AlertKind
from app.wiring import new_id
from tests.adapters.receivers.http_receiver import HttpReceiver
from tests.console.service import Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Service]:
    """A service that may send to this machine."""
    with Service.running(tmp_path / "data", receiver_networks="127.0.0.0/8") as service:
        yield service


@pytest.fixture
def server() -> Iterator[HttpReceiver]:
    running = HttpReceiver()
    yield running
    running.close()


def sent(site: Service, receiver: HttpReceiver, count: int) -> None:
    sender = site.system.outward.sender
    sender.outbox.take()
    with site.system.store.read() as tx:
        (waiting,) = tx.deliveries.with_waiting()
    sender.drain(waiting, site.app.state.alert_letters)
    assert len(receiver.ids) == count


def test_from_a_new_receiver_to_its_end(
    here: Service, server: HttpReceiver, page_as: Open, look: Look, axe: Axe
) -> None:
    admin = page_as("admin", path="/receivers", site=here)
    expect(admin.get_by_text("No receivers yet")).to_be_visible()
    admin.get_by_role("link", name="Add a receiver").first.click()
    admin.get_by_label("Name", exact=True).fill("Alarm centre")
    admin.get_by_role("textbox", name="Address").fill("http://169.254.169.254/latest")
    axe(admin)
    look(admin, "receiver-new")
    admin.get_by_role("button", name="Add", exact=True).click()
    expect(admin.get_by_role("alert").filter(has_text="This address is never a receiver's")).to_be_visible()
    admin.get_by_role("textbox", name="Address").fill(server.address)
    admin.get_by_label("And when an alert is over").check()
    admin.get_by_role("button", name="Add", exact=True).click()
    expect(admin.get_by_role("heading", name="Secret", exact=True)).to_be_visible()
    axe(admin)
    secret = admin.locator("#secret-text").inner_text()
    assert secret.startswith("whsec_")
    admin.get_by_role("button", name="Done").click()

    expect(admin.get_by_role("heading", name="Alarm centre")).to_be_visible()
    assert "token-in-the-path" not in admin.content() and secret not in admin.content()
    admin.get_by_role("button", name="Send a test").click()
    expect(admin.get_by_text("The test arrived at Alarm centre: answered 200")).to_be_visible()
    assert server.messages[0]["type"] == "alert.test"

    system = here.system
    gate = system.gates.add("dock")
    for kind, answers in (
        (AlertKind.DOOR_FORCED, []),
        (AlertKind.CAMERA_DEAD, ["422"]),
        (AlertKind.DOOR_HELD, ["503"]),
    ):
        server.script.extend(answers)
        with system.store.write() as tx:
            tx.alerts.raise_(Alert(new_id(), system.clock(), kind, gate.id))
        sent(here, server, len(server.ids) + 1)
    admin.reload()
    for shown, state in (
        ("Door was forced", "delivered"),
        ("Camera sends no pictures", "given up"),
        ("Door is held", "waits"),
    ):
        expect(admin.get_by_role("row").filter(has_text=shown)).to_contain_text(state)
    axe(admin)
    look(admin, "receiver")
    admin.goto("/receivers")
    expect(admin.get_by_role("row", name="Alarm centre")).to_contain_text("answered 503")
    axe(admin)
    look(admin, "receivers")

    admin.get_by_role("link", name="Alarm centre").click()
    admin.get_by_text("Only some kinds").click()
    admin.get_by_label("Door was forced").check()
    admin.get_by_role("button", name="Save").press("Enter")
    expect(admin.get_by_text("Saved. It applies from the next alert.")).to_be_visible()
    (view,) = system.outward.book.all()
    assert view.receiver.kinds == {AlertKind.DOOR_FORCED} and view.receiver.ended and view.address.endswith("/…")
    admin.get_by_role("button", name="New secret …").click()
    admin.get_by_role("button", name="Make another").click()
    expect(admin.get_by_role("heading", name="Secret", exact=True)).to_be_visible()
    assert admin.locator("#secret-text").inner_text() not in ("", secret)
    admin.get_by_role("button", name="Done").click()
    admin.get_by_role("button", name="Remove …").click()
    admin.locator("#sure").get_by_role("button", name="Remove").click()
    expect(admin.get_by_text("The receiver was removed.")).to_be_visible()
    assert system.outward.book.all() == []
