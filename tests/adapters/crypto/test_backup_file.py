"""Drafts of backups that were killed are found, and nothing else is."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.adapters.crypto import backup_file
from app.core.site.backup import BackupHead

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def draft(path: Path) -> Path:
    """What is left of a backup to this path that was killed."""
    head = BackupHead(NOW, "0001", b"check", False, backup_file.new_salt())
    with backup_file.written(path, head, backup_file.by_master_key(bytes(32))) as put:
        put(b"rows")
        (left,) = path.parent.glob(f".*{path.name}*")
        kept = path.parent / "kept"
        os.link(left, kept)
    kept.rename(left)
    path.unlink()
    return left


def test_only_our_old_drafts_are_leftovers(tmp_path: Path) -> None:
    old = [draft(tmp_path / name) for name in ("facegate-20261122-030000.backup", "mine.backup")]
    young = draft(tmp_path / "young.backup")
    foreign = tmp_path / ".film.mkv.part"
    foreign.write_bytes(b"another program's")
    for path in (*old, foreign):
        os.utime(path, (0, 0))
    os.utime(young, (NOW.timestamp(), NOW.timestamp()))
    assert sorted(backup_file.leftovers(tmp_path, NOW)) == sorted(old)


def test_draft_that_vanishes_meanwhile_is_no_leftover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = draft(tmp_path / "one.backup")
    os.utime(left, (0, 0))
    gone = left.with_name(".facegate-gone.part")
    monkeypatch.setattr(Path, "glob", lambda folder, pattern: iter([gone, left]))
    assert backup_file.leftovers(tmp_path, NOW) == [left]
