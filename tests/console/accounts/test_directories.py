"""An admin adds a directory, gives it address and key, and answers when one run wants many people off the doors."""

from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.console.service import Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def test_from_a_new_directory_to_a_mass_leaving(site: Service, page_as: Open, look: Look, axe: Axe) -> None:
    admin = page_as("admin", path="/directories")
    admin.get_by_role("button", name="Add a directory").click()
    admin.get_by_label("Name").fill("Entra ID")
    admin.get_by_role("button", name="Add and make a key").click()
    expect(admin.get_by_role("heading", name="Address and key")).to_be_visible()
    axe(admin)
    address, key = admin.locator("#address").inner_text(), admin.locator("#secret").inner_text()
    assert address == f"{site.url}/scim/v2"
    admin.get_by_role("button", name="Done").click()
    expect(admin.get_by_text("sent nothing yet")).to_be_visible()

    people = []
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as entra:
        for number in range(22):
            body = {
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                "userName": f"crowd{number}@example.org",
                "displayName": f"Leaving {number}",
                "title": "Engineer",
            }
            people.append(entra.post("/Users", json=body).json()["id"])
        off = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]}
        for one in people:
            assert entra.patch(f"/Users/{one}", json=off).status_code == 200
    admin.reload()
    expect(admin.get_by_role("heading", name="2 people wait for you")).to_be_visible()
    expect(admin.get_by_role("row", name="20 taken off the doors, 2 wait for you, 22 added")).to_contain_text("title")
    expect(admin.get_by_text("A directory wants many people off the doors").first).to_be_visible()
    look(admin, "directories")
    axe(admin)
    admin.get_by_role("button", name="As the directory wants").click()
    admin.get_by_role("button", name="Do it").click()
    expect(admin.get_by_text("Done as the directory wanted.")).to_be_visible()
    expect(admin.get_by_role("heading", name="wait for you")).to_have_count(0)
    assert all(site.system.enrolment.get(one).status == "inactive" for one in people)
    admin.goto(f"/employees/{people[0]}")
    expect(admin.get_by_role("link", name="Entra ID")).to_be_visible()

    admin.goto("/directories")
    admin.get_by_role("button", name="Remove").click()
    admin.locator("#sure").get_by_role("button", name="Remove").click()
    expect(admin.get_by_text("The directory was removed.")).to_be_visible()
    assert httpx.get(f"{address}/Users", headers={"Authorization": f"Bearer {key}"}, trust_env=False).status_code == 401
    for one in people:
        site.system.erasure.erase(one)
    with site.system.store.write() as tx:
        for alert in tx.alerts.uncleared():
            tx.alerts.end(alert.id, site.system.clock())
