"""Every call of the OpenAPI description, made by each role on a real service: each answer is as it is documented.

Schemathesis makes up the requests, the same in every run.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.core.types import Role
from app.services.accounts.sessions import csrf_of
from app.services.accounts.sign_in import Client
from app.web.codes import BY_STATUS, PROBLEMS
from tests import pictures
from tests.console.service import Service

CONFORMS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
VALID, INVALID = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
OTHERS = [role for role in Role if role is not Role.ADMIN]
# The admin reaches nearly everything; of the others it matters that each refusal is a documented one.
EXAMPLES = [(Role.ADMIN, VALID, 4), (Role.ADMIN, INVALID, 2), *((role, VALID, 1) for role in OTHERS)]
ENDLESS = "/v1/events/stream"  # its answer never ends
# These wait for cameras that are not there.
CONNECTING = ("/v1/cameras/{camera}/live", "/v1/cameras/{camera}/picture", "/v1/camera-tries")
LOBBY = "lobby-1"
Headers = dict[str, str]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Its own: these calls lock it down, release it and erase people."""
    with Service.running(tmp_path_factory.mktemp("schemathesis")) as running:
        running.system.gates.add(LOBBY)
        yield running


@pytest.fixture(scope="module")
def keys(service: Service) -> dict[Role, Headers]:
    displays = service.system.accounts.displays
    screen = displays.open(displays.add("Guard room").code, Client("127.0.0.1", "a browser")).session
    by_key = (Role.ADMIN, Role.SECURITY, Role.CAMERA)
    made = service.system.directories.add("Entra ID")
    of_directory = service.system.keys.create(Role.DIRECTORY, directory_id=made.id)[0]
    return {
        **{role: service.key(role.value) for role in by_key},
        Role.GATE: service.key("gate", LOBBY),
        Role.VIEWER: _by_cookie(service.session(service.user("viewer"))),
        Role.DISPLAY: _by_cookie(screen),
        Role.DIRECTORY: {"Authorization": f"Bearer {of_directory}"},
    }


def _by_cookie(token: str) -> Headers:
    return {"Cookie": f"facegate={token}", "X-CSRF-Token": csrf_of(token)}


@pytest.fixture(scope="module")
def known(service: Service, keys: dict[Role, Headers]) -> dict[str, Any]:
    """Path parameters of what exists: made-up ones alone find nothing."""
    face = pictures.portrait(pictures.ADA[0])

    def made(path: str, role: Role = Role.ADMIN, **body: Any) -> Any:
        answer = httpx.post(service.url + path, headers=keys[role], timeout=30, **body)
        assert answer.is_success, answer.text
        return answer.json()

    ada = made("/v1/employees", json={"number": "E-1", "name": "Ada"})["id"]
    photo = made(f"/v1/employees/{ada}/photos", files={"photo": ("ada.jpg", face, "image/jpeg")})["photos"][0]
    decision = made(f"/v1/gates/{LOBBY}/decisions", Role.GATE, files={"image": ("a.jpg", face, "image/jpeg")})
    made("/v1/cameras", json={"name": "cam-1", "gate": LOBBY, "url": "rtsp://10.0.5.7/1"})
    service.system.transient_alerts.tailgating(service.system.gates.get(LOBBY), "cam-1")
    alert = service.system.alerts.find()[0].alert
    upload = ("people.csv", b"number,name\nE-9,Bob\n", "text/csv")
    return {
        "gate": LOBBY,
        "employee_id": ada,
        "photo_id": photo["id"],
        "event_id": decision["decision_id"],
        "number": 1,
        "camera": "cam-1",
        "id": alert.id,
        "import_id": made("/v1/imports", files={"csv": upload})["id"],
        "key_id": made("/v1/keys", json={"role": "security"})["id"],
        "user_id": service.user("viewer").id,
        "entry_id": made("/v1/groups", json={"name": "Night"})["id"],
        "grant_id": made("/v1/grants", json={"employee": ada, "where": {"everywhere": True}, "reason": "a parcel"})[
            "id"
        ],
    }


@pytest.fixture(scope="module")
def contract(service: Service) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{service.url}/openapi.json")


def operations(contract: BaseSchema) -> list[APIOperation]:
    found = [result.ok() for result in contract.get_all_operations()]
    assert len(found) > 60
    return [operation for operation in found if operation.path not in (ENDLESS, *CONNECTING)]


@pytest.mark.parametrize(("role", "mode", "examples"), EXAMPLES)
def test_every_answer_is_as_documented(
    contract: BaseSchema,
    keys: dict[Role, Headers],
    known: dict[str, Any],
    role: Role,
    mode: GenerationMode,
    examples: int,
) -> None:
    wrong: list[Exception] = []
    statuses = set[int]()
    for operation in operations(contract):
        try:
            check(operation, mode, examples, keys[role], known, statuses)
        except Exception as error:
            wrong.append(error)
    if wrong:
        raise ExceptionGroup(f"{len(wrong)} operations answer otherwise than documented", wrong)
    assert statuses >= ({200, 404} if role is Role.ADMIN else {200, 403}), "the calls reached too little"


def check(
    operation: APIOperation,
    mode: GenerationMode,
    examples: int,
    key: Headers,
    known: dict[str, Any],
    statuses: set[int],
) -> None:
    """Call one operation as often as asked, half of the time for something that exists."""

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],  # a failure is shown as it was found: to shrink it costs minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), exists=st.booleans())
    def call(case: Case, exists: bool) -> None:
        if exists:
            case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}
        answer = case.call(headers=key, timeout=30)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CONFORMS)
        if answer.status_code >= 400 and operation.path != "/readyz":
            error = answer.json()["error"]
            known_codes = BY_STATUS[answer.status_code].keys() | (PROBLEMS if answer.status_code == 400 else {})
            assert error in known_codes, f"{case.method} {case.path}: {answer.status_code} {error}"

    call()
