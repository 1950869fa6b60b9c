"""Enrolment by badge in the browser: turned on, begun on the person's page, looked at, accepted, ended, turned off."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.people.details import Details
from app.core.people.gathering import GateFace, Gathering, GatheringState
from app.core.sealing import Sealed, context
from app.wiring import System, new_id
from tests import pictures
from tests.console.service import Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]
GATE = "badge-gate"


@pytest.fixture
def site(fresh_site: Service) -> Service:
    fresh_site.system.gates.add(GATE)
    return fresh_site


def add(system: System, number: str, name: str, badge: int) -> str:
    made = system.enrolment.add(Details(number, name)).id
    system.credentials.give(made, Badge(32, badge), CardFormat.RAW, "admin")
    return made


def gathered(system: System, employee: str, state: GatheringState, *photos: bytes) -> None:
    """As if these were taken at badge reads."""
    with system.store.write() as tx:
        tx.employees.get(employee, for_update=True)
        key, now = tx.data_keys.get(employee), system.clock()
        assert key is not None
        gate = system.gates.get(GATE).id
        for n, photo in enumerate(photos):
            new = new_id()
            image = system.vault.seal(key, photo, context(Sealed.GATE_FACE, new))
            vector = system.vault.seal(key, np.zeros(4, "<f4").tobytes(), context(Sealed.GATE_FACE_VECTOR, new))
            taken = now - timedelta(minutes=90 - 9 * n)
            tx.gatherings.add_face(GateFace(new, employee, "V", gate, taken, image, vector, 0.9))
        tx.gatherings.put(Gathering(employee, state, now - timedelta(hours=2), now))


def test_enrolment_by_badge(site: Service, page_as: Open, look: Look, axe: Axe) -> None:
    system = site.system
    ada, bea, carl = (add(system, f"E-{n}", name, n) for n, name in enumerate(("Ada Lovelace", "Bea", "Carl"), 1))
    page = page_as("admin", path="/enrolments", site=site)
    look(page, "enrolments-off"), axe(page)
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("Enrolment by badge is on.")).to_be_visible()
    expect(page.get_by_text("Nobody is enrolled by badge")).to_be_visible()

    page.goto(f"/employees/{ada}")
    page.get_by_role("button", name="They asked to be enrolled by their badge").click()
    expect(page.get_by_text("It has begun")).to_be_visible()
    expect(page.get_by_text("0 of 4 pictures from their badge reads.")).to_be_visible()
    look(page, "enrolment-begun"), axe(page)

    two = [pictures.small(name) for name in pictures.ADA]
    gathered(system, ada, GatheringState.READY, *two)
    gathered(system, bea, GatheringState.DISAGREED)
    gathered(system, carl, GatheringState.GATHERING, pictures.small(pictures.BOB[0]))
    page.goto("/enrolments")
    expect(page.get_by_role("img", name="Picture 2 of Ada Lovelace")).to_be_visible()
    expect(page.get_by_text("1 of 4 pictures since")).to_be_visible()
    look(page, "enrolments"), axe(page)
    page.get_by_role("button", name="Begin anew").click()
    expect(page.get_by_text("0 of 4 pictures since")).to_be_visible()
    page.get_by_role("button", name="End and erase, enrolment of Carl").click()
    expect(page.get_by_text("Ended. The pictures are erased.")).to_be_visible()
    page.get_by_role("button", name="Accept all four, pictures of Ada Lovelace").click()
    expect(page.get_by_text("Accepted. The gates know the face now.")).to_be_visible()
    assert system.enrolment.get(ada).photos == 2

    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("Its pictures are erased.")).to_be_visible()
    assert system.gathering.all() == []
