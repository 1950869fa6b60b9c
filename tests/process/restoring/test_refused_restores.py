"""A restore says what speaks against it, writes nothing then, and can be repeated if it was cut off."""

from pathlib import Path
from typing import Any

import pytest

from app.adapters.crypto import backup_file
from app.adapters.crypto.vault import load_master_key
from app.core.errors import Fault
from app.settings import Settings, read_settings
from app.wiring import open_backbone
from app.wiring.backups import KEYS_FILE
from app.wiring.beginning import UNFINISHED
from tests.process.restoring.restored_sites import PASSPHRASE, NewSite, Site, restored, running

pytestmark = pytest.mark.one_database


def refusal(site: Site, file: Path, into: Settings, **more: Any) -> str:
    there = sorted(into.data.iterdir()) if into.data.exists() else None
    with pytest.raises(Fault) as refused:
        restored(site, file, into, **more)
    assert (sorted(into.data.iterdir()) if into.data.exists() else None) == there, "nothing was written"
    return str(refused.value)


def test_restore_into_a_folder_or_database_in_use_is_refused(site: Site, new_site: NewSite) -> None:
    file = site.backup()
    assert "is not empty" in refusal(site, file, site.settings)
    foreign = new_site("foreign")
    foreign.data.mkdir()
    (foreign.data / "holiday.jpg").write_bytes(b"mine")
    assert "is not empty (holiday.jpg)" in refusal(site, file, foreign)
    used = read_settings(foreign.data.parent / "new", database_url=site.settings.url)
    assert "the database is not empty" in refusal(site, file, used)


def test_wrong_key_and_missing_keys_are_refused(site: Site, new_site: NewSite, tmp_path: Path) -> None:
    file, with_key, into = site.backup(), site.backup("two.backup", PASSPHRASE), new_site("restored")
    assert "was sealed with another master key" in refusal(site, file, into, master_key=bytes(32))
    assert "name the key's file with --master-key" in refusal(site, file, into, master_key=None)
    assert "sealed with a passphrase: give it" in refusal(site, with_key, into)
    assert "the passphrase is another" in refusal(site, with_key, into, passphrase="another one entirely")
    assert "is sealed with" in refusal(site, file, into, master_key=None, passphrase=PASSPHRASE)
    (file.parent / KEYS_FILE).rename(file.parent / "moved")
    assert "name it with --keys" in refusal(site, file, into)
    assert restored(site, file, into, keys=file.parent / "moved").report.valid


def test_key_that_is_there_is_not_replaced(site: Site, new_site: NewSite) -> None:
    file, into = site.backup("two.backup", PASSPHRASE), new_site("restored")
    into.data.mkdir()
    load_master_key(into.data / "master.key")  # makes another
    assert "take it away first" in refusal(site, file, into, passphrase=PASSPHRASE)


def test_file_that_was_truncated_or_altered_anywhere_is_refused(site: Site, new_site: NewSite) -> None:
    file, into = site.backup(), new_site("restored")
    whole = file.read_bytes()
    start = backup_file.read_head(file)[1]
    cuts = [whole[:n] for n in (0, 5, start - 1, start, start + 40, len(whole) // 2, len(whole) - 1)]
    longer = [whole + b"\0", whole + whole[start:]]
    altered = [whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :] for n in (3, 40, start - 3, start, len(whole) - 1)]
    for wrong in (*cuts, *longer, *altered):
        file.write_bytes(wrong)
        words = refusal(site, file, into)
        assert "truncated or was altered" in words or "is not a backup" in words or "another master key" in words, words
    file.write_bytes(whole)
    assert restored(site, file, into).report.valid


def test_damaged_line_of_a_checkpoint_stops_no_restore_and_that_of_a_receipt_does(
    site: Site, new_site: NewSite
) -> None:
    with site.settings.checkpoints.open("ab") as journal:
        journal.write(b'{"cut off in the mid\n')
    assert restored(site, site.backup(), new_site("restored")).flaw is None
    with site.settings.erasures.open("ab") as journal:
        journal.write(b"[]\n")
    into = new_site("refused")
    assert "a receipt of an erasure" in refusal(site, site.backup("two.backup"), into)
    assert not (into.data / UNFINISHED).exists()


def test_backup_of_a_newer_version_is_refused(site: Site, new_site: NewSite, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        newer.setattr("app.adapters.db.engine.migrate.head", lambda url=None: "9999")
        newer.setattr("app.adapters.db.engine.migrate.revision", lambda connection: "9999")
        file = site.backup()
    assert "was made by a newer version of Facegate (schema 9999" in refusal(site, file, new_site("restored"))


@pytest.mark.both_databases
def test_restore_that_was_cut_off_serves_nothing_and_can_be_repeated(
    site: Site, new_site: NewSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other, into = site.backup(), site.backup("other.backup"), new_site("restored")
    with monkeypatch.context() as cut:
        cut.setattr("app.wiring.restoring._end_what_was_open", lambda backbone: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            restored(site, file, into)
    assert (into.data / UNFINISHED).exists()
    with pytest.raises(Fault, match=r"a restore into .* was cut off"):
        open_backbone(into)
    assert "a restore of another backup" in refusal(site, other, into)
    done = restored(site, file, into)
    assert done.report.valid and (done.rows["employees"], done.rows["events"]) == (2, 4)
    with running(into) as again:
        assert again.people.sees(1) == "recognised"


def test_two_sites_do_not_share_a_folder(site: Site, new_site: NewSite) -> None:
    file = site.backup()
    kept = (file.parent / KEYS_FILE).read_bytes()
    with running(new_site("another")) as another, pytest.raises(Fault, match="belongs to another site"):
        another.backbone.backups.make(str(file.with_name("theirs.backup")))
    assert (file.parent / KEYS_FILE).read_bytes() == kept
