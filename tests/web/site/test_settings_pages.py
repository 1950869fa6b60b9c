"""Pages of settings: every setting is there with what it does, as the code has it; secrets are not."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.adapters.db.tables import api_keys
from app.core.accounts.provider import Provider
from app.core.accounts.users import Method, SignIn, SignInOutcome
from app.core.site.setting_facts import FACTS
from app.core.site.settings import SiteSettings
from app.core.types import Role
from app.settings import PREFIX, Settings, read_settings
from app.web.console.site.all_settings import start_rows
from app.wiring import System, new_id
from tests.waiting import eventually
from tests.web.conftest import Headers, TestClient, cookie, problem, sign_in


@pytest.fixture
def page(client: TestClient, system: System) -> Any:
    headers = cookie(sign_in(system, Role.ADMIN))
    return lambda path: client.get(path, headers=headers)


def test_every_setting_is_on_the_page_with_its_effect(page: Any, system: System) -> None:
    assert set(FACTS) == {field.name for field in fields(SiteSettings)}
    shown = page("/settings/all").text
    for fact in FACTS.values():
        assert fact.label in shown and fact.effect.replace("'", "&#39;") in shown
    assert len(Settings.model_fields) > 15
    for name in Settings.model_fields:
        assert PREFIX + name.upper() in shown
    assert "Each needs a restart." in shown and "They count at once, in every process." in shown


def test_values_read_as_people_write_them_and_secrets_are_stars(tmp_path: Path) -> None:
    secret = "c2VjcmV0IG1hc3Rlcg=="
    rows = {row.name: row for row in start_rows(read_settings(tmp_path, master_key=secret, workers=3))}
    assert rows["FACEGATE_FALSE_ACCEPT_RATE"].now == "0.001, or 1 in 1,000"
    assert rows["FACEGATE_CAMERA_SCHEMES"].now == "rtsp, rtsps, http, https"
    assert not rows["FACEGATE_TRUSTED_PROXIES"].is_changed and not rows["FACEGATE_KEEP_SNAPSHOTS"].is_changed
    assert rows["FACEGATE_WORKERS"].is_changed and rows["FACEGATE_MAX_WAIT_MS"].unit == "ms"
    assert set(rows["FACEGATE_MASTER_KEY"].now) == {"*"} and secret not in str(rows)


def test_pages_of_settings_are_for_admins(client: TestClient, viewer: Headers) -> None:
    for path in ("/settings/all", "/settings/care", "/settings/quality"):
        assert client.get(path, headers=viewer).status_code == 403
        assert client.get(path).status_code == 303


def test_last_sign_in_through_the_provider_is_found_among_many(page: Any, system: System) -> None:
    provider = Provider("https://login.example.com", "facegate", b"", "groups", {"a": Role.ADMIN}, "Example")
    try:
        with system.store.write() as tx:
            tx.providers.put(provider)
            for method in (Method.PROVIDER, *[Method.PASSWORD] * 201):
                outcome = SignInOutcome.REFUSED if method is Method.PROVIDER else SignInOutcome.SIGNED_IN
                tx.sign_ins.add(SignIn(new_id(), system.clock(), None, "", "192.0.2.9", method, outcome, "wrong group"))
        assert "was refused: wrong group" in page("/settings/care").text
    finally:
        system.accounts.federation.remove()


def test_backup_folder_is_tried_before_it_is_saved(
    client: TestClient, system: System, admin: Headers, tmp_path: Any
) -> None:
    def save(folder: Any) -> Any:
        return client.patch("/v1/settings", headers=admin, json={"backup_folder": folder})

    problem(client.post("/v1/backups", headers=admin, json={}), 409, code="no_backup_folder")
    for wrong in ("relative", "/nowhere/at/all", str(system.settings.data / "imports"), "/mnt/\u202etxt", "/proc"):
        answer = save(wrong)
        assert (answer.status_code, answer.json()["error"], answer.json()["field"]) == (
            400,
            "bad_backup_folder",
            "backup_folder",
        ), wrong
    assert save(str(tmp_path)).json()["backup_folder"] == str(tmp_path)
    assert (tmp_path / "facegate-keys.sealed").exists()
    assert save("").json()["backup_folder"] is None
    problem(client.post("/v1/backups", headers=admin, json={"passphrase": "short"}), 422)


def test_rate_of_the_site_counts_from_the_next_decision(client: TestClient, system: System, admin: Headers) -> None:
    def rate(value: Any, version: str | None = None) -> Any:
        headers = {**admin, **({"If-Match": f'"{version}"'} if version else {})}
        return client.patch("/v1/settings", headers=headers, json={"false_accept_rate": value})

    def share() -> float:
        with system.store.read() as tx:
            return system.decisions.rules.at(tx).rate_share

    before, usual = client.get("/v1/settings", headers=admin).json(), system.threshold(3, 1)
    assert before["false_accept_rate"] is None and share() == 1.0
    problem(rate(0), 422), problem(rate(0.2), 422)
    try:
        strict = rate(0.0001, before["version"]).json()
        assert strict["false_accept_rate"] == 0.0001 and share() == pytest.approx(0.1)
        assert system.threshold(3, 1) > usual
        outdated = rate(0.01, before["version"])
        assert outdated.status_code == 409 and outdated.json()["current"]["false_accept_rate"] == 0.0001
    finally:
        assert rate(None).json()["false_accept_rate"] is None
    assert share() == 1.0 and system.threshold(3, 1) == usual


def test_log_is_verified_in_the_background(client: TestClient, system: System, admin: Headers) -> None:
    def verified() -> Any:
        def work() -> Any:
            return client.get("/v1/audit/verification", headers=admin).json()["work"]

        assert client.post("/v1/audit/verification", headers=admin).json()["state"] == "running"
        eventually(lambda: work()["state"] != "running", "the verification")
        return work()

    before = verified()
    assert before["state"] == "done" and before["words"].startswith("The log is intact: ")
    try:
        with system.store._engine.begin() as connection:
            columns = ", ".join(column.name for column in api_keys.c if column.name not in ("id", "hash"))
            copied = (
                f"INSERT INTO api_keys (id, hash, {columns}) SELECT 'planted', 'x', {columns} FROM api_keys LIMIT 1"
            )
            connection.execute(text(copied))
        altered = verified()
        assert altered["state"] == "failed" and altered["words"].startswith("The log was altered: ")
        assert "api_keys planted" in altered["words"]
    finally:
        with system.store._engine.begin() as connection:
            connection.execute(text("DELETE FROM api_keys WHERE id = 'planted'"))
    assert verified()["state"] == "done"


def test_packs_name_the_one_in_use_and_an_unknown_one_is_refused(client: TestClient, admin: Headers) -> None:
    def packs() -> Any:
        return client.get("/v1/packs", headers=admin).json()

    assert [pack["name"] for pack in packs()["items"] if pack["is_served"]] == ["sface"]
    assert client.post("/v1/packs/nothing/move", headers=admin, json={}).status_code == 202
    eventually(lambda: packs()["work"]["state"] == "failed", "the refusal")
    assert "nothing" in packs()["work"]["words"]
