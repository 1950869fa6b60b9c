"""What names a person lies sealed under their own key, and people are found all the same."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from app.adapters.crypto.key_file import KeyFile
from app.adapters.crypto.vault import Vault
from app.adapters.db.engine import migrate
from app.adapters.db.engine.connect import make_engine
from app.adapters.db.store import SqlStore
from app.core.errors import Conflict, CryptoFault
from app.core.people.records import EmployeeFilter
from app.core.types import Employee, Status
from tests.stores import open_store, upgrade

ADA = Employee("01A", "E-1001", "Ada Lovelace", email="ada@example.org", card_number="90210471108")
EVA = Employee("01B", "e-2", "Éva Ügyfél", Status.INACTIVE)


@pytest.fixture
def vault(master_key: bytes, tmp_path: Path) -> Vault:
    return Vault(master_key, KeyFile(tmp_path / "people.keys"))


@pytest.fixture
def people(database_url: str, vault: Vault) -> Iterator[SqlStore]:
    store = open_store(database_url, vault=vault)
    with store.write() as tx:
        for one in (ADA, EVA):
            tx.data_keys.add(one.id, vault.new_key())
            tx.employees.add(one)
    yield store
    store.close()


def test_people_are_added_found_and_updated(people: SqlStore, database_url: str, vault: Vault) -> None:
    fresh = open_store(database_url, vault=vault)
    for store in (people, fresh):
        with store.read() as tx:
            assert tx.employees.get(ADA.id) == ADA and tx.employees.by_number("e-2") == EVA
            assert tx.employees.by_number("E-2") is None
            assert tx.employees.find(EmployeeFilter()) == [ADA, EVA]
            assert tx.employees.find(EmployeeFilter(after="E-1001")) == [EVA]
            assert tx.employees.find(EmployeeFilter(q="ÜGYF")) == [EVA]
            assert tx.employees.find(EmployeeFilter(q="e-1")) == [ADA]
            assert tx.employees.find(EmployeeFilter(q="e-", status=Status.ACTIVE)) == [ADA]
            assert tx.employees.count(EmployeeFilter(q="e-")) == 2 == tx.employees.count()
    changed = replace(ADA, name="Ada King", card_number=None)
    with fresh.write() as tx:
        tx.employees.update(changed)
    with people.read() as tx:
        assert tx.employees.get(ADA.id) == changed
        assert tx.employees.find(EmployeeFilter(q="king")) == [changed]
    fresh.close()


def test_number_and_card_are_unique(people: SqlStore, vault: Vault) -> None:
    for other, code in ((replace(EVA, number=ADA.number), "number_taken"),
                        (replace(EVA, card_number=ADA.card_number), "card_taken")):  # fmt: skip
        with pytest.raises(Conflict) as refused, people.write() as tx:
            tx.employees.update(other)
        assert refused.value.code == code


def test_nobody_is_named_without_the_key(people: SqlStore, vault: Vault, database_url: str) -> None:
    # Given a copy of the database from before the erasure, and the key file as it is after it
    with people.read() as tx:
        key = tx.data_keys.get(ADA.id)
    assert key is not None
    vault.forget(key)
    thief = open_store(database_url, vault=vault)
    with thief.read() as tx:
        assert tx.employees.get(ADA.id) is None and tx.employees.by_number(ADA.number) is None
        assert tx.employees.find(EmployeeFilter()) == [EVA]
    with pytest.raises(CryptoFault), thief.write() as tx:
        tx.employees.add(Employee("01C", "E-3", "Nobody"))
    thief.close()


def test_no_table_holds_personal_data_in_the_clear(people: SqlStore) -> None:
    with people._engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM employees")).all()
    stored = repr([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in rows])
    assert not [mark for mark in ("Ada", "1001", "example.org", "9021", "gyf") if mark in stored]


def test_upgrade_seals_people_stored_in_the_clear(empty_database_url: str, vault: Vault) -> None:
    upgrade(empty_database_url)
    migrate.downgrade(empty_database_url, "0011")
    engine = make_engine(empty_database_url)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO subject_keys (subject_id, wrapped) VALUES ('01A', :key)"), {"key": vault.new_key()}
        )
        connection.execute(
            text(
                "INSERT INTO employees (id, number, name, name_folded, email, card_number, status, groups) VALUES "
                "('01A', 'E-1001', 'Ada Lovelace', 'ada lovelace', 'ada@example.org', '90210471108', 'active', '[]')"
            )
        )
    with pytest.raises(CryptoFault, match="seals"):
        upgrade(empty_database_url, vault=vault, sealed_before=True)
    upgrade(empty_database_url, vault=vault)
    engine.dispose()
    store = open_store(empty_database_url, vault=vault)
    with store.read() as tx:
        assert tx.employees.find(EmployeeFilter()) == [ADA]
        assert list(tx.seals.flaws()) == []
    store.close()
