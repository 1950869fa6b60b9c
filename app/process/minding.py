"""Minds the site: the nightly backup, the copy of the keys beside it, when API keys were last used, the daily resets of
zones, visits, contractors, silent directories, what receivers get of the alerts, the removal of personal data whose
time is over, and the search for what an erasure left."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from app.process.every import every, guarded
from app.web.console.alerts.letters import alert_letters
from app.web.console.contractors.letters import letter
from app.web.console.visits.letters import letters
from app.web.turns import resting
from app.wiring import System

EVERY_S = 60.0
EVERY_RETENTION_S = 600.0
EVERY_VISITS_S = 5.0
EVERY_ERASURES_S = 1.0
EVERY_RECEIVERS_S = 1.0
LONG_REST_S = 0.006


@contextmanager
def minding(system: System) -> Iterator[None]:
    """Does this in threads inside the block, since a backup takes long."""

    stop = Event()

    def look_at_backups() -> None:
        system.backups.look(resting())

    written, asked, alerts_written = letters(system), letter(system), alert_letters(system)
    try:
        # A backup that runs at the end is left behind, and its file is not used.
        with (
            every(EVERY_S, "backups", look_at_backups, join_s=0),
            every(EVERY_S, "key-uses", system.keys.note_uses),
            every(EVERY_S, "presences", system.passages.control.look),
            every(EVERY_S, "directories", system.directories.look),
            every(EVERY_S, "contractors", lambda: system.contractors.watch.look(asked)),
            every(EVERY_S, "enrolments", system.gathering.alert),
            every(EVERY_RETENTION_S, "retention", lambda: system.retention.run(stop.wait)),
            every(EVERY_S, "gone", system.gallery.index.sweep, system.certificates.give_up),
            every(EVERY_ERASURES_S, "erasures", lambda: system.certificates.make(resting(LONG_REST_S), stop.is_set)),
            every(EVERY_VISITS_S, "visits", lambda: system.visits.watch.look(written)),
            every(EVERY_RECEIVERS_S, "receivers", lambda: system.outward.sender.look(alerts_written)),
        ):
            try:
                yield
            finally:
                stop.set()
                system.outward.sender.close()
    finally:
        guarded("key-uses", system.keys.note_last_uses)
