"""Everybody as one zip over HTTP: it comes in again elsewhere as it went out, and nobody gets it but an admin."""

import csv
import io
import logging
import zipfile
from pathlib import Path
from typing import Any

import pytest

from app.core.people.details import Details
from app.core.types import Role, Status
from app.settings import read_settings
from app.web.api.people import exports
from app.web.app import create_app
from app.web.edge import zip_stream
from app.wiring import System, open_system
from tests import pictures
from tests.web.conftest import Headers, TestClient, bearer, cookie, problem, sign_in

ZIP = "/v1/employees.zip"


@pytest.fixture
def formula(system: System) -> Any:
    """Somebody whose name a spreadsheet would run, and whose number is no file's name; with a photo."""
    details = Details("=1+1/x", '-Bob, "the" O\'Hara', status=Status.INACTIVE, groups=("a|b", "c"), card_number="42")
    made = system.enrolment.add(details)
    assert system.enrolment.add_photos(made.id, [pictures.small("biden", 720)])[0].accepted
    yield made
    system.erasure.erase(made.id)


def fetched(client: TestClient, headers: Headers) -> bytes:
    answer = client.get(ZIP, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip" and answer.headers["cache-control"] == "no-store"
    assert 'filename="facegate-people-2' in answer.headers["content-disposition"]
    return answer.content


def bring(client: TestClient, system: System, headers: Headers, files: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/v1/imports", headers=headers, files=files, data={"dry_run": "false"})
    assert answer.status_code == 202, answer.text
    assert system.imports.run_next()
    system.imports.tidy()
    return dict(client.get(f"/v1/imports/{answer.json()['id']}", headers=headers).json())


def test_export_can_be_imported(
    client: TestClient, admin: Headers, system: System, ada: Any, formula: Any, tmp_path: Path
) -> None:
    data = fetched(client, admin)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
        assert all(entry.flag_bits & 8 == 0 for entry in packed.infolist()), "every head carries its sizes"
        rows = list(csv.DictReader(io.StringIO(packed.read("people.csv").decode(), newline="")))
        photos = {packed.read(name) for name in packed.namelist() if name.startswith("photos/")}
    assert {pictures.small("biden", 720), pictures.small(pictures.ADA[0], 720)} <= photos
    assert [row["name"] for row in rows if row["number"] == "'=1+1/x"] == ["'-Bob, \"the\" O'Hara"]
    sent = {"photos": ("facegate.zip", data, "application/zip")}
    found = bring(client, system, admin, sent)
    assert (found["state"], found["rows"], found["photos"]) == ("done", len(rows), len(photos)), found
    assert found["counts"]["unchanged"] == len(rows), found
    elsewhere = open_system(read_settings(tmp_path / "data", precision="f32", workers=2))
    try:
        key = bearer(elsewhere.keys.create(Role.ADMIN)[0])
        with TestClient(create_app(elsewhere)) as there:
            counts = bring(there, elsewhere, key, sent)["counts"]
            assert (counts["added"], counts["refused"]) == (len(rows), 0)
            with zipfile.ZipFile(io.BytesIO(fetched(there, key))) as again:
                # A photo's name holds the id where the number can be no file's name, and ids are new there.
                same = list(csv.DictReader(io.StringIO(again.read("people.csv").decode(), newline="")))
                assert [{**row, "photos": ""} for row in same] == [{**row, "photos": ""} for row in rows]
                assert {again.read(name) for name in again.namelist() if name.startswith("photos/")} == photos
    finally:
        elsewhere.close()


def test_separate_csv_takes_precedence_over_the_one_in_the_zip(
    client: TestClient, admin: Headers, system: System, formula: Any
) -> None:
    data = fetched(client, admin)
    one = b"number,name\n'=1+1/x,Bob\n"
    found = bring(client, system, admin, {"csv": ("p.csv", one, "text/csv"), "photos": ("p.zip", data, "x/zip")})
    assert (found["rows"], found["counts"]["changed"]) == (1, 1)


@pytest.mark.parametrize(
    ("names", "code"),
    [(("people.txt",), "missing_csv"), (("people.csv", "a/people.csv"), "multiple_csv_files"), (None, "bad_zip")],
)
def test_zip_alone_must_contain_the_people_file(
    client: TestClient, system: System, admin: Headers, nothing_stored: Any, names: tuple[str, ...] | None, code: str
) -> None:
    packed = b"no zip" if names is None else b"".join(zip_stream.zipped((name, b"number,name\n") for name in names))
    empty = ("", b"", "application/octet-stream")  # as a browser's form sends a field without a file
    with nothing_stored():
        files = {"csv": empty, "photos": ("p.zip", packed, "application/zip")}
        problem(client.post("/v1/imports", headers=admin, files=files), 400, code=code)
    assert not any((system.settings.data / "imports").glob("*/*")), "nothing stays on the disk"


def test_only_admins_may_export_and_it_is_logged(
    client: TestClient, system: System, security: Headers, ada: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for headers in (security, cookie(sign_in(system, Role.VIEWER))):
        problem(client.get(ZIP, headers=headers), 403, code="wrong_role")
    caplog.set_level(logging.WARNING, exports.__name__)
    before = system.accounts.users.all()
    fetched(client, cookie(sign_in(system, Role.ADMIN)))
    (user,) = [one for one in system.accounts.users.all() if one.id not in {known.id for known in before}]
    assert [user.id in record.getMessage() for record in caplog.records] == [True, True]


def test_export_stops_when_the_role_is_lost(
    client: TestClient, system: System, ada: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_STILL_ALLOWED", 1)
    secret, key = system.keys.create(Role.ADMIN)
    everybody = system.people_export.files

    def revoked_meanwhile(*_: object) -> Any:
        system.keys.revoke(key.id)
        yield from everybody()

    monkeypatch.setattr(type(system.people_export), "files", revoked_meanwhile)
    with pytest.raises(RuntimeError, match="response already started"), TestClient(client.app) as strict:
        strict.get(ZIP, headers=bearer(secret))


def test_memory_holds_one_file_at_a_time() -> None:
    given: list[int] = []

    def files() -> Any:
        for number in range(50):
            given.append(number)
            yield f"photos/{number}.jpg", bytes([number]) * 1000

    parts = zip_stream.zipped(files())
    for number in range(50):
        assert 1000 < len(next(parts)) < 1200
        assert len(given) == number + 1
