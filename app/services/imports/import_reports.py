"""Keeps and reads an import's report on each row. Employee numbers are sealed, and are erased with their person."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.core.errors import NotFound
from app.core.imports.people_cells import harmless
from app.core.imports.people_columns import ColumnMapping, mapping_of
from app.core.imports.reports import HELD, Import, RowFilter, RowOutcome, RowProblem, RowReport, StoredRow
from app.core.ports.crypto import Vault
from app.core.ports.store import Store, Transaction
from app.core.sealing import Sealed, context
from app.core.site.retention import Kind
from app.services.people.retention.removers import Rows

PAGE = 1000


@dataclass(frozen=True)
class ImportReports:
    store: Store
    vault: Vault

    def get(self, import_id: str) -> tuple[Import, dict[str, int]]:
        """The import, and its rows by outcome so far. Raises NotFound."""
        with self.store.read() as tx:
            job = opened(tx, self.vault, known(tx, import_id))
            return job, dict(job.counts) if job.counts is not None else tx.imports.counts(import_id)

    def all(self) -> list[tuple[Import, dict[str, int]]]:
        """Returns the last fifty imports, newest first."""
        with self.store.read() as tx:
            jobs = [opened(tx, self.vault, job) for job in tx.imports.all()]
            return [(job, dict(job.counts or tx.imports.counts(job.id))) for job in jobs]

    def rows(self, import_id: str, which: RowFilter) -> list[RowReport]:
        """Reports by line. Raises NotFound for an unknown import; of one whose reports have expired there are none."""
        with self.store.read() as tx:
            known(tx, import_id)
            key = tx.data_keys.get(import_id)
            if key is None:
                return []
            return [self._opened(tx, key, import_id, row) for row in tx.imports.rows(import_id, which)]

    def picture(self, import_id: str, line: int) -> bytes:
        """Returns the JPEG that is kept of somebody who cannot be recognised. Raises NotFound."""
        with self.store.read() as tx:
            known(tx, import_id)
            key, sealed = tx.data_keys.get(import_id), tx.imports.picture(import_id, line)
            if key is None or sealed is None:
                raise NotFound("unknown_photo", "No picture of this row is kept.")
            return self.vault.open(key, sealed, context(Sealed.IMPORT_PICTURE, import_id, line))

    def every(self, import_id: str, *, problems: bool = False) -> Iterator[RowReport]:
        """Yields all reports, page by page."""
        after = 0
        while page := self.rows(import_id, RowFilter(problems=problems, after=after, limit=PAGE)):
            yield from page
            after = page[-1].line

    def table(self, import_id: str) -> Iterator[list[str]]:
        """Yields all reports as lines of a CSV, header first; a row with several problems has several lines."""
        yield ["line", "number", "outcome", "photos", "problem", "photo", "detail", "name", "recognisable"]
        for row in self.every(import_id):
            for problem in row.problems or (None,):
                fields = (problem.code, problem.photo or "", problem.detail) if problem else ("", "", "")
                can = {True: "yes", False: "no", None: ""}[row.recognisable]
                cells = (str(row.line), row.number, row.outcome.value, str(row.photos), *fields, row.name, can)
                yield [harmless(cell) for cell in cells]

    def _opened(self, tx: Transaction, key: bytes, import_id: str, row: StoredRow) -> RowReport:
        fields = json.loads(self.vault.open(key, row.sealed, context(Sealed.IMPORT_ROW, import_id, row.line)))
        problems = tuple(_completed(tx, RowProblem(**problem)) for problem in fields["problems"])
        return RowReport(
            row.line,
            fields["number"],
            RowOutcome(row.outcome),
            problems,
            row.photos,
            row.employee_id,
            fields.get("name", ""),  # older reports have none
            row.recognisable,
            row.has_picture,
        )


def record(
    tx: Transaction, vault: Vault, import_id: str, report: RowReport, photos: int, picture: bytes | None = None
) -> None:
    """Keeps a report, sealed, and counts the row as done.

    photos: how many the row has. picture: of somebody who cannot be recognised; that of anybody else is not kept.
    """
    problems = [vars(problem) for problem in report.problems]
    fields = {"number": report.number, "name": report.name, "problems": problems}
    key = tx.data_keys.get(import_id)
    if key is None:
        raise NotFound("unknown_import", "This import was removed.")
    content = vault.seal(key, json.dumps(fields).encode(), context(Sealed.IMPORT_ROW, import_id, report.line))
    row = StoredRow(
        report.line,
        report.outcome,
        len(report.problems),
        report.photos,
        report.employee_id,
        content,
        report.recognisable,
    )
    kept = picture if report.recognisable is False else None
    sealed = vault.seal(key, kept, context(Sealed.IMPORT_PICTURE, import_id, report.line)) if kept else None
    tx.imports.put_row(import_id, row, sealed)
    tx.imports.progress(import_id, 1, photos)


def with_notes(
    tx: Transaction,
    vault: Vault,
    job: Import,
    *,
    notices: tuple[str, ...] | None = None,
    detail: str | None = None,
    mapping: ColumnMapping | None = None,
) -> Import:
    """The import with these sentences and this mapping, sealed; None keeps notices and mapping as they are.

    They are lost if its key is gone.
    """
    job = opened(tx, vault, job)
    kept = job.notices if notices is None else notices
    job = replace(job, notices=kept, detail=detail, mapping=mapping or job.mapping)
    key = tx.data_keys.get(job.id)
    if key is None or not (job.notices or detail or job.mapping):
        return replace(job, sealed_notes=None)
    said = job.mapping.plain() if job.mapping else None
    fields = json.dumps({"notices": job.notices, "detail": detail, "mapping": said}).encode()
    return replace(job, sealed_notes=vault.seal(key, fields, context(Sealed.IMPORT_TOLD, job.id)))


def opened(tx: Transaction, vault: Vault, job: Import) -> Import:
    """The import with its notes on the files, as long as its key exists."""
    key = tx.data_keys.get(job.id) if job.sealed_notes else None
    if key is None or job.sealed_notes is None:
        return job
    fields = json.loads(vault.open(key, job.sealed_notes, context(Sealed.IMPORT_TOLD, job.id)))
    said = fields.get("mapping")  # older notes have none
    mapping = mapping_of(said) if said else None
    return replace(job, notices=tuple(fields["notices"]), detail=fields["detail"], mapping=mapping)


def is_over(job: Import, erased_at: datetime | None) -> bool:
    """Whether its reports have to go because they are from before the last erasure: they may name whom that erased, in
    whatever spelling the files had. How long others are kept is a matter of retention."""
    if job.ended_at is None or job.state in HELD:
        return False
    return erased_at is not None and erased_at >= job.created_at


def forget_reports(tx: Transaction, vault: Vault, import_id: str) -> bool:
    """Destroys an import's reports in every copy of the database; its figures stay. Whether there were any still.

    Raises NotFound.
    """
    job = known(tx, import_id, for_update=True)
    key = tx.data_keys.get(import_id)
    tx.imports.put(replace(job, counts=job.counts or tx.imports.counts(import_id), sealed_notes=None))
    tx.imports.forget_rows(import_id)
    tx.data_keys.destroy(import_id)
    if key is not None:
        vault.forget(key)
    return key is not None


@dataclass(frozen=True, kw_only=True)
class ReportRemover(Rows):
    vault: Vault
    kind: Kind = Kind.IMPORT_REPORTS

    def remove(self, tx: Transaction, ids: Sequence[str], before: datetime) -> int:
        return sum(self._remove(tx, import_id, before) for import_id in ids)

    def _remove(self, tx: Transaction, import_id: str, before: datetime) -> bool:
        job = tx.imports.get(import_id, for_update=True)
        if job is None or job.ended_at is None or job.ended_at >= before or job.state in HELD:
            return False
        return forget_reports(tx, self.vault, import_id)


def known(tx: Transaction, import_id: str, *, for_update: bool = False) -> Import:
    found = tx.imports.get(import_id, for_update=for_update)
    if found is None:
        raise NotFound("unknown_import", "There is no import with this id.")
    return found


def _completed(tx: Transaction, problem: RowProblem) -> RowProblem:
    if problem.other is None:
        return problem
    other = tx.employees.get(problem.other)
    return replace(
        problem, detail=f"{problem.detail}: {other.number}." if other else f"{problem.detail}, erased since."
    )
