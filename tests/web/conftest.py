"""One real System for all tests of the web: real weights, real photos, its own database; a key of each role."""

import json
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Request, Response

from app.core.accounts.trail import TrailFilter
from app.core.recognition.liveness import LivenessMode
from app.core.types import Role
from app.services.accounts.sessions import csrf_of
from app.services.accounts.sign_in import Client
from app.services.gates.gate_settings import GateUpdate
from app.settings import read_settings
from app.web.app import create_app
from app.web.edge.at_work import QUIET
from app.web.security import HARMLESS
from app.wiring import System, open_system
from tests import pictures

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have a newer httpx than the one the project ships
    from fastapi.testclient import TestClient

GATE, OTHER_GATE = "lobby-1", "lobby-2"
DECISIONS = f"/v1/gates/{GATE}/decisions"
Headers = dict[str, str]
_users = count(1)
QUIETLY = re.compile("|".join(re.sub(r"{\w+}", "[^/]+", path) for path in QUIET))


def bearer(secret: str) -> Headers:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    # float32, so that the figures are the same on every machine.
    opened = open_system(
        read_settings(tmp_path_factory.mktemp("web"), precision="f32", workers=2, replayed_picture="alert")
    )
    opened.gates.add(GATE)
    opened.gates.add(OTHER_GATE)
    for name in (GATE, OTHER_GATE):
        # Portraits, half of them press photos scaled down, are no people at a gate: recognition is tested with them.
        opened.gate_settings.change(name, GateUpdate(liveness=LivenessMode.MONITOR))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def client(system: System) -> Iterator[TestClient]:
    """What is not caught becomes a 500 here, as for a real client."""
    with TestClient(create_app(system), raise_server_exceptions=False, follow_redirects=False) as client:
        client.event_hooks["request"].append(lambda asked: note_trail(system, asked))
        client.event_hooks["response"].append(lambda answer: check_trail(system, answer))
        yield client


@pytest.fixture(autouse=True)
def no_cookies_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """One test's language or session is not the next one's."""
    client = request.getfixturevalue("client") if "client" in request.fixturenames else None
    yield
    if isinstance(client, TestClient):
        client.cookies.clear()


def note_trail(system: System, asked: Request) -> None:
    """For a person's call that may change something. Others read nothing more, since tests count what a call reads."""
    token = asked.headers.get("authorization", "").removeprefix("Bearer ")
    known = "cookie" in asked.headers if not token else token.split("_")[1:2] not in (["gate"], ["camera"])
    known = known and not asked.url.path.startswith(("/enrol/", "/sponsor/"))  # whoever has a link is no user
    if asked.method not in HARMLESS and known and not QUIETLY.fullmatch(asked.url.path):
        asked.extensions["trail"] = newest_entry(system)


def check_trail(system: System, answer: Response) -> None:
    """Fails the test that made this call if it was an order of a person, and the audit trail does not have it."""
    before = answer.request.extensions.get("trail")
    if before is not None and answer.status_code < 400:
        left = newest_entry(system) > before
        assert left, f"{answer.request.method} {answer.request.url.path} left no entry in the audit trail"


def newest_entry(system: System) -> str:
    found = system.trail.find(TrailFilter(limit=1))
    return found[0].id if found else ""


@pytest.fixture(scope="session")
def admin(system: System) -> Headers:
    return bearer(system.keys.create(Role.ADMIN, name="tests")[0])


@pytest.fixture(scope="session")
def security(system: System) -> Headers:
    return bearer(system.keys.create(Role.SECURITY)[0])


@pytest.fixture(scope="session")
def camera(system: System) -> Headers:
    return bearer(system.keys.create(Role.CAMERA)[0])


@pytest.fixture(scope="session")
def viewer(system: System) -> Headers:
    """Somebody signed in who reads only, as their browser sends it: the cookie, and what its pages add to a change."""
    return cookie(sign_in(system, Role.VIEWER))


@pytest.fixture(scope="session")
def display(system: System) -> Headers:
    """A screen on the wall, whose code was typed into its browser."""
    code = system.accounts.displays.add("a wall").code
    return cookie(system.accounts.displays.open(code, Client("192.0.2.8")).session)


@pytest.fixture(scope="session")
def directory(system: System) -> Headers:
    """What Entra ID or Okta sends."""
    made = system.directories.add("a directory")
    return bearer(system.keys.create(Role.DIRECTORY, directory_id=made.id)[0])


def sign_in(system: System, *roles: Role) -> str:
    """A new user's session; the cookie's value."""
    user = system.accounts.users.add(f"user {next(_users)}", frozenset(roles))
    with system.store.write() as tx:
        return system.accounts.sessions.open(tx, user, "192.0.2.7", "a browser")


def cookie(token: str) -> Headers:
    return {"Cookie": f"facegate={token}", "X-CSRF-Token": csrf_of(token)}


@pytest.fixture(scope="session")
def gate(system: System) -> Headers:
    return bearer(system.keys.create(Role.GATE, GATE)[0])


@pytest.fixture(scope="session")
def other_gate(system: System) -> Headers:
    return bearer(system.keys.create(Role.GATE, OTHER_GATE)[0])


@pytest.fixture(scope="session")
def ada(client: TestClient, admin: Headers) -> dict[str, Any]:
    """Enrolled with one photo; `pictures.ADA` names another of hers. Nobody may change or erase her."""
    employee = client.post("/v1/employees", headers=admin, json={"number": "E-1001", "name": "Ada Lovelace"}).json()
    files = photos(pictures.ADA[0])
    answer = client.post(f"/v1/employees/{employee['id']}/photos", headers=admin, files=files)
    assert [p["accepted"] for p in answer.json()["photos"]] == [True], answer.text
    return dict(employee)


@pytest.fixture
def newcomer(client: TestClient, admin: Headers, request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """An employee without photos, erased when the test ends."""
    number = f"N-{abs(hash(request.node.nodeid)) % 10**12}"
    employee = client.post("/v1/employees", headers=admin, json={"number": number, "name": "Grace Hopper"}).json()
    yield employee
    client.delete(f"/v1/employees/{employee['id']}", headers=admin)


@pytest.fixture
def in_zone(system: System) -> Iterator[Callable[[str], None]]:
    """Moves the site to another time zone until the test ends."""
    with system.store.read() as tx:
        (before,) = tx.rules.all().sites

    def move(name: str) -> None:
        with system.store.write() as tx:
            tx.rules.put(replace(before, time_zone=name))

    yield move
    move(before.time_zone)


def photos(*names: str, field: str = "photo") -> list[tuple[str, tuple[str, bytes, str]]]:
    return [(field, (f"{n}.jpg", pictures.small(n, 720), pictures.JPEG)) for n in names]


@pytest.fixture
def ask(client: TestClient, gate: Headers) -> Callable[..., Response]:
    """Sends one raw picture to the gate."""

    def send(data: bytes, media_type: str = pictures.JPEG, **headers: str) -> Response:
        return client.post(DECISIONS, content=data, headers={**gate, "Content-Type": media_type, **headers})

    return send


@pytest.fixture
def nothing_stored(system: System) -> Callable[[], AbstractContextManager[None]]:
    """A block after which there are as many employees, photos, gates, keys and events as before."""

    def stored() -> dict[str, int]:
        with system.store.read() as tx:
            return {
                "employees": tx.employees.count(),
                "photos": sum(photos * people for photos, people in tx.templates.photo_counts().items()),
                "revision": tx.templates.revision(),
                "gates": len(tx.gates.all()),
                "keys": len(tx.api_keys.all()),
                "events": sum(head.sequence for head in tx.events.heads()),
                "listed": sum(1 for head in tx.events.heads() for _ in tx.events.chain(head.gate_id)),
            }

    @contextmanager
    def block() -> Iterator[None]:
        before = stored()
        yield
        assert stored() == before

    return block


def problem(answer: Response, *statuses: int, code: str | None = None) -> dict[str, str]:
    """Asserts that the answer is an error as the contract draws it, and returns it."""
    assert answer.status_code in statuses, f"{answer.status_code}: {answer.text[:300]}"
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, str] = answer.json()
    assert body.keys() - {"field"} == {"error", "detail"}
    assert body["error"].replace("_", "").isalnum() and body["error"].islower()
    assert 10 < len(body["detail"]) < 700, body
    text = json.dumps(body)
    for leak in ("Traceback", ".py", str(Path(__file__).parents[2]), "site-packages", "sqlalchemy", "0x", "Error("):
        assert leak not in text, body
    if code is not None:
        assert body["error"] == code, body
    return body
