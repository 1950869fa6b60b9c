"""Receivers over HTTP: added, read, changed, tried and removed; what is secret is shown once or never."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.core.accounts.trail import TrailFilter
from app.core.alerts.alert import Alert, AlertKind
from app.wiring import System, new_id
from tests.adapters.receivers.http_receiver import HttpReceiver
from tests.web.conftest import Headers, TestClient, problem

ADDRESS = "https://alarm.example.com/hooks/a-secret-token"


@pytest.fixture
def made(client: TestClient, admin: Headers) -> Iterator[dict[str, Any]]:
    json = {"name": "Alarm centre", "form": "webhook", "address": ADDRESS, "kinds": ["door_forced", "duress"]}
    answer = client.post("/v1/receivers", headers=admin, json=json)
    assert answer.status_code == 201, answer.text
    yield answer.json()
    client.delete(f"/v1/receivers/{answer.json()['id']}", headers=admin)


def test_secret_and_address_are_not_read_back(
    client: TestClient, admin: Headers, system: System, made: dict[str, Any]
) -> None:
    secret = made["secret"]
    assert secret.startswith("whsec_") and made["address"] == "https://alarm.example.com/…"
    assert made["kinds"] == ["door_forced", "duress"] and made["least_severity"] == "warning"
    one = client.get(f"/v1/receivers/{made['id']}", headers=admin)
    trail = client.get("/v1/audit-trail", headers=admin).text
    pages = [client.get(path, headers=admin).text for path in ("/v1/receivers", "/metrics")]
    for text in (one.text, trail, *pages):
        assert secret not in text and "a-secret-token" not in text
    again = client.post(f"/v1/receivers/{made['id']}/secret", headers=admin).json()["secret"]
    assert again.startswith("whsec_") and again != secret
    entry = system.trail.find(TrailFilter(kind="receiver", limit=1))[0]
    assert [(field.name, field.hidden) for field in entry.fields] == [("sealed_target", True)]


def test_change_needs_the_version_that_was_read(client: TestClient, admin: Headers, made: dict[str, Any]) -> None:
    path = f"/v1/receivers/{made['id']}"
    version = client.get(path, headers=admin).headers["etag"]
    changed = client.patch(path, headers={**admin, "If-Match": version}, json={"name": "Guards", "ended": True})
    assert changed.status_code == 200 and (changed.json()["name"], changed.json()["ended"]) == ("Guards", True)
    assert changed.json()["kinds"] == made["kinds"], "what is not sent stays"
    late = client.patch(path, headers={**admin, "If-Match": version}, json={"enabled": False})
    assert problem_code(late) == (409, "entry_changed")
    assert client.patch(path, headers=admin, json={"quiet_schedule": "nothing"}).json()["field"] == "quiet_schedule"


def problem_code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"address": "https://169.254.169.254/latest"}, "forbidden_address"),
        ({"address": "http://127.0.0.1:8000/v1/lockdown"}, "forbidden_address"),
        ({"address": "gopher://example.com"}, "bad_address"),
        ({"form": "email", "address": "guard@example.com"}, "no_mail_server"),
        ({"form": "email", "address": "guard@example.com\r\nBcc: all@example.com"}, "bad_address"),
        ({"form": "mqtt", "address": "mqtt://broker.example.com/all/#"}, "bad_address"),
        ({"form": "mqtt", "address": "mqtt://broker.example.com/a", "secret": "x"}, "bad_user"),
        ({"user": "ada"}, "bad_user"),
        ({"name": "\u202egnp"}, "bad_name"),
    ],
)
def test_bad_receivers_are_refused(client: TestClient, admin: Headers, body: dict[str, str], code: str) -> None:
    json = {"name": "Bad", "form": "webhook", "address": ADDRESS, **body}
    said = problem(client.post("/v1/receivers", headers=admin, json=json), 400, code=code)
    assert "latest" not in said["detail"] and "Bcc" not in said["detail"]
    assert all(one["name"] != "Bad" for one in client.get("/v1/receivers", headers=admin).json()["items"])


def test_password_is_needed_again_for_another_broker(client: TestClient, admin: Headers) -> None:
    json = {
        "name": "Broker",
        "form": "mqtt",
        "address": "mqtts://a.example.com/x",
        "user": "gate",
        "secret": "hunter22",
    }
    made = client.post("/v1/receivers", headers=admin, json=json).json()
    path = f"/v1/receivers/{made['id']}"
    try:
        assert made["secret"] is None and made["user"] == "gate" and "hunter22" not in str(made)
        elsewhere = {"address": "mqtts://b.example.com/x"}
        problem(client.patch(path, headers=admin, json=elsewhere), 400, code="secret_needed")
        assert client.patch(path, headers=admin, json={**elsewhere, "secret": "hunter23"}).status_code == 200
        problem(client.post(f"{path}/secret", headers=admin), 409, code="receiver_signs_nothing")
    finally:
        client.delete(path, headers=admin)


def test_test_and_deliveries(client: TestClient, admin: Headers, system: System, made: dict[str, Any]) -> None:
    """A receiver on this machine, which the service's settings do not allow."""
    with HttpReceiverAt() as server:
        path = f"/v1/receivers/{made['id']}"
        client.patch(path, headers=admin, json={"address": f"http://localhost:{server.port}/x"})
        tried = client.post(f"{path}/test", headers=admin).json()
        assert (tried["change"], tried["state"], tried["alert"]) == ("test", "given_up", None)
        assert tried["answer"] == "this host is the server itself, which can only be set on the machine"
        assert server.ids == []
    with system.store.write() as tx:
        for _ in range(3):
            alert = Alert(new_id(), system.clock(), AlertKind.DURESS, cleared_at=system.clock(), event_id=new_id())
            tx.alerts.raise_(alert)
    system.outward.sender.outbox.take()
    first = client.get(f"{path}/deliveries?limit=2", headers=admin).json()
    assert [(one["kind"], one["state"]) for one in first["items"]] == [("duress", "waiting")] * 2
    rest = client.get(f"{path}/deliveries?limit=2&cursor={first['next']}", headers=admin).json()
    assert [one["change"] for one in rest["items"]] == ["raised", "test"] and rest["next"] is None
    problem(client.get(f"{path}/deliveries?cursor=Zm9v", headers=admin), 400, code="bad_cursor")
    assert client.get(path, headers=admin).json()["waiting"] == 3
    assert (
        'facegate_alert_deliveries_waiting{receiver="Alarm centre"} 3.0' in client.get("/metrics", headers=admin).text
    )


class HttpReceiverAt(HttpReceiver):
    def __enter__(self) -> "HttpReceiverAt":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
