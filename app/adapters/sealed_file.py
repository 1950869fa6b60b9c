"""A file that is sealed piece by piece as it is written, and opened piece by piece: an upload, or a backup.

What is in it is never on the disk in the clear, and destroying one key destroys every copy.
"""

import io
import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from app.core.errors import CryptoFault

PIECE = 1 << 20
_EXTRA = 29  # what sealing adds: version, nonce and tag
_KEPT_OPEN = 4

Seal = Callable[[bytes, str], bytes]


def _context(number: int, last: bool) -> str:
    # The last piece is marked as such: a truncated or extended file does not open.
    return f"piece {number}{' of all' if last else ''}"


def sync_folder(path: Path) -> None:
    """Makes new names in the folder survive a power cut: a file's own fsync does not store its name."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class SealedWriter:
    """Takes plain bytes in order. `close` completes and flushes the file.

    seal: called with bytes and their context. head: bytes in the clear, before the pieces.
    """

    def __init__(self, path: Path, seal: Seal, head: bytes = b"") -> None:
        self._folder = path.parent
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._file.write(head)
        self._seal = seal
        self._waiting = bytearray()
        self._number = 0
        self.size = 0

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self._waiting += data
        while len(self._waiting) > PIECE:
            self._put(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]

    def close(self) -> None:
        if self._file.closed:
            return
        self._put(bytes(self._waiting), last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        sync_folder(self._folder)

    def abandon(self) -> None:
        self._file.close()

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._seal(piece, _context(self._number, last)))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads the plain bytes anywhere in the file. For one thread at a time. Raises CryptoFault for altered bytes.

    start: where the pieces begin, after a head in the clear.
    """

    def __init__(self, path: Path, unseal: Seal, start: int = 0) -> None:
        self._file = path.open("rb")
        self._unseal = unseal
        self._start = start
        length = max(0, os.fstat(self._file.fileno()).st_size - start)
        self._pieces = max(1, -(-length // (PIECE + _EXTRA)))
        self._size = length - self._pieces * _EXTRA
        if self._size < 0:
            raise CryptoFault("the sealed file is incomplete")
        self._at = 0
        self._open: OrderedDict[int, bytes] = OrderedDict()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("cannot seek before the start")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size is None or size < 0 else min(self._size, self._at + size)
        found = bytearray()
        while self._at < end:
            number, offset = divmod(self._at, PIECE)
            part = self._piece(number)[offset : offset + end - self._at]
            found += part
            self._at += len(part)
        return bytes(found)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _piece(self, number: int) -> bytes:
        if number not in self._open:
            self._file.seek(self._start + number * (PIECE + _EXTRA))
            sealed = self._file.read(PIECE + _EXTRA)
            self._open[number] = self._unseal(sealed, _context(number, number == self._pieces - 1))
            while len(self._open) > _KEPT_OPEN:
                self._open.popitem(last=False)
        self._open.move_to_end(number)
        return self._open[number]
