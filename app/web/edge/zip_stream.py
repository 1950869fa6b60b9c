"""Sends a zip while it is written, file by file; it is never whole in memory or on disk."""

import io
import zipfile
from collections.abc import Iterable, Iterator


class _Window:
    """A file object that holds what was written since the last `take`.

    The zip writer seeks back to the header of the current file at most, so it can write the sizes there, which readers
    that stream a zip need.
    """

    def __init__(self) -> None:
        self._before = 0
        self._bytes = io.BytesIO()

    def write(self, data: bytes, /) -> int:
        return self._bytes.write(data)

    def tell(self) -> int:
        return self._before + self._bytes.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        assert whence == io.SEEK_SET
        self._bytes.seek(offset - self._before)
        return offset

    def flush(self) -> None:
        """Does nothing: the bytes are in memory."""

    def close(self) -> None:
        """Does nothing: there is no file."""

    def take(self) -> bytes:
        data = self._bytes.getvalue()
        self._before += len(data)
        self._bytes = io.BytesIO()
        return data


def zipped(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yields the zip of these (name, content) pairs, one part for each.

    If `files` raises, the zip has no list of contents, so nobody mistakes it for complete.
    """
    window = _Window()
    packed = zipfile.ZipFile(window, "w")  # not a `with` block: that would write the list at an error
    for name, data in files:
        # Compressing pictures does not make them smaller.
        method = zipfile.ZIP_DEFLATED if name.endswith(".csv") else zipfile.ZIP_STORED
        packed.writestr(name, data, method)
        yield window.take()
    packed.close()
    yield window.take()
