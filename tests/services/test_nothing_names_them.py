"""A stolen database names nobody; after an erasure no file, no table and no journal names who was erased."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from app.adapters.crypto.key_file import KeyFile
from app.adapters.crypto.vault import Vault
from app.adapters.db.tables import metadata
from app.core.events.corrections import CorrectionKind
from app.core.events.records import EventFilter
from app.core.people.details import Details
from app.core.types import Employee
from app.services.events.corrections import Corrections
from tests.fakes import new_id, person, photo
from tests.services import process
from tests.services.process import Process
from tests.stores import SEALS, open_store

MARKS = ("E-77001", "Augusta Kingsley", "augusta kingsley", "70219364105", "augusta@example.net")


@pytest.fixture
def vault(master_key: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """With a key file, and databases that seal people with it, as the wiring makes them."""
    vault = Vault(master_key, KeyFile(tmp_path / "people.keys"))
    monkeypatch.setattr(process, "open_store", partial(open_store, vault=vault))
    return vault


@pytest.fixture
def ada(site: Process) -> Employee:
    """Enrolled, let in twice, and said to be a stranger whom the log shows."""
    details = Details("E-77001", "Augusta Kingsley", email="augusta@example.net", card_number="70219364105")
    ada = site.enrolment.add(details)
    site.enrolment.add_photos(ada.id, [photo(person(0))])
    site.enrol("E-2", photo(person(1)))
    for axis in (0, 0, 5):
        site.sees(axis)
    corrections = Corrections(site.store, site.log, site.vault, site.signer, site.clock, new_id)
    corrections.add(site.events.find(EventFilter())[0].id, CorrectionKind.WAS, ada.id, "a user")
    return ada


def in_tables(site: Process, *marks: str) -> set[tuple[str, str]]:
    """Where one of these stands in the clear."""
    found = set()
    with site.store._engine.connect() as connection:
        for table in metadata.tables:
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                stored = " ".join(
                    bytes(v).decode("latin-1") if isinstance(v, (bytes, memoryview)) else str(v) for v in row
                )
                found |= {(table, mark) for mark in marks if mark in stored}
    return found


def in_files(site: Process, folder: Path, *marks: str) -> set[tuple[str, str]]:
    folders = [folder]
    if site.store._engine.dialect.name == "postgresql":
        with site.store._engine.connect() as connection:
            where = connection.execute(text("SHOW data_directory")).scalar_one()
            name = connection.execute(
                text("SELECT oid FROM pg_database WHERE datname = current_database()")
            ).scalar_one()
        folders += [Path(where) / "base" / str(name), Path(where) / "pg_wal"]
    files = [file for one in folders for file in one.rglob("*") if file.is_file()]
    assert len(files) > 2
    return {(file.name, mark) for file in files for mark in marks if mark.encode() in file.read_bytes()}


def test_stolen_database_reveals_neither_names_nor_movements(site: Process, ada: Employee, tmp_path: Path) -> None:
    assert in_tables(site, *MARKS) == set()
    assert in_files(site, tmp_path, *MARKS) == set()
    movements = {"events", "corrections", "orders", "idempotency", "gate_results"}
    assert not {table for table, _ in in_tables(site, ada.id)} & movements
    # and yet her passages are found
    assert [event.decision.employee.id for event in site.events.find(EventFilter(employee_id=ada.id))] == [ada.id] * 2


def test_erased_person_is_named_nowhere(site: Process, ada: Employee, tmp_path: Path) -> None:
    site.erasure.erase(ada.id)
    assert in_tables(site, *MARKS, SEALS.blind(ada.id)) == set()
    assert in_files(site, tmp_path, *MARKS) == set()
    # Her id, which is random and nobody's, stays in receipt and certificate alone: so it is told that it was done.
    assert {table for table, _ in in_tables(site, ada.id)} == {"certificates", "erasures", "gallery_changes"}
    assert site.audit.verify().valid


def test_erased_name_leaves_the_memory_of_other_processes(
    site: Process, ada: Employee, start: Callable[..., Process]
) -> None:
    other = start()
    assert other.enrolment.get(ada.id).name == "Augusta Kingsley"
    site.erasure.erase(ada.id)
    assert other.enrolment.by_number("E-77001") is None
