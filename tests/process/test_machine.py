"""What the operating system refuses is said in words: who, where, what to do."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import machine
from tests.e2e.server import environment, quick

AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@pytest.mark.parametrize("name", ["EACCES", "EPERM", "ENOSPC", "EDQUOT", "EROFS", "ENOENT", "EISDIR", "ENOTDIR", "EIO"])
def test_every_common_refusal_names_the_place_and_a_cure(tmp_path: Path, name: str) -> None:
    number = getattr(errno, name)
    said = machine.in_words(OSError(number, os.strerror(number), str(tmp_path / "there" / "f")))
    assert str(tmp_path) in said and "Errno" not in said and os.strerror(number) not in said


def test_refusal_without_a_field_is_shown_unchanged() -> None:
    assert machine.in_words(OSError("the journal's disk is full")) == "the journal's disk is full"
    assert machine.in_words(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")) == "Connection refused"
    assert "ulimit -n" in machine.in_words(OSError(errno.EMFILE, "Too many open files"))


def test_folder_that_only_lacks_a_permission_is_not_given_away(tmp_path: Path) -> None:
    """What lies beside a missing path may be anybody's: no `chown -R` of /var/lib."""
    said = machine.in_words(PermissionError(errno.EACCES, "Permission denied", "/facegate-of-nobody/data"))
    assert "chown" not in said


def as_nobody(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    """A command run by a user who may do little."""
    line = [*AS_NOBODY, sys.executable, "-m", "app", *words, "--data", str(data)]
    return subprocess.run(line, env=environment(), capture_output=True, text=True, timeout=90, check=False)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can be another user")
def test_command_of_the_wrong_user_says_whose_the_folder_is(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = tmp_path_factory.mktemp("data", numbered=True)
    for folder in (data, *data.parents):
        if folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(0o755)
    private, new = data / "private", data / "new"
    private.mkdir(mode=0o700)
    for words, folder in ((("keys", "list"), private), (("migrate",), private), (("serve", "--port", "0"), new)):
        ended = as_nobody(*words, data=folder)
        said = ended.stderr.splitlines()[-1]
        assert ended.returncode == 1 and "Errno" not in ended.stderr and "Traceback" not in ended.stderr, ended
        assert "user nobody may not use" in said and "belongs to root" in said and "root" in said.split(". ")[1], ended


def test_file_where_the_folder_should_be_and_a_folder_where_the_database_should(tmp_path: Path) -> None:
    file, data = tmp_path / "file", tmp_path / "data"
    file.touch()
    (data / "facegate.db").mkdir(parents=True)
    for place, words in ((file, "is not a folder"), (data, "is a folder, but must be a file")):
        ended = quick("serve", "--port", "0", data=place)
        assert ended.returncode == 1 and words in ended.stderr and "Errno" not in ended.stderr, ended
