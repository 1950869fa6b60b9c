"""An import as a test sees it: files of the test, and a desk on the test's process."""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.adapters.uploads.store import UploadFolder
from app.core.errors import BadInput
from app.core.imports import people_file
from app.core.imports.photo_names import Unused
from app.core.imports.reports import Import, ImportState, RowFilter, RowReport
from app.core.people.records import EmployeeFilter
from app.core.types import FrameResult
from app.services.imports.bulk_import import BulkImport
from app.services.imports.import_desk import ImportDesk
from app.services.imports.import_reports import ImportReports
from tests.fakes import look, new_id, person, photo
from tests.services.process import Process


@dataclass
class Pictures:
    """imports.PhotoSource of a test. A photo of None cannot be read."""

    files: Mapping[str, bytes | None]

    def names(self) -> list[str]:
        return list(self.files)

    def unused(self) -> Unused:
        return Unused()

    def read(self, name: str) -> bytes:
        data = self.files[name]
        if data is None:
            raise BadInput("bad_zip_entry", "The photo is damaged in the zip; pack it again.")
        return data

    def fingerprint(self) -> str:
        return str(sorted(self.files))


def shrunk(photo: bytes) -> bytes:
    return b"small " + photo


class Importing:
    """The desk of a process; `run` imports what it is given, at once."""

    def __init__(self, process: Process, folder: Path, look: Callable[[bytes], FrameResult] = look) -> None:
        self.process = process
        self.uploads = UploadFolder(folder / "imports", 1_000_000)
        self.bulk = BulkImport(
            process.enrolment, process.vault, look, workers=2, shrink=shrunk, pause=lambda seconds: None
        )
        self.desk = ImportDesk(process.store, process.vault, process.clock, new_id, self.uploads, self.bulk)
        self.reports = ImportReports(process.store, process.vault)

    def run(
        self,
        csv: str,
        photos: Mapping[str, bytes | None] | None = None,
        *,
        dry_run: bool = False,
        again: Import | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Import:
        job = again or self.desk.open("tests", dry_run=dry_run)
        return self.bulk.run(job.id, people_file.read(csv.encode()), Pictures(photos or {}), stop=stop)

    def rows(self, job: Import) -> list[RowReport]:
        return self.reports.rows(job.id, RowFilter())

    def outcomes(self, job: Import) -> dict[str, str]:
        return {row.number: row.outcome.value for row in self.rows(job)}

    def problems(self, job: Import) -> dict[str, list[str]]:
        return {row.number: [problem.code for problem in row.problems] for row in self.rows(job)}

    def upload(self, csv: bytes, photos: bytes, *, dry_run: bool) -> Import:
        with self.desk.receive() as arriving:
            arriving.csv.write(csv)
            arriving.photos.write(photos)
            return self.desk.submit(arriving, dry_run=dry_run, actor="tests")


CSV = b"number,name\nE-1,Ada\nE-2,Bob\n"


def photos() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("E-1.jpg", photo(person(1)))
        packed.writestr("E-2.jpg", photo(person(2)))
    return file.getvalue()


def state(importing: Importing, import_id: str) -> ImportState:
    return importing.reports.get(import_id)[0].state


def people(site: Process) -> list[str]:
    return [employee.number for employee in site.enrolment.find(EmployeeFilter())]


def upload_key(site: Process, import_id: str) -> bytes | None:
    with site.store.read() as tx:
        return tx.data_keys.get(f"{import_id}:upload")
