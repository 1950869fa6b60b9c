"""Every call of the contract, without a key and with each key that must not reach it; a new call is denied too."""

import re
from typing import Any

import pytest

from app.core.types import Role
from app.wiring import System
from tests import pictures
from tests.web.conftest import GATE, OTHER_GATE, Headers, TestClient, bearer, problem

METHODS = {"get", "post", "put", "patch", "delete"}
# Who may make which call. A call that stands in no line here fails the first test.
ALLOWED = {
    r"POST /v1/gates/{gate}/decisions": {"gate"},
    r"POST /v1/gates/{gate}/heartbeat": {"gate"},
    r"POST /v1/gates/{gate}/(open|lock|unlock)": {"admin", "security"},
    r"POST /v1/events/{event_id}/(report|corrections|corrections/{id}/withdraw)": {"admin", "security"},
    r"POST /v1/events/{event_id}/corrections/{id}/(accept|dismiss)": {"admin"},
    r"GET /v1/corrections": {"admin"},
    r"POST /v1/alerts(/{id})?/acknowledge": {"admin", "security"},
    r"GET /v1/cameras/{camera}/(live|picture)": {"admin", "security"},
    r"POST /v1/camera-tries": {"admin"},
    r"POST /v1/employees/{employee_id}/presence": {"admin", "security"},
    r"(POST|PUT) /v1/(muster|occupancy)\b.*": {"admin", "security"},
    r"\w+ /v1/(employees|gates|gate-hardware|first-hour|keys|imports|cameras|settings|retention)\b.*": {"admin"},
    r"\w+ /v1/(unknown-faces|receivers|invitations|credentials|readers|directories)\b.*": {"admin"},
    r"\w+ /v1/(contractors|badge-enrolments|erasure-certificates|dpia)\b.*": {"admin"},
    r"\w+ /v1/(grants|visits)\b.*": {"admin", "security"},
    r"\w+ /v1/(sites|zones|gate-places|lanes|groups|calendars|schedules|rules|gate-modes)\b.*": {"admin"},
    r"POST /v1/(calendar-files|schedule-previews)": {"admin"},
    r"GET /v1/access/(explain|who)": {"admin", "security", "viewer"},
    r"POST /v1/photo-checks": {"admin"},
    r"\w+ /v1/(users|sign-ins|displays)\b.*": {"admin"},
    r"\w+ /v1/account\b.*": {"viewer"},  # a person's, whatever their roles; the others here are keys
    r"POST /v1/(verify|identify)": {"admin"},
    r"\w+ /v1/(backups|packs|clock|audit/verification|audit-trail)\b.*": {"admin"},
    # Whoever sees a fire opens. A guard locks people out where a setting allows it, which the service checks.
    r"POST /v1/(release|lockdown)": {"admin", "security"},
    # A screen on the wall shows these and no more.
    r"GET /v1/(events/stream|events/{event_id}/snapshot|alerts)": {"admin", "security", "viewer", "display"},
    r"GET /v1/(events|events.csv|occupancy|muster|audit/verify)\b.*": {"admin", "security", "viewer"},
    r"GET /v1/signing-key": {"admin", "security", "viewer", "gate", "camera", "display", "directory"},
    r"GET /(healthz|readyz|metrics)": {"admin"},
}
Call = tuple[str, str]


@pytest.fixture(scope="module")
def calls(client: TestClient) -> list[Call]:
    spec = client.get("/openapi.json").json()
    found = [(m.upper(), path) for path, methods in spec["paths"].items() for m in methods if m in METHODS]
    assert len(found) >= 25, "the walk found too little to prove anything"
    assert ("POST", "/v1/gates/{gate}/decisions") in found
    return found


@pytest.fixture(scope="module")
def revoked(system: System) -> Headers:
    secret, key = system.keys.create(Role.ADMIN)
    system.keys.revoke(key.id)
    return bearer(secret)


def who_may(call: Call) -> set[str]:
    for pattern, roles in ALLOWED.items():
        if re.fullmatch(pattern, " ".join(call)):
            return roles
    raise AssertionError(f"nobody has said who may call {call}")


def send(client: TestClient, call: Call, headers: Headers, **body: Any) -> Any:
    method, path = call
    # The gates that the tests need are not removed.
    address = re.sub(r"{\w+}", "x", path if method == "DELETE" else path.replace("{gate}", GATE))
    if path.endswith("/stream"):
        body["params"] = {"after": "x" * 65}  # refused for what it says, or it would never end
    return client.request(method, address, headers=headers, **body)


def test_request_without_a_key_reaches_nothing(client: TestClient, calls: list[Call], nothing_stored: Any) -> None:
    with nothing_stored():
        for call in calls:
            for body in ({}, {"json": {}}, {"content": pictures.empty()}):
                answer = send(client, call, {}, **body)
                assert problem(answer, 401)["error"] == "key_required", call
                assert answer.headers["www-authenticate"] == "Bearer"


def test_revoked_and_invented_keys_reach_nothing(
    client: TestClient, calls: list[Call], revoked: Headers, nothing_stored: Any
) -> None:
    with nothing_stored():
        for call in calls:
            for key in (revoked, bearer("fg_admin_guess"), {"Authorization": "Basic YWRtaW46YWRtaW4="}):
                problem(send(client, call, key, json={}), 401)


@pytest.mark.parametrize("role", list(Role))
def test_role_reaches_only_its_own_routes(
    client: TestClient, calls: list[Call], role: Role, request: pytest.FixtureRequest, nothing_stored: Any
) -> None:
    key = request.getfixturevalue(role.value)
    reached = denied = 0
    with nothing_stored():
        for call in calls:
            answer = send(client, call, key, json={})
            if role.value in who_may(call):
                assert answer.status_code not in (401, 403), (call, answer.text)
                reached += 1
            else:
                assert problem(answer, 403)["error"] == "wrong_role", call
                denied += 1
    assert reached and denied


def test_session_cookie_and_query_do_not_replace_a_key(client: TestClient, admin: Headers) -> None:
    secret = admin["Authorization"].removeprefix("Bearer ")
    others: tuple[dict[str, Any], ...] = (
        {"params": {"key": secret, "access_token": secret}},
        {"headers": {"X-Api-Key": secret}},
    )
    for other in others:
        problem(client.get("/v1/employees", **other), 401, code="key_required")
    problem(client.get("/v1/employees", headers={"Cookie": f"facegate={secret}"}), 401, code="signed_out")


def test_gate_key_decides_at_its_own_gate_only(
    client: TestClient, gate: Headers, admin: Headers, nothing_stored: Any
) -> None:
    jpeg = {"Content-Type": "image/jpeg"}
    with nothing_stored():
        for key, name, status in ((gate, OTHER_GATE, 403), (gate, "nowhere", 404), (admin, GATE, 403)):
            answer = client.post(f"/v1/gates/{name}/decisions", headers={**key, **jpeg}, content=pictures.empty())
            problem(answer, status)


def test_public_routes(client: TestClient) -> None:
    for path in ("/", "/docs", "/openapi.json", "/static/console.css"):
        assert client.get(path).status_code == 200
    for path in ("/redoc", "/docs/oauth2-redirect", "/admin", "/.env", "/static/../app.py", "/static/%2e%2e/pages.py"):
        problem(client.get(path), 404, code="not_found")
