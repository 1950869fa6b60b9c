"""The nightly backup: made once a night by one process, repeated after a fault, which raises an alert."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core.alerts.alert import AlertKind
from app.core.errors import BadField, Conflict, Fault
from app.core.site.backup import Written
from app.services.site.background import Background, WorkState
from app.services.site.backups import Backups
from app.services.site.own_alerts import OwnAlerts
from tests.fakes import Clock, new_id
from tests.services.process import Process
from tests.waiting import eventually

pytestmark = pytest.mark.one_database
FOLDER = "/mnt/backup"


@dataclass
class Files:
    """A folder in memory. broken: why nothing can be written."""

    written: list[str] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    keys: int = 0
    broken: str = ""

    def write(
        self,
        place: str,
        at: datetime,
        passphrase: str | None,
        progress: Callable[[int, int], None],
        rest: Callable[[], None],
    ) -> Written:
        if self.broken:
            raise Fault(self.broken)
        self.written.append(place)
        progress(7, 7)
        return Written(1000, {"employees": 7})

    def keep_keys(self, folder: str) -> None:
        self.keys += 1

    def make_room(self, folder: str, kept: int) -> None:
        self.kept.append(kept)

    def place_in(self, folder: str, name: str) -> str:
        return f"{folder}/{name}"

    def check_folder(self, folder: str) -> str:
        return ""


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def backups(site: Process, files: Files, clock: Clock) -> Backups:
    made = Backups(site.store, clock, new_id, files, OwnAlerts(site.store, clock, new_id), lambda: UTC)
    with site.store.write() as tx:
        tx.site_settings.put(replace(tx.site_settings.get(), backup_folder=FOLDER, backups_kept=3))
    return made


def alerts(site: Process) -> list[str]:
    with site.store.read() as tx:
        return [alert.detail for alert in tx.alerts.uncleared() if alert.kind is AlertKind.BACKUP_FAILED]


def test_backup_is_made_once_a_night(backups: Backups, files: Files, clock: Clock) -> None:
    for _ in range(3):
        backups.look()
        clock.advance(minutes=1)
    assert len(files.written) == 1 and files.kept == [3] and files.keys == 3
    assert files.written[0].startswith(f"{FOLDER}/facegate-")
    clock.advance(hours=24)
    backups.look()
    assert len(files.written) == 2
    newest = backups.newest_good()
    assert newest is not None and (newest.place, newest.bytes, newest.is_scheduled) == (files.written[1], 1000, True)


def test_without_a_folder_nothing_is_due(site: Process, backups: Backups, files: Files) -> None:
    with site.store.write() as tx:
        tx.site_settings.put(replace(tx.site_settings.get(), backup_folder=None))
    backups.look()
    assert files.written == [] and files.keys == 0
    with pytest.raises(Conflict, match="Choose a folder"):
        backups.make_in_folder(None, lambda done, total: None, lambda: None)


def test_failed_night_raises_an_alert_and_is_tried_again_in_an_hour(
    site: Process, backups: Backups, files: Files, clock: Clock
) -> None:
    files.broken = "the disk of /mnt/backup is full. Free some space and try again"
    for _ in range(5):
        backups.look()
        clock.advance(minutes=1)
    assert alerts(site) == [files.broken]
    assert [backup.problem for backup in backups.known()] == [files.broken], "one try"
    files.broken = ""
    clock.advance(hours=1)
    backups.look()
    assert len(files.written) == 1 and alerts(site) == []


def test_one_backup_runs_at_a_time(site: Process, backups: Backups, files: Files) -> None:
    with site.store.alone("backup") as mine:
        assert mine
        backups.look()
        with pytest.raises(Conflict, match="Another backup"):
            backups.make("/mnt/one.backup")
    assert files.written == []


def test_short_passphrase_is_refused(backups: Backups, files: Files) -> None:
    with pytest.raises(BadField, match="at least 12"):
        backups.make("/mnt/one.backup", "eleven char")
    assert files.written == []


def test_only_the_newest_outcomes_are_kept(backups: Backups, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.site.backups.REMEMBERED", 2)
    for n in range(4):
        backups.make(f"/mnt/{n}.backup")
        clock.advance(minutes=1)
    assert [backup.place for backup in backups.known(10)] == ["/mnt/3.backup", "/mnt/2.backup"]


def test_newest_good_backup_is_known_however_often_it_failed_since(
    backups: Backups, files: Files, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.site.backups.REMEMBERED", 2)
    backups.make("/mnt/good.backup")
    files.broken = "the disk is full"
    for n in range(4):
        clock.advance(hours=1)
        with pytest.raises(Fault):
            backups.make(f"/mnt/{n}.backup")
    newest = backups.newest_good()
    assert newest is not None and newest.place == "/mnt/good.backup"


def test_background_work_is_watched_and_runs_once(clock: Clock) -> None:
    work = Background("test", clock)
    assert work.now() is None
    go: list[bool] = []

    def slow(progress: Callable[[int, int], None]) -> str:
        progress(3, 10)
        eventually(lambda: bool(go), "leave to end")
        return "10 of 10"

    work.start(slow)
    eventually(lambda: work.now() is not None and work.now().done == 3, "progress")  # type: ignore[union-attr]
    with pytest.raises(Conflict):
        work.start(slow)
    go.append(True)
    eventually(lambda: work.now().state is WorkState.DONE, "the end")  # type: ignore[union-attr]
    assert work.now().words == "10 of 10"  # type: ignore[union-attr]

    def broken(progress: Callable[[int, int], None]) -> str:
        raise Fault("the disk is full")

    work.start(broken)
    eventually(lambda: work.now().state is WorkState.FAILED, "the fault")  # type: ignore[union-attr]
    assert work.now().words == "the disk is full"  # type: ignore[union-attr]
    assert clock() - work.now().started_at < timedelta(1)  # type: ignore[union-attr]
