"""A zip that is sent while it is written: file by file, never whole in memory nor on a disk."""

import io
import zipfile
from collections.abc import Iterable, Iterator


class _Window:
    """What was written since it was last taken. A zip's writer goes back to the head of the file it is at, and no
    further, so each head carries its sizes, which readers that take a zip from its beginning need."""

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
        """Nothing waits."""

    def close(self) -> None:
        """Nothing to close."""

    def take(self) -> bytes:
        data = self._bytes.getvalue()
        self._before += len(data)
        self._bytes = io.BytesIO()
        return data


def zipped(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The zip of these, by name, a part for each. If `files` raises, the zip has no list of contents: nobody takes it
    for whole."""
    window = _Window()
    packed = zipfile.ZipFile(window, "w")  # not a `with` block: that would write the list at an error
    for name, data in files:
        # Pictures do not get smaller.
        method = zipfile.ZIP_DEFLATED if name.endswith(".csv") else zipfile.ZIP_STORED
        packed.writestr(name, data, method)
        yield window.take()
    packed.close()
    yield window.take()
