"""What tests of the services share: processes on one database, with one clock."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from tests.fakes import Clock
from tests.services.process import Process

Start = Callable[..., Process]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(
    database_url: str, vault: Vault, signer: Ed25519Signer, clock: Clock, tmp_path: Path
) -> Iterator[Callable[..., Process]]:
    """Starts a process on the test's database; settings of `Access` can be given."""
    running: list[Process] = []

    def begin(**access: Any) -> Process:
        running.append(Process(database_url, vault, signer, clock, tmp_path, **access))
        return running[-1]

    yield begin
    for process in running:
        process.store.close()


@pytest.fixture
def site(start: Callable[..., Process]) -> Process:
    """A process, and a gate named lobby-1."""
    process = start()
    process.gates.add("lobby-1")
    return process
