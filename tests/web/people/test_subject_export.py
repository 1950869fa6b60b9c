"""Everything about one person in one zip: what it holds, and that nobody else is in it."""

import io
import json
import zipfile
from typing import Any

import pytest

from app.core.accounts.trail import Action, TrailFilter
from app.wiring import System
from tests import pictures
from tests.web.conftest import DECISIONS, Headers, TestClient, photos, problem


@pytest.fixture
def exported(client: TestClient, admin: Headers, gate: Headers, newcomer: dict[str, Any]) -> zipfile.ZipFile:
    """Of somebody with a photo, a consent and a passage."""
    person = f"/v1/employees/{newcomer['id']}"
    client.post(f"{person}/consents", headers=admin, json={})
    sent = client.post(f"{person}/photos", headers=admin, files=photos(pictures.BOB[0]))
    assert sent.json()["photos"][0]["accepted"], sent.text
    image = {"image": ("1.jpg", pictures.small(pictures.BOB[0], 720), pictures.JPEG)}
    assert client.post(DECISIONS, headers=gate, files=image).json()["employee"]["id"] == newcomer["id"]
    answer = client.get(f"{person}/everything.zip", headers=admin)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.content))


def test_zip_holds_what_is_kept_and_a_report_for_people(
    system: System, exported: zipfile.ZipFile, newcomer: dict[str, Any]
) -> None:
    assert exported.namelist() == ["person.json", "report.html", "photos/1.jpg"]
    facts = json.loads(exported.read("person.json"))
    assert facts["person"]["name"] == "Grace Hopper" and facts["person"]["number"] == newcomer["number"]
    assert [one["reason"] for one in facts["events"]][:1] == ["recognised"]
    assert facts["consents"][0]["text"] and facts["kept_for_hours"]["passages"]["hours"] == 2160
    assert facts["gates_now"] and exported.read("photos/1.jpg")[:2] == b"\xff\xd8"
    report = exported.read("report.html").decode()
    assert "Grace Hopper" in report and "Recognised" in report and "<script" not in report
    (entry,) = system.trail.find(TrailFilter(person=newcomer["id"], action=Action.EXPORTED))
    assert (entry.kind, entry.label) == ("person", "everything")


def test_nobody_else_is_in_it(
    client: TestClient, admin: Headers, ada: dict[str, Any], exported: zipfile.ZipFile, system: System
) -> None:
    everything = exported.read("person.json").decode() + exported.read("report.html").decode()
    assert ada["id"] not in everything and ada["name"] not in everything
    for key in system.keys.all():
        assert key.id not in everything
    problem(client.get("/v1/employees/nobody/everything.zip", headers=admin), 404)
