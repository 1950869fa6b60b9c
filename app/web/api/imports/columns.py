"""What the columns of an import mean: read them with samples, say which of ours each is, or begin from a template."""

from typing import Annotated, Self

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from app.core.imports.people_columns import COLUMNS, MOST_JOINED, ColumnMapping, mapping_of
from app.core.imports.people_dates import DateOrder
from app.services.imports.import_mapping import FileColumns
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.imports.imports import Started
from app.web.api.people.photos import PRIVATE
from app.web.api.schemas import Strict
from app.web.fields import PlainText
from app.web.security import Admin, SystemOf
from app.web.turns import FewPictures

router = APIRouter(prefix="/v1/imports", tags=["Imports"])

Title = Annotated[PlainText, Field(min_length=1, max_length=210)]
BOM = "\ufeff"  # without it, spreadsheets read UTF-8 as something else


class MappingIn(Strict):
    """The titles of the file's columns that each of ours is read from. A column that is not named is not read."""

    columns: dict[str, Title | Annotated[list[Title], Field(max_length=MOST_JOINED)]] = Field(
        {},
        max_length=len(COLUMNS),
        description="by our column; `name`, `groups` and `photos` take a list, whose values are joined in this order. "
        "Empty: the file names its columns as we do",
        examples=[{"number": "Personnel No", "name": ["First name", "Last name"], "groups": "Department"}],
    )
    dates: DateOrder | None = Field(None, description="null: each column of dates has to prove its order")

    def mapping(self) -> ColumnMapping:
        return mapping_of(self.model_dump())


class MappingOut(BaseModel):
    columns: dict[str, list[str]]
    dates: DateOrder | None

    @classmethod
    def of(cls, mapping: ColumnMapping) -> Self:
        return cls(columns={name: list(titles) for name, titles in mapping.columns.items()}, dates=mapping.dates)


class FileColumnOut(BaseModel):
    title: str = Field(description="unique: a second `Name` is `Name (2)`, one without a name `Column 4`")
    samples: list[str] = Field(description="its first values, up to three that differ")


class ColumnsOut(BaseModel):
    """The columns of a file. mapping: the one in use, else a guess; null where not even a guess has what is needed."""

    header_line: int
    columns: list[FileColumnOut]
    mapping: MappingOut | None
    own: bool = Field(description="the file names its columns as we do; only the order of its dates may be open")

    @classmethod
    def of(cls, found: FileColumns) -> Self:
        return cls(
            header_line=found.preview.header.line,
            columns=[FileColumnOut(title=one.title, samples=list(one.samples)) for one in found.preview.columns],
            mapping=MappingOut.of(found.mapping) if found.mapping else None,
            own=found.own,
        )


@router.get("/template.csv", summary="A CSV to begin from", responses=ERRORS, response_class=Response)
def template(_: Admin) -> Response:
    """Our columns and no row, as spreadsheets open it."""
    headers = {"Content-Disposition": 'attachment; filename="people.csv"'}
    return Response(BOM + ",".join(COLUMNS) + "\r\n", media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/{import_id}/columns", summary="Read the columns of an import", responses=CONFLICT)
def columns(import_id: str, system: SystemOf, _: Admin, _turn: FewPictures) -> ColumnsOut:
    """Until a dry run is applied."""
    return ColumnsOut.of(system.imports.mappings.columns(import_id))


@router.post("/{import_id}/mapping", status_code=202, summary="Say what the columns mean", responses=CONFLICT)
def map_columns(import_id: str, body: MappingIn, system: SystemOf, who: Admin, _turn: FewPictures) -> Started:
    """The dry run begins anew. The mapping is remembered for files with the same header."""
    return Started(id=system.imports.mappings.map(import_id, body.mapping(), who.name).id)


@router.get(
    "/{import_id}/rows/{line}/picture", summary="Read a refused photo", responses=ERRORS, response_class=Response
)
def picture(import_id: str, line: Annotated[int, Path(ge=1, le=10_000_000)], system: SystemOf, _: Admin) -> Response:
    """The first photo of somebody whom no photo makes recognisable, small. It is kept as long as the report."""
    return Response(system.import_reports.picture(import_id, line), media_type="image/jpeg", headers=PRIVATE)
