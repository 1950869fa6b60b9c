"""Images as they arrive: kept in memory only, and refused if they are not what they are declared to be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartParser

from app.core.errors import BadInput
from app.core.media import sniff

IMAGE_TYPES = {"image/jpeg", "image/png"}
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


async def images(form: FormData, field: str, *, unreadable: bool = False) -> list[bytes]:
    """The bytes of every part of that name, checked by `checked`. Raises BadInput for a part that is no file.

    unreadable: let parts that are no picture pass, where each is to be judged by itself.
    """
    found = []
    for part in form.getlist(field):
        if not isinstance(part, UploadFile):
            raise BadInput("bad_image_part", f"`{field}` is a file: give the part a filename and a content type.")
        data = await part.read()
        found.append(data if unreadable and sniff(data) is None else checked(data, part.content_type))
    return found


def checked(data: bytes, declared: str | None) -> bytes:
    """The bytes. Raises BadInput for empty ones, for what is no JPEG or PNG, and for a content type that lies."""
    if not data:
        raise BadInput("empty_body", "The image is empty; send the bytes of a JPEG or PNG.")
    actual = sniff(data)
    if actual is None:
        raise BadInput("not_an_image", "These bytes are neither a JPEG nor a PNG.")
    if declared not in UNDECLARED and declared != actual:
        raise BadInput("wrong_content_type", f"The bytes are {actual}; declare them as that.")
    return data
