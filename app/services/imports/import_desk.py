"""Receives imports, runs them one after the other, and cleans up after them.

An upload lies sealed under a key of its own, which is destroyed with it: at the end, when it is cancelled, or a day
after a dry run that nobody applied. Reports are kept for thirty days. One thread runs imports; what a killed process
left is taken up again by whoever finds the upload on this machine.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from threading import Event, Thread

from app.core.errors import Busy, Conflict, FacegateError, NotRecorded, Refusal
from app.core.imports import people_encodings
from app.core.imports.people_columns import ColumnMapping, Unmapped
from app.core.imports.reports import HELD, OPEN, Import, ImportState, Uploads, Writer
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.services.imports.bulk_import import BulkImport
from app.services.imports.import_attempts import ImportAttempts
from app.services.imports.import_mapping import ImportMappings
from app.services.imports.import_reports import forget_reports, is_over, known, opened, with_notes
from app.services.imports.import_steps import ImportSteps, place_of
from app.services.imports.sealed_uploads import SealedUploads

logger = logging.getLogger(__name__)

KEPT_TO_APPLY = timedelta(days=1)
GIVEN_UP = timedelta(days=7)  # a command that was killed and never run again
_LOOK_EVERY_S = 5.0


@dataclass(frozen=True)
class IncomingUpload:
    """An upload that is being received."""

    import_id: str
    csv: Writer
    photos: Writer


@dataclass
class ImportDesk:
    store: Store
    vault: Vault
    clock: Clock
    new_id: Callable[[], str]
    uploads: Uploads
    bulk: BulkImport
    _stop: Event = field(default_factory=Event, repr=False)
    _wake: Event = field(default_factory=Event, repr=False)
    _thread: Thread | None = field(default=None, repr=False)
    _steps: ImportSteps = field(default_factory=ImportSteps, repr=False)

    def __post_init__(self) -> None:
        self.sealed = SealedUploads(self.store, self.vault, self.uploads)
        self._attempts = ImportAttempts(self.store)
        self.mappings = ImportMappings(self.store, self.vault, self.clock, self.sealed, self._wake.set)

    # Bringing and steering

    @contextmanager
    def receive(self) -> Iterator[IncomingUpload]:
        """Takes an upload; what is not handed to `submit` within the block leaves nothing behind."""
        import_id = self.new_id()
        with self.uploads.claim(import_id, new=True):
            try:
                csv, photos = self.sealed.begin(import_id)
                try:
                    yield IncomingUpload(import_id, csv, photos)
                finally:
                    csv.abandon()
                    photos.abandon()
            finally:
                # Whatever ended the block: what was submitted is an import by now and keeps its files. Where the
                # database does not say, `tidy` asks it again.
                with suppress(FacegateError, OSError):
                    if not self._is_needed(import_id):
                        self.sealed.discard(import_id)
        self._wake.set()

    def submit(
        self,
        upload: IncomingUpload,
        *,
        dry_run: bool,
        actor: str,
        encoding: str | None = None,
        mapping: ColumnMapping | None = None,
    ) -> Import:
        """Queues an import of what has arrived, and returns it. encoding, mapping: of its CSV.

        Raises BadInput if no people were sent, or for an unknown encoding.
        """
        encoding = people_encodings.known(encoding) if encoding else None
        upload.csv.close()
        upload.photos.close()
        # A browser's form sends an empty file for a field without one.
        if not upload.csv.size:
            self.sealed.people(upload.import_id)
        return self.open(actor, dry_run=dry_run, import_id=upload.import_id, encoding=encoding, mapping=mapping)

    def open(
        self,
        actor: str,
        *,
        dry_run: bool,
        fingerprint: str = "",
        import_id: str | None = None,
        encoding: str | None = None,
        mapping: ColumnMapping | None = None,
    ) -> Import:
        """Records an import and makes the key of its reports."""
        job = Import(import_id or self.new_id(), ImportState.WAITING, dry_run, actor[:200], self.clock(), fingerprint)
        job = replace(job, encoding=encoding)
        with self.store.write() as tx:
            tx.data_keys.add(job.id, self.vault.new_key())
            job = with_notes(tx, self.vault, job, mapping=mapping)
            tx.imports.add(job)
        return job

    @contextmanager
    def alone(self, fingerprint: str) -> Iterator[None]:
        """Keeps others from importing the same files meanwhile. Raises Conflict if somebody does already."""
        with self.store.alone(f"import-{fingerprint[:32]}") as mine:
            if not mine:
                raise Conflict("import_running", "This import is already running. Its progress is shown under Imports.")
            yield

    def unfinished(self, fingerprint: str) -> Import | None:
        """An import of the same files that was cut off."""
        with self.store.read() as tx:
            found = (job for job in tx.imports.all() if job.fingerprint == fingerprint and not job.dry_run)
            return next((job for job in found if job.state in OPEN), None)

    def apply(self, import_id: str) -> Import:
        """Applies what a dry run has checked. Raises NotFound, and Conflict if there is nothing to apply."""
        with self.store.write() as tx:
            job = known(tx, import_id, for_update=True)
            if job.state is not ImportState.CHECKED or not self.sealed.is_there(tx, import_id):
                raise Conflict(
                    "dry_run_not_applicable", "Only a dry run that is done and not yet applied can be applied."
                )
            tx.imports.forget_rows(import_id)
            job = replace(
                job,
                state=ImportState.WAITING,
                dry_run=False,
                ended_at=None,
                counts=None,
                done=0,
                done_photos=0,
                attempts=0,
            )
            tx.imports.put(job)
        self._wake.set()
        return job

    def cancel(self, import_id: str) -> Import:
        """Ends an import; rows that were applied stay, and none is from here on. Raises NotFound, and Conflict for one
        that has ended."""
        with self.store.write() as tx:
            job = known(tx, import_id, for_update=True)
            if job.state not in OPEN | HELD:
                raise Conflict("import_ended", "This import has already ended.")
            job = self._end(tx, job, ImportState.CANCELLED)
        self._wake.set()
        return job

    def _end(self, tx: Transaction, held: Import, state: ImportState, detail: str | None = None) -> Import:
        counts = tx.imports.counts(held.id)
        job = replace(held, state=state, ended_at=self.clock(), counts=counts)
        job = with_notes(tx, self.vault, job, detail=detail)
        tx.imports.put(job)
        return job

    def forget(self, import_id: str) -> None:
        """Destroys an import's reports in every copy of the database. Its figures stay."""
        with self.store.write() as tx:
            forget_reports(tx, self.vault, import_id)

    # Running

    def start(self) -> None:
        self._thread = Thread(target=self._loop, name="imports", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops after the present row; the rest goes on at the next start."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def _loop(self) -> None:
        while not self._stop.is_set():
            self._steps.surely("tidying imports", self.tidy)
            # Separately, so that a failure of one does not prevent the other.
            if not self._steps.surely("running imports", self.run_next):
                self._wake.wait(_LOOK_EVERY_S)
                self._wake.clear()

    def run_next(self) -> bool:
        """Runs the oldest import that waits here, or was cut off here; False if there is none that can go on."""
        with self.store.read() as tx:
            open_jobs = [job.id for job in reversed(tx.imports.all(1000)) if job.state in OPEN]
        here = set(self.uploads.all()) if open_jobs else set()
        return any(self._steps.surely(f"import {job}", partial(self._run, job)) for job in open_jobs if job in here)

    def _run(self, import_id: str) -> bool:
        with self.uploads.claim(import_id) as mine:
            if not mine:
                return False
            try:
                job = self._attempts.begin(import_id)
                try:
                    file = self.mappings.read(self._opened(job), self.sealed.people(import_id))
                except Unmapped as doubt:
                    if not job.dry_run:
                        raise
                    self.mappings.ask(import_id, doubt.detail)
                    return True
                with self.sealed.photos(import_id, job.encoding) as photos:
                    job = self.bulk.run(import_id, file, photos, stop=self._stop.is_set)
                if job.state in OPEN:
                    self._attempts.pause(import_id)
            except (Busy, NotRecorded):
                self._attempts.came_back(import_id)
                raise  # nothing is said of the import: it goes on later, or in the process that follows the site
            except Refusal as refused:
                self._fail(import_id, refused.detail)
            except Exception as error:
                # Whatever happens to one import, the next one must run.
                logger.error('import_failed import=%s at="%s"', import_id, place_of(error))
                self._fail(import_id, "The service failed at this import and has logged why; what was applied stays.")
            return True

    def _opened(self, job: Import) -> Import:
        with self.store.read() as tx:
            return opened(tx, self.vault, job)

    def _fail(self, import_id: str, detail: str) -> None:
        with self.store.write() as tx:
            job = known(tx, import_id, for_update=True)
            if job.state in OPEN:  # else somebody has ended it
                self._end(tx, job, ImportState.FAILED, detail)

    # Tidying

    def tidy(self) -> None:
        """Destroys uploads that nothing needs any more, and reports from before an erasure; what fails at one, not at
        others."""
        with self.store.read() as tx:
            jobs = tx.imports.all(1000)
            erased_at = tx.erasures.latest()
        for job in jobs:
            if self._is_given_up(job):
                self._steps.surely(f"giving up import {job.id}", partial(self._give_up, job.id))
        for import_id in self.uploads.all():
            self._steps.surely(f"destroying upload {import_id}", partial(self._tidy_upload, import_id))
        for job in jobs:
            if is_over(job, erased_at):
                self._steps.surely(f"destroying reports of import {job.id}", partial(self._tidy_reports, job.id))

    def _is_given_up(self, job: Import) -> bool:
        kept = {**dict.fromkeys(HELD, KEPT_TO_APPLY), **dict.fromkeys(OPEN, GIVEN_UP)}.get(job.state)
        return kept is not None and self.clock() - (job.ended_at or job.started_at or job.created_at) > kept

    def _give_up(self, import_id: str) -> None:
        with self.store.write() as tx:
            job = known(tx, import_id, for_update=True)
            if self._is_given_up(job):  # else somebody has just applied or ended it
                self._end(tx, job, ImportState.CANCELLED)

    def _tidy_upload(self, import_id: str) -> None:
        if not self._is_needed(import_id):
            with self.uploads.claim(import_id) as mine:
                # Nobody is still receiving or running it; and what was just received has an import by now.
                if mine and not self._is_needed(import_id):
                    self.sealed.discard(import_id)

    def _tidy_reports(self, import_id: str) -> None:
        with self.store.read() as tx:
            kept = tx.data_keys.get(import_id) is not None
        if kept:
            self.forget(import_id)

    def _is_needed(self, import_id: str) -> bool:
        with self.store.read() as tx:
            found = tx.imports.get(import_id)
        return found is not None and found.state in OPEN | HELD
