"""kill -9 in a backup leaves nothing that restores; kill -9 in a restore leaves nothing that serves."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, text

from app.wiring.beginning import UNFINISHED
from tests.e2e.server import ROOT, Site, environment, quick
from tests.waiting import eventually

ROWS = 150_000  # of counts, so that the work takes a second


def fill(site: Site) -> None:
    engine = create_engine(f"sqlite:///{site.data / 'facegate.db'}")
    with engine.begin() as connection:
        (gate,) = connection.execute(text("SELECT id FROM gates")).scalars()
        rows = [{"gate": gate, "day": n // 50, "bucket": n % 50} for n in range(ROWS)]
        connection.execute(text("INSERT INTO histograms VALUES (:gate, :day, 'took', :bucket, 1)"), rows)
    engine.dispose()


def killed(*words: str, data: Path, once: Callable[[], bool]) -> None:
    """Runs a command until something is so, and then kills it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app", *words, "--data", str(data)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: once() or process.poll() is not None, "the moment", seconds=90)
        assert process.poll() is None, "it ended before it could be killed"
    finally:
        process.kill()
        process.wait()


def test_killed_backup_and_killed_restore_are_repeated(tmp_path: Path) -> None:
    site = Site.make(tmp_path / "data")
    fill(site)
    folder, into = tmp_path / "backups", tmp_path / "restored"
    folder.mkdir()
    file, key = str(folder / "one.backup"), str(site.data / "master.key")
    begun = lambda: any(part.stat().st_size for part in folder.glob(".*.part"))  # noqa: E731
    killed("backup", file, "--without-key", data=site.data, once=begun)
    (part,) = folder.glob(".*.part")
    assert not Path(file).exists()
    half = quick("restore", str(part), "--master-key", key, data=into)
    assert half.returncode == 1 and "is truncated or was altered" in half.stderr and not into.exists()
    done = quick("backup", file, "--without-key", data=site.data)
    assert done.returncode == 0, done.stderr
    # The same for the restore
    restore = ("restore", file, "--master-key", key)
    killed(*restore, data=into, once=lambda: (into / "facegate.db").exists())
    assert (into / UNFINISHED).exists()
    refused = quick("audit", "verify", data=into)
    assert refused.returncode == 1 and "was cut off" in refused.stderr
    again = quick(*restore, data=into)
    assert again.returncode == 0 and "The log is intact." in again.stdout, again.stderr
    assert not (into / UNFINISHED).exists()
    engine = create_engine(f"sqlite:///{into / 'facegate.db'}")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM histograms")).scalar_one() == ROWS
    engine.dispose()
    assert quick("audit", "verify", data=into).returncode == 0
