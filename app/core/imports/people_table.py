"""Splits the text of a CSV into rows of cells, and finds its header."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from app.core.errors import BadInput, TooLarge
from app.core.imports.people_text import Text

MOST_COLUMNS = 500
MOST_ROW_LINES = 1000  # per row, from line ends in its cells
_ABOVE = 20  # lines in which the header is searched for
_DELIMITERS = ",;\t|"

Score = tuple[int, ...]  # how well a row does as a header; (0, ...) is not at all


@dataclass
class Table:
    """Rows of cells with the line on which each starts, counted as an editor counts lines.

    before: lines already taken off the top. top: the line of the header. cut_off: the last line has no line end.
    """

    lines: Iterator[str]
    delimiter: str
    before: int
    top: int
    cut_off: bool = False
    _line: int = 0
    _begins: int = 0

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yields (line, cells) from the header on, without empty rows. Raises BadInput or TooLarge, which name the
        line."""
        self._line = self._begins = self.before
        reader = csv.reader(self._bounded(), delimiter=self.delimiter, strict=True)
        while True:
            self._begins = self._line + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise BadInput("bad_csv", self._unreadable(error)) from None
            if cells is None:
                return
            if len(cells) > MOST_COLUMNS:
                raise TooLarge("too_many_cells", f"Line {self._begins} of the CSV has more than {MOST_COLUMNS} cells.")
            if self._begins >= self.top and any(cell.strip() for cell in cells):
                yield self._begins, cells

    def _bounded(self) -> Iterator[str]:
        for line in self.lines:
            self._line += 1
            if self._line - self._begins >= MOST_ROW_LINES:
                raise BadInput("bad_csv", self._unreadable("a quote is not closed"))
            self.cut_off = line[-1] not in "\r\n"
            yield line

    def _unreadable(self, error: object) -> str:
        words = str(error)
        if words == "unexpected end of data":
            words = "a quote is not closed"
        return f"Line {self._begins} of the CSV cannot be read: {words}."


def table_of(text: Text, score: Callable[[Sequence[str]], Score]) -> Table:
    """Returns the rows of a CSV from its header on: the row near the top, and the delimiter, with the highest score.

    Raises BadInput for a `sep=` line with another delimiter than can be read.
    """
    lines = text.lines()
    above = list(islice(lines, _ABOVE))
    before, delimiters = 0, _DELIMITERS
    first = above[0].strip().strip('"').lower() if above else ""
    if first.startswith("sep="):
        # A line for spreadsheets. A tab in it was stripped along with the line end.
        before, delimiters = 1, first[4:5] or "\t"
        if delimiters not in _DELIMITERS:
            raise BadInput("bad_delimiter", f"Line 1 of the CSV says {first!r}; the delimiter must be , ; | or a tab.")
    head = next((line for line in above[before:] if line.strip()), "")
    best: Score = ()
    chosen, top = max(delimiters, key=head.count), 1
    for delimiter in delimiters:
        reader = csv.reader(above[before:], delimiter=delimiter)
        end = before
        try:
            for cells in reader:
                begins, end = end + 1, before + reader.line_num
                if any(found := score(cells[:MOST_COLUMNS])) and found > best:
                    best, chosen, top = found, delimiter, begins
        except csv.Error:
            continue
    return Table(chain(above[before:], lines), chosen, before, top)
