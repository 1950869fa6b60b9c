"""A System of each database whose rules a test may change: they are put back when it ends."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from app.core.people.details import Details
from app.core.types import Role
from app.settings import read_settings
from app.web.app import create_app
from app.wiring import System, open_system
from tests.web.conftest import GATE, OTHER_GATE, Headers, bearer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

Call = Callable[..., Any]
EVERYBODY = {"everybody": True}
EVERYWHERE = {"everywhere": True}


@pytest.fixture(scope="module")
def system(database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    data, settings = tmp_path_factory.mktemp("rules"), {}
    if database == "postgresql":
        server = make_url(request.getfixturevalue("postgres"))
        name = f"rules_{abs(hash(request.node.nodeid)) % 10**9}"
        engine = create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        settings = {"database_url": server.set(database=name).render_as_string(False)}
    opened = open_system(read_settings(data, precision="f32", workers=1, **settings))
    opened.gates.add(GATE)
    opened.gates.add(OTHER_GATE)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(system: System) -> Iterator[TestClient]:
    with TestClient(create_app(system), raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def admin(system: System) -> Headers:
    return bearer(system.keys.create(Role.ADMIN, name="tests")[0])


@pytest.fixture(scope="module")
def guard(system: System) -> Headers:
    return bearer(system.keys.create(Role.SECURITY, name="front desk")[0])


@pytest.fixture(scope="module")
def people(system: System) -> list[str]:
    """The ids of three employees; the first two are of the group Staff."""
    groups = [("Staff",), ("Staff",), ()]
    added = (Details(f"E-{number}", f"Employee {number}", groups=of) for number, of in enumerate(groups))
    return [system.enrolment.add(details).id for details in added]


@pytest.fixture(autouse=True)
def as_before(system: System, people: list[str]) -> Iterator[None]:
    before = system.rule_book.file()[1]
    yield
    system.rule_book.apply(before)


@pytest.fixture
def call(client: TestClient, admin: Headers) -> Call:
    """Calls as an admin; returns the answer's JSON, after a look at its status."""

    def send(method: str, path: str, body: Any = None, status: int | None = None, **headers: str) -> Any:
        answer = client.request(
            method, f"/v1{path}", json=body, headers=admin | {k.replace("_", "-"): v for k, v in headers.items()}
        )
        wanted = {"POST": 201, "DELETE": 204}.get(method, 200) if status is None else status
        assert answer.status_code == wanted, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    return send


@pytest.fixture
def ids(call: Call, people: list[str]) -> dict[str, str]:
    """Something of each kind that others can name, by the name of the field that names it."""
    gates = {gate["name"]: gate["id"] for gate in call("GET", "/gate-places")["items"]}
    staff = next(group["id"] for group in call("GET", "/groups")["items"] if group["name"] == "Staff")
    site = call("GET", "/sites")["items"][0]["id"]
    schedule = {"name": "Days", "windows": [{"days": ["Mon", "Tue"], "start": "07:00", "length": "12:00"}]}
    return {
        "site": site,
        "zone": call("POST", "/zones", {"name": "Office", "site": site})["id"],
        "gate": gates[GATE],
        "other_gate": gates[OTHER_GATE],
        "group": staff,
        "calendar": call("POST", "/calendars", {"name": "Holidays", "days": [{"date": "12-25"}]})["id"],
        "schedule": call("POST", "/schedules", schedule)["id"],
        "person": people[0],
    }


def filled(body: Any, ids: dict[str, str]) -> Any:
    """The body with ids in place of what is in {}."""
    if isinstance(body, dict):
        return {key: filled(value, ids) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(value, ids) for value in body]
    return ids[body[1:-1]] if isinstance(body, str) and body.startswith("{") else body
