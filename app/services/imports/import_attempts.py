"""Counts how often an import was started, so that one which crashes the service is not started for ever."""

from dataclasses import dataclass, field, replace

from app.core.errors import Conflict
from app.core.imports.reports import Import
from app.core.ports.store import Store
from app.services.imports.import_reports import known

MOST_ATTEMPTS = 2


@dataclass
class ImportAttempts:
    """An attempt that neither returned nor made progress may have ended the process.

    A dry run begins anew each time, so for it nothing counts as progress.
    """

    store: Store
    _came_back: set[str] = field(default_factory=set, repr=False)  # imports whose last attempt here returned

    def begin(self, import_id: str) -> Import:
        """Counts an attempt, and returns the import. Raises Conflict for one too many."""
        with self.store.write() as tx:
            job = known(tx, import_id, for_update=True)
            got_on = not job.dry_run and job.done > job.done_before
            before = 0 if got_on or import_id in self._came_back else job.attempts
            if before == MOST_ATTEMPTS:
                line = max(tx.imports.lines(import_id), default=0)
                where = f" after line {line} of the CSV" if line else ""
                detail = f"The service ended twice without a word while it ran this import, so it was given up{where}. "
                detail += "What was applied stays. Look at the rows and photos from there on, or import smaller parts."
                raise Conflict("import_abandoned", detail)
            tx.imports.put(replace(job, attempts=before + 1))
        self._came_back.discard(import_id)
        return job

    def came_back(self, import_id: str) -> None:
        """Notes that the machine could not go on, which is not the import's fault."""
        self._came_back.add(import_id)

    def pause(self, import_id: str) -> None:
        """Notes that the service ends in an orderly way."""
        with self.store.write() as tx:
            tx.imports.put(replace(known(tx, import_id, for_update=True), attempts=0))
