"""What an import keeps names nobody in the clear: neither in its tables nor in its files, also after an erasure."""

import io
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import text

from app.adapters.crypto.key_file import KeyFile
from app.adapters.crypto.vault import Vault
from app.adapters.db.engine.connect import make_engine
from app.core.errors import CryptoFault
from app.core.imports.reports import ImportState
from app.core.people.records import EmployeeFilter
from tests.fakes import Clock, person, photo
from tests.services.importing import Importing
from tests.services.process import Process

pytestmark = pytest.mark.one_database

NAMES = ("Lovelace", "Hopper", "Żak", "Kahn")
CSV = "number,name\nE-1,Ada Lovelace\nE-2,=Hopper\n"


@pytest.fixture
def vault(master_key: bytes, tmp_path: Path) -> Vault:
    return Vault(master_key, KeyFile(tmp_path / "people.keys"))


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in names:
            packed.writestr(name, photo(person(1)))
    return file.getvalue()


def kept(url: str, folder: Path) -> str:
    """Everything in the tables of imports and in their files."""
    engine = make_engine(url)
    with engine.connect() as connection:
        rows = [
            repr(tuple(row))
            for table in ("imports", "import_rows")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ]
    engine.dispose()
    files = [file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file()]
    return "\n".join(rows + files)


def test_names_are_sealed_and_shown_to_readers(site: Process, tmp_path: Path, database_url: str) -> None:
    importing = Importing(site, tmp_path)
    done = importing.upload(CSV.encode(), zipped("E-1.jpg", "Bob Kahn.jpg", "Kahn.pdf"), dry_run=False)
    asked = importing.upload("number,name\nE-3,Łukasz Żak\n".encode("cp1250"), b"", dry_run=False)
    headless = importing.upload(b"Ada Lovelace,E-1\n", b"", dry_run=False)
    assert [importing.desk.run_next() for _ in range(4)] == [True, True, True, False]
    found = {job.id: importing.reports.get(job.id)[0] for job in (done, asked, headless)}
    assert found[done.id].state is ImportState.DONE
    assert [("Kahn" in notice) for notice in found[done.id].notices] == [True, True]
    assert "Łukasz Żak" in (found[asked.id].detail or "") and "Lovelace" in (found[headless.id].detail or "")
    assert {job.id: job.notices for job, _ in importing.reports.all()} == {i: j.notices for i, j in found.items()}
    assert not [name for name in NAMES if name in kept(database_url, tmp_path / "imports")]
    (ada,) = site.enrolment.find(EmployeeFilter())
    site.erasure.erase(ada.id)
    importing.desk.tidy()
    assert not [name for name in (*NAMES, "E-1") if name in kept(database_url, tmp_path / "imports")]


def test_notices_are_deleted_with_the_reports(site: Process, tmp_path: Path) -> None:
    importing = Importing(site, tmp_path)
    job = importing.upload(CSV.encode(), zipped("E-1.jpg", "Bob Kahn.jpg"), dry_run=False)
    assert importing.desk.run_next()
    importing.desk.forget(job.id)
    assert importing.reports.get(job.id)[0].notices == ()


def test_erasure_removes_names_from_earlier_imports(site: Process, tmp_path: Path, clock: Clock) -> None:
    importing = Importing(site, tmp_path)
    ended = importing.upload(CSV.encode(), zipped("E-1.jpg", "Ada Lovelace.jpg"), dry_run=False)
    assert importing.desk.run_next()
    checked = importing.upload(CSV.encode(), zipped("E-1.jpg", "Lovelace, Ada.jpg"), dry_run=True)
    assert importing.desk.run_next()
    with site.store.read() as tx:
        key = tx.data_keys.get(ended.id)
    assert key and "Lovelace" in importing.reports.get(ended.id)[0].notices[0] and importing.rows(ended)
    (ada,) = site.enrolment.find(EmployeeFilter())
    site.erasure.erase(ada.id)
    importing.desk.tidy()
    assert importing.reports.get(ended.id)[0].notices == () and importing.rows(ended) == []
    # Nor in an older copy of the database, which has the wrapped key.
    with pytest.raises(CryptoFault):
        site.vault.seal(key, b"", "")
    # What a dry run says goes with its upload, which names her too.
    importing.desk.cancel(checked.id)
    importing.desk.tidy()
    assert importing.reports.get(checked.id)[0].notices == () and importing.rows(checked) == []
    clock.advance(seconds=1)
    later = importing.upload(CSV.encode(), zipped("E-1.jpg", "Bob Kahn.jpg"), dry_run=False)
    assert importing.desk.run_next()
    importing.desk.tidy()
    assert importing.reports.get(later.id)[0].notices and importing.rows(later)
