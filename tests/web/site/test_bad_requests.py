"""Requests that are malformed in any way but their pictures: a clear error each, nothing stored, no echo."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import Response

from tests import pictures
from tests.web.conftest import DECISIONS, Headers, TestClient, photos, problem

FORM = "multipart/form-data; boundary=x"
MARK = "zzMARKzz"  # stands in what is sent, and must not come back


def part(head: str, body: bytes = b"abc", end: bytes = b"\r\n--x--\r\n") -> bytes:
    return b"--x\r\n" + head.encode() + b"\r\n\r\n" + body + end


IMAGE = 'Content-Disposition: form-data; name="image"; filename="a.jpg"'
CREDENTIAL = 'Content-Disposition: form-data; name="credential"'
JPEG = pictures.small("impostor_1")
FORMS: dict[str, tuple[str, bytes]] = {
    "nothing": (FORM, b""),
    "garbage": (FORM, b"garbage"),
    "no boundary": ("multipart/form-data", part(IMAGE, JPEG)),
    "another boundary": ("multipart/form-data; boundary=y", part(IMAGE, JPEG)),
    "an empty boundary": ("multipart/form-data; boundary=", part(IMAGE, JPEG)),
    "a huge boundary": (f"multipart/form-data; boundary={'x' * 5000}", part(IMAGE, JPEG)),
    "no name": (FORM, part("Content-Disposition: form-data", JPEG)),
    "no disposition": (FORM, part("Content-Type: image/jpeg", JPEG)),
    "cut in a header": (FORM, b"--x\r\nContent-Dispo"),
    "cut in a picture": (FORM, part(IMAGE, JPEG[:5000], b"")),
    "a picture that is no file": (FORM, part('Content-Disposition: form-data; name="image"')),
    "an empty picture": (FORM, part(IMAGE, b"")),
    "an unknown field alone": (FORM, part('Content-Disposition: form-data; name="picture"; filename="a"', JPEG)),
    "an empty credential": (FORM, part(CREDENTIAL, b"")),
    "a long credential": (FORM, part(CREDENTIAL, b"1" * 513)),
    "a credential of a megabyte": (FORM, part(CREDENTIAL, b"1" * 2_000_000)),
    "a credential that is a file": (FORM, part(CREDENTIAL + '; filename="c"')),
    "a charset that encodes nothing": (FORM + "; charset=undefined", part(CREDENTIAL, b"\xff")),
    "a header of a megabyte": (FORM, part(f"X: {'y' * 1_000_000}\r\n{IMAGE}", JPEG, b"\r\n")),
}


# The framework leaves the file of a part without an end to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("case", FORMS)
def test_broken_form_is_refused(client: TestClient, gate: Headers, nothing_stored: Any, case: str) -> None:
    media_type, body = FORMS[case]
    with nothing_stored():
        problem(client.post(DECISIONS, headers={**gate, "Content-Type": media_type}, content=body), 400, 413)


@pytest.mark.parametrize("frames", [9, 10, 40])
def test_more_than_eight_frames(client: TestClient, gate: Headers, nothing_stored: Any, frames: int) -> None:
    with nothing_stored():
        files = photos(*["impostor_1"] * frames, field="image")
        problem(client.post(DECISIONS, headers=gate, files=files), 400)


@pytest.mark.parametrize("count", [0, 11, 40])
def test_not_one_to_ten_photos(
    client: TestClient, admin: Headers, newcomer: dict[str, Any], nothing_stored: Any, count: int
) -> None:
    files: Any = photos(*["biden"] * count) or {"other": ("a", b"b")}
    with nothing_stored():
        problem(client.post(f"/v1/employees/{newcomer['id']}/photos", headers=admin, files=files), 400)


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"  ",
    "half": b'{"number": "a',
    "no quotes": b"{number: 1}",
    "null": b"null",
    "a list": b'[{"number":"a","name":"b"}]',
    "a text": b'"text"',
    "a number": b"1",
    "NaN": b"NaN",
    "not UTF-8": b'{"number":"a","name":"\xff"}',
    "deep lists": b"[" * 50_000,
    "deep objects": b'{"a":' * 15_000,
    "a long number": b'{"number":"a","name":' + b"9" * 5000 + b"}",
    "a field too much": f'{{"number":"a","name":"b","{MARK}":"{MARK}"}}'.encode(),
    "a field of a surrogate": b'{"number":"a","name":"b","\\ud800":1}',
    "wrong types": b'{"number":1,"name":["b"]}',
    "a field missing": b'{"number":"a"}',
    "nulls": b'{"number":null,"name":null}',
    "a status": b'{"number":"a","name":"b","status":"god"}',
    "groups as text": b'{"number":"a","name":"b","groups":"c"}',
    "groups of numbers": b'{"number":"a","name":"b","groups":[1]}',
    "a time for a day": b'{"number":"a","name":"b","valid_from":"2026-01-01T00:00:00Z"}',
    "a day before the calendar": b'{"number":"a","name":"b","valid_from":"0000-12-31"}',
    "a day after it": b'{"number":"a","name":"b","valid_until":"10000-01-01"}',
    "a day that is none": b'{"number":"a","name":"b","valid_from":"2026-02-30"}',
    "a day as a number": b'{"number":"a","name":"b","valid_from":86400}',
    "a day of NaN": b'{"number":"a","name":"b","valid_from":NaN}',
    "a day of 1e300": b'{"number":"a","name":"b","valid_from":1e300}',
    "an end before its start": b'{"number":"a","name":"b","valid_from":"2026-02-01","valid_until":"2026-01-01"}',
    "an e-mail that is none": b'{"number":"a","name":"b","email":"nobody"}',
    "200 kB": b'{"number":"a","name":"' + b"b" * 200_000 + b'"}',
}


@pytest.mark.parametrize("case", BODIES)
def test_malformed_employee_json_is_refused(
    client: TestClient, admin: Headers, newcomer: dict[str, Any], nothing_stored: Any, case: str
) -> None:
    headers = {**admin, "Content-Type": "application/json"}
    address = f"/v1/employees/{newcomer['id']}"
    before = client.get(address, headers=admin).json()
    with nothing_stored():
        answers = [client.post("/v1/employees", headers=headers, content=BODIES[case])]
        if case not in ("a field missing", "nulls"):
            answers.append(client.patch(address, headers=headers, content=BODIES[case]))
    for answer in answers:
        problem(answer, 400, 413, 422)
        assert MARK not in answer.text
    assert client.get(address, headers=admin).json() == before


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_json_that_is_not_declared(client: TestClient, admin: Headers, nothing_stored: Any, media_type: str) -> None:
    body = b'{"number":"a","name":"b"}'
    with nothing_stored():
        problem(client.post("/v1/employees", headers={**admin, "Content-Type": media_type}, content=body), 422)


CREDENTIALS = (
    *(b"", b"[]", b"{}", b"null", b'"x"', b"{", b"[" * 90_000, b'{"credential": null}', b'{"credential": ""}'),
    *(b'{"credential": 5}', b'{"credential": ["a"]}', b'{"credential": "\\ud800"}', b'{"from_camera": false}'),
    *(
        b'{"from_camera": 1}',
        b'{"from_camera": "true"}',
        b'{"credential": "a", "other": 1}',
        b"\xff\xfe{}",
        b'{"credential": "a", "from_camera": true}',
    ),
    json.dumps({"credential": "1" * 513}).encode(),
)


@pytest.mark.parametrize("body", CREDENTIALS, ids=lambda b: b[:24].decode("latin-1"))
def test_malformed_decision_json_is_refused(
    client: TestClient, gate: Headers, nothing_stored: Any, body: bytes
) -> None:
    with nothing_stored():
        problem(client.post(DECISIONS, headers={**gate, "Content-Type": "application/json"}, content=body), 400)


def test_json_without_its_content_type_is_refused(client: TestClient, admin: Headers) -> None:
    sent = client.post("/v1/employees", headers=admin, content=b'{"number": "E-84", "name": "x"}')
    assert "Content-Type: application/json" in problem(sent, 422)["detail"]


GARBAGE = ("", "0", "-1", "%00", "'; DROP TABLE employees; --", "\U0001f642", "a" * 64, "../../etc/passwd", "\ufffd")


@pytest.mark.parametrize("cursor", GARBAGE)
def test_invalid_cursor_is_not_an_empty_page(client: TestClient, admin: Headers, cursor: str) -> None:
    for path in ("/v1/employees", "/v1/events", "/v1/alerts", "/v1/sign-ins"):
        problem(client.get(path, headers=admin, params={"cursor": cursor}), 400, code="bad_cursor")


@pytest.mark.parametrize(
    "query",
    [
        *("cursor=" + "a" * 401, "limit=0", "limit=201", "limit=-1", "limit=x", "limit=1e3", "limit=NaN", "limit="),
        *(
            "status=god",
            "q=" + "a" * 201,
            "q=%00",
            "decision=maybe",
            "reason=none",
            "from=yesterday",
            "to=2026-01-01T00:00:00",
        ),
        *("from=0001-01-01T00:00:00%2B10:00", "to=9999-12-31T23:59:59-10:00", "from=NaN", "gate=" + "a" * 65),
    ],
)
def test_query_out_of_bounds_is_refused(client: TestClient, admin: Headers, query: str) -> None:
    taken = 0
    for path in ("/v1/employees", "/v1/events", "/v1/events.csv"):
        answer = client.get(f"{path}?{query}", headers=admin)
        if answer.status_code != 200:  # an unknown parameter is ignored
            problem(answer, 422)
            taken += 1
    assert taken


IDS = (
    "%00",
    "a" * 5000,
    "%ed%a0%80",
    "%2e%2e%2fetc",
    "%2Fetc%2Fpasswd",
    "a%2Fb",
    "%F0%9F%99%82",
    "%ff",
    "'%20OR%201=1--",
    "%0d%0aX:1",
)


@pytest.mark.parametrize("value", IDS)
def test_invalid_id_is_not_found(
    client: TestClient, admin: Headers, gate: Headers, nothing_stored: Any, value: str
) -> None:
    jpeg = {**gate, "Content-Type": "image/jpeg"}
    with nothing_stored():
        for path in ("employees/{}", "employees/{}/photos", "employees/x/photos/{}", "events/{}", "events/{}/snapshot"):
            problem(client.get(f"/v1/{path.format(value)}", headers=admin), 404, 405)
        problem(client.get(f"/v1/keys/{value}", headers=admin), 404)
        problem(client.get(f"/v1/gates/{value}", headers=admin), 404)
        problem(client.delete(f"/v1/employees/{value}", headers=admin), 404, 405)
        problem(client.patch(f"/v1/employees/{value}", headers=admin, json={"name": "x"}), 404, 405)
        problem(client.post(f"/v1/gates/{value}/decisions", headers=jpeg, content=JPEG), 404)
        problem(client.get(f"/{value}"), 404)
        problem(client.get(f"/static/{value}"), 404)


@pytest.mark.parametrize("path", ["/v1/employees/", "/v1//employees", "/V1/employees", "/v1", "/v1/", "/readyz/"])
def test_path_close_to_a_route_is_not_found(client: TestClient, admin: Headers, path: str) -> None:
    problem(client.get(path, headers={**admin, "Host": "evil.example"}), 404, 401)


METHODS: tuple[tuple[str, str], ...] = (
    *(("PUT", "/v1/employees"), ("DELETE", "/v1/employees"), ("OPTIONS", "/v1/employees")),
    *(("GET", DECISIONS), ("PUT", DECISIONS), ("HEAD", DECISIONS), ("OPTIONS", DECISIONS), ("TRACE", DECISIONS)),
    *(("POST", "/healthz"), ("POST", "/v1/audit/verify"), ("DELETE", "/v1/events/x"), ("PATCH", "/"), ("FOO", "/")),
    ("POST", "/static/console.css"),
)


@pytest.mark.parametrize(("method", "path"), METHODS)
def test_unsupported_method_is_refused(client: TestClient, admin: Headers, method: str, path: str) -> None:
    answer = client.request(method, path, headers=admin)
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/json"
    assert "access-control-allow-origin" not in answer.headers
    if method != "HEAD":
        problem(answer, 405, code="method_not_allowed")


@pytest.mark.parametrize("key", ["", "a" * 129])
def test_idempotency_key_out_of_bounds_is_refused(ask: Callable[..., Response], nothing_stored: Any, key: str) -> None:
    with nothing_stored():
        problem(ask(JPEG, **{"Idempotency-Key": key}), 422)


@pytest.mark.parametrize("key", ["'; DROP TABLE events; --", "a\r\nX-Injected: 1", "a\x00b", "\xe9\xff", "<b>", "a, b"])
def test_idempotency_key_is_only_compared(client: TestClient, gate: Headers, ask: Any, ada: Any, key: str) -> None:
    headers = {**gate, "Content-Type": "image/jpeg", "Idempotency-Key": key.encode("latin-1")}
    first, again = (client.post(DECISIONS, headers=headers, content=JPEG) for _ in range(2))  # type: ignore[arg-type]
    assert first.status_code == 200 and "x-injected" not in first.headers
    assert first.json() == again.json()
