"""A damaged record of the log, or line of the checkpoints' file, is named by the audit and is no failure of a call."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.core.types import Role
from app.settings import read_settings
from app.web.app import create_app
from app.wiring import System, open_system
from tests.web.conftest import Headers, TestClient, bearer

Calls = tuple[TestClient, Headers]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = open_system(read_settings(tmp_path_factory.mktemp("damaged"), precision="f32", workers=1))
    system.gates.add("dock")
    yield system
    system.close()


@pytest.fixture(scope="module")
def calls(opened: System) -> Iterator[Calls]:
    with TestClient(create_app(opened), raise_server_exceptions=False) as client:
        gate = bearer(opened.keys.create(Role.GATE, "dock")[0])
        assert client.post("/v1/gates/dock/decisions", headers=gate, json={"credential": "7"}).status_code == 200
        opened.checkpoints.write()
        yield client, bearer(opened.keys.create(Role.ADMIN)[0])


@pytest.fixture
def tamper(opened: System) -> Iterator[Callable[[str], None]]:
    """Runs SQL as somebody with the file would; put back afterwards."""
    file = opened.settings.data / "facegate.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        events = database.execute("SELECT * FROM events").fetchall()
        yield database.execute
        database.execute("DELETE FROM events")
        database.executemany(f"INSERT INTO events VALUES ({','.join('?' * len(events[0]))})", events)


@pytest.mark.parametrize(
    "line", ['{"gate_id": "x"', "[" * 5000, "\ufffd\x00", '{"gate_id": "\\ud800"}', "[]", "1" * 9000]
)
def test_damaged_line_of_the_checkpoints_is_named(opened: System, calls: Calls, line: str) -> None:
    client, admin = calls
    journal: Path = opened.settings.checkpoints
    before = journal.read_text()
    journal.write_text(before + line + "\n" + before)
    try:
        answer = client.get("/v1/audit/verify", headers=admin)
        assert answer.status_code == 200, answer.text
        assert answer.json()["valid"] is False
        problem = answer.json()["first_bad"]["problem"]
        number = len(before.splitlines()) + 1
        assert f"line {number} of checkpoints.jsonl is damaged" in problem or "a checkpoint is not signed" in problem
        event = client.get("/v1/events", headers=admin).json()["items"][0]["decision_id"]
        assert opened.proofs.of(event).checkpoint is not None, "the sound lines still prove"
    finally:
        journal.write_text(before)
    assert client.get("/v1/audit/verify", headers=admin).json()["valid"] is True


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE events SET gate_id = 'nowhere'", "gate that does not exist"),
        ("UPDATE events SET gate_id = 'nowhere', verdict = 'perhaps'", "unknown gate"),
        ("UPDATE events SET verdict = 'perhaps'", "cannot be read"),
        ("UPDATE events SET at = 'today'", "cannot be read"),
    ],
)
def test_damaged_event_is_named(calls: Calls, tamper: Callable[[str], None], change: str, named: str) -> None:
    client, admin = calls
    event = client.get("/v1/events", headers=admin).json()["items"][0]["decision_id"]
    tamper("PRAGMA foreign_keys = OFF")
    tamper(change)
    found = client.get("/v1/audit/verify", headers=admin).json()
    assert found["valid"] is False and named in str(found), found
    for path in ("/v1/events", f"/v1/events/{event}", "/v1/events.csv", "/v1/alerts", "/v1/events?gate=dock"):
        answer = client.get(path, headers=admin)
        assert answer.status_code in (200, 404, 503), (path, answer.text)
