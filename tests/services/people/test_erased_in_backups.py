"""Whoever is erased is gone in older copies of the database too, even for who has the master key and the key file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.crypto.key_file import KeyFile
from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.core.errors import CryptoFault, NotRecorded
from app.core.sealing import Sealed, context
from app.core.types import Employee
from tests.fakes import Clock, person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database

Copy = Callable[[Vault], int]


@pytest.fixture
def vault(master_key: bytes, tmp_path: Path) -> Vault:
    return Vault(master_key, KeyFile(tmp_path / "people.keys"))


@pytest.fixture
def ada(site: Process) -> Employee:
    ada = site.enrol("E-1", photo(person(0)), photo(person(0), note="another"))
    site.enrol("E-2", photo(person(1)))
    for _ in range(3):
        assert site.sees(0) == "recognised"
    return ada


def copy_of(site: Process, employee_id: str) -> Copy:
    """What a copy of the database holds of somebody now; how much of it somebody opens later."""
    with site.store.read() as tx:
        key = tx.data_keys.get(employee_id)
        photos = tx.photos.of(employee_id)
        events = [event for event in tx.events.chain(site.gates.get("lobby-1").id) if event.employee_id == employee_id]
    assert key is not None

    def opened(vault: Vault) -> int:
        assert key is not None
        count = 0
        sealed = [(one.sealed_image, context(Sealed.PHOTO, employee_id)) for one in photos]
        sealed += [(one.sealed_payload or b"", f"event payload {one.id}") for one in events]
        for data, bound in sealed:
            try:
                vault.open(key, data, bound)
                count += 1
            except CryptoFault:
                pass
        return count

    return opened


def test_backup_does_not_reveal_an_erased_person(
    site: Process, ada: Employee, master_key: bytes, tmp_path: Path
) -> None:
    eva = site.enrolment.by_number("E-2")
    assert eva is not None
    hers, evas = copy_of(site, ada.id), copy_of(site, eva.id)
    assert hers(site.vault) == 5 and evas(site.vault) == 1
    site.erasure.erase(ada.id)
    thief = Vault(master_key, KeyFile(tmp_path / "people.keys"))
    assert hers(thief) == 0
    assert evas(thief) == 1, "whoever is not erased opens from any backup"
    assert site.sees(1) == "recognised"


@pytest.mark.parametrize("step", ["before the secret", "after the secret"])
def test_interrupted_erasure_is_completed_and_affects_nobody_else(
    site: Process, start: Callable[..., Process], ada: Employee, step: str
) -> None:
    hers = copy_of(site, ada.id)

    def cut(key: bytes) -> None:
        if step == "after the secret":
            site.vault.forget(key)
        raise NotRecorded("power cut")

    with pytest.raises(NotRecorded):
        replace(site.erasure, forget=cut).erase(ada.id)
    again = start()
    assert again.erasure.replay() == 1
    assert hers(again.vault) == 0
    assert again.sees(1) == "recognised" and again.sees(0) == "not_recognised"
    assert again.audit.verify().valid


def test_restored_copy_is_erased_again_without_the_secret(
    site: Process, ada: Employee, signer: Ed25519Signer, clock: Clock
) -> None:
    with site.store.read() as tx:
        key = tx.data_keys.get(ada.id)
    assert key is not None
    receipt = None
    site.vault.forget(key)
    receipt = site.erasure.erase(ada.id)
    assert site.erasure.receipt(ada.id) == receipt
