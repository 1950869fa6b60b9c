"""Sealed bytes open only with their key, in their context, unaltered; the master key is made once and kept private."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from app.adapters.crypto.vault import Vault, load_master_key
from app.core.errors import CryptoFault


def test_sealed_text_opens(vault: Vault) -> None:
    key = vault.new_key()
    sealed = vault.seal(key, b"a face", "photo 1")
    assert b"a face" not in sealed
    assert vault.open(key, sealed, "photo 1") == b"a face"
    assert vault.seal(key, b"a face", "photo 1") != sealed


def test_other_keys_and_contexts_open_nothing(vault: Vault) -> None:
    key = vault.new_key()
    sealed = vault.seal(key, b"a face", "photo 1")
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for other_key, other_sealed, context in (
        (vault.new_key(), sealed, "photo 1"),
        (key, sealed, "template 1"),
        (key, altered, "photo 1"),
        (key, sealed[:20], "photo 1"),
        (key, b"", "photo 1"),
        (key, b"\x02" + sealed[1:], "photo 1"),
        (b"", sealed, "photo 1"),
        (sealed, sealed, "photo 1"),
    ):
        with pytest.raises(CryptoFault):
            vault.open(other_key, other_sealed, context)
    with pytest.raises(CryptoFault):
        Vault(bytes(32)).open(key, sealed, "photo 1")


def test_key_check_distinguishes_master_keys(vault: Vault, master_key: bytes) -> None:
    assert Vault(master_key).check(vault.key_check())
    assert not Vault(bytes(32)).check(vault.key_check())
    assert not vault.check(b"")
    assert master_key not in vault.key_check()


def test_master_key_has_32_bytes() -> None:
    with pytest.raises(CryptoFault):
        Vault(b"short")


def test_key_file_is_created_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "master.key"
    key = load_master_key(path, None)
    assert len(key) == 32 and load_master_key(path, "") == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


def test_setting_takes_precedence_and_no_file_is_created(tmp_path: Path, master_key: bytes) -> None:
    path = tmp_path / "master.key"
    assert load_master_key(path, base64.b64encode(master_key).decode() + "\n") == master_key
    assert not path.exists()
    for wrong in ("not base64!", base64.b64encode(b"short").decode()):
        with pytest.raises(CryptoFault) as fault:
            load_master_key(path, wrong)
        assert wrong not in str(fault.value)


def test_file_readable_by_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    load_master_key(path, None)
    path.chmod(0o640)
    with pytest.raises(CryptoFault, match="chmod 600"):
        load_master_key(path, None)


def test_emptied_file_is_refused_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.touch(0o600)
    with pytest.raises(CryptoFault, match="backup"):
        load_master_key(path, None)
    assert path.read_bytes() == b""


def test_racing_processes_get_the_same_key(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from app.adapters.crypto.vault import load_master_key;"
        "sys.stdin.readline(); print(load_master_key(pathlib.Path(sys.argv[1])).hex())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "master.key")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    keys = {process.communicate()[0] for process in processes}
    assert len(keys) == 1 and len(keys.pop().strip()) == 64
