"""An honest log of two gates, the audit of it, and somebody who changes its rows."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.adapters.crypto.journal import JsonJournal
from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.db.store import SqlStore
from app.core.events.records import EventRow
from app.services.events.access_log import AccessLog
from app.services.events.audit import Audit
from app.services.people.certificates.taking_down import TakingDown
from app.services.people.erasure import Erasure
from tests.services.events.written import ADA, AT, DOCK, EVA, LENGTH, LOBBY, Tamper, write

_numbers = count()


@pytest.fixture
def log(vault: Vault, signer: Ed25519Signer) -> AccessLog:
    return AccessLog(vault, signer)


@pytest.fixture
def audit(store: SqlStore, log: AccessLog, signer: Ed25519Signer) -> Audit:
    return Audit(store, log, signer, lambda: AT)


@pytest.fixture
def erasure(store: SqlStore, vault: Vault, signer: Ed25519Signer, tmp_path: Path) -> Erasure:
    def new() -> str:
        return f"r{next(_numbers)}"

    return Erasure(
        store, signer, JsonJournal(tmp_path / "erasures.jsonl"), lambda: AT, new, TakingDown(vault, lambda: AT, new)
    )


@pytest.fixture
def rows(store: SqlStore, vault: Vault, log: AccessLog) -> list[EventRow]:
    """Six events at the lobby (ids e1 to e6), by turns of Ada, Éva and a stranger, and two at the dock."""
    with store.write() as tx:
        for gate in (LOBBY, DOCK):
            tx.gates.add(gate)
        for employee in (ADA, EVA):
            tx.employees.add(employee)
            tx.data_keys.add(employee.id, vault.new_key())
    people = [ADA, EVA, None]
    written = [write(store, log, LOBBY, f"e{n}", people[n % 3]) for n in range(1, LENGTH + 1)]
    for n in (1, 2):
        write(store, log, DOCK, f"d{n}", ADA)
    return written


@pytest.fixture
def tamper(store: SqlStore, database: str) -> Tamper:
    """Runs SQL as somebody with the database's password would."""

    def run(*statements: str, **values: Any) -> None:
        with store._engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})

    return run
