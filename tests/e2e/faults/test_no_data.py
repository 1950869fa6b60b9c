"""A folder without data stays one: only `serve` makes an installation, and never in place of one that is lost."""

from pathlib import Path

import pytest

from tests.e2e.server import begun, quick

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
    ("keys", "create", "--role", "admin"),
    ("gates", "add", "lobby"),
    ("users", "add", "ada", "--role", "admin"),
    ("migrate",),
    ("worker",),
)


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_mistyped_folder_is_reported_and_not_created(tmp_path: Path, words: tuple[str, ...]) -> None:
    missing, empty = tmp_path / "typo", tmp_path / "empty"
    empty.mkdir()
    for data in (missing, empty):
        ended = quick(*words, data=data)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr == f"facegate: there is no Facegate data in {data}; `serve --data {data}` makes it\n"
    assert not missing.exists() and not list(empty.iterdir())


def test_missing_database_file_is_reported_where_it_should_be(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    data = tmp_path / "data"
    data.mkdir()
    ended = quick("audit", "verify", data=data, database_url=f"sqlite:///{elsewhere / 'x.db'}")
    assert ended.returncode == 1 and f"no Facegate data in {elsewhere}" in ended.stderr
    assert not list(data.iterdir()) and not elsewhere.exists()


def test_commands_with_photos_or_lists_create_no_installation(tmp_path: Path) -> None:
    photo, people, missing = tmp_path / "ada.jpg", tmp_path / "people.csv", tmp_path / "typo"
    photo.write_bytes(b"any")
    people.write_text("number,name\nE-1,Ada\n")
    for words in (("enroll", str(photo), "--number", "E-1", "--name", "Ada"), ("import", str(people), "--dry-run")):
        ended = quick(*words, data=missing)
        assert ended.returncode == 1 and "there is no Facegate data in" in ended.stderr, ended
    assert not missing.exists()


def test_log_without_gates_is_not_called_valid(tmp_path: Path) -> None:
    data = tmp_path / "data"
    begun(data)
    ended = quick("audit", "verify", data=data)
    assert (ended.returncode, ended.stdout) == (0, "Nothing to verify yet: there are no gates.\n")
    assert quick("gates", "add", "lobby", data=data).returncode == 0
    assert "The log is intact." in quick("audit", "verify", data=data).stdout
