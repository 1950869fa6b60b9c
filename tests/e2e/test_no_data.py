"""A folder without data stays one: what only reads or changes an installation never makes one."""

from pathlib import Path

import pytest

from tests.e2e.server import quick

READERS = (
    ("keys", "list"),
    ("keys", "revoke", "none"),
    ("gates", "list"),
    ("cameras", "list"),
    ("cameras", "add", "porch", "rtsp://10.0.0.9/", "--gate", "g"),
    ("cameras", "remove", "porch"),
    ("audit", "verify"),
    ("audit", "checkpoint"),
    ("reembed",),
)


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_a_mistyped_folder_is_said_and_not_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    missing, empty = tmp_path / "typo", tmp_path / "empty"
    empty.mkdir()
    for data in (missing, empty):
        ended = quick(*words, data=data)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr == f"facegate: there is no Facegate data in {data}\n"
    assert not missing.exists() and not list(empty.iterdir())


def test_a_database_file_elsewhere_is_missed_where_it_should_be(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    ended = quick("audit", "verify", data=tmp_path / "data", database_url=f"sqlite:///{elsewhere / 'x.db'}")
    assert ended.returncode == 1 and f"no Facegate data in {elsewhere}" in ended.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [("keys", "create", "--role", "admin"), ("gates", "add", "lobby"), ("migrate",)])
def test_what_begins_an_installation_makes_its_folder(tmp_path: Path, words: tuple[str, ...]) -> None:
    data = tmp_path / "data"
    ended = quick(*words, data=data)
    assert ended.returncode == 0, ended
    assert (data / "facegate.db").is_file() and quick("gates", "list", data=data).returncode == 0


def test_a_log_without_gates_is_not_called_whole(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert quick("keys", "create", "--role", "admin", data=data).returncode == 0
    ended = quick("audit", "verify", data=data)
    assert (ended.returncode, ended.stdout) == (0, "nothing to verify yet: no gates\n")
    assert quick("gates", "add", "lobby", data=data).returncode == 0
    assert "The log is whole." in quick("audit", "verify", data=data).stdout
