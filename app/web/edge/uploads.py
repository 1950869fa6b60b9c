"""Images as they arrive: kept in memory only, and refused if they are not what they are declared to be."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartParser

from app.core.errors import BadInput
from app.core.media import FRAME_KINDS, Kind, not_read, photo_kind

IMAGE_TYPES = {kind.media_type for kind in FRAME_KINDS}
UNDECLARED = {None, "", "application/octet-stream"}  # what clients send for a part they make no claim about


def keep_in_memory(most: int) -> None:
    """Stops the form parser from spooling uploads to disk: a face must not lie unsealed in a temporary folder."""
    MultiPartParser.spool_max_size = most


def media_type_of(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


@asynccontextmanager
async def form(request: Request, most_files: int) -> AsyncIterator[FormData]:
    """The multipart form of a request, its files closed at the end. Raises BadInput for another content type."""
    if media_type_of(request) != "multipart/form-data":
        raise BadInput("wrong_content_type", "Send a multipart/form-data request.")
    try:
        parsed = await request.form(max_files=most_files, max_fields=8)
    except UnicodeError as error:  # of a charset that encodes nothing
        raise BadInput("bad_form", "The form's charset cannot be used; send UTF-8.") from error
    try:
        yield parsed
    finally:
        await parsed.close()


async def images(form: FormData, field: str) -> list[bytes]:
    """The bytes of every part of that name, checked by `checked`. Raises BadInput for a part that is no file."""
    return [checked(data, declared) for data, declared in await _files(form, field)]


async def photos(form: FormData, field: str) -> list[bytes]:
    """The bytes of every part of that name, whatever they are: each is judged by itself later.

    Browsers declare a photo's type by its name, and names are often wrong. Raises BadInput for a part that is no file.
    """
    return [data for data, _ in await _files(form, field)]


async def _files(form: FormData, field: str) -> list[tuple[bytes, str | None]]:
    found = []
    for part in form.getlist(field):
        if not isinstance(part, UploadFile):
            raise BadInput("bad_image_part", f"`{field}` is a file: give the part a filename and a content type.")
        found.append((await part.read(), part.content_type))
    return found


def checked(data: bytes, declared: str | None, kinds: Sequence[Kind] = FRAME_KINDS) -> bytes:
    """The bytes. Raises BadInput for empty ones, for what is of none of the kinds, and for a content type that lies."""
    if not data:
        raise BadInput("empty_body", "The image is empty; send the bytes of a JPEG or PNG.")
    actual = photo_kind(data)
    if actual is None or actual not in kinds:
        raise BadInput("not_an_image", not_read(data, kinds))
    if declared not in UNDECLARED and declared != actual.media_type:
        raise BadInput("wrong_content_type", f"The bytes are {actual.media_type}; declare them as that.")
    return data
