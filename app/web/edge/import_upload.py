"""Streams an import part by part to its sealed place; it is never whole in memory or in a temporary file."""

from collections.abc import Callable
from typing import TypedDict

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from app.core.errors import BadInput, TooLarge
from app.core.imports.people_columns import MOST_MAPPING_BYTES, ColumnMapping, mapping_from_json
from app.core.imports.people_text import MOST_BYTES
from app.services.imports.import_desk import IncomingUpload
from app.web.edge.uploads import media_type_of

_STEP = 1 << 20  # handed to a thread at once: sealing a megabyte takes about a millisecond
_MOST_HEAD = 4_000  # bytes of a part's headers, or of a plain field
_WORDS = {"true": True, "false": False}


class Callbacks(TypedDict, total=False):
    on_part_begin: Callable[[], None]
    on_part_data: Callable[[bytes, int, int], None]
    on_part_end: Callable[[], None]
    on_header_field: Callable[[bytes, int, int], None]
    on_header_value: Callable[[bytes, int, int], None]
    on_header_end: Callable[[], None]
    on_headers_finished: Callable[[], None]
    on_end: Callable[[], None]


class Form:
    """Sorts the parts by name: `csv` and `photos` go to their writers, the others are kept as words."""

    def __init__(self, arriving: IncomingUpload) -> None:
        self._arriving = arriving
        self._seen: set[str] = set()
        self._name = ""
        self._header = bytearray()
        self._value = bytearray()
        self._words = {"dry_run": bytearray(), "encoding": bytearray(), "mapping": bytearray()}
        self._disposition = b""
        self.ended = False

    def callbacks(self) -> Callbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_header,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._place,
            "on_part_data": self._take,
            "on_end": self._finish,
        }

    def dry_run(self) -> bool:
        """Whether this is a dry run. Raises BadInput for an incomplete form."""
        if not self.ended:
            raise BadInput("bad_form", "The form is incomplete. Send it again.")
        word = self._word("dry_run") or "true"
        if word not in _WORDS:
            raise BadInput("bad_dry_run", "dry_run is true or false.")
        return _WORDS[word]

    def encoding(self) -> str | None:
        return self._word("encoding") or None

    def mapping(self) -> ColumnMapping | None:
        """What the columns of the CSV mean, if that was sent. Raises BadInput."""
        sent = bytes(self._words["mapping"])
        return mapping_from_json(sent) if sent.strip() else None

    def _word(self, name: str) -> str:
        return bytes(self._words[name]).decode("ascii", "replace").strip().lower()

    def _begin(self) -> None:
        self._name, self._disposition = "", b""

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += _bounded(data[start:end], self._header)

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += _bounded(data[start:end], self._value)

    def _end_header(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _place(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name not in ("csv", "photos", *self._words):
            raise BadInput("unknown_part", "An import takes the parts csv, photos, dry_run, encoding and mapping.")
        if self._name in self._seen:
            raise BadInput("duplicate_part", f"The part {self._name} came twice. Send it once.")
        self._seen.add(self._name)

    def _take(self, data: bytes, start: int, end: int) -> None:
        part = data[start:end]
        if (word := self._words.get(self._name)) is not None:
            word += _bounded(part, word, MOST_MAPPING_BYTES if self._name == "mapping" else _MOST_HEAD)
        elif self._name == "photos":
            self._arriving.photos.write(part)
        elif self._arriving.csv.size + len(part) > MOST_BYTES:
            raise TooLarge("csv_too_large", f"The CSV is larger than {MOST_BYTES // 1_000_000} MB. Split it.")
        else:
            self._arriving.csv.write(part)

    def _finish(self) -> None:
        self.ended = True


async def receive(request: Request, arriving: IncomingUpload) -> Form:
    """Receives the form. Raises BadInput."""
    boundary = parse_options_header(request.headers.get("content-type", ""))[1].get(b"boundary")
    if media_type_of(request) != "multipart/form-data" or not boundary:
        raise BadInput("wrong_content_type", "Send a multipart/form-data request.")
    form = Form(arriving)
    try:
        parser = MultipartParser(boundary, form.callbacks())  # type: ignore[arg-type]  # its own TypedDict is private
        waiting = bytearray()
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= _STEP:
                await run_in_threadpool(parser.write, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(parser.write, bytes(waiting))
    except FormParserError as error:
        raise BadInput("bad_form", "The form cannot be read. Send multipart/form-data.") from error
    return form


def _bounded(part: bytes, before: bytearray, most: int = _MOST_HEAD) -> bytes:
    if len(before) + len(part) > most:
        raise BadInput("bad_form", "A header or field of the form is too long.")
    return part
