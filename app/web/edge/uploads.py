"""Images as they arrive: kept only in memory, and refused if they are not of the declared type."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartParser

from app.core.errors import BadInput
from app.core.media import FRAME_KINDS, Kind, not_read, photo_kind

IMAGE_TYPES = {kind.media_type for kind in FRAME_KINDS}
UNDECLARED = {None, "", "application/octet-stream"}  # what clients send if they declare no type


def keep_in_memory(most: int) -> None:
    """Stops the form parser from spooling uploads to disk, where a face would lie unsealed."""
    MultiPartParser.spool_max_size = most


def media_type_of(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


@asynccontextmanager
async def form(request: Request, most_files: int) -> AsyncIterator[FormData]:
    """Gives the multipart form of a request and closes its files. Raises BadInput for another content type."""
    if media_type_of(request) != "multipart/form-data":
        raise BadInput("wrong_content_type", "Send a multipart/form-data request.")
    try:
        parsed = await request.form(max_files=most_files, max_fields=8)
    except UnicodeError as error:  # an unusable charset
        raise BadInput("bad_form", "The form's charset cannot be used. Send UTF-8.") from error
    try:
        yield parsed
    finally:
        await parsed.close()


async def images(form: FormData, field: str) -> list[bytes]:
    """Returns the bytes of every part of that name, through `checked`. Raises BadInput for a part without a file."""
    return [checked(data, declared) for data, declared in await _files(form, field)]


async def photos(form: FormData, field: str) -> list[bytes]:
    """Returns the bytes of every part of that name, unchecked, because each photo is judged later.

    Browsers derive the declared type from the file's name, which is often wrong. Raises BadInput for a part without a
    file.
    """
    return [data for data, _ in await _files(form, field)]


async def _files(form: FormData, field: str) -> list[tuple[bytes, str | None]]:
    found = []
    for part in form.getlist(field):
        if not isinstance(part, UploadFile):
            raise BadInput("bad_image_part", f"`{field}` must be a file. Give the part a filename and a content type.")
        found.append((await part.read(), part.content_type))
    return found


def checked(data: bytes, declared: str | None, kinds: Sequence[Kind] = FRAME_KINDS) -> bytes:
    """Returns the bytes. Raises BadInput if they are empty, of no allowed kind, or not of the declared type."""
    if not data:
        raise BadInput("empty_body", "The image is empty. Send the bytes of a JPEG or PNG.")
    actual = photo_kind(data)
    if actual is None or actual not in kinds:
        raise BadInput("not_an_image", not_read(data, kinds))
    if declared not in UNDECLARED and declared != actual.media_type:
        raise BadInput("wrong_content_type", f"The bytes are {actual.media_type}. Declare that content type.")
    return data
