"""HEAD is answered as GET is, without a body, at every address."""

import pytest

from tests.web.conftest import Headers, TestClient


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/readyz", "/metrics", "/v1/employees", "/v1/events.csv", "/", "/static/console.css", "/nowhere"],
)
def test_head_is_get_without_a_body(client: TestClient, admin: Headers, path: str) -> None:
    got, asked = client.get(path, headers=admin), client.head(path, headers=admin)
    assert (asked.status_code, asked.content) == (got.status_code, b"")
    assert asked.headers.get("content-type") == got.headers.get("content-type")


def test_head_of_an_endless_stream_is_answered(client: TestClient, admin: Headers) -> None:
    answer = client.head("/v1/events/stream", headers=admin)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")


def test_default_deny_holds(client: TestClient, admin: Headers) -> None:
    assert client.head("/v1/employees").status_code == 401
    assert client.head("/v1/gates/lobby-1/decisions", headers=admin).status_code == 405
