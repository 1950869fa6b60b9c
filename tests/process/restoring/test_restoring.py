"""A backup that is taken while the site works becomes the same site elsewhere; who was erased since stays erased."""

import threading
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from sqlalchemy import make_url, text

from app.adapters.crypto.key_file import KeyFile
from app.adapters.crypto.vault import Vault, load_master_key
from app.commands.backups import restore
from app.core.access.passages.muster import Muster
from app.core.access.passages.presence import Passage, Presence
from app.core.errors import CryptoFault, NotFound
from app.core.sealing import Sealed, context
from app.services.people.consents import ConsentBook
from app.services.people.self_enrolment import SelfEnrolment
from app.settings import read_settings
from app.wiring.backups import KEYS_FILE
from tests.conftest import Execute
from tests.fakes import new_id
from tests.process.restoring.restored_sites import (
    PASSPHRASE,
    NewSite,
    Site,
    employee,
    inside,
    restored,
    rows_of,
    running,
    signed_in,
    tables_of,
)

pytestmark = pytest.mark.one_database


@pytest.mark.both_databases
def test_restored_site_is_the_same_and_goes_on(site: Site, new_site: NewSite) -> None:
    token = signed_in(site, site.backbone.accounts.users.all()[0])
    before, file, elsewhere = rows_of(site), site.backup(), new_site("restored")
    done = restored(site, file, elsewhere)
    assert (done.rows["employees"], done.rows["events"]) == (2, 4)
    assert (done.erased, done.lost, done.report.valid) == (0, [], True)
    with running(elsewhere) as again:
        assert rows_of(again) == before
        assert again.people.sees(0) == again.people.sees(1) == "recognised"
        assert again.people.recorded() == 6
        assert again.backbone.accounts.sessions.find(token) is None, "everybody signs in again"
        assert again.backbone.checkpoints.verify().valid


def test_restored_site_knows_of_nobody_inside(site: Site, new_site: NewSite) -> None:
    ada, gate, now = employee(site, "E-1"), site.backbone.gates.get("lobby-1"), site.backbone.clock()
    assert ada is not None
    with site.backbone.store.write() as tx:
        tx.presences.set_unknown("02", 3, now)
        tx.passages.add(Passage("p", gate.id, "event", ada.id, None, "02", now, now + timedelta(hours=1)))
        tx.presences.put(Presence(ada.id, "02", now))
        tx.musters.start(Muster("m", now, "guard", "drill"))
    file, elsewhere = site.backup(), new_site("restored")
    restored(site, file, elsewhere)
    with running(elsewhere) as again, again.backbone.store.read() as tx:
        assert (tx.presences.all(), tx.presences.unknown(), tx.passages.of_gate(gate.id)) == ([], {}, [])
        muster = tx.musters.newest()
        assert muster is not None and muster.ended_at is not None and muster.ended_by is None
        assert list(tx.seals.flaws()) == []


@pytest.mark.both_databases
def test_erased_person_stays_erased_and_no_backup_reveals_them(site: Site, new_site: NewSite) -> None:
    ada, eva = employee(site, "E-1"), employee(site, "E-2")
    assert ada is not None and eva is not None
    file, with_key = site.backup(), site.backup("two.backup", PASSPHRASE)
    site.backbone.erasure.erase(ada.id)
    site.backbone.backups.files.keep_keys(str(file.parent))
    # Given the old backups, the copy of the keys beside them, and everything that is in both
    master = load_master_key(site.settings.data / "master.key")
    (site.settings.data.parent / "thief").write_bytes(inside(file.parent / KEYS_FILE, master)["people.keys"])
    (site.settings.data.parent / "thief").chmod(0o600)
    thief = Vault(master, KeyFile(site.settings.data.parent / "thief"))
    assert inside(with_key, PASSPHRASE)["master.key"] == master
    # then Ada's photos, template and passages open for nobody, and Eva's do
    rows = {name: rows for name, rows in tables_of(file, master).items() if name in ("photos", "subject_keys")}
    keys = {row["subject_id"]: row["wrapped"] for row in rows["subject_keys"]}
    opened = dict.fromkeys((ada.id, eva.id), 0)
    for row in rows["photos"]:
        try:
            thief.open(keys[row["employee_id"]], row["sealed_image"], context(Sealed.PHOTO, row["employee_id"]))
            opened[row["employee_id"]] += 1
        except CryptoFault:
            pass
    assert opened == {ada.id: 0, eva.id: 1}
    # and a restore of either erases her again
    for number, (old, secret) in enumerate(((file, {}), (with_key, {"passphrase": PASSPHRASE, "master_key": None}))):
        elsewhere = new_site(f"restored-{number}")
        done = restored(site, old, elsewhere, **secret)
        assert (done.erased, done.report.valid) == (1, True)
        with running(elsewhere) as again:
            assert employee(again, "E-1") is None
            assert again.people.sees(0) == "not_recognised" and again.people.sees(1) == "recognised"
            assert again.backbone.erasure.receipt(ada.id) is not None
            assert again.people.recorded() == 6


@pytest.mark.both_databases
def test_backup_is_of_one_moment_while_people_pass(site: Site, new_site: NewSite) -> None:
    stop, passed = threading.Event(), []

    def pass_on() -> None:
        while not stop.is_set():
            passed.append(site.people.sees(1))

    gate = threading.Thread(target=pass_on)
    gate.start()
    try:
        files = [site.backup(f"{n}.backup") for n in range(3)]
    finally:
        stop.set()
        gate.join()
    assert passed and set(passed) == {"recognised"}
    done = restored(site, files[-1], new_site("restored"))
    assert done.report.valid and done.rows["events"] >= 4


def test_backup_of_either_database_restores_to_the_other(
    site: Site, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    execute: Execute = request.getfixturevalue("administer")
    execute("CREATE DATABASE restore_other TEMPLATE template0")
    url = make_url(request.getfixturevalue("postgres")).set(database="restore_other").render_as_string(False)
    try:
        there = read_settings(tmp_path / "there", database_url=url)
        assert restored(site, site.backup(), there).report.valid
        with running(there) as moved:
            assert moved.people.sees(1) == "recognised"
            back, file = read_settings(tmp_path / "back"), moved.backup("back.backup")
        assert restored(site, file, back).report.valid
        with running(back) as again:
            assert again.people.recorded() == 5
    finally:
        execute("DROP DATABASE restore_other WITH (FORCE)")


def test_backup_older_than_the_log_that_was_says_what_is_lost(site: Site, new_site: NewSite, tmp_path: Path) -> None:
    file = site.backup()
    assert site.people.sees(1) == "recognised"
    site.backbone.checkpoints.write()
    # Given the checkpoints on another disk, which outlived the data folder
    kept = tmp_path / "checkpoints.jsonl"
    kept.write_bytes((site.settings.data / "checkpoints.jsonl").read_bytes())
    done = restored(site, file, new_site("restored", checkpoint_file=kept))
    (lost,) = done.lost
    assert lost.startswith("gate lobby-1: the backup ends at event 4, and a checkpoint of ")
    assert lost.endswith("saw event 5. What came between is lost.")
    assert not done.report.valid


def cut_off_tail(site: Site) -> None:
    """Drops the gate's newest event and mends its head, as somebody with the database could."""
    with site.backbone.store._engine.begin() as connection:
        connection.execute(text("DELETE FROM events WHERE sequence = 4"))
        connection.execute(
            text(
                "UPDATE gates SET head_sequence = 3, head_hash = (SELECT hash FROM events WHERE sequence = 3 "
                "AND gate_id = gates.id)"
            )
        )


@pytest.mark.parametrize("altered", [False, True])
def test_restore_command_tells_an_altered_backup_from_one_that_is_only_older(
    site: Site, new_site: NewSite, tmp_path: Path, capsys: pytest.CaptureFixture[str], altered: bool
) -> None:
    if altered:
        cut_off_tail(site)
    file = site.backup()
    for _ in range(2):
        assert site.people.sees(1) == "recognised"
    site.backbone.checkpoints.write()
    kept = tmp_path / "checkpoints.jsonl"
    kept.write_bytes((site.settings.data / "checkpoints.jsonl").read_bytes())
    into = tmp_path / "restored"
    into.mkdir()
    (into / "facegate.toml").write_text(f'checkpoint_file = "{kept}"\n')
    ended = nullcontext() if not altered else pytest.raises(typer.Exit)
    with ended as exit:
        restore(file, site.settings.data / "master.key", None, into)
    said = capsys.readouterr()
    assert "2 employees, " in said.out and "What came between is lost." in " ".join(said.err.split())
    if exit is None:
        assert "What the backup has of the log is intact." in said.out
    else:
        assert exit.value.exit_code == 1 and "BAD: gate lobby-1, record 4" in said.err and "intact" not in said.out


def test_waiting_links_for_self_enrolment_are_revoked(site: Site, new_site: NewSite) -> None:
    ada, eva = employee(site, "E-1"), employee(site, "E-2")
    assert ada is not None and eva is not None

    def links(where: Site) -> SelfEnrolment:
        here = where.backbone
        consents = ConsentBook(
            here.store, here.signer, here.erasure.journal, here.clock, new_id, here.erasure.taking_down
        )
        return SelfEnrolment(here.store, where.people.enrolment, consents, here.clock, new_id)

    (adas,), (evas,) = links(site).invite([ada.id], "grace"), links(site).invite([eva.id], "grace")
    links(site).decline(adas.token)
    file, into = site.backup(), new_site("restored")
    assert links(site).open(evas.token)
    assert restored(site, file, into).report.valid
    with running(into) as again:
        with pytest.raises(NotFound):
            links(again).open(evas.token)
        assert [links(again).of(who.id)[0].state for who in (ada, eva)] == ["declined", "revoked"]
        assert again.backbone.checkpoints.verify().valid
