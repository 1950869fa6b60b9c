"""Sites to back up and to restore, with real databases and keys and a stand-in for recognition; what is in a backup."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.adapters.crypto import backup_file
from app.adapters.crypto.vault import load_master_key
from app.adapters.db.engine import dump
from app.core.accounts.users import User
from app.core.types import Employee
from app.settings import Settings
from app.wiring import Backbone, open_backbone
from app.wiring.backups import entries
from app.wiring.restoring import Restore, Restored
from tests.services.process import Process

PASSPHRASE = "correct horse battery staple"
NewSite = Callable[..., Settings]


@dataclass
class Site:
    """A site that is open, with people at its gate."""

    settings: Settings
    backbone: Backbone = field(repr=False)
    people: Process = field(repr=False)

    def backup(self, name: str = "one.backup", passphrase: str | None = None) -> Path:
        place = self.settings.data.parent / "backups" / name
        place.parent.mkdir(exist_ok=True)
        self.backbone.backups.make(str(place), passphrase)
        return place


@contextmanager
def running(settings: Settings) -> Iterator[Site]:
    backbone = open_backbone(settings)
    try:
        process = Process(
            settings.url,
            backbone.vault,
            backbone.signer,
            backbone.clock,  # type: ignore[arg-type]  # the real one, which nobody sets
            settings.data,
            store=backbone.store,
        )
        with backbone.store.read() as tx:
            process.gallery.refresh(tx)
        yield Site(settings, backbone, process)
    finally:
        backbone.close()


def signed_in(site: Site, user: User) -> str:
    with site.backbone.store.write() as tx:
        return site.backbone.accounts.sessions.open(tx, user, "127.0.0.1", "a browser")


def employee(site: Site, number: str) -> Employee | None:
    return site.people.enrolment.by_number(number)


def restored(site: Site, file: Path, into: Settings, **more: Any) -> Restored:
    more.setdefault("master_key", load_master_key(site.settings.data / "master.key"))
    return Restore(into, file, **more).run()


def rows_of(site: Site) -> dict[str, bytes]:
    """The dump of each table that a restore leaves as it was."""
    changed = ("sessions", "tickets", "seal_totals", "alerts", "heartbeat", "clock")
    with site.backbone.store.snapshot() as connection:
        tables = [table for table in dump.stored_tables() if table.name not in changed]
        return {t.name: b"".join(sorted(dump.dump(connection, lambda: None, [t]))) for t in tables}


def inside(file: Path, secret: bytes | str) -> dict[str, bytes]:
    """The files in a backup."""
    found: dict[str, bytes] = {}
    with backup_file.opened(file, key_of(secret)) as source:
        for _, rows in entries(source, found):
            list(rows)
    return found


def tables_of(file: Path, secret: bytes | str) -> dict[str, list[dict[str, Any]]]:
    with backup_file.opened(file, key_of(secret)) as source:
        return {
            head["table"]: [dict(zip(head["columns"], row, strict=True)) for row in rows]
            for head, rows in entries(source, {})
        }


def key_of(secret: bytes | str) -> backup_file.Key:
    return backup_file.by_passphrase(secret) if isinstance(secret, str) else backup_file.by_master_key(secret)
