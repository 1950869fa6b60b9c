"""Tables for spreadsheets, as CSV."""

import csv
import io
from collections.abc import Iterable, Iterator

from fastapi import Response

from app.core.imports.people_cells import harmless

CSV = "text/csv; charset=utf-8"


def csv_file(name: str, rows: Iterable[Iterable[object]]) -> Response:
    """Returns a file that the browser saves under this name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response("".join(csv_lines(rows)), media_type=CSV, headers=headers)


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yields each row as a line. A text that a spreadsheet would run as a formula stays a text."""
    for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow(harmless(cell) if isinstance(cell, str) else cell for cell in row)
        yield line.getvalue()
