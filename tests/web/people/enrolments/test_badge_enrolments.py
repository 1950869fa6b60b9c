"""Enrolment by badge over HTTP, with real weights and portraits: gathered at a gate, looked at, accepted, rejected."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import numpy as np
import pytest

from app.core.approach.tracks import Rules
from app.core.approach.tries import Region
from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.people.details import Details
from app.core.people.gathering import GateFace, Gathering, GatheringState
from app.core.recognition.quality import GATE as GATE_LIMITS
from app.core.sealing import Sealed, context
from app.core.types import Box
from app.services.access.approaches import Approaches, Watch
from app.wiring import System, new_id, watching
from app.wiring.system import decoder
from tests import pictures
from tests.waiting import eventually
from tests.web.conftest import DECISIONS, GATE, Headers, TestClient, problem

BADGE = Badge(32, 0xFACE)


@pytest.fixture
def on(client: TestClient, admin: Headers) -> Iterator[None]:
    assert client.patch("/v1/settings", headers=admin, json={"enrol_by_badge": True}).status_code == 200
    yield
    client.patch("/v1/settings", headers=admin, json={"enrol_by_badge": False})


@pytest.fixture
def ada(system: System) -> Iterator[str]:
    made = system.enrolment.add(Details("BE-1", "Ada <b>Badge")).id
    system.credentials.give(made, BADGE, CardFormat.RAW, "admin")
    yield made
    with system.store.read() as tx:
        there = tx.employees.get(made) is not None
    if there:
        system.erasure.erase(made)


def gathered(system: System, employee: str, *photos: bytes) -> list[str]:
    """As if these were taken at four badge reads that agreed. Returns their ids."""
    ids = []
    with system.store.write() as tx:
        tx.employees.get(employee, for_update=True)
        key = tx.data_keys.get(employee)
        assert key is not None
        now = system.clock()
        for n, photo in enumerate(photos):
            new = new_id()
            vector = np.zeros(4, "<f4").tobytes()
            image = system.vault.seal(key, photo, context(Sealed.GATE_FACE, new))
            sealed = system.vault.seal(key, vector, context(Sealed.GATE_FACE_VECTOR, new))
            gate = system.gates.get(GATE).id
            tx.gatherings.add_face(GateFace(new, employee, "V", gate, now + timedelta(hours=n), image, sealed, 0.9))
            ids.append(new)
        tx.gatherings.put(Gathering(employee, GatheringState.READY, now, now))
    return ids


def test_off_until_it_is_turned_on(client: TestClient, admin: Headers, security: Headers, ada: str) -> None:
    address = f"/v1/employees/{ada}/badge-enrolment"
    problem(client.post(address, headers=admin), 409, code="enrol_by_badge_off")
    problem(client.get(address, headers=admin), 404, code="no_badge_enrolment")
    problem(client.get("/v1/badge-enrolments", headers=security), 403)


def test_begun_looked_at_and_rejected(client: TestClient, admin: Headers, system: System, on: None, ada: str) -> None:
    address = f"/v1/employees/{ada}/badge-enrolment"
    begun = client.post(address, headers=admin)
    assert begun.status_code == 201
    assert (begun.json()["state"], begun.json()["needed"], begun.json()["pictures"]) == ("gathering", 4, [])
    problem(client.post(f"{address}/accept", headers=admin), 409, code="not_ready")
    (picture,) = gathered(system, ada, pictures.small(pictures.ADA[0]))
    shown = client.get(f"{address}/pictures/{picture}", headers=admin)
    assert shown.headers["content-type"] == "image/jpeg" and shown.headers["cache-control"] == "no-store"
    problem(client.get(f"{address}/pictures/nothing", headers=admin), 404, code="unknown_photo")
    trail = client.get("/v1/audit-trail", headers=admin, params={"person": ada, "kind": "gate_picture"}).json()
    assert [one["action"] for one in trail["items"]] == ["seen"]
    facts = system.subject_export.facts(ada)["enrolment_by_badge"]
    assert (facts["state"], len(facts["pictures"])) == ("ready", 1)
    assert [name for name, _ in system.subject_export.photos(ada)] == ["photos/by-badge-1.jpg"]
    assert [one["employee"] for one in client.get("/v1/badge-enrolments", headers=admin).json()["items"]] == [ada]
    assert client.delete(address, headers=admin).status_code == 204
    problem(client.delete(address, headers=admin), 404, code="no_badge_enrolment")
    assert client.get("/v1/badge-enrolments", headers=admin).json()["items"] == []


def test_turned_off_every_picture_goes(client: TestClient, admin: Headers, system: System, on: None, ada: str) -> None:
    gathered(system, ada, pictures.small(pictures.ADA[0]))
    client.patch("/v1/settings", headers=admin, json={"enrol_by_badge": False})
    with system.store.read() as tx:
        assert (tx.gatherings.all(), tx.gatherings.faces(ada)) == ([], [])


def test_pictures_of_two_people_enrol_nobody(
    client: TestClient, admin: Headers, system: System, on: None, ada: str
) -> None:
    gathered(system, ada, pictures.small(pictures.ADA[0]), pictures.small(pictures.BOB[0]))
    photos = client.post(f"/v1/employees/{ada}/badge-enrolment/accept", headers=admin).json()["photos"]
    assert [one["accepted"] for one in photos] == [False, False]
    assert client.get(f"/v1/employees/{ada}", headers=admin).json()["photos"] == 0
    assert client.get(f"/v1/employees/{ada}/badge-enrolment", headers=admin).json()["state"] == "ready"


def test_accepted_pictures_enrol(client: TestClient, admin: Headers, system: System, on: None, ada: str) -> None:
    # Nobody of the other tests is enrolled with these for long, as with those of pictures.ADA.
    gathered(system, ada, *(pictures.small(pictures.BOB[0], width) for width in (600, 720)))
    photos = client.post(f"/v1/employees/{ada}/badge-enrolment/accept", headers=admin).json()["photos"]
    assert [one["accepted"] for one in photos] == [True, True]
    assert client.get(f"/v1/employees/{ada}", headers=admin).json()["photos"] == 2
    problem(client.get(f"/v1/employees/{ada}/badge-enrolment", headers=admin), 404, code="no_badge_enrolment")


def test_camera_takes_the_picture_of_whoever_used_their_badge(
    client: TestClient, admin: Headers, gate: Headers, system: System, on: None, ada: str
) -> None:
    """From frames to a sealed crop: as a camera's loop calls it, with the real networks."""
    client.post(f"/v1/employees/{ada}/badge-enrolment", headers=admin)
    system.gatherer.gathers = True  # by what was last read; within 30 s it would be read anyway
    approaches = Approaches(
        store=system.store,
        decisions=system.decisions,
        rules=Rules(same_person=system.calibration.same_person),
        snapshot=partial(watching._view, system),
        carry_out=lambda gate, answer: None,
        tailgating=lambda gate, camera: None,
        left=partial(watching._left, system),
    )
    watch = Watch("door", system.gates.get(GATE).id, Region(min_face_px=40))
    pixels = decoder(system.settings)(pictures.small(pictures.ADA[0]))
    whole = Box(0, 0, pixels.shape[1], pixels.shape[0])
    seen = system.recognition.see(pixels, region=whole, most=3, limits=replace(GATE_LIMITS, min_face_px=40.0))
    for _ in range(4):
        approaches.frame(watch, seen, pixels, system.clock())
    answer = client.post(DECISIONS, headers=gate, json={"credential": BADGE.text}).json()
    assert answer["reason"] == "credential_accepted"
    for n in range(40):
        approaches.frame(watch, (), pixels, system.clock() + timedelta(milliseconds=100 * n))
    address = f"/v1/employees/{ada}/badge-enrolment"
    eventually(lambda: client.get(address, headers=admin).json()["pictures"])
    (one,) = client.get(address, headers=admin).json()["pictures"]
    assert one["event"] == answer["decision_id"]
    crop = client.get(f"{address}/pictures/{one['id']}", headers=admin).content
    shown = decoder(system.settings)(crop)
    assert 56 < shown.shape[0] <= 480
