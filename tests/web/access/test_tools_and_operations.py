"""Comparing pictures without a gate; what an operator reads; the pages for people."""

import re
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import NotRecorded
from app.web import health
from app.web.app import create_app
from app.web.codes import codes
from app.wiring import System
from tests import pictures
from tests.web.conftest import Headers, TestClient, photos, problem


def pair(a: bytes, b: bytes) -> dict[str, tuple[str, bytes, str]]:
    return {"a": ("a.jpg", a, "image/jpeg"), "b": ("b.jpg", b, "image/jpeg")}


def test_verify(client: TestClient, admin: Headers, nothing_stored: Any) -> None:
    hers, hers_too, his = (pictures.small(n) for n in (*pictures.ADA, pictures.STRANGER))
    with nothing_stored():
        same = client.post("/v1/verify", headers=admin, files=pair(hers, hers_too)).json()
        other = client.post("/v1/verify", headers=admin, files=pair(hers, his)).json()
    assert set(same) == {"same", "similarity", "threshold", "probability"}
    assert same["same"] is True and same["similarity"] > same["threshold"] > other["similarity"]
    assert other["same"] is False and same["probability"] > 0.5 > other["probability"] >= 0


def test_verify_needs_two_faces(client: TestClient, admin: Headers) -> None:
    her = pictures.small(pictures.ADA[0])
    detail = problem(client.post("/v1/verify", headers=admin, files=pair(her, pictures.empty())), 400, code="no_face")
    assert "`b`" in detail["detail"]
    for files in ({"a": pair(her, her)["a"]}, photos(*pictures.ADA, field="a")):
        problem(client.post("/v1/verify", headers=admin, files=files), 400, code="two_images_required")


def test_identify(client: TestClient, admin: Headers, ada: dict[str, Any], nothing_stored: Any) -> None:
    with nothing_stored():
        answer = client.post("/v1/identify", headers=admin, files=photos(pictures.ADA[1], field="image"))
    candidates = answer.json()["candidates"]
    assert all(set(c) == {"employee", "similarity", "threshold", "above_threshold"} for c in candidates)
    assert candidates[0]["employee"] == {"id": ada["id"], "name": ada["name"], "number": ada["number"]}
    assert candidates[0]["above_threshold"] is True
    similarities = [c["similarity"] for c in candidates]
    assert similarities == sorted(similarities, reverse=True)
    two = photos(*pictures.ADA, field="image")
    problem(client.post("/v1/identify", headers=admin, files=two), 400, code="one_image_required")


@pytest.fixture(autouse=True)
def look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LOOK_EVERY_S", -1.0)


def test_public_page_checks_health_at_most_once_a_second(
    client: TestClient, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LOOK_EVERY_S", 1.0)
    looked = []
    monkeypatch.setattr(health, "check", lambda *_: looked.append(1) or {})
    health_checks = health.HealthChecks(system, None)
    assert [health_checks() for _ in range(5)] == [{}] * 5
    assert len(looked) == 1


def test_ready_part_by_part(client: TestClient, admin: Headers, ada: Any) -> None:
    assert client.get("/healthz", headers=admin).json() == {"status": "alive"}
    answer = client.get("/readyz", headers=admin)
    assert answer.status_code == 200 and answer.json()["ready"] is True
    checks = answer.json()["checks"]
    assert {"database", "gallery", "models"} <= set(checks)
    assert checks["time zones"]["detail"] == f"tzdata {metadata.version('tzdata')}"
    assert all(set(c) == {"ok", "state", "detail"} and c["ok"] for c in checks.values())


def test_not_ready_names_only_the_failing_part(
    client: TestClient, admin: Headers, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail at /somewhere")

    with monkeypatch.context() as patch:
        patch.setattr(health, "_gallery", broken)
        answer, page = client.get("/readyz", headers=admin), client.get("/")
    assert answer.status_code == 503 and answer.json()["ready"] is False
    assert answer.json()["checks"]["gallery"]["ok"] is False
    assert "Not ready" in page.text
    assert "secret" not in answer.text + page.text and "/somewhere" not in answer.text + page.text


def test_outage_is_logged_once_however_often_it_is_checked(
    client: TestClient,
    admin: Headers,
    system: System,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def locked(*_: object) -> None:
        raise NotRecorded("the database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(health, "_database", locked)
        answers = [client.get("/readyz", headers=admin).status_code for _ in range(3)]
        client.get("/")
    assert answers == [503] * 3
    assert client.get("/readyz", headers=admin).status_code == 200
    said = [r for r in caplog.records if r.name == health.logger.name and "recorded" in r.getMessage()]
    assert [record.getMessage() for record in said] == [
        'check_failed what="nothing can be recorded" why="the database is locked"',
        'check_passed_again what="nothing can be recorded"',
    ]
    assert not any(record.exc_info for record in said), "a trace for a locked database"


def test_metrics_count_decisions_without_names(client: TestClient, admin: Headers, gate: Headers, ada: Any) -> None:
    def counted() -> float:
        lines = client.get("/metrics", headers=admin).text.splitlines()
        found = [line for line in lines if line.startswith("facegate_decisions_total") and "no_face" in line]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found if "lobby-1" in line)

    before = counted()
    client.post("/v1/gates/lobby-1/decisions", headers={**gate, "Content-Type": "image/jpeg"}, content=pictures.empty())
    assert counted() == before + 1
    text = client.get("/metrics", headers=admin).text
    assert "facegate_gallery_templates" in text and "facegate_decision_duration_seconds_bucket" in text
    assert "Ada" not in text and "E-1001" not in text


def test_metrics_are_the_documented_ones(client: TestClient, admin: Headers) -> None:
    text = client.get("/metrics", headers=admin).text
    given = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE facegate_")}
    given = {name for name in given if not name.endswith("_created")}
    readme = (Path(__file__).parents[3] / "app/web/api/README.md").read_text()
    assert given == set(re.findall(r"^\| `(facegate_\w+)`", readme, re.M))
    helps = dict(line.split(" ", 3)[2:] for line in text.splitlines() if line.startswith("# HELP facegate_"))
    assert all(words.endswith(".") for words in helps.values()), helps


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_operations_need_no_key_on_this_machine_only(
    client: TestClient, system: System, admin: Headers, security: Headers, gate: Headers, path: str
) -> None:
    problem(client.get(path), 401, code="key_required")
    problem(client.get(path, headers=security), 403, code="wrong_role")
    problem(client.get(path, headers=gate), 403, code="wrong_role")
    assert client.get(path, headers=admin).status_code == 200
    for header in ({"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"X-Real-IP": "127.0.0.1"}):
        problem(client.get(path, headers=header), 401)
    with TestClient(create_app(system), client=("127.0.0.1", 5)) as local:
        assert local.get(path).status_code == 200
        for header in ({"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
            problem(local.get(path, headers=header), 401)


def test_public_pages_show_no_person(client: TestClient, ada: dict[str, Any]) -> None:
    for path in ("/", "/docs", "/signin"):
        page = client.get(path)
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
        assert ada["name"] not in page.text.replace('"Ada Lovelace"', "").replace("&#34;Ada Lovelace&#34;", "")
    assert "Works with limits" in client.get("/").text, "two gates have no hardware"
    assert client.get("/static/console.css").status_code == 200


def test_contract_page_holds_every_call(client: TestClient) -> None:
    spec = client.get("/openapi.json").json()
    page = client.get("/docs").text
    assert spec["paths"]
    for path, methods in spec["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in page


def test_contract_page_lists_every_code(client: TestClient) -> None:
    page = client.get("/docs").text
    assert codes()
    assert [code for code in codes() if f"<td><code>{code}</code></td>" not in page] == []
    assert "<code>dry_run</code> is neither true nor false." in page, "backticks are shown as code"


def test_contract_says_how_operations_refuse(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("/healthz", "/readyz", "/metrics"):
        answers = paths[path]["get"]["responses"]
        assert {"200", "401", "403"} <= set(answers)
        assert ("503" in answers) == (path == "/readyz")
