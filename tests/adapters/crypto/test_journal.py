"""The journal keeps every acknowledged line, drops a torn one, and refuses to skip a damaged one."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.adapters.crypto.journal import JsonJournal
from app.core.errors import CryptoFault


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "erasures.jsonl"


def test_entries_are_read_back_in_order(path: Path) -> None:
    journal = JsonJournal(path)
    assert list(journal.entries()) == []
    journal.append({"employee_id": "01A", "name": "Éva\n"})
    journal.append({"employee_id": "01B"})
    assert list(JsonJournal(path).entries()) == [{"employee_id": "01A", "name": "Éva\n"}, {"employee_id": "01B"}]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("torn", [b'{"employee', b"\xc3", b"\x00\x00"])
def test_torn_last_line_is_dropped(path: Path, torn: bytes) -> None:
    journal = JsonJournal(path)
    journal.append({"n": 1})
    with path.open("ab") as file:
        file.write(torn)
    assert list(journal.entries()) == [{"n": 1}]
    journal.append({"n": 2})
    assert list(journal.entries()) == [{"n": 1}, {"n": 2}]


def test_file_with_only_a_torn_line_is_empty(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'{"n"')
    JsonJournal(path).append({"n": 1})
    assert list(JsonJournal(path).entries()) == [{"n": 1}]


@pytest.mark.parametrize("damaged", [b"{]\n", b"[1]\n", b"\n"])
def test_damaged_line_is_not_skipped(path: Path, damaged: bytes) -> None:
    journal = JsonJournal(path)
    journal.append({"n": 1})
    with path.open("ab") as file:
        file.write(damaged)
    journal.append({"n": 2})
    with pytest.raises(CryptoFault, match="line 2"):
        list(journal.entries())


def test_processes_append_together(path: Path) -> None:
    program = (
        "import sys, pathlib; from app.adapters.crypto.journal import JsonJournal;"
        "j = JsonJournal(pathlib.Path(sys.argv[1]));"
        "[j.append({'who': sys.argv[2], 'n': n}) for n in range(50)]"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program, str(path), who]) for who in "abc"]
    assert [process.wait() for process in processes] == [0, 0, 0]
    entries = list(JsonJournal(path).entries())
    assert [[entry["n"] for entry in entries if entry["who"] == who] for who in "abc"] == [list(range(50))] * 3


def test_damaged_lines_are_reported_beside_the_intact_ones(path: Path) -> None:
    journal = JsonJournal(path)
    journal.append({"n": 1})
    with path.open("ab") as file:
        file.write(b"[" * 100_000 + b"\n" + b"\xff\n")
    journal.append({"n": 2})
    damaged: list[str] = []
    assert list(journal.entries(damaged)) == [{"n": 1}, {"n": 2}]
    assert damaged == [f"line {n} of erasures.jsonl is damaged" for n in (2, 3)]
    with pytest.raises(CryptoFault, match="line 2"):
        list(journal.entries())
