"""The first start fixes what a database is sealed with, also where two machines make theirs at once."""

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from pydantic import SecretStr

from app.core.errors import CryptoFault
from app.settings import Settings
from app.wiring.office import Office, open_office
from app.wiring.packs import install

KEYS = [base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2)]
OpenAll = Callable[[list[str]], list[Office]]


@pytest.fixture
def offices(database_url: str, tmp_path: Path) -> Iterator[OpenAll]:
    """Machines with these master keys and one database, in which nothing is installed yet."""
    opened: list[Office] = []

    def begin(keys: list[str]) -> list[Office]:
        for number, key in enumerate(keys):
            data = tmp_path / f"machine-{number}"
            settings = Settings(data=data, database_url=SecretStr(database_url), master_key=SecretStr(key))
            opened.append(open_office(settings))
        return opened

    yield begin
    for office in opened:
        office.close()


def installed(offices: list[Office]) -> list[str]:
    """What becomes of each that installs at once with the others: "" or why it was refused."""
    together = Barrier(len(offices), timeout=20)

    def start(office: Office) -> str:
        together.wait()
        try:
            install(office, "digest", "f32")
        except CryptoFault as refused:
            return str(refused)
        return ""

    with ThreadPoolExecutor() as pool:
        return list(pool.map(start, offices))


def test_of_two_master_keys_at_once_one_is_refused(offices: OpenAll) -> None:
    machines = offices(KEYS)
    refused, accepted = sorted(installed(machines), reverse=True)
    assert "the master key is not the one this database was sealed with" in refused and accepted == ""
    # and it stays so
    assert sorted(installed(machines), reverse=True) == [refused, ""]


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_the_later_of_two_master_keys_is_refused_whatever_it_runs(offices: OpenAll, precision: str) -> None:
    first, second = offices(KEYS)
    install(first, "digest", "f32")
    with pytest.raises(CryptoFault):
        install(second, "digest", precision)
    with first.store.read() as tx:
        found = tx.installation.get()
    assert found is not None and first.vault.check(found.key_check) and found.precision == "f32"


def test_machines_with_one_master_key_start_at_once(offices: OpenAll) -> None:
    assert installed(offices([KEYS[0]] * 4)) == [""] * 4
