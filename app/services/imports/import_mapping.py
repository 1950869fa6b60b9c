"""Asks a person what the columns of a file mean, and remembers the answer for the next file with the same header."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.core.errors import Conflict, Refusal
from app.core.imports import people_file
from app.core.imports.people_columns import ColumnMapping, Header, layout_of
from app.core.imports.people_guess import FilePreview
from app.core.imports.remembered import RememberedMapping
from app.core.imports.reports import Import, ImportState
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.services.imports.import_reports import known, opened, with_notes
from app.services.imports.sealed_uploads import SealedUploads

MAPPABLE = frozenset({ImportState.UNMAPPED, ImportState.CHECKED})


@dataclass(frozen=True)
class FileColumns:
    """What a person sees in order to map a file.

    mapping: the one in use, else the guess; None where not even a guess has what is needed. own: the file names its
    columns as we do, so that only the order of its dates may be open.
    """

    preview: FilePreview
    mapping: ColumnMapping | None
    own: bool


@dataclass(frozen=True)
class ImportMappings:
    """mapped: called once a dry run may begin anew."""

    store: Store
    vault: Vault
    clock: Clock
    sealed: SealedUploads
    mapped: Callable[[], object]

    def columns(self, import_id: str) -> FileColumns:
        """Raises NotFound, Conflict for an import whose columns nobody may map any more, BadInput for no CSV."""
        job = self._mappable(import_id)
        preview = people_file.preview_of(self.sealed.people(import_id), job.encoding, job.mapping)
        own = _is_own(preview.header)
        guess = ColumnMapping(preview.guess) if {"number", "name"} <= preview.guess.keys() else None
        return FileColumns(preview, job.mapping or (ColumnMapping({}) if own else guess), own)

    def map(self, import_id: str, mapping: ColumnMapping, actor: str) -> Import:
        """Maps the columns, remembers that for files with the same header, and lets the dry run begin anew.

        Raises BadInput if the mapping does not fit or leaves the order of dates open; NotFound; Conflict.
        """
        job = self._mappable(import_id)
        data = self.sealed.people(import_id)
        people_file.check_mapping(data, job.encoding, mapping)
        header = people_file.header_of(data, job.encoding, mapping)
        remembered = RememberedMapping(header.fingerprint(), mapping, actor[:200], self.clock())
        with self.store.write() as tx:
            job = self._hold(tx, import_id)
            job = replace(job, state=ImportState.WAITING, ended_at=None, counts=None, done=0, done_photos=0, attempts=0)
            job = with_notes(tx, self.vault, job, notices=(), mapping=mapping)
            tx.imports.put(job)
            tx.imports.forget_rows(import_id)
            tx.import_mappings.put(remembered)
        self.mapped()
        return job

    def read(self, job: Import, data: bytes) -> people_file.PeopleFile:
        """Reads the people as mapped for this import, else as remembered for their header. Raises as `people_file`."""
        if job.mapping is not None:
            return people_file.read(data, job.encoding, job.mapping)
        fingerprint = people_file.header_of(data, job.encoding).fingerprint()
        with self.store.read() as tx:
            kept = tx.import_mappings.get(fingerprint)
        if kept is None:
            return people_file.read(data, job.encoding)
        file = people_file.read(data, job.encoding, kept.mapping)
        with self.store.write() as tx:
            job = known(tx, job.id, for_update=True)
            tx.imports.put(with_notes(tx, self.vault, job, mapping=kept.mapping))
        notice = f"Read as {kept.actor} mapped these columns on {kept.saved_at:%Y-%m-%d}."
        return replace(file, notices=(notice, *file.notices))

    def ask(self, import_id: str, detail: str) -> None:
        """Leaves a dry run waiting for a mapping; detail: why."""
        with self.store.write() as tx:
            job = known(tx, import_id, for_update=True)
            if job.state in (ImportState.WAITING, ImportState.RUNNING):
                job = replace(job, state=ImportState.UNMAPPED, ended_at=self.clock())
                tx.imports.put(with_notes(tx, self.vault, job, detail=detail))

    def _mappable(self, import_id: str) -> Import:
        with self.store.read() as tx:
            job = known(tx, import_id)
            _check(job)
            return opened(tx, self.vault, job)

    def _hold(self, tx: Transaction, import_id: str) -> Import:
        job = known(tx, import_id, for_update=True)
        _check(job)
        return job


def _check(job: Import) -> None:
    if job.state not in MAPPABLE:
        detail = "Only a dry run whose columns are asked for, or that is done and not yet applied, can be mapped."
        raise Conflict("mapping_not_applicable", detail)


def _is_own(header: Header) -> bool:
    try:
        layout_of(header, None)
    except Refusal:
        return False
    return True
