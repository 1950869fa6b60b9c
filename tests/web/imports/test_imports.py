"""Imports over HTTP, with real photos: tried, read, applied, followed; and what is refused while it streams in."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from app.core.imports.reports import OPEN, ImportState
from app.wiring import System
from tests import pictures
from tests.web.conftest import Headers, TestClient, problem

CSV = "number,name\nI-1,Grace Hopper\nI-2,Bob Kahn\nI-3,Nobody\nI-4,Twin\n"
Files = dict[str, Any]


def zipped(**photos: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, data in photos.items():
            packed.writestr(f"{name.replace('_', '-')}.jpg", data)
    return file.getvalue()


@pytest.fixture(scope="module")
def files() -> Files:
    photos = zipped(I_1=pictures.small("biden"), I_2=pictures.small("impostor_2"), I_4=pictures.small("biden", 720))
    return {"csv": ("people.csv", CSV, "text/csv"), "photos": ("photos.zip", photos, "application/zip")}


@pytest.fixture
def imported(system: System, client: TestClient, admin: Headers) -> Iterator[Callable[..., str]]:
    """Brings an import and runs it; the people are erased when the test ends."""

    def bring(files: Files, **data: str) -> str:
        answer = client.post("/v1/imports", headers=admin, files=files, data=data)
        assert answer.status_code == 202, answer.text
        assert system.imports.run_next()
        return str(answer.json()["id"])

    yield bring
    for employee in client.get("/v1/employees?q=I-", headers=admin).json()["items"]:
        client.delete(f"/v1/employees/{employee['id']}", headers=admin)


@pytest.fixture(autouse=True)
def ended(system: System) -> Iterator[None]:
    """After each test nothing waits, and nothing lies on the disk."""
    yield
    for job, _ in system.import_reports.all():
        if job.state in {*OPEN, ImportState.CHECKED}:
            system.imports.cancel(job.id)
    system.imports.tidy()
    assert not any((system.settings.data / "imports").glob("*/*"))


def test_dry_run_and_its_application(
    client: TestClient, admin: Headers, files: Files, imported: Any, ada: Any, ask: Any, nothing_stored: Any
) -> None:
    with nothing_stored():
        import_id = imported(files)
    found = client.get(f"/v1/imports/{import_id}", headers=admin).json()
    assert (found["state"], found["dry_run"], found["rows"], found["photos"], found["actor"]) == (
        "checked",
        True,
        4,
        3,
        "tests",
    )
    assert found["counts"] == {
        "added": 3,
        "changed": 0,
        "unchanged": 0,
        "refused": 1,
        "problems": 2,
        "unrecognisable": 1,
    }
    rows = {row["number"]: [p["code"] for p in row["problems"]] for row in found["problems"]["items"]}
    assert rows == {"I-3": ["no_photos"], "I-4": ["duplicate_face"]}
    assert client.post(f"/v1/imports/{import_id}/apply", headers=admin).status_code == 202
    assert client.app.state.system.imports.run_next()  # type: ignore[attr-defined]  # the application under test
    found = client.get(f"/v1/imports/{import_id}", headers=admin, params={"all_rows": True, "limit": 3}).json()
    assert (found["state"], found["dry_run"], found["done"], found["eta_s"]) == ("done", False, 4, None)
    assert [row["line"] for row in found["problems"]["items"]] == [2, 3, 4] and found["problems"]["next"] == "4"
    page: dict[str, Any] = {"all_rows": True, "cursor": "4"}
    last = client.get(f"/v1/imports/{import_id}", headers=admin, params=page).json()["problems"]
    assert last["items"][0]["problems"][0]["detail"].endswith("under another number: I-1.") and last["next"] is None
    assert ask(pictures.small("biden")).json()["employee"]["number"] == "I-1"
    problem(client.post(f"/v1/imports/{import_id}/apply", headers=admin), 409, code="dry_run_not_applicable")
    problem(client.post(f"/v1/imports/{import_id}/cancel", headers=admin), 409, code="import_ended")
    assert client.get("/v1/imports", headers=admin).json()["items"][0]["id"] == import_id


def test_progress_is_reported_as_it_happens(client: TestClient, admin: Headers, files: Files, imported: Any) -> None:
    import_id = imported({"csv": files["csv"]}, dry_run="true")
    with client.stream("GET", f"/v1/imports/{import_id}/events", headers=admin) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line]
    assert lines[0] == "event: progress"
    assert json.loads(lines[-1].removeprefix("data: "))["state"] == "checked"


def test_report_as_csv_runs_nothing(client: TestClient, admin: Headers, imported: Any) -> None:
    import_id = imported({"csv": ("p.csv", 'number,name\n"=1+1",Ada\n"\'=I-1",Grace\n', "text/csv")})
    lines = client.get(f"/v1/imports/{import_id}/report.csv", headers=admin).text.splitlines()
    assert lines[0] == "line,number,outcome,photos,problem,photo,detail,name,recognisable"
    assert lines[1].startswith("2,,refused,0,formula_injection,,") and lines[2].startswith("3,'=I-1,added,0,no_photos")


def test_encoding_is_asked_for_and_taken(client: TestClient, admin: Headers, imported: Any) -> None:
    csv = {"csv": ("p.csv", "number,name\nI-1,Łukasz Żak\n".encode("cp1250"), "text/csv")}
    found = client.get(f"/v1/imports/{imported(csv)}", headers=admin).json()
    assert (found["state"], found["encoding"]) == ("failed", None)
    assert "windows-1250 reads 'Łukasz Żak'" in found["detail"]
    found = client.get(f"/v1/imports/{imported(csv, encoding='windows-1250')}", headers=admin).json()
    assert (found["state"], found["encoding"]) == ("checked", "windows-1250")
    assert found["notices"] == ["Read as windows-1250: Łukasz Żak. Are these names right?"]


def test_columns_are_read_mapped_and_sent(client: TestClient, admin: Headers, system: System, imported: Any) -> None:
    csv = {"csv": ("hr.csv", "Pers.-Nr.;Vorname;Nachname;Ende\nI-1;Ada;Byron;01.02.2027\n", "text/csv")}
    import_id = imported(csv)
    assert client.get(f"/v1/imports/{import_id}", headers=admin).json()["state"] == "unmapped"
    found = client.get(f"/v1/imports/{import_id}/columns", headers=admin).json()
    guess = {"number": ["Pers.-Nr."], "name": ["Vorname", "Nachname"], "valid_until": ["Ende"]}
    assert (found["header_line"], found["own"], found["mapping"]) == (1, False, {"columns": guess, "dates": None})
    assert found["columns"][1] == {"title": "Vorname", "samples": ["Ada"]}
    path = f"/v1/imports/{import_id}/mapping"
    problem(client.post(path, headers=admin, json={"columns": guess}), 400, code="ambiguous_dates")
    problem(client.post(path, headers=admin, json={"columns": {"number": "X", "name": "Y"}}), 400)
    problem(client.post(path, headers=admin, json={"columns": {"number": "Ende"}}), 400, code="bad_mapping")
    problem(client.post(path, headers=admin, json={"columns": guess, "dates": "any"}), 422)
    said = {"columns": guess, "dates": "day_first"}
    assert client.post(path, headers=admin, json=said).status_code == 202
    assert system.imports.run_next()
    found = client.get(f"/v1/imports/{import_id}", headers=admin, params={"unrecognisable": True}).json()
    (row,) = found["problems"]["items"]
    assert (found["state"], row["name"], row["recognisable"], row["has_picture"]) == (
        "checked",
        "Ada Byron",
        False,
        False,
    )
    problem(client.get(f"/v1/imports/{import_id}/rows/2/picture", headers=admin), 404, code="unknown_photo")
    sent = imported(csv, dry_run="false", mapping=json.dumps(said))
    assert client.get(f"/v1/imports/{sent}", headers=admin).json()["state"] == "done"
    problem(client.get(f"/v1/imports/{sent}/columns", headers=admin), 409, code="mapping_not_applicable")


def test_refused_photo_of_who_cannot_be_recognised_is_shown(client: TestClient, admin: Headers, imported: Any) -> None:
    photos = ("photos.zip", zipped(I_1=pictures.empty()), "application/zip")
    import_id = imported({"csv": ("p.csv", "number,name\nI-1,Ada\n", "text/csv"), "photos": photos})
    found = client.get(f"/v1/imports/{import_id}", headers=admin).json()
    assert found["counts"]["unrecognisable"] == 1 and found["problems"]["items"][0]["has_picture"]
    picture = client.get(f"/v1/imports/{import_id}/rows/2/picture", headers=admin)
    assert picture.headers["content-type"] == "image/jpeg" and picture.headers["cache-control"] == "no-store"
    assert picture.content.startswith(b"\xff\xd8") and len(picture.content) < 60_000


def test_template_has_our_columns(client: TestClient, admin: Headers) -> None:
    text = client.get("/v1/imports/template.csv", headers=admin).text
    assert text.startswith("\ufeffnumber,name,") and text.count("\n") == 1


@pytest.mark.parametrize(
    ("files", "data", "code"),
    [
        ({"photos": ("p.zip", b"", "application/zip")}, {}, "missing_csv"),
        ({"csv": ("p.csv", CSV, "text/csv")}, {"dry_run": "maybe"}, "bad_dry_run"),
        ({"csv": ("p.csv", CSV, "text/csv")}, {"encoding": "rot13"}, "unknown_encoding"),
        ({"csv": ("p.csv", CSV, "text/csv")}, {"more": "x"}, "unknown_part"),
        ({"csv": ("p.csv", CSV, "text/csv")}, {"mapping": "{"}, "bad_mapping"),
        ({"csv": ("p.csv", CSV, "text/csv")}, {"mapping": "x" * 20_001}, "bad_form"),
        ([("csv", ("p.csv", CSV, "text/csv")), ("csv", ("p.csv", CSV, "text/csv"))], {}, "duplicate_part"),
        ({"csv": ("p.csv", CSV, "text/csv")}, {"dry_run": "x" * 5000}, "bad_form"),
    ],
)
def test_invalid_forms_are_refused(
    client: TestClient,
    system: System,
    admin: Headers,
    nothing_stored: Callable[[], AbstractContextManager[None]],
    files: Any,
    data: dict[str, str],
    code: str,
) -> None:
    with nothing_stored():
        problem(client.post("/v1/imports", headers=admin, files=files, data=data), 400, code=code)
    assert not any((system.settings.data / "imports").glob("*/*")), "nothing stays on the disk"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data; name=csv\r\n\r\nnumber,name", "multipart/form-data; boundary=x"),
        (b"nonsense" * 1000, "multipart/form-data; boundary=x"),
        (b"--x\r\nA: " + b"y" * 10_000, "multipart/form-data; boundary=x"),
        (b"number,name\n", "text/csv"),
        (b"", "multipart/form-data"),
    ],
)
def test_other_bodies_are_refused(client: TestClient, admin: Headers, body: bytes, content_type: str) -> None:
    headers = {**admin, "Content-Type": content_type}
    problem(client.post("/v1/imports", headers=headers, content=body), 400)


def test_import_may_exceed_a_request_up_to_its_own_limit(client: TestClient, admin: Headers) -> None:
    # 33 MB is over max_request_mb; only the import's own bound counts here.
    big: Any = {"csv": ("p.csv", CSV, "text/csv"), "photos": ("p.zip", bytes(33_000_000), "application/zip")}
    assert client.post("/v1/imports", headers=admin, files=big).status_code == 202
    problem(client.post("/v1/verify", headers=admin, files=big), 413)
    declared = {**admin, "Content-Length": str(5_000_000_000), "Content-Type": "multipart/form-data; boundary=x"}
    problem(client.post("/v1/imports", headers=declared, content=b"x"), 413, code="request_too_large")
    csv = {"csv": ("p.csv", bytes(65_000_000), "text/csv")}
    problem(client.post("/v1/imports", headers=admin, files=csv), 413, code="csv_too_large")


def test_unknown_imports_and_cursors(client: TestClient, admin: Headers, files: Files, imported: Any) -> None:
    for path in ("", "/events", "/report.csv"):
        problem(client.get(f"/v1/imports/nobody{path}", headers=admin), 404, code="unknown_import")
    for action in ("apply", "cancel"):
        problem(client.post(f"/v1/imports/nobody/{action}", headers=admin), 404, code="unknown_import")
    import_id = imported({"csv": files["csv"]})
    for cursor in ("x", "-1", "1.5", "\u0661", "99999999999"):
        problem(client.get(f"/v1/imports/{import_id}", headers=admin, params={"cursor": cursor}), 400)
