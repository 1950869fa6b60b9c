"""Decodes the bytes of a CSV that a spreadsheet saved: its encoding and its lines.

An encoding is never guessed. UTF-8 and UTF-16 can be recognised; a person must name any other, because the same bytes
give different names in different encodings. Work is done in bounded pieces: a single call on a whole hostile file would
block the interpreter, and with it every gate.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.errors import BadInput, TooLarge
from app.core.imports import people_encodings as encodings

MOST_BYTES = 64_000_000
MOST_LINE = 200_000  # characters
MOST_LINES = 1_000_000
_PIECE = 1 << 16  # bytes decoded at once
_BOM = "\ufeff"
_BOMS = (
    (codecs.BOM_UTF8, encodings.UTF_8),
    (codecs.BOM_UTF16_LE, encodings.UTF_16_LE),
    (codecs.BOM_UTF16_BE, encodings.UTF_16_BE),
)


@dataclass(frozen=True)
class Text:
    """A CSV whose encoding is known. `named` means that a person named it."""

    data: bytes
    encoding: str
    named: bool = False

    @property
    def proved(self) -> bool:
        """Whether the file itself proves its encoding. NUL bytes suggest UTF-16 but do not prove it."""
        return not self.named and (self.encoding == encodings.UTF_8 or any(self.data.startswith(b) for b, _ in _BOMS))

    def head(self) -> str:
        """Returns the first characters, without byte order marks."""
        return next(self._pieces(MOST_LINE), "")

    def lines(self) -> Iterator[str]:
        """Yields lines with their ends. The first line decides the line end: LF, CR LF, or CR alone (old Macs).

        Raises:
            BadInput: bytes are not text in this encoding.
            TooLarge: there are too many lines, or a line is too long.
        """
        end = _line_end(self.head())
        rest, number = "", 1
        for piece in self._pieces(_PIECE):
            piece, start = rest + piece, 0
            while stop := piece.find(end, start) + 1:
                yield piece[start:stop]
                number, start = number + 1, stop
                if number > MOST_LINES:
                    raise TooLarge("too_many_lines", f"The CSV has more than {MOST_LINES} lines; split it.")
            rest = piece[start:]
            if len(rest) > MOST_LINE:
                detail = f"Line {number} of the CSV has more than {MOST_LINE} characters; is a line end missing?"
                raise TooLarge("line_too_long", detail)
        if rest:
            yield rest

    def _pieces(self, size: int) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(encodings.CODECS[self.encoding])()
        first = True
        for at in range(0, len(self.data), size):
            try:
                piece = decoder.decode(self.data[at : at + size], at + size >= len(self.data))
            except UnicodeDecodeError:
                raise self._undecodable(at) from None
            if first:
                piece = piece.lstrip(_BOM)
                first = not piece
            yield piece

    def _undecodable(self, near: int) -> BadInput:
        line = self.data.count(b"\n", 0, near) + 1
        cure = "name the right one" if self.named else "export it again, as UTF-8"
        detail = f"The CSV is not {self.encoding}: it has an invalid byte in line {line} or later; {cure}."
        return BadInput("bad_encoding", detail)


def text_of(data: bytes, encoding: str | None = None) -> Text:
    """Finds the encoding of a CSV.

    Args:
        encoding: what a person says it is, if anything.

    Raises:
        BadInput: the encoding is uncertain, or the file contradicts what the person says.
        TooLarge: the file is too large.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge("csv_too_large", f"The CSV has more than {MOST_BYTES // 1_000_000} MB; split it.")
    _check_kind(data)
    shows = next((name for mark, name in _BOMS if data.startswith(mark)), None) or _by_nulls(data)
    if encoding is None:
        if shows:
            return Text(data, shows)
        if (at := _not_utf8(data)) is None:
            return Text(data, encodings.UTF_8)
        raise _ask(data, at)
    name = encodings.known(encoding)
    if shows is None and name not in encodings.OVERLAPS and not data.isascii() and _not_utf8(data) is None:
        shows = encodings.UTF_8
    if shows and shows != name:
        detail = f"The CSV is {shows}, not {name}, which would garble its names. Leave the encoding out."
        raise BadInput("wrong_encoding", detail)
    return Text(data, name, named=True)


def _check_kind(data: bytes) -> None:
    """Raises BadInput, which says how to save a CSV, for a file that other programs call a spreadsheet."""
    if data.startswith(b"PK\x03\x04"):
        what = "a workbook (Excel, LibreOffice or Numbers)"
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        what = "an old Excel workbook (.xls)"
    elif data[:1000].lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        what = "a web page or XML, whatever its name ends with"
    elif data.startswith(b"%PDF"):
        what = "a PDF"
    else:
        return
    detail = f"This file is {what}, not a CSV. Open it in the spreadsheet and choose File, Save as, “CSV UTF-8 (comma"
    raise BadInput("not_csv", f"{detail} delimited)”, or in LibreOffice “Text CSV” with UTF-8.")


def _by_nulls(data: bytes) -> str | None:
    """Recognises UTF-16 without a byte order mark by the column `number`, in which every second byte is NUL."""
    start = data[:20_000].lower()
    for name in (encodings.UTF_16_LE, encodings.UTF_16_BE):
        # Only at an even offset: at an odd one, one byte order looks like the other.
        if start.find("number".encode(name)) % 2 == 0:
            return name
    return None


def _not_utf8(data: bytes) -> int | None:
    """Returns roughly where the data stops being UTF-8, in bytes; None if all of it is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for at in range(0, len(data), _PIECE):
        try:
            decoder.decode(data[at : at + _PIECE], at + _PIECE >= len(data))
        except UnicodeDecodeError as error:
            return max(0, at + error.start - 3)
    return None


def _ask(data: bytes, at: int) -> BadInput:
    """Builds the error for a file that is not UTF-8: its possible encodings, and how a name reads in each."""
    start = max(data.rfind(b"\n", max(0, at - MOST_LINE), at), data.rfind(b"\r", max(0, at - MOST_LINE), at)) + 1
    line = data.count(b"\n" if b"\n" in data[: MOST_LINE * 2] else b"\r", 0, start) + 1
    readings = encodings.readings(data[start:])
    begin = f"The CSV is not UTF-8 (line {line}). Save it as UTF-8, or name its encoding"
    if not readings:
        return BadInput("bad_encoding", f"{begin}. No encoding that spreadsheets commonly use fits its names.")
    shown = "; ".join(f"{' or '.join(names)} reads {reading!r}" for reading, names in readings)
    return BadInput("encoding_required", f"{begin} (--encoding, or the import page's choice): {shown}.")


def _line_end(head: str) -> str:
    at = head.find("\r")
    feed = head.find("\n")
    if at < 0 or 0 <= feed < at or head[at : at + 100].lstrip("\r").startswith("\n"):
        return "\n"
    return "\r"
