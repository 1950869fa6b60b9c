"""Reads every cell of a file of people in every encoding that a person may still name for it, to search for a text."""

from collections.abc import Iterator
from contextlib import suppress

from app.core.errors import BadInput
from app.core.imports import people_encodings as encodings
from app.core.imports import people_file
from app.core.imports.people_cells import plain
from app.core.imports.people_text import Text, text_of

# Decodes any bytes, each to one character and back, and leaves delimiters and line ends what they are.
_BYTES = "iso-8859-1"
_UTF_16 = (encodings.UTF_16_LE, encodings.UTF_16_BE)
# A person can still mend these by naming the encoding.
_OF_ENCODINGS = frozenset({"bad_encoding", "encoding_required", "wrong_encoding", "unknown_encoding"})
_ESCAPE = "\x1b"  # begins other letters in iso-2022-jp, whose bytes are ASCII


def readings(data: bytes, encoding: str | None) -> Iterator[set[str]]:
    """Yields what each row may say: its cells, in each encoding that fits them if the file's is not known.

    Raises:
        BadInput: the file is a CSV in no encoding. Rows above the fault were yielded.
        TooLarge: it has too many lines, cells or characters.
    """
    try:
        text = text_of(data, encoding)
        for _, cells in people_file.table_in(text).rows():
            yield {meant for cell in cells for meant in _meant(cell)}
        if b"\0" not in data or text.encoding in _UTF_16:
            return
    except BadInput as bad:
        if bad.code not in _OF_ENCODINGS:
            raise
    for _, cells in people_file.table_in(Text(data, _BYTES, named=True)).rows():
        yield {meant for cell in cells for decoded in _decoded(cell) for meant in _meant(decoded)}
    for name in _UTF_16 if b"\0" in data else ():
        with suppress(BadInput):
            for _, cells in people_file.table_in(Text(data, name, named=True)).rows():
                yield {meant for cell in cells for meant in _meant(cell)}


def _decoded(cell: str) -> Iterator[str]:
    if cell.isascii() and _ESCAPE not in cell:
        yield cell
        return
    written = cell.encode(encodings.CODECS[_BYTES])
    for codec in encodings.CODECS.values():
        with suppress(UnicodeDecodeError):
            yield written.decode(codec)


def _meant(cell: str) -> Iterator[str]:
    """The cell, and its text without what a spreadsheet puts around it."""
    yield cell.strip()
    with suppress(BadInput):
        yield plain("", cell)
