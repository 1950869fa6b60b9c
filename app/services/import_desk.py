"""Where imports are brought, wait, run one after the other, and are tidied away.

An upload lies sealed under a key of its own, which is destroyed with it: at the end, when it is cancelled, or a day
after a dry run that nobody applied. Reports are kept for thirty days. One thread runs imports; what a killed process
left is taken up again by whoever finds the upload on this machine.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event, Thread

from app.core import people_file
from app.core.errors import Conflict, FacegateError, NotFound, Refusal
from app.core.imports import OPEN, Import, ImportState, PhotoSource, Uploads, Writer, no_people
from app.core.ports import Clock, Store, Vault
from app.services.bulk_import import BulkImport
from app.services.import_reports import known

Work = Callable[[bytes, bytes, str], bytes]  # seals or opens with a key: bytes, bound to a context

logger = logging.getLogger(__name__)

CSV, PHOTOS = "people.csv", "photos.zip"
KEPT_TO_APPLY = timedelta(days=1)
KEPT_REPORTS = timedelta(days=30)
GIVEN_UP = timedelta(days=7)  # a command that was killed and never called again
_LOOK_EVERY_S = 5.0


@dataclass(frozen=True)
class Arriving:
    """An upload on its way in."""

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

    # Bringing and steering

    @contextmanager
    def receive(self) -> Iterator[Arriving]:
        """Takes an upload; what is not handed to `submit` within the block leaves nothing behind."""
        import_id = self.new_id()
        with self.uploads.claim(import_id, new=True):
            try:
                with self.store.write() as tx:
                    tx.subject_keys.add(_upload_key(import_id), self.vault.new_key())
                seal = self._binding(import_id, self.vault.seal)
                csv = self.uploads.writer(import_id, CSV, lambda data, piece: seal(CSV, data, piece))
                photos = self.uploads.writer(import_id, PHOTOS, lambda data, piece: seal(PHOTOS, data, piece))
                try:
                    yield Arriving(import_id, csv, photos)
                finally:
                    csv.abandon()
                    photos.abandon()
                with self.store.read() as tx:
                    kept = tx.imports.get(import_id) is not None
            except BaseException:
                self._discard(import_id)
                raise
            if not kept:
                self._discard(import_id)
        self._wake.set()

    def submit(self, upload: Arriving, *, dry_run: bool, by: str) -> Import:
        """The import of what has arrived; it runs in its turn. Raises BadInput where nobody was sent."""
        upload.csv.close()
        upload.photos.close()
        # The form of a browser sends a field without a file as an empty one.
        if not upload.csv.size:
            self._csv(upload.import_id)
        return self.open(by, dry_run=dry_run, import_id=upload.import_id)

    def open(self, by: str, *, dry_run: bool, fingerprint: str = "", import_id: str | None = None) -> Import:
        """Writes down an import and makes the key of its reports."""
        job = Import(import_id or self.new_id(), ImportState.WAITING, dry_run, by[:200], self.clock(), fingerprint)
        with self.store.write() as tx:
            tx.imports.add(job)
            tx.subject_keys.add(job.id, self.vault.new_key())
        return job

    def unfinished(self, fingerprint: str) -> Import | None:
        """An import of the same things that was cut off."""
        with self.store.read() as tx:
            found = (job for job in tx.imports.all() if job.fingerprint == fingerprint and not job.dry_run)
            return next((job for job in found if job.state in OPEN), None)

    def apply(self, import_id: str) -> Import:
        """Applies what a dry run has checked. Raises NotFound, and Conflict where there is nothing to apply."""
        with self.store.write() as tx:
            job = known(tx, import_id)
            if job.state is not ImportState.CHECKED or tx.subject_keys.get(_upload_key(import_id)) is None:
                raise Conflict("nothing_to_apply", "Only a dry run that is done and not yet applied can be applied.")
            tx.imports.forget_rows(import_id)
            job = replace(
                job, state=ImportState.WAITING, dry_run=False, ended_at=None, counts=None, done=0, done_photos=0
            )
            tx.imports.put(job)
        self._wake.set()
        return job

    def cancel(self, import_id: str) -> Import:
        """Ends an import; rows that were applied stay. Raises NotFound, and Conflict for one that has ended."""
        with self.store.write() as tx:
            job = known(tx, import_id)
            if job.state not in OPEN | {ImportState.CHECKED}:
                raise Conflict("import_ended", "This import has ended already.")
            job = replace(job, state=ImportState.CANCELLED, ended_at=self.clock(), counts=tx.imports.counts(import_id))
            tx.imports.put(job)
        self._wake.set()
        return job

    def forget(self, import_id: str) -> None:
        """Destroys an import's reports; its figures stay."""
        with self.store.write() as tx:
            job = known(tx, import_id)
            tx.imports.put(replace(job, counts=job.counts or tx.imports.counts(import_id)))
            tx.imports.forget_rows(import_id)
            tx.subject_keys.destroy(import_id)

    # Running

    def start(self) -> None:
        self._thread = Thread(target=self._loop, name="imports", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends after the row in work; what is left goes on at the next start."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                self.tidy()
                ran = self.run_next()
            except (FacegateError, OSError):
                logger.exception("imports: the database or the data folder failed; trying again")
                ran = False
            if not ran:
                self._wake.wait(_LOOK_EVERY_S)
                self._wake.clear()

    def run_next(self) -> bool:
        """Runs the oldest import that waits here, or was cut off here; False if there is none."""
        with self.store.read() as tx:
            open_jobs = [job.id for job in reversed(tx.imports.all(1000)) if job.state in OPEN]
        here = set(self.uploads.all()) if open_jobs else set()
        for import_id in open_jobs:
            if import_id in here:
                with self.uploads.claim(import_id) as mine:
                    if mine:
                        self._run(import_id)
                        return True
        return False

    def _run(self, import_id: str) -> None:
        unseal = self._binding(import_id, self.vault.open)
        try:
            file = people_file.read(self._csv(import_id))
            with self.uploads.photos(import_id, lambda b, piece: unseal(PHOTOS, b, piece)) as photos:
                self.run(import_id, file, photos)
        except Refusal as refused:
            self._fail(import_id, refused.detail)
        except Exception as error:
            # Whatever one import's content leads to, the next one must run. Kind and place only: words may hold a name.
            at = traceback.extract_tb(error.__traceback__)[-1]
            logger.error("import %s failed: %s in %s, line %s", import_id, type(error).__name__, at.name, at.lineno)
            self._fail(import_id, "The service failed at this import and has logged why; what was applied stays.")

    def _csv(self, import_id: str) -> bytes:
        """The people: sent by themselves or, where they were not, in the zip. Raises BadInput."""
        unseal = self._binding(import_id, self.vault.open)
        data = self.uploads.csv(import_id, lambda b, piece: unseal(CSV, b, piece), people_file.MOST_BYTES)
        if not data:
            packed = self.uploads.people(import_id, lambda b, p: unseal(PHOTOS, b, p), people_file.MOST_BYTES)
            if packed is None:
                raise no_people()
            data = packed
        return data

    def run(self, import_id: str, file: people_file.PeopleFile, photos: PhotoSource) -> Import:
        return self.bulk.run(import_id, file, photos, stop=self._stop.is_set)

    def _fail(self, import_id: str, detail: str) -> None:
        with self.store.write() as tx:
            job = known(tx, import_id)
            if job.state not in OPEN:  # somebody else has ended it
                return
            counts = tx.imports.counts(import_id)
            failed = ImportState.FAILED
            tx.imports.put(replace(job, state=failed, ended_at=self.clock(), counts=counts, detail=detail))

    def tidy(self) -> None:
        """Destroys uploads that nothing needs any more, and reports that are old."""
        now = self.clock()
        with self.store.read() as tx:
            jobs = {job.id: job for job in tx.imports.all(1000)}
        for job in jobs.values():
            since = now - (job.ended_at or job.started_at or job.created_at)
            if since > {ImportState.CHECKED: KEPT_TO_APPLY, **dict.fromkeys(OPEN, GIVEN_UP)}.get(job.state, since):
                self.cancel(job.id)
        for import_id in self.uploads.all():
            if not self._is_needed(import_id):
                with self.uploads.claim(import_id) as mine:
                    # Nobody is still receiving or running it; and what was just received has an import by now.
                    if mine and not self._is_needed(import_id):
                        self._discard(import_id)
        for job in jobs.values():
            if job.ended_at and job.state is not ImportState.CHECKED and now - job.ended_at > KEPT_REPORTS:
                with self.store.read() as tx:
                    kept = tx.subject_keys.get(job.id) is not None
                if kept:
                    self.forget(job.id)

    def _is_needed(self, import_id: str) -> bool:
        with self.store.read() as tx:
            found = tx.imports.get(import_id)
        return found is not None and found.state in OPEN | {ImportState.CHECKED}

    def _discard(self, import_id: str) -> None:
        with self.store.write() as tx:
            tx.subject_keys.destroy(_upload_key(import_id))
        self.uploads.delete(import_id)

    def _binding(self, import_id: str, work: Work) -> Callable[[str, bytes, str], bytes]:
        """Seals or opens pieces of this import's files, each bound to its file and place."""

        def bound(name: str, data: bytes, piece: str) -> bytes:
            return work(key, data, f"upload:{import_id}:{name}:{piece}")

        with self.store.read() as tx:
            key = tx.subject_keys.get(_upload_key(import_id)) or b""
        if not key:
            raise NotFound("unknown_upload", "The files of this import are no longer there; send them again.")
        return bound


def _upload_key(import_id: str) -> str:
    return f"{import_id}:upload"
