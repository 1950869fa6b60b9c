"""Puts errors of the operating system and commands into words: which user, which file, and what to do."""

import errno
import os
import pwd
import shlex
import sqlite3
import sys
import tempfile
from pathlib import Path

# The errno for SQLite's primary result codes (https://sqlite.org/rescode.html).
_SQLITE = {
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_READONLY: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_AUTH: errno.EACCES,
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
}


def in_words(error: OSError) -> str:
    """Returns one sentence that says what to do, without "[Errno ...]"."""
    path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else None
    if error.errno is None or (path is None and error.errno not in (errno.ENOSPC, errno.EMFILE, errno.ENFILE)):
        return error.strerror or str(error) or type(error).__name__
    return _sentence(error.errno, path, error.strerror or "it cannot be used")


def try_write(folder: Path) -> None:
    """Writes to a file in the folder that is gone afterwards. Raises OSError if that fails.

    On a full disk, files can be opened and created; only a write fails.
    """
    with tempfile.TemporaryFile(dir=folder) as trial:
        trial.write(bytes(4096))
        trial.flush()
        os.fsync(trial.fileno())


def command(data: Path, *words: str) -> str:
    """Returns a command of this program as it works from any folder, for the shell of this machine."""
    return shlex.join([sys.executable, "-m", "app", *words, "--data", str(data.resolve())])


def database_in_words(error: BaseException | None, file: Path | None) -> str:
    """Returns the same for an error of a database driver. file: SQLite's database file; None for PostgreSQL."""
    said = str(error).partition("\n")[0]
    if file is None or not isinstance(error, sqlite3.Error):
        return f"the database cannot be used: {said}"
    number = _SQLITE.get((getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF)
    if number is None:
        return f"the database {file} cannot be used: {said}"
    if number == errno.EACCES and file.is_dir():
        number = errno.EISDIR
    if number == errno.EACCES and _read_only(file):
        number = errno.EROFS
    return f"the database cannot be used: {_sentence(number, file, said)}"


def _sentence(number: int, path: Path | None, otherwise: str) -> str:
    here = _existing(path) if path is not None else None
    if path is not None and here is not None and number in (errno.EACCES, errno.EPERM):
        owner = _name(here.stat().st_uid)
        us = _name(os.geteuid())
        if owner == us:
            cure = f"run: chmod -R u+rwX {shlex.quote(str(here))}"
        elif here == path or not os.access(here, os.X_OK):
            cure = f"run this as {owner}, or let root run: chown -R {us} {shlex.quote(str(here))}"
        else:  # not -R: the folder may hold other people's files
            cure = f"run this as {owner}, or have {owner} make {path} and give it to {us}"
        return f"user {us} may not use {path}: {here} belongs to {owner}. To fix it, {cure}"
    words = {
        errno.ENOSPC: f"the disk{f' of {path}' if path else ''} is full. Free some space and try again",
        errno.EDQUOT: f"the disk quota{f' for {path}' if path else ''} is used up. Free some space and try again",
        errno.EROFS: f"{path} is on a disk that is mounted read-only. Mount it read-write, or name another folder",
        errno.ENOENT: f"{path} does not exist{f'; only {here} does' if here != path else ''}",
        errno.EISDIR: f"{path} is a folder, but must be a file. Move it away, or name another place",
        errno.EEXIST: f"{path} exists and is not a folder. Move it away, or name another place",
        errno.ENOTDIR: f"{path} cannot exist, because {here} is a file and not a folder. Name another place",
        errno.ENAMETOOLONG: f"{path} is too long a name here. Choose a shorter one",
        errno.EMFILE: "this process may open no more files. Raise the limit (ulimit -n, or LimitNOFILE= in systemd)",
        errno.ENFILE: "this machine may open no more files. Raise fs.file-max",
        errno.EIO: f"the disk of {path} is failing. Read the machine's log (dmesg), and have a backup ready",
    }
    return words.get(number, f"{path}: {otherwise}")


def _existing(path: Path) -> Path:
    """Returns the path, or the nearest folder above it that this user can see."""
    for each in (path.absolute(), *path.absolute().parents):
        try:
            each.lstat()
        except OSError:
            continue
        return each
    return Path("/")


def _read_only(path: Path) -> bool:
    return bool(os.statvfs(_existing(path)).f_flag & os.ST_RDONLY)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"number {uid}"
