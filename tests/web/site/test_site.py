"""The site over HTTP: lockdown and release and alerts, and what doors report."""

from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from httpx2 import Response

from app.core.alerts.alert import OF_CAMERAS, TRANSIENT, Alert, AlertKind
from app.core.errors import NotRecorded
from app.core.gates.commands import DoorState
from app.core.site.mode import SiteMode
from app.core.types import Role
from app.web.console.words import ALERTS
from app.wiring import System, new_id
from tests.web.conftest import DECISIONS, GATE, OTHER_GATE, Headers, TestClient, bearer, cookie, problem, sign_in

ALERT_FIELDS = {"id", "at", "kind", "severity", "gate", "camera", "detail", "cleared_at", "acknowledged"} | {
    "event",
    "reported_by",
}
DOOR = "porch"


@pytest.fixture(autouse=True)
def normal_again(system: System) -> Iterator[None]:
    """Every other test expects a site in normal operation, with its doors closed."""
    yield
    system.site.set_mode(SiteMode.NORMAL)
    for gate in system.gates.all():
        if gate.door is not None:
            system.gate_control.report(gate.id, DoorState.CLOSED, system.clock())


@pytest.fixture
def order(client: TestClient, admin: Headers) -> Callable[..., Response]:
    return lambda mode, **body: client.post(f"/v1/{mode}", headers=admin, json=body)


@pytest.fixture
def beat(client: TestClient, system: System) -> Callable[[str], Response]:
    """Says the state of a door that nobody else in these tests opens."""
    if DOOR not in {gate.name for gate in system.gates.all()}:
        system.gates.add(DOOR)
    key = bearer(system.keys.create(Role.GATE, DOOR)[0])
    return lambda state: client.post(f"/v1/gates/{DOOR}/heartbeat", headers=key, json={"state": state})


@pytest.fixture
def alerts(client: TestClient, security: Headers) -> Callable[..., list[dict[str, Any]]]:
    def find(**query: Any) -> list[dict[str, Any]]:
        answer = client.get("/v1/alerts", headers=security, params=query)
        assert answer.status_code == 200 and set(answer.json()) == {"items", "next"}
        assert all(set(alert) == ALERT_FIELDS for alert in answer.json()["items"])
        # Other tests send the same pictures again and again, some of them turned.
        return [alert for alert in answer.json()["items"] if alert["kind"] not in TRANSIENT]

    return find


@pytest.fixture
def lasting(alerts: Callable[..., list[dict[str, Any]]]) -> Callable[[], list[dict[str, Any]]]:
    """The alerts whose cause is not over."""
    return lambda: [alert for alert in alerts() if alert["cleared_at"] is None]


@pytest.mark.parametrize(
    ("mode", "state", "decision", "reason"),
    [("lockdown", "lockdown", "deny", "lockdown"), ("release", "release", "open", "released")],
)
def test_mode_lasts_until_it_is_ended(
    client: TestClient,
    gate: Headers,
    security: Headers,
    order: Any,
    lasting: Any,
    mode: str,
    state: str,
    decision: str,
    reason: str,
) -> None:
    begun = order(mode, active=True, comment=" a drill ")
    assert begun.status_code == 200 and begun.json()["comment"] == "a drill"
    assert (begun.json()["mode"], begun.json()["gates"]) == (state, [])
    assert [(alert["kind"], alert["gate"]) for alert in lasting()] == [(mode, None)]
    # said again, nothing is recorded again
    assert order(mode, active=True).json() == begun.json()
    ordered = client.get("/v1/events", headers=security, params={"gate": GATE, "reason": reason}).json()["items"][0]
    assert (ordered["decision"], ordered["method"], ordered["actor"]) == (decision, "command", begun.json()["actor"])
    assert ordered["comment"] == "a drill"
    ended = order(mode, active=False).json()
    assert (ended["mode"], ended["gates"]) == ("normal", [])
    assert lasting() == []
    newest = client.get("/v1/events", headers=security, params={"gate": GATE, "limit": 1}).json()["items"][0]
    assert (newest["decision"], newest["reason"], newest["method"]) == ("deny", "restored", "command")
    assert client.post(DECISIONS, headers=gate, json={"credential": "1234"}).json()["reason"] == "credential_unknown"
    assert client.get("/v1/audit/verify", headers=security).json()["valid"] is True


def test_decisions_follow_the_mode(client: TestClient, gate: Headers, order: Any) -> None:
    decide = lambda: client.post(DECISIONS, headers=gate, json={"credential": "1234"}).json()  # noqa: E731
    for mode, decision, reason in (("lockdown", "deny", "lockdown"), ("release", "open", "released")):
        order(mode, active=True)
        answer = decide()
        assert (answer["decision"], answer["reason"], answer["employee"]) == (decision, reason, None)
        order(mode, active=False)
        assert decide()["reason"] == "credential_unknown"


def test_mode_for_some_gates(order: Any, lasting: Any) -> None:
    assert order("lockdown", active=True, gates=[OTHER_GATE]).json()["gates"] == [OTHER_GATE]
    assert [alert["gate"] for alert in lasting()] == [OTHER_GATE]
    problem(order("release", active=True, gates=[GATE]), 409, code="lockdown_active")
    assert order("release", active=True).json()["mode"] == "release"
    problem(order("lockdown", active=True), 409, code="release_active")
    # the end of a lockdown that is over does not end the release
    assert order("lockdown", active=False).json()["mode"] == "release"


def test_invalid_orders_are_refused(order: Any, nothing_stored: Any) -> None:
    with nothing_stored():
        for mode in ("lockdown", "release"):
            problem(order(mode, active=True, zones=["yard"]), 404, code="unknown_zone")
            problem(order(mode, active=True, gates=["nowhere"]), 404, code="unknown_gate")
            problem(order(mode), 422, code="malformed_request")
            problem(order(mode, active="perhaps"), 422)
            problem(order(mode, active=True, gate=GATE), 422)
    assert order("lockdown", active=False, zones=[]).json()["mode"] == "normal"


def test_security_releases_always_and_locks_down_where_the_setting_allows(
    client: TestClient, system: System, admin: Headers, security: Headers
) -> None:
    def order(mode: str, active: bool) -> Response:
        return client.post(f"/v1/{mode}", headers=security, json={"active": active})

    def allow(value: Any) -> Response:
        return client.patch("/v1/settings", headers=admin, json={"guards_may_lock_down": value})

    assert client.get("/v1/settings", headers=admin).json()["guards_may_lock_down"] is False
    assert order("release", True).json()["mode"] == "release"
    assert order("release", False).json()["mode"] == "normal"
    problem(order("lockdown", True), 403, code="guards_may_not_lock_down")
    assert system.site.state().mode is SiteMode.NORMAL
    problem(allow(None), 422)
    assert allow(True).json()["guards_may_lock_down"] is True
    begun = order("lockdown", True).json()
    assert begun["mode"] == "lockdown" and begun["actor"]
    # Taken away meanwhile, it is gone at once: an admin ends the lockdown.
    assert allow(False).json()["guards_may_lock_down"] is False
    problem(order("lockdown", False), 403, code="guards_may_not_lock_down")
    assert system.site.state().mode is SiteMode.LOCKDOWN
    # Fire comes first.
    assert order("release", True).json()["mode"] == "release"


def test_unrecordable_release_is_a_503_and_in_force(
    client: TestClient, system: System, order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = cookie(sign_in(system, Role.VIEWER))

    def full(*_: object) -> None:
        raise NotRecorded("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(system.store, "write", full)
        answer = order("release", active=True, gates=[GATE])
        problem(answer, 503, code="not_recorded")
        assert "none is open yet" in answer.json()["detail"], "no gate is driven here"
        assert "not recorded yet" in client.get("/account", headers=reader).text
        assert system.gate_control._drivers.site.mode is SiteMode.RELEASE
    assert order("release", active=False).json()["mode"] == "normal"
    assert system.gate_control._drivers.site.mode is SiteMode.NORMAL
    assert "mode-word" not in client.get("/account", headers=reader).text


def test_the_gates_to_choose_from_are_listed_for_guards_only(client: TestClient, system: System) -> None:
    guard, viewer = (cookie(sign_in(system, role)) for role in (Role.SECURITY, Role.VIEWER))
    assert GATE in client.get("/mode-band/places", headers=guard).json()["gates"]
    problem(client.get("/mode-band/places", headers=viewer), 403, code="wrong_role")
    assert client.get("/mode-band", headers=viewer).status_code == 200
    assert client.get("/mode-band", follow_redirects=False).status_code == 303


def test_door_reports_its_state(client: TestClient, beat: Any, admin: Headers, alerts: Any, lasting: Any) -> None:
    assert beat("closed").status_code == 204 and beat("closed").content == b""
    assert beat("open").status_code == 204
    shown = client.get(f"/v1/gates/{DOOR}", headers=admin).json()
    assert shown["door"] == "forced" and shown["door_at"].endswith("Z")
    (alert,) = lasting()
    assert (alert["kind"], alert["severity"], alert["gate"]) == ("door_forced", "critical", DOOR)
    beat("closed")
    assert lasting() == []
    kept = alerts()[0]
    assert kept["id"] == alert["id"] and kept["cleared_at"] is not None, "open until somebody acknowledges it"
    assert alerts(state="all")[0] == kept
    assert client.get(f"/v1/gates/{DOOR}", headers=admin).json()["door"] == "closed"


def test_gate_key_reports_only_its_own_door(client: TestClient, gate: Headers, beat: Any, lasting: Any) -> None:
    problem(beat("ajar"), 422)
    problem(client.post(f"/v1/gates/{GATE}/heartbeat", headers=gate, json={}), 422)
    other = client.post(f"/v1/gates/{OTHER_GATE}/heartbeat", headers=gate, json={"state": "forced"})
    problem(other, 403, code="key_of_another_gate")
    problem(client.post("/v1/gates/nowhere/heartbeat", headers=gate, json={"state": "open"}), 404, code="unknown_gate")
    assert lasting() == []


def test_alert_stays_open_until_it_is_over_and_acknowledged(
    client: TestClient, system: System, security: Headers, viewer: Headers, beat: Any, alerts: Any
) -> None:
    def acknowledge(alert: Any, key: Headers, **body: Any) -> Any:
        return client.post(f"/v1/alerts/{alert['id']}/acknowledge", headers=key, json=body)

    before = {alert["id"] for alert in alerts()}

    def new() -> list[dict[str, Any]]:
        return [alert for alert in alerts() if alert["id"] not in before]

    system.transient_alerts.tailgating(system.gates.get(DOOR), "no-camera")
    (tailgating,) = new()
    assert (tailgating["kind"], tailgating["gate"], tailgating["acknowledged"]) == ("tailgating", DOOR, None)
    problem(acknowledge(tailgating, viewer), 403, code="wrong_role")
    ended = acknowledge(tailgating, security, comment=" a delivery ").json()
    assert ended["cleared_at"] is not None and ended["acknowledged"]["comment"] == "a delivery"
    assert ended["acknowledged"]["name"] and ended["acknowledged"]["name"] != ended["acknowledged"]["actor"]
    assert new() == []
    problem(acknowledge(tailgating, security), 409, code="already_in_that_state")
    problem(acknowledge({"id": "nothing"}, security), 404, code="unknown_alert")
    beat("forced")
    (forced,) = new()
    assert acknowledge(forced, security).json()["acknowledged"]["comment"] == ""
    assert new() == [acknowledged := alerts(state="acknowledged")[0]], "it lasts as long as its cause"
    assert acknowledged["id"] == forced["id"] and acknowledged["acknowledged"]["actor"]
    beat("closed")
    assert new() == []
    assert [one["id"] for one in alerts(state="acknowledged")[:2]] == [forced["id"], tailgating["id"]]
    problem(acknowledge(forced, security, comment="x" * 201), 422)
    problem(client.get("/v1/alerts", headers=security, params={"state": "seen"}), 422)


def test_one_comment_acknowledges_several_alerts(
    client: TestClient, system: System, security: Headers, alerts: Any
) -> None:
    def acknowledge(ids: list[str], comment: str = "") -> Any:
        return client.post("/v1/alerts/acknowledge", headers=security, json={"ids": ids, "comment": comment})

    for _ in range(3):
        system.transient_alerts.tailgating(system.gates.get(DOOR), "no-camera")
    ids = [alert["id"] for alert in alerts(kind="tailgating", gate=DOOR)]
    assert len(ids) == 3, "none replaces another"
    problem(acknowledge([ids[0], "nothing"]), 404, code="unknown_alert")
    assert len(alerts(kind="tailgating", gate=DOOR)) == 3
    assert [one["id"] for one in acknowledge(ids[:1]).json()["items"]] == ids[:1]
    done = acknowledge([*ids, ids[1]], "on camera").json()["items"]
    assert [(one["id"], one["acknowledged"]["comment"]) for one in done] == [(id, "on camera") for id in ids[1:]]
    assert alerts(kind="tailgating", gate=DOOR) == []
    problem(acknowledge([]), 422)
    problem(acknowledge(ids * 100), 422)


@pytest.mark.parametrize("kind", list(AlertKind))
def test_health_and_live_show_a_camera_with_every_kind_of_alert(
    client: TestClient, system: System, admin: Headers, beat: Any, kind: AlertKind
) -> None:
    gate = system.gates.get(DOOR)
    body = {"name": "shown-cam", "gate": DOOR, "url": "rtsp://10.0.5.7/1"}
    made = client.post("/v1/cameras", headers=admin, json=body).json()
    alert = Alert(new_id(), system.clock(), kind, gate.id, made["id"], "a test")
    with system.store.write() as tx:
        tx.alerts.raise_(alert)
    try:
        page = client.get("/health", headers=cookie(sign_in(system, Role.VIEWER)))
        assert page.status_code == 200 and ALERTS[kind] in unescape(page.text) and "shown-cam" in page.text
        news = [one.data for one in system.feed.catch_up(None) if one.kind == "camera"]
        states = {one["state"] for one in news if one["camera"] == "shown-cam"}
        of_state = kind in OF_CAMERAS.values()
        assert states == {kind.value.removeprefix("camera_") if of_state else "not_watched"}
    finally:
        with system.store.write() as tx:
            tx.alerts.clear(kind, gate.id, made["id"], system.clock())
        assert client.delete("/v1/cameras/shown-cam", headers=admin).status_code == 204


def test_alerts_page(beat: Any, alerts: Any) -> None:
    for state in ("forced", "closed", "held", "closed", "fault", "closed"):
        beat(state)
    whole = alerts(state="all", limit=200)
    assert [alert["kind"] for alert in whole[:3]] == ["door_fault", "door_held", "door_forced"]
    assert alerts(state="all", limit=2) == whole[:2]
    assert alerts(state="all", limit=2, cursor=whole[1]["id"]) == whole[2:4]
    since = [alert for alert in whole if alert["at"] >= whole[1]["at"]]
    assert alerts(state="all", limit=200, **{"from": whole[1]["at"]}) == since
    kinds = alerts(state="all", limit=200, kind=["door_held", "door_fault"], gate=DOOR)
    assert {alert["kind"] for alert in kinds} == {"door_held", "door_fault"}
    assert alerts(state="all", gate="nowhere") == []
    until = alerts(state="all", limit=200, to=whole[1]["at"])
    assert [alert for alert in whole if alert["at"] < whole[1]["at"]] == until
