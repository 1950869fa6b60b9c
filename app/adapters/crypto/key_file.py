"""The half of every data key that is not in the database, in one file that backups of the database do not contain.

A data key opens only with the master key, its row in the database and its secret here. An erasure overwrites the
secret in place, so no older copy of the database opens that person's data. Nothing but an enrolment adds a secret, so a
restored backup of the database opens for everybody who is not erased.

Records have 64 bytes, so none crosses a sector: slot (16), secret (32), the first 16 bytes of SHA-256 over both. A
destroyed record is zeros. Several processes may use the file; several machines must share it.
"""

import errno
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from app.core.errors import Cause, CryptoFault, NotRecorded

SLOT_BYTES, _SECRET_BYTES, _RECORD_BYTES = 16, 32, 64
_GONE = bytes(_RECORD_BYTES)


_CAUSES = {errno.ENOSPC: Cause.DISK_FULL, errno.EDQUOT: Cause.DISK_FULL, errno.EROFS: Cause.READ_ONLY}


class KeyFile:
    """Shared by all threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._known: dict[bytes, bytes] = {}

    def exists(self) -> bool:
        return self._path.exists()

    def create(self) -> None:
        """Makes an empty file, if there is none. Raises CryptoFault if others may read it."""
        with self._opened(os.O_CREAT):
            pass

    def new(self, count: int = 1) -> list[tuple[bytes, bytes]]:
        """New slots with their secrets, on the disk when this returns. Raises NotRecorded if that fails."""
        made = [(secrets.token_bytes(SLOT_BYTES), secrets.token_bytes(_SECRET_BYTES)) for _ in range(count)]
        try:
            self._append(made)
        except OSError as error:
            raise NotRecorded(f"{self._path.name} cannot be written", _CAUSES.get(error.errno or 0)) from error
        with self._lock:
            self._known.update(made)
        return made

    def _append(self, made: list[tuple[bytes, bytes]]) -> None:
        with self._opened(os.O_CREAT) as file:
            # A record torn by a crash was never used.
            end = os.fstat(file).st_size // _RECORD_BYTES * _RECORD_BYTES
            os.ftruncate(file, end)
            records = b"".join(slot + secret + _check(slot, secret) for slot, secret in made)
            if os.pwrite(file, records, end) != len(records):
                os.ftruncate(file, end)
                raise OSError(errno.ENOSPC, "the disk of the key file is full")
            os.fsync(file)

    def get(self, slot: bytes) -> bytes:
        """The secret of a slot. Raises CryptoFault if it was destroyed or is in another file."""
        with self._lock:
            secret = self._known.get(slot)
        if secret is None:
            self._read()  # another process may have added it
            secret = self._known.get(slot)
        if secret is None:
            raise CryptoFault(f"{self._path.name} has no secret for this data key: erased, or it is another file")
        return secret

    def has_any(self, slots: Collection[bytes]) -> bool:
        """Whether one of these secrets is in the file now."""
        self._read()
        with self._lock:
            return any(slot in self._known for slot in slots)

    def content(self) -> bytes:
        """The whole file as it is now, for its one copy beside the backups. Raises OSError."""
        with self._opened() as file:
            return os.pread(file, os.fstat(file).st_size, 0)

    def destroy(self, slot: bytes) -> None:
        """Destroys a secret. Once this returns, nobody can open what its key sealed. Raises OSError."""
        if self.exists():
            with self._opened() as file:
                for offset, record in _records(file):
                    if record[:SLOT_BYTES] == slot:
                        os.pwrite(file, _GONE, offset)
                        os.fsync(file)
        with self._lock:
            self._known.pop(slot, None)

    def _read(self) -> None:
        found: dict[bytes, bytes] = {}
        if self.exists():
            with self._opened() as file:
                for _, record in _records(file):
                    slot, secret = record[:SLOT_BYTES], record[SLOT_BYTES : SLOT_BYTES + _SECRET_BYTES]
                    if record != _GONE and record[SLOT_BYTES + _SECRET_BYTES :] == _check(slot, secret):
                        found[slot] = secret
        with self._lock:
            self._known = found

    @contextmanager
    def _opened(self, flags: int = 0) -> Iterator[int]:
        new = not self.exists()
        file = os.open(self._path, os.O_RDWR | flags, 0o600)
        try:
            if stat.S_IMODE(os.fstat(file).st_mode) & 0o077:
                raise CryptoFault(f"other users can read the key file {self._path.name}: run chmod 600 on it")
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)
        if new:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _records(file: int) -> Iterator[tuple[int, bytes]]:
    content = os.pread(file, os.fstat(file).st_size, 0)
    for offset in range(0, len(content) - _RECORD_BYTES + 1, _RECORD_BYTES):
        yield offset, content[offset : offset + _RECORD_BYTES]


def _check(slot: bytes, secret: bytes) -> bytes:
    return hashlib.sha256(slot + secret).digest()[:16]
