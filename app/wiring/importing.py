"""Builds imports and exports of people."""

import zipfile
from functools import partial
from pathlib import Path

from app.adapters.uploads.archive import ZipPhotos
from app.adapters.uploads.folder import FolderPhotos
from app.adapters.uploads.store import NoPhotos, UploadFolder
from app.adapters.vision.photos.jpeg import encode_jpeg
from app.core.errors import BadInput
from app.core.imports import people_text
from app.core.imports.reports import PhotoSource, no_people
from app.core.ports.recognition import Decoder
from app.core.recognition.quality import ENROLMENT
from app.services.access.gathering.gathering_book import GatheringBook
from app.services.access.subject.subject_export import SubjectExport
from app.services.imports.bulk_import import BulkImport
from app.services.imports.import_desk import ImportDesk
from app.services.people.enrolment import Enrolment
from app.services.recognition.recognition import Recognition, snapshot
from app.wiring.backbone import Backbone, new_id


def import_desk(backbone: Backbone, enrolment: Enrolment, recognition: Recognition, decode: Decoder) -> ImportDesk:
    look = partial(recognition.look_bytes, limits=ENROLMENT, flip=True, patient=True)
    return ImportDesk(
        store=backbone.store,
        vault=backbone.vault,
        clock=backbone.clock,
        new_id=new_id,
        uploads=UploadFolder(backbone.settings.data / "imports", backbone.settings.max_image_mb * 1_000_000),
        bulk=BulkImport(enrolment, backbone.vault, look, recognition.engines, partial(_shrunk, decode)),
    )


def subject_export(backbone: Backbone, enrolment: Enrolment, gathering: GatheringBook) -> SubjectExport:
    known = backbone.events, backbone.credentials, backbone.rule_questions, backbone.visits.book
    return SubjectExport(backbone.store, enrolment, *known, backbone.contractors.book, gathering, backbone.clock)


def _shrunk(decode: Decoder, photo: bytes) -> bytes:
    return encode_jpeg(snapshot(decode(photo), None))


def people_and_photos(
    file: Path, photos: Path | None, max_image_mb: int, encoding: str | None = None
) -> tuple[bytes, PhotoSource]:
    """The CSV and its photos, which may be together in one zip, like an export. Raises BadInput."""
    if photos is None and zipfile.is_zipfile(file):
        both = ZipPhotos(file.open("rb"), max_image_mb * 1_000_000, encoding)
        people = both.people(people_text.MOST_BYTES)
        if people is None:
            raise no_people()
        return people, both
    return file.read_bytes(), photo_source(photos, max_image_mb, encoding)


def photo_source(path: Path | None, max_image_mb: int, encoding: str | None = None) -> PhotoSource:
    """The photos in a folder or zip of this machine; without a path, none. Raises BadInput."""
    most = max_image_mb * 1_000_000
    if path is None:
        return NoPhotos()
    if path.is_dir():
        return FolderPhotos(path, most)
    if path.is_file():
        return ZipPhotos(path.open("rb"), most, encoding, with_people=False)
    raise BadInput("no_photos", f"There is neither a folder nor a zip at {path}.")
