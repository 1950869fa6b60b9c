"""Whatever is left of an erased person is named in their certificate, by place and kind, and never shown."""

import base64
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from app.core.people.details import Details
from app.core.types import Employee
from tests.fakes import person, photo
from tests.services.importing import Importing
from tests.services.people.certificates.conftest import FACE, PHOTO
from tests.services.process import Process

NAME = "Augusta Kingsley"


def left_after(site: Process, ada: Employee, plant: Callable[[], object] = lambda: None) -> set[tuple[str, str, str]]:
    """What the certificate says is left: place, where and term. plant: after the erasure, before the search."""
    site.erasure.erase(ada.id)
    plant()
    site.certificates.make()
    document = site.certificates.of(ada.id)
    assert document["search"]["found"] == sum(one["count"] for one in document["left"])
    assert not any(mark in str(document) for mark in (NAME, "E-77001", "augusta@"))
    return {(one["place"], one["where"], one["term"]) for one in document["left"]}


def test_name_in_a_row_is_found_in_either_database(site: Process, ada: Employee) -> None:
    def plant() -> None:
        with site.store._engine.begin() as connection:
            connection.execute(text("UPDATE gates SET name = :name"), {"name": f"for {NAME}"})

    found = left_after(site, ada, plant)
    assert ("database", "gates", "name") in found
    # SQLite's file also has it in an index
    assert found <= {("database", "gates", "name"), ("database", "outside_rows", "name")}


def test_sealed_photo_in_a_row_is_found(site: Process, ada: Employee) -> None:
    with site.store.read() as tx:
        sealed = tx.photos.of(ada.id)[0].sealed_image

    def plant() -> None:
        with site.store._engine.begin() as connection:
            connection.execute(text("UPDATE subject_keys SET wrapped = :sealed"), {"sealed": sealed[2048:]})

    assert left_after(site, ada, plant) == {("database", "subject_keys", "sealed")}


@pytest.mark.one_database
def test_photo_in_a_free_page_is_found(site: Process, ada: Employee, tmp_path: Path) -> None:
    def plant() -> None:
        with closing(sqlite3.connect(tmp_path / "facegate.db", isolation_level=None)) as raw:
            raw.execute("PRAGMA secure_delete=OFF")
            raw.execute("CREATE TABLE scratch (photo BLOB)")
            raw.execute("INSERT INTO scratch VALUES (?)", [PHOTO])
            raw.execute("DROP TABLE scratch")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert left_after(site, ada, plant) == {("database", "outside_rows", "photo")}


@pytest.mark.one_database
def test_pages_that_a_long_read_keeps_in_the_log_are_found(site: Process, ada: Employee) -> None:
    with site.store.read() as tx:
        assert tx.employees.get(ada.id) is not None
        with site.store.write() as writing:
            employee = writing.employees.get(ada.id)
            assert employee is not None
            writing.employees.update(replace(employee, name=NAME + "!"))
        found = left_after(site, ada)
    assert ("database", "write_ahead_log", "sealed") in found


@pytest.mark.one_database
def test_vector_under_another_name_is_found_in_the_index(site: Process, ada: Employee) -> None:
    found = left_after(site, ada, lambda: site.gallery.index.apply({"somebody": FACE}, ()))
    assert found == {("index", "index", "embedding")}


@pytest.mark.one_database
def test_row_that_no_search_finds_any_more_counts_until_it_is_swept(site: Process, ada: Employee) -> None:
    index = site.gallery.index
    index.rebuild([ada.id, "eva"], np.stack([FACE, person(1)]))
    index.apply({}, [ada.id])
    assert index.search(FACE, 1)[0].employee_id == "eva" and index.alike(FACE, 0.99) == 1
    site.certificates.let_go = ()
    assert left_after(site, ada) == {("index", "index", "embedding")}
    index.sweep()
    assert index.alike(FACE, 0.99) == 0 and not index.holds(ada.id)


@pytest.mark.one_database
def test_name_in_memory_is_found(site: Process, ada: Employee) -> None:
    box: Any = site.store.people
    with site.store.read() as tx:
        tx.employees.get(ada.id)
    kept = box._opened[ada.id]
    found = left_after(site, ada, lambda: box._opened.update({"elsewhere": kept}))
    assert {("caches", "people", term) for term in ("name", "number", "email")} == found


@pytest.mark.one_database
def test_secret_in_the_key_file_is_found(site: Process, ada: Employee) -> None:
    site.erasure = replace(site.erasure, forget=lambda wrapped: None)
    assert left_after(site, ada) == {("files", "people.keys", "key")}


@pytest.mark.one_database
def test_files_of_the_data_folder_are_searched(site: Process, ada: Employee, tmp_path: Path) -> None:
    def plant() -> None:
        (tmp_path / "outbox").mkdir()
        (tmp_path / "outbox" / "mail.json").write_text('{"to": "AUGUSTA@EXAMPLE.NET"}')
        (tmp_path / "export.json").write_bytes(b'{"photo":"' + base64.b64encode(PHOTO) + b'"}')

    assert left_after(site, ada, plant) == {("files", "mail.json", "email"), ("files", "export.json", "photo")}


@pytest.mark.one_database
def test_import_that_waits_is_found_and_one_that_has_ended_is_gone(
    site: Process, ada: Employee, tmp_path: Path
) -> None:
    importing = Importing(site, tmp_path)
    importing.run("number,name\nE-77001,Augusta Kingsley\nE-3,Cy\n")
    waiting = importing.upload("number,name\nE-77001,Augusta Kingsley\n".encode("utf-16"), b"", dry_run=True)
    found = left_after(site, ada)
    assert {(place, term) for place, _, term in found} == {("imports", "number"), ("imports", "name")}
    assert {where for _, where, _ in found} == {f"import {waiting.id} (waiting)"}


@pytest.mark.one_database
def test_number_too_short_to_search_is_found_where_it_is_a_value(site: Process, tmp_path: Path) -> None:
    importing = Importing(site, tmp_path)
    bob = site.enrolment.add(Details("E-5", "Bo"))
    waiting = importing.upload(b"number,name\nE-5,Bo\n", b"", dry_run=True)
    assert left_after(site, bob) == {("imports", f"import {waiting.id} (waiting)", term) for term in ("number", "name")}
    assert site.certificates.of(bob.id)["search"]["too_short"] == ["name", "number"]


@pytest.mark.one_database
def test_other_people_are_no_trace(site: Process, ada: Employee, tmp_path: Path) -> None:
    site.enrol("E-8", photo(person(7)))
    site.enrolment.add(Details("E-770012", "Augusta Kingsley-Smith", email="mrs.augusta@example.net"))
    Importing(site, tmp_path).upload(b"number,name\nE-770013,Augusta Kingsleyson\n", b"", dry_run=True)
    assert left_after(site, ada) == set()


@pytest.mark.one_database
@pytest.mark.parametrize(
    "csv, encoding",
    [
        ("Nr;Wer\nX-1;Jörg Müllerström\n", "cp1252"),
        ("Nr|Wer\nX-1|Jörg Müllerström\n", "cp850"),
        ("Nr;Wer\nX-1;Jörg Müllerström\n", "utf-8"),
        ("Nr;Wer\nX-1;Jörg Müllerström\n", "utf-16-le"),
    ],
)
def test_import_that_waits_for_its_columns_is_searched(site: Process, tmp_path: Path, csv: str, encoding: str) -> None:
    joerg = site.enrolment.add(Details("123", "Jörg Müllerström"))
    waiting = Importing(site, tmp_path).upload(csv.encode(encoding), b"", dry_run=True)
    assert left_after(site, joerg) == {("imports", f"import {waiting.id} (waiting)", "name")}
    assert site.certificates.of(joerg.id)["search"]["complete"]


@pytest.mark.one_database
def test_import_that_cannot_be_read_is_named_as_not_searched(site: Process, ada: Employee, tmp_path: Path) -> None:
    waiting = Importing(site, tmp_path).upload(b'Nr;Wer\n"E-1"x;Augusta Kingsley\n', b"", dry_run=True)
    where = f"import {waiting.id} (waiting)"
    assert left_after(site, ada) == {("imports", where, "name")}, "its bytes are searched all the same"
    document = site.certificates.of(ada.id)
    assert not document["search"]["complete"] and document["not_searched"] == [{"place": "imports", "where": where}]


@pytest.mark.one_database
def test_short_number_in_hashes_is_no_trace(site: Process, tmp_path: Path) -> None:
    site.enrol("E-2", photo(person(1)))
    site.sees(1)
    with site.store._engine.connect() as connection:
        digest = connection.execute(text("SELECT hash FROM events")).scalars().first()
    assert digest is not None
    bob = site.enrolment.add(Details(digest[7:12], "Robert Zzyzx"))
    assert left_after(site, bob) == set()
    assert site.certificates.of(bob.id)["search"]["too_short"] == ["number"]


def test_longer_number_in_a_row_is_no_trace_in_either_database(site: Process) -> None:
    bob = site.enrolment.add(Details("E-100", "Robert Zzyzx"))

    def plant() -> None:
        with site.store._engine.begin() as connection:
            connection.execute(text("UPDATE gates SET name = 'for E-1000'"))

    assert {one for one in left_after(site, bob, plant) if one[1] == "gates"} == set()


@pytest.mark.one_database
def test_longer_number_in_a_file_is_no_trace_unless_the_file_is_binary(
    site: Process, ada: Employee, tmp_path: Path
) -> None:
    def plant() -> None:
        (tmp_path / "notes.txt").write_text("E-770012 and Augusta Kingsleyson")
        (tmp_path / "copy.db").write_bytes(b"\x00\x01Augusta Kingsleynone")

    assert left_after(site, ada, plant) == {("files", "copy.db", "name")}
