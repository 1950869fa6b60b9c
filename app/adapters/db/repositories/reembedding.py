"""Rows of a move to another model pack: templates and embeddings made beside those that are served."""

from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, func, or_, select, true

from app.adapters.db.repositories.people import EmployeeRows
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import embeddings, employees, next_templates, photos, templates
from app.core.types import Template


class MoveRows:
    """Implements `ports.reembedding.Moves`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._next = SealedRows(connection, next_templates)
        self._embeddings = SealedRows(connection, embeddings)

    def begin(self, pack_digest: str, precision: str) -> None:
        self._next.delete(or_(next_templates.c.pack_digest != pack_digest, next_templates.c.precision != precision))

    def waiting(self, pack_digest: str, precision: str) -> list[str]:
        made = and_(embeddings.c.photo_id == photos.c.id, *_made_by(embeddings, pack_digest, precision))
        ready = and_(
            next_templates.c.employee_id == photos.c.employee_id, *_made_by(next_templates, pack_digest, precision)
        )
        of_photos = func.max(next_templates.c.of_photos)
        query = (
            select(photos.c.employee_id)
            .select_from(photos.outerjoin(embeddings, made).outerjoin(next_templates, ready))
            .group_by(photos.c.employee_id)
            .having(
                or_(
                    of_photos.is_(None),
                    of_photos != func.count(photos.c.id),
                    func.count(embeddings.c.photo_id) != func.count(photos.c.id),
                )
            )
            .order_by(photos.c.employee_id)
        )
        return list(self._connection.execute(query).scalars())

    def put(self, template: Template, of_photos: int, embeddings_of: Mapping[str, bytes]) -> None:
        self._next.put({**vars(template), "of_photos": of_photos})
        pack = {"pack_digest": template.pack_digest, "precision": template.precision}
        self._embeddings.delete(
            embeddings.c.photo_id.in_(embeddings_of), *_made_by(embeddings, template.pack_digest, template.precision)
        )
        self._embeddings.insert(
            *({"photo_id": photo, "sealed": sealed, **pack} for photo, sealed in embeddings_of.items())
        )

    def embeddings(self, photo_ids: Iterable[str], pack_digest: str, precision: str) -> dict[str, bytes]:
        query = select(embeddings).where(
            embeddings.c.photo_id.in_(list(photo_ids)), *_made_by(embeddings, pack_digest, precision)
        )
        return {row["photo_id"]: row["sealed"] for row in self._embeddings.find(query)}

    def refused(self, pack_digest: str, precision: str) -> list[str]:
        seen = exists().where(
            next_templates.c.employee_id == employees.c.id,
            next_templates.c.photos > 0,
            *_made_by(next_templates, pack_digest, precision),
        )
        query = select(employees.c.id).join(templates, templates.c.employee_id == employees.c.id).where(~seen)
        people = EmployeeRows(self._connection)
        found = (people.get(employee_id) for employee_id in self._connection.execute(query).scalars().all())
        return sorted(one.number for one in found if one is not None)

    def switch(self, pack_digest: str, precision: str) -> int:
        # An employee whose photos were all deleted meanwhile is no longer enrolled.
        has_photos = exists().where(photos.c.employee_id == next_templates.c.employee_id)
        ready = select(next_templates).where(
            next_templates.c.photos > 0, has_photos, *_made_by(next_templates, pack_digest, precision)
        )
        moved = [{name: row[name] for name in row if name != "of_photos"} for row in self._next.find(ready)]
        self._next.delete(true())
        served = SealedRows(self._connection, templates)
        served.delete(true())
        served.insert(*moved)
        return self._connection.execute(select(func.count()).select_from(templates)).scalar_one()


def _made_by(table: Table, pack_digest: str, precision: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.pack_digest == pack_digest, table.c.precision == precision
