"""Imports a file of people row by row. All cores look at photos; each row has a transaction of its own.

So a kill loses nothing that was applied, gates get their turn at the database between rows, and the same file again
changes nothing. A dry run does the same and takes each row back, so what it reports is what applying would do.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TypeVar

import numpy as np

from app.core.errors import Busy, Conflict, NotRecorded, Refusal
from app.core.imports.people_file import PeopleFile, Row
from app.core.imports.photo_names import Matched, match
from app.core.imports.reports import OPEN, Import, ImportState, PhotoSource, RowOutcome, RowProblem, RowReport
from app.core.ports.crypto import Vault
from app.core.ports.store import Transaction
from app.core.sealing import Sealed, context
from app.core.types import FrameResult, Vector
from app.services.imports.dry_run_gallery import DryRunGallery
from app.services.imports.import_photos import about_photos, chosen, refused_picture
from app.services.imports.import_reports import known, opened, record, with_notes
from app.services.people.enrolment import MAX_PHOTOS, Enrolment
from app.services.people.photo_judgement import Judged, KnownPictures, PhotoResult, judge, sha256

AHEAD = 4  # rows prepared ahead, besides one for each worker; bounds the photos in memory
_PATIENCE_S = (0.1, 0.5, 2, 5, 10)  # pauses before a row is tried again that the database did not take
Result = TypeVar("Result")
_SAME_FACE = "This person is enrolled already, under another number"


@dataclass(frozen=True)
class Prepared:
    """A row, and what its photos show: name and judgement of each that is not kept already. kept: how many are.

    photos: how many the row has in the import. older: see `Enrolment.older_digests`. refused: small, the first photo of
    somebody whom no photo makes recognisable.
    """

    row: Row
    judged: Sequence[tuple[str, Judged]] = ()
    problems: tuple[RowProblem, ...] = ()
    kept: int = 0
    photos: int = 0
    older: Mapping[str, bytes] = field(default_factory=dict)
    refused: bytes | None = None


class _TakenBack(Exception):
    """Ends a row's transaction without a commit. vector: the template it would have had."""

    def __init__(self, report: RowReport, vector: Vector | None = None) -> None:
        super().__init__(report.outcome)
        self.report = report
        self.vector = vector


class _Ended(Exception):
    """Somebody ended the import."""


@dataclass(frozen=True)
class BulkImport:
    """look: looks at one photo with the strict limits, after people at gates. workers: how many at a time.

    shrink: makes of a photo a small one for eyes; raises BadInput or TooLarge.
    """

    enrolment: Enrolment
    vault: Vault
    look: Callable[[bytes], FrameResult]
    workers: int
    shrink: Callable[[bytes], bytes]
    pause: Callable[[float], object] = Event().wait

    def run(
        self,
        import_id: str,
        file: PeopleFile,
        photos: PhotoSource,
        *,
        stop: Callable[[], bool] = lambda: False,
        on_row: Callable[[RowReport], None] = lambda report: None,
    ) -> Import:
        """Imports the file from where an earlier run ended. stop: asked before each row, to go on another time.

        on_row: each row's report, as it is recorded. Raises NotRecorded where the database is gone for long, Busy where
        the site moved to another pack: then the import goes on later, by the new one. Conflict for one that has ended.
        """
        listed = [name for row in file.rows for name in row.photos or ()]
        matched = match(photos.names(), (row.number for row in file.rows), listed)
        job, done = self._begin(import_id, file, matched, photos)
        waiting = [row for row in file.rows if row.line not in done]
        dry_run_gallery = DryRunGallery(len(file.rows)) if job.dry_run else None
        going, ahead = True, deque[Future[Prepared]]()
        with ThreadPoolExecutor(self.workers, thread_name_prefix="import") as pool:
            try:
                for row in waiting:
                    ahead.append(pool.submit(self._prepare, row, photos, matched))
                    if len(ahead) == self.workers + AHEAD:
                        going = not stop() and self._next(job, ahead, dry_run_gallery, on_row)
                        if not going:
                            break
                while going and ahead:
                    going = not stop() and self._next(job, ahead, dry_run_gallery, on_row)
            finally:
                for future in ahead:
                    future.cancel()
        return self._end(import_id, finished=not ahead)

    def _begin(
        self, import_id: str, file: PeopleFile, matched: Matched, photos: PhotoSource
    ) -> tuple[Import, set[int]]:
        store, clock = self.enrolment.store, self.enrolment.clock
        notices = (*file.notices, *about_photos(file, matched, photos))
        with store.write() as tx:
            job = known(tx, import_id, for_update=True)
            if job.state not in OPEN:
                raise Conflict("import_ended", "This import has already ended.")
            done = set() if job.dry_run else tx.imports.lines(import_id)
            job = replace(
                job,
                state=ImportState.RUNNING,
                started_at=clock(),
                rows=len(file.rows),
                photos=sum(len(chosen(row, matched)[0]) for row in file.rows),
                done=len(done),
                done_photos=sum(len(chosen(r, matched)[0]) for r in file.rows if r.line in done),
                done_before=len(done),
            )
            job = with_notes(tx, self.vault, job, notices=notices)
            tx.imports.put(job)
            if job.dry_run:
                tx.imports.forget_rows(import_id)
        return job, done

    def _end(self, import_id: str, *, finished: bool) -> Import:
        with self.enrolment.store.write() as tx:
            job = known(tx, import_id, for_update=True)
            if job.state is ImportState.RUNNING and finished:
                end = ImportState.CHECKED if job.dry_run else ImportState.DONE
                job = replace(job, state=end, ended_at=self.enrolment.clock(), counts=tx.imports.counts(import_id))
                tx.imports.put(job)
            return opened(tx, self.vault, job)

    def _prepare(self, row: Row, photos: PhotoSource, matched: Matched) -> Prepared:
        """Reads a row's photos and looks at those that are not kept yet. Runs in a worker."""
        if row.problems:
            return Prepared(row, photos=len(chosen(row, matched)[0]))
        names, problems = chosen(row, matched)
        known, older = self._patiently(lambda: self._known_pictures(row.number))
        kept = len(known.digests)
        judged: list[tuple[str, Judged]] = []
        for name in names:
            try:
                data = photos.read(name)
            except Refusal as refused:
                problems.append(RowProblem(refused.code, refused.detail, photo=name))
                continue
            if not known.take(sha256(data)):
                continue
            if kept + len(judged) == MAX_PHOTOS:
                detail = f"Only {MAX_PHOTOS} photos of a person are kept; this one was left out."
                problems.append(RowProblem("too_many_photos", detail, photo=name))
                continue
            one = judge(self.look, data, self.enrolment.readable)
            # One of another format is known by what it was converted to.
            if one.data is data or known.take(one.sha256):
                judged.append((name, one))
        if not kept and not judged:
            problems.append(RowProblem("no_photos", "This person has no photo, so gates cannot recognise them."))
        shown = None if kept else refused_picture([one for _, one in judged], self.enrolment.same_person, self.shrink)
        return Prepared(row, judged, tuple(problems), kept, len(names), older, shown)

    def _known_pictures(self, number: str) -> tuple[KnownPictures, dict[str, bytes]]:
        """The kept pictures of the employee with this number; see `Enrolment.older_digests` for the second."""
        with self.enrolment.store.read() as tx:
            employee = tx.employees.by_number(number)
            key = tx.data_keys.get(employee.id) if employee else None
            if employee is None or key is None:
                return KnownPictures(), {}
            older = self.enrolment.older_digests(tx, employee.id)
            return self.enrolment.known_pictures(employee.id, key, tx.photos.of(employee.id), older), older

    def _next(
        self,
        job: Import,
        ahead: deque[Future[Prepared]],
        dry_run_gallery: DryRunGallery | None,
        on_row: Callable[[RowReport], None],
    ) -> bool:
        """Applies the oldest row that is prepared. Returns False if the import was ended first."""
        prepared = ahead[0].result()
        try:
            report = self._patiently(lambda: self._settle(job, prepared, dry_run_gallery))
        except _Ended:
            return False
        ahead.popleft()
        on_row(report)
        return True

    def _settle(self, job: Import, prepared: Prepared, dry_run_gallery: DryRunGallery | None) -> RowReport:
        row = prepared.row
        try:
            if row.problems:
                raise _TakenBack(RowReport(row.line, row.number, RowOutcome.REFUSED, row.problems))
            with self.enrolment.store.write() as tx:
                # The feed first, as everywhere. Locked, so that the number stays with whoever has it.
                tx.templates.lock()
                _hold(tx, job.id)
                report = self._apply(tx, prepared)
                if report.outcome is RowOutcome.REFUSED:
                    raise _TakenBack(report)
                if dry_run_gallery is not None:
                    raise _TakenBack(report, self._template(tx, report.employee_id))
                record(tx, self.vault, job.id, report, prepared.photos, prepared.refused)
                return report
        except _TakenBack as back:
            report, vector = back.report, back.vector
        except Busy:
            raise  # not the row's fault
        except Refusal as refused:
            problem = RowProblem(refused.code, refused.detail)
            report, vector = RowReport(row.line, row.number, RowOutcome.REFUSED, (problem,)), None
        if dry_run_gallery is not None and vector is not None:
            report = self._compared(report, vector, dry_run_gallery)
        # A new employee was rolled back and has no id; one who was there before has.
        with self.enrolment.store.write() as tx:
            _hold(tx, job.id)
            there = tx.employees.by_number(row.number)
            name = str(row.value("name") or "")
            report = replace(report, employee_id=there.id if there else None, name=name)
            record(tx, self.vault, job.id, report, prepared.photos, prepared.refused)
        return report

    def _apply(self, tx: Transaction, prepared: Prepared) -> RowReport:
        row = prepared.row
        before = tx.employees.by_number(row.number)
        details = row.details(before)
        if before is None:
            employee, outcome = self.enrolment.enter(tx, details), RowOutcome.ADDED
        else:
            employee = self.enrolment.amend(tx, before, details)
            outcome = RowOutcome.CHANGED if employee != before else RowOutcome.UNCHANGED
        problems = list(prepared.problems)
        results: list[PhotoResult] = []
        if prepared.judged:
            results = self.enrolment.keep(tx, employee.id, [judged for _, judged in prepared.judged], prepared.older)
        for (name, _), result in zip(prepared.judged, results, strict=True):
            if result.other is not None:
                problem = RowProblem(result.problems[0], _SAME_FACE, other=result.other)
                return RowReport(row.line, row.number, RowOutcome.REFUSED, (problem,))
            problems += [RowProblem(code, result.detail or code, photo=name) for code in result.problems[:1]]
        accepted = sum(result.accepted for result in results)
        if accepted and outcome is RowOutcome.UNCHANGED:
            outcome = RowOutcome.CHANGED
        can = bool(prepared.kept or accepted)
        return RowReport(row.line, row.number, outcome, tuple(problems), accepted, employee.id, employee.name, can)

    def _template(self, tx: Transaction, employee_id: str | None) -> Vector | None:
        template = tx.templates.get(employee_id) if employee_id else None
        key = tx.data_keys.get(employee_id) if employee_id else None
        if template is None or key is None or employee_id is None:
            return None
        plain = self.vault.open(key, template.sealed_vector, context(Sealed.TEMPLATE, employee_id))
        return np.frombuffer(plain, dtype="<f4")

    def _compared(self, report: RowReport, vector: Vector, dry_run_gallery: DryRunGallery) -> RowReport:
        """Compares a dry run's row with the file's other rows, which a real import would find in the gallery."""
        size = len(self.enrolment.gallery) + len(dry_run_gallery.lines)
        nearest = dry_run_gallery.nearest(vector)
        if nearest is not None and nearest[1] >= self.enrolment.duplicate(size, max(1, report.photos)):
            problem = RowProblem("duplicate_face", f"The same face as in line {nearest[0]} of the CSV.")
            return RowReport(report.line, report.number, RowOutcome.REFUSED, (problem,))
        dry_run_gallery.add(report.line, vector)
        return report

    def _patiently(self, work: Callable[[], Result]) -> Result:
        for seconds in _PATIENCE_S:
            try:
                return work()
            except NotRecorded:
                self.pause(seconds)
        return work()


def _hold(tx: Transaction, import_id: str) -> None:
    """Locks the import until the row's transaction ends, so that `cancel` counts every row there will be."""
    if known(tx, import_id, for_update=True).state is not ImportState.RUNNING:
        raise _Ended
