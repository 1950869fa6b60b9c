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
# May pass for ASCII, with delimiters inside their letters, wherever one of these bytes is.
_HIDDEN = {b"\0": (encodings.UTF_16_LE, encodings.UTF_16_BE), b"\x1b": ("iso-2022-jp",)}
# A person can still mend these by naming the encoding.
_OF_ENCODINGS = frozenset({"bad_encoding", "encoding_required", "wrong_encoding", "unknown_encoding"})


def readings(data: bytes, encoding: str | None) -> Iterator[set[str]]:
    """Yields what each row may say: its cells, in each encoding that fits them if the file's is not known.

    Raises:
        BadInput: the file is a CSV in no encoding. Rows above the fault were yielded.
        TooLarge: it has too many lines, cells or characters.
    """
    hidden = [name for sign, names in _HIDDEN.items() if sign in data for name in names]
    fault: BadInput | None = None
    try:
        text = text_of(data, encoding)
        for _, cells in people_file.table_in(text).rows():
            yield {meant for cell in cells for meant in _meant(cell)}
        if text.encoding in hidden or not hidden:
            return
    except BadInput as bad:
        if bad.code == "not_csv" or not (hidden or bad.code in _OF_ENCODINGS):
            raise
        fault = bad
    for name, read in ((_BYTES, _decoded), *((name, _as_it_is) for name in hidden)):
        try:
            for _, cells in people_file.table_in(Text(data, name, named=True)).rows():
                yield {meant for cell in cells for decoded in read(cell) for meant in _meant(decoded)}
            fault = None
        except BadInput:
            continue
    if fault is not None:
        raise fault


def _as_it_is(cell: str) -> set[str]:
    return {cell}


def _decoded(cell: str) -> set[str]:
    if cell.isascii():
        return {cell}
    written, found = cell.encode(encodings.CODECS[_BYTES]), set()
    for codec in encodings.CODECS.values():
        with suppress(UnicodeDecodeError):
            found.add(written.decode(codec))
    return found


def _meant(cell: str) -> Iterator[str]:
    """The cell, and its text without what a spreadsheet puts around it."""
    yield cell.strip()
    with suppress(BadInput):
        yield plain("", cell)
