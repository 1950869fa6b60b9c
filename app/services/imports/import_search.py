"""Looks for what an erasure should have removed in imports: files that wait to be applied, and reports that are kept.

Both are sealed under the import's key and not the person's, so they are opened to be searched.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from app.core.errors import BadInput, CryptoFault, Refusal, TooLarge
from app.core.imports import every_cell, people_file
from app.core.imports.reports import Import, RowFilter, no_people
from app.core.people.certificates import Place, Remains, Searched
from app.core.people.traces import Needles, Term, texts_in
from app.core.ports.crypto import Vault
from app.core.ports.store import Store
from app.core.sealing import Sealed, context
from app.services.imports.import_desk import ImportDesk
from app.services.imports.import_reports import opened
from app.services.imports.sealed_uploads import SealedUploads

PAGE = 500
MOST = 1000  # imports


@dataclass(frozen=True)
class ImportSearch:
    """Implements `people.certificates.Search`."""

    store: Store
    vault: Vault
    desk: ImportDesk
    uploads: SealedUploads
    place: ClassVar[Place] = Place.IMPORTS

    def look(self, needles: Needles, rest: Callable[[], None]) -> list[Searched]:
        self.desk.tidy()  # the reports of imports that have ended go after an erasure
        with self.store.read() as tx:
            jobs = tx.imports.all(MOST)
        left, size, failed = [], 0, []
        for job in jobs:
            where = f"import {job.id} ({job.state.value})"
            found: Counter[tuple[str, Term]] = Counter()
            try:
                for part in self._parts(job):
                    rest()
                    if isinstance(part, bytes):
                        size += len(part)
                        found += needles.scan([part])
                    else:
                        found += needles.whole(part)
            except (Refusal, CryptoFault, OSError):
                if self._waits(job.id):  # else it was taken away meanwhile
                    failed.append(where)
            left += [Remains(owner, term, where, count) for (owner, term), count in found.items()]
        return [Searched(Place.IMPORTS, "imports", size, tuple(left), tuple(failed))]

    def _parts(self, job: Import) -> Iterator[bytes | Iterable[str]]:
        """What the import keeps, in the clear: bytes, and texts that are whole values. Raises Refusal, CryptoFault or
        OSError for what cannot be read."""
        yield from self._reports(job.id)
        if not self._waits(job.id):
            return
        try:
            people = self.uploads.people(job.id)
        except BadInput as bad:
            if bad.code != no_people().code:
                raise
        else:
            yield from self._rows(people, job)
        with self.uploads.photos(job.id, job.encoding) as photos:
            for name in photos.names():
                yield name.encode("utf-8", "replace")
                with suppress(Refusal):  # a damaged photo is nobody's
                    yield photos.read(name)

    def _waits(self, import_id: str) -> bool:
        with self.store.read() as tx:
            return self.uploads.is_there(tx, import_id)

    def _rows(self, people: bytes, job: Import) -> Iterator[bytes | Iterable[str]]:
        """The values of its rows; of a file that waits for its columns or encoding, every cell. Raises BadInput or
        TooLarge for one that is no CSV, after its bytes."""
        with self.store.read() as tx:
            mapping = opened(tx, self.vault, job).mapping
        try:
            rows = people_file.read(people, job.encoding, mapping).rows
        except (BadInput, TooLarge):
            try:
                yield from every_cell.readings(people, job.encoding)
            except (BadInput, TooLarge):
                yield people
                raise
            return
        for start in range(0, len(rows), PAGE):
            yield [text for row in rows[start : start + PAGE] for text in texts_in(row.values)]

    def _reports(self, import_id: str) -> Iterator[bytes | list[str]]:
        after = 0
        while True:
            with self.store.read() as tx:
                key = tx.data_keys.get(import_id)
                job = tx.imports.get(import_id)
                if key is None or job is None:
                    return
                if after == 0 and job.sealed_notes:
                    yield self._open(key, job.sealed_notes, context(Sealed.IMPORT_TOLD, import_id))
                rows = tx.imports.rows(import_id, RowFilter(after=after, limit=PAGE))
                for row in rows:
                    report = self._open(key, row.sealed, context(Sealed.IMPORT_ROW, import_id, row.line))
                    yield list(texts_in(json.loads(report or b"null")))
                    if row.has_picture and (picture := tx.imports.picture(import_id, row.line)):
                        yield self._open(key, picture, context(Sealed.IMPORT_PICTURE, import_id, row.line))
            if not rows:
                return
            after = rows[-1].line

    def _open(self, key: bytes, sealed: bytes, bound_to: str) -> bytes:
        try:
            return self.vault.open(key, sealed, bound_to)
        except CryptoFault:
            return b""  # nobody else can open it either
