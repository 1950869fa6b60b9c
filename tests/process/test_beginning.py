"""A lost database or master key is never replaced by a new, empty one."""

import base64
import json
import shutil
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.adapters.db.engine import migrate
from app.core.errors import CryptoFault, Fault
from app.core.types import Role
from app.settings import Settings
from app.wiring.backbone import open_backbone
from tests.e2e.server import quick

KEY = SecretStr(base64.b64encode(bytes(32)).decode())


@pytest.fixture
def settings(empty_database_url: str, tmp_path: Path) -> Settings:
    """Of an installation with an admin key, on either database."""
    made = Settings(data=tmp_path / "data", database_url=SecretStr(empty_database_url))
    office = open_backbone(made)
    office.keys.create(Role.ADMIN)
    office.close()
    return made


def lost(settings: Settings, tmp_path: Path) -> Settings:
    """The same, and its database gone: another is named, which is not there or empty."""
    return settings.model_copy(update={"database_url": SecretStr(f"sqlite:///{tmp_path / 'other.db'}")})


def test_no_second_master_key_beside_a_database(settings: Settings) -> None:
    key = settings.data / "master.key"
    key.rename(key.with_name("away"))
    for begin in (True, False):
        with pytest.raises(CryptoFault, match=r"restore .*master\.key from its backup"):
            open_backbone(settings, begin=begin)
        assert not key.exists()
    key.with_name("away").rename(key)
    open_backbone(settings).close()


@pytest.mark.parametrize("what", ["checkpoints.jsonl", "erasures.jsonl", "master.key", "people.keys"])
def test_remains_of_a_lost_database_are_named(settings: Settings, tmp_path: Path, what: str) -> None:
    (settings.data / "checkpoints.jsonl").write_text(json.dumps({"gate_id": "g"}) + "\n")
    (settings.data / "erasures.jsonl").write_text(json.dumps({"employee_id": "e"}) + "\n")
    other = lost(settings, tmp_path)
    for file in settings.data.iterdir():
        if file.name != what:
            file.unlink()
    with pytest.raises(Fault, match=rf"database is lost.*{what}.*Restore.*To start anew on purpose"):
        open_backbone(other)
    assert not (tmp_path / "other.db").exists() and [file.name for file in settings.data.iterdir()] == [what]
    (settings.data / what).unlink()
    open_backbone(other).close()


def test_empty_database_beside_journals_is_a_lost_one(tmp_path: Path) -> None:
    """PostgreSQL's server was made anew, and `migrate` ran on it."""
    data = tmp_path / "second"
    data.mkdir()
    (data / "checkpoints.jsonl").write_text("{}\n")
    empty = Settings(data=data, database_url=SecretStr(f"sqlite:///{tmp_path / 'other.db'}"), master_key=KEY)
    first = empty.model_copy(update={"data": tmp_path / "third"})
    open_backbone(first).close()
    with pytest.raises(Fault, match="database is lost"):
        open_backbone(empty)
    (data / "checkpoints.jsonl").write_bytes(b"")
    shutil.copy(first.data / "people.keys", data)  # with its mode: a key file is its owner's alone
    open_backbone(empty).close()


def test_database_that_the_settings_no_longer_name_is_not_forgotten(tmp_path: Path) -> None:
    """FACEGATE_DATABASE_URL is set, or not set, by mistake."""
    here = Settings(data=tmp_path / "data", master_key=KEY)
    open_backbone(here).close()
    with pytest.raises(Fault, match=r"database is lost.*facegate\.db"):
        open_backbone(here.model_copy(update={"database_url": SecretStr(f"sqlite:///{tmp_path / 'other.db'}")}))


def test_a_first_start_that_was_cut_off_begins_again(tmp_path: Path) -> None:
    """The weights were missing, say: a database without rows, and a key."""
    settings = Settings(data=tmp_path / "data")
    for _ in range(2):
        open_backbone(settings).close()
    (settings.data / "master.key").unlink()
    with pytest.raises(CryptoFault, match="restore"):
        open_backbone(settings)
    assert not (settings.data / "master.key").exists()


def test_migrate_brings_an_installation_up_to_date_and_begins_none(tmp_path: Path) -> None:
    open_backbone(Settings(data=tmp_path / "data")).close()
    done = quick("migrate", data=tmp_path / "data")
    assert (done.returncode, done.stdout) == (0, f"schema {migrate.head()}\n")
