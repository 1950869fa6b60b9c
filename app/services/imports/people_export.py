"""Exports everybody with their photos, in the form that an import takes."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.core.errors import NotFound
from app.core.imports.people_cells import harmless, join
from app.core.imports.people_columns import COLUMNS
from app.core.people.records import EmployeeFilter
from app.core.types import Employee, Photo
from app.services.people.enrolment import Enrolment

PAGE = 200
FILE, FOLDER = "people.csv", "photos"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png"}


@dataclass(frozen=True)
class Exported:
    """One person. cells: a text for each of COLUMNS, safe to open in a spreadsheet. photos: ids by file name."""

    employee_id: str
    cells: dict[str, str]
    photos: dict[str, str]


@dataclass(frozen=True)
class PeopleExport:
    enrolment: Enrolment

    def count(self) -> int:
        with self.enrolment.store.read() as tx:
            return tx.employees.count()

    def everybody(self) -> Iterator[Exported]:
        """Yields employees by number, page by page.

        Contractors are left out. A file has no sponsor, so an import elsewhere would make employees of them, whom
        rules for everybody let in.
        """
        after = None
        names: set[str] = set()
        while page := self.enrolment.find(EmployeeFilter(after=after, limit=PAGE)):
            for employee in (one for one in page if one.contract is None):
                try:
                    photos = self.enrolment.photos(employee.id)
                except NotFound:
                    continue  # erased since the page was read
                yield _exported(employee, photos, names)
            after = page[-1].number

    def files(self, on_person: Callable[[], object] = lambda: None) -> Iterator[tuple[str, bytes]]:
        """Path and content of each file, one after the other; on_person: at the end of each person's.

        The photos first and people.csv last: it names what was given out, and what broke off has none. Memory holds
        one photo, and of everybody their row.
        """
        table = io.StringIO(newline="")
        writer = csv.DictWriter(table, COLUMNS)
        writer.writeheader()
        for one in self.everybody():
            given: list[str] = []
            for name, photo_id in one.photos.items():
                try:
                    data, _ = self.enrolment.photo(one.employee_id, photo_id)
                except NotFound:
                    continue  # deleted since they were listed
                yield f"{FOLDER}/{name}", data
                given.append(name)
            if len(given) == len(one.photos) or self._still_there(one.employee_id):
                writer.writerow({**one.cells, "photos": harmless(join(given))})
            on_person()
        yield FILE, table.getvalue().encode()

    def _still_there(self, employee_id: str) -> bool:
        try:
            self.enrolment.get(employee_id)
        except NotFound:
            return False
        return True


def _exported(employee: Employee, photos: list[Photo], names: set[str]) -> Exported:
    # Not every number can be a file name, and two may be equal where case does not count.
    stem = employee.number
    if not _PLAIN.fullmatch(stem) or stem.casefold() in names:
        stem = employee.id
    names.add(stem.casefold())
    files = {f"{stem}_{i}{_ENDINGS.get(photo.media_type, '.jpg')}": photo.id for i, photo in enumerate(photos, 1)}
    values: dict[str, str | None] = {
        "number": employee.number,
        "name": employee.name,
        "email": employee.email,
        "status": employee.status.value,
        "valid_from": str(employee.valid_from or ""),
        "valid_until": str(employee.valid_until or ""),
        "groups": join(employee.groups),
        "legal_basis": employee.legal_basis,
        "consent_at": str(employee.consent_at or ""),
        "card_number": employee.card_number,
        "photos": join(list(files)),
    }
    return Exported(employee.id, {name: harmless(values[name] or "") for name in COLUMNS}, files)
