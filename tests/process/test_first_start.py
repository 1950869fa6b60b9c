"""The first start fixes what a database is sealed with, also where two machines make theirs at once."""

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest
from pydantic import SecretStr
from sqlalchemy import delete

from app.adapters.crypto.key_file import KeyFile
from app.adapters.crypto.vault import Vault
from app.adapters.db.tables import seal_totals
from app.core.errors import CryptoFault
from app.settings import Settings
from app.wiring.backbone import Backbone, open_backbone
from app.wiring.packs import install

KEYS = [base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2)]
OpenAll = Callable[..., list[Backbone | str]]


@pytest.fixture
def offices(empty_database_url: str, tmp_path: Path) -> Iterator[OpenAll]:
    """Machines with these master keys on one database without tables, that start at once; those that were refused are
    words. They share a key file, unless `apart`."""
    opened: list[Backbone | str] = []
    numbers = count()

    def begin(keys: list[str], *, apart: bool = False) -> list[Backbone | str]:
        together = Barrier(len(keys), timeout=30)

        def start(key: str) -> Backbone | str:
            data = tmp_path / f"machine-{next(numbers)}"
            settings = Settings(
                data=data,
                database_url=SecretStr(empty_database_url),
                master_key=SecretStr(key),
                people_keys=None if apart else tmp_path / "shared.keys",
            )
            together.wait()
            try:
                office = open_backbone(settings)
                install(office, "digest", "f32")
            except CryptoFault as refused:
                return str(refused)
            return office

        with ThreadPoolExecutor() as pool:
            opened.extend(pool.map(start, keys))
        return opened[-len(keys) :]

    yield begin
    for office in opened:
        if isinstance(office, Backbone):
            office.close()


def test_second_of_two_concurrent_master_keys_is_refused(offices: OpenAll) -> None:
    refused = [one for one in offices(KEYS) if isinstance(one, str)]
    assert len(refused) == 1 and "sealed with another master key" in refused[0]


def test_later_of_two_master_keys_is_refused(offices: OpenAll) -> None:
    (first,) = offices([KEYS[0]])
    assert isinstance(first, Backbone)
    (second,) = offices([KEYS[1]])
    assert isinstance(second, str) and "restore master.key" in second
    with first.store.read() as tx:
        found = tx.installation.get()
    assert found is not None and first.vault.check(found.key_check) and found.precision == "f32"


def test_machines_with_one_master_key_start_at_once(offices: OpenAll) -> None:
    assert all(isinstance(one, Backbone) for one in offices([KEYS[0]] * 4))


def test_mark_that_rows_are_sealed_cannot_be_taken_away(offices: OpenAll) -> None:
    # Given somebody with the database's password, who wants the next start to seal what they planted
    (first,) = offices([KEYS[0]])
    assert isinstance(first, Backbone)
    with first.store._engine.begin() as connection:
        connection.execute(delete(seal_totals))
    (again,) = offices([KEYS[0]])
    assert isinstance(again, str) and "the mark that says so was removed" in again


def test_key_file_that_is_gone_is_not_replaced(offices: OpenAll, tmp_path: Path) -> None:
    (first,) = offices([KEYS[0]])
    assert isinstance(first, Backbone)
    (other_machine,) = offices([KEYS[0]], apart=True)
    assert isinstance(other_machine, str) and "people.keys is missing" in other_machine
    assert not (tmp_path / "machine-1" / "people.keys").exists()


def test_second_machine_with_its_own_key_file_is_refused_at_once(offices: OpenAll) -> None:
    both = offices([KEYS[0]] * 2, apart=True)
    refused = [one for one in both if isinstance(one, str)]
    assert len(refused) == 1
    assert "set people_keys to the file that the other machines use" in refused[0].lower()


@pytest.mark.parametrize("theirs", ["empty", "of another database", "older than the key of the site"])
def test_a_key_file_that_is_not_this_databases_is_refused(offices: OpenAll, tmp_path: Path, theirs: str) -> None:
    (first,) = offices([KEYS[0]])
    assert isinstance(first, Backbone)
    with first.store.write() as tx:
        tx.data_keys.add("ada", first.vault.new_key())
        if theirs == "older than the key of the site":
            tx.data_keys.destroy("site")
    file = KeyFile(tmp_path / "machine-1" / "people.keys")
    (tmp_path / "machine-1").mkdir()
    file.create()
    if theirs != "empty":
        file.new(3)
    before = (tmp_path / "machine-1" / "people.keys").read_bytes()
    (other_machine,) = offices([KEYS[0]], apart=True)
    assert isinstance(other_machine, str) and "is another machine's, or another database's" in other_machine
    assert (tmp_path / "machine-1" / "people.keys").read_bytes() == before


def test_a_database_from_before_gets_the_sites_key_from_the_machine_that_knows_its_people(offices: OpenAll) -> None:
    (first,) = offices([KEYS[0]])
    assert isinstance(first, Backbone)
    with first.store.write() as tx:
        tx.data_keys.add("ada", first.vault.new_key())
        tx.data_keys.destroy("site")
    (again,) = offices([KEYS[0]])
    assert isinstance(again, Backbone)
    with again.store.read() as tx:
        assert tx.data_keys.all().keys() == {"ada", "site"}


def test_data_keys_from_before_the_key_file_get_their_secrets_at_the_start(offices: OpenAll, tmp_path: Path) -> None:
    (first,) = offices([KEYS[0]])
    assert isinstance(first, Backbone)
    old = Vault(base64.b64decode(KEYS[0]))
    key = old.new_key()
    sealed = old.seal(key, b"address", "camera")
    with first.store.write() as tx:
        tx.data_keys.replace("site", key)
    (again,) = offices([KEYS[0]])
    assert isinstance(again, Backbone)
    with again.store.read() as tx:
        now = tx.data_keys.get("site")
    assert now is not None and now != key
    assert again.vault.open(now, sealed, "camera") == b"address"
