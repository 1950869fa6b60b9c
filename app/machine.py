"""What the operating system refuses, in words: which user, which file or folder, and what to do about it."""

import errno
import os
import pwd
import shlex
import sqlite3
from pathlib import Path

# SQLite says no errno; by its primary result code (https://sqlite.org/rescode.html).
_SQLITE = {
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_READONLY: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_AUTH: errno.EACCES,
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
}


def in_words(error: OSError) -> str:
    """One sentence without "[Errno ...]" that says what to do."""
    path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else None
    if error.errno is None or (path is None and error.errno not in (errno.ENOSPC, errno.EMFILE, errno.ENFILE)):
        return error.strerror or str(error) or type(error).__name__
    return _sentence(error.errno, path, error.strerror or "it cannot be used")


def database_in_words(error: BaseException | None, file: Path | None) -> str:
    """The same of what a database's driver raised. file: SQLite's, where it is one."""
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
        else:  # not -R: what lies beside the missing path may be anybody's
            cure = f"run this as {owner}, or have {owner} make {path} and give it to {us}"
        return f"user {us} may not use {path}: {here} belongs to {owner}. To mend it, {cure}"
    words = {
        errno.ENOSPC: f"the disk{f' of {path}' if path else ''} is full: make room and try again",
        errno.EDQUOT: f"the disk quota{f' for {path}' if path else ''} is used up: make room and try again",
        errno.EROFS: f"{path} lies on a disk that is mounted read-only: mount it read-write, or name another folder",
        errno.ENOENT: f"{path} does not exist{f': {here} is there, the rest is not' if here != path else ''}",
        errno.EISDIR: f"{path} is a folder, and a file is needed there: move it away, or name another place",
        errno.EEXIST: f"{path} is there already, as something else than a folder: move it away, or name another place",
        errno.ENOTDIR: f"{path} cannot be: {here} is a file, and a folder is needed there; name another place",
        errno.ENAMETOOLONG: f"{path} is too long for a name here: choose a shorter one",
        errno.EMFILE: "this process may open no more files: raise the limit (ulimit -n, or LimitNOFILE= in systemd)",
        errno.ENFILE: "this machine may open no more files: raise fs.file-max",
        errno.EIO: f"the disk of {path} fails: look at the machine's log (dmesg), and have a backup ready",
    }
    return words.get(number, f"{path}: {otherwise}")


def _existing(path: Path) -> Path:
    """The path itself or the nearest folder above it that this user can see."""
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
