"""The file of secrets: several processes, crashes, and nothing left of what was destroyed."""

from pathlib import Path

import pytest

from app.adapters.crypto.key_file import KeyFile
from app.adapters.crypto.vault import Vault
from app.core.errors import CryptoFault


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.keys"


def test_every_process_reads_a_secret_until_it_is_destroyed(path: Path) -> None:
    one, other = KeyFile(path), KeyFile(path)
    (slot, secret), (kept, _) = one.new(2)
    assert other.get(slot) == secret
    other.destroy(slot)
    assert secret not in path.read_bytes() and slot not in path.read_bytes()
    with pytest.raises(CryptoFault):
        KeyFile(path).get(slot)
    assert KeyFile(path).get(kept) == one.get(kept)


def test_torn_record_hides_no_other_record(path: Path) -> None:
    (slot, secret), (cut, _) = KeyFile(path).new(2)
    path.write_bytes(path.read_bytes()[:-20])
    keys = KeyFile(path)
    assert keys.get(slot) == secret
    with pytest.raises(CryptoFault):
        keys.get(cut)
    ((new, new_secret),) = keys.new()
    assert KeyFile(path).get(new) == new_secret and KeyFile(path).get(slot) == secret


def test_file_readable_by_others_is_refused(path: Path) -> None:
    keys = KeyFile(path)
    keys.create()
    path.chmod(0o640)
    with pytest.raises(CryptoFault, match="chmod 600"):
        keys.new()


def test_data_key_needs_master_key_and_secret(path: Path, master_key: bytes, tmp_path: Path) -> None:
    vault = Vault(master_key, KeyFile(path))
    key = vault.new_key()
    sealed = vault.seal(key, b"face", "photo 1")
    assert Vault(master_key, KeyFile(path)).open(key, sealed, "photo 1") == b"face"
    for other in (Vault(bytes(32), KeyFile(path)), Vault(master_key, KeyFile(tmp_path / "x")), Vault(master_key)):
        with pytest.raises(CryptoFault):
            other.open(key, sealed, "photo 1")
    vault.forget(key)
    with pytest.raises(CryptoFault):
        vault.open(key, sealed, "photo 1")


def test_old_keys_are_rewrapped(path: Path, master_key: bytes) -> None:
    old = Vault(master_key)
    keys = [old.new_key() for _ in range(3)]
    sealed = [old.seal(key, b"face", "photo") for key in keys]
    vault = Vault(master_key, KeyFile(path))
    new = vault.rewrap(keys)
    assert all(map(vault.is_old, keys)) and not any(map(vault.is_old, new))
    assert [vault.open(key, one, "photo") for key, one in zip(new, sealed, strict=True)] == [b"face"] * 3
