"""Rows of the cameras, and of the leases by which several workers share them without reading one twice."""

from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import Connection, Row, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.adapters.db.engine import is_taken, upsert
from app.adapters.db.tables import cameras, leases
from app.core.approach import Zone
from app.core.errors import Conflict
from app.core.site import Camera


class CameraRows:
    """site_ports.Cameras."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, camera: Camera) -> None:
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(cameras).values(**_columns(camera)))
        except IntegrityError as error:
            _refuse(error, camera)

    def get(self, camera_id: str) -> Camera | None:
        row = self._connection.execute(select(cameras).where(cameras.c.id == camera_id)).one_or_none()
        return None if row is None else _camera(row)

    def by_name(self, name: str) -> Camera | None:
        row = self._connection.execute(select(cameras).where(cameras.c.name == name)).one_or_none()
        return None if row is None else _camera(row)

    def all(self) -> list[Camera]:
        return [_camera(row) for row in self._connection.execute(select(cameras).order_by(cameras.c.name))]

    def of_gate(self, gate_id: str) -> list[Camera]:
        query = select(cameras).where(cameras.c.gate_id == gate_id).order_by(cameras.c.name)
        return [_camera(row) for row in self._connection.execute(query)]

    def update(self, camera: Camera) -> None:
        try:
            with self._connection.begin_nested():
                self._connection.execute(update(cameras).where(cameras.c.id == camera.id).values(**_columns(camera)))
        except IntegrityError as error:
            _refuse(error, camera)

    def delete(self, camera_id: str) -> bool:
        return self._connection.execute(delete(cameras).where(cameras.c.id == camera_id)).rowcount == 1


class LeaseRows:
    """site_ports.Leases. One statement takes or renews, so of two processes the database lets one win."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, camera_id: str, holder: str, now: datetime, until: datetime) -> bool:
        row = upsert(self._connection, leases).values(camera_id=camera_id, holder=holder, until=until)
        taken = row.on_conflict_do_update(
            index_elements=[leases.c.camera_id],
            set_={"holder": row.excluded.holder, "until": row.excluded.until},
            where=or_(leases.c.holder == holder, leases.c.until <= now),
        )
        try:
            with self._connection.begin_nested():
                return self._connection.execute(taken.returning(leases.c.camera_id)).one_or_none() is not None
        except IntegrityError:  # the camera was deleted meanwhile
            return False

    def give_up(self, holder: str) -> None:
        self._connection.execute(delete(leases).where(leases.c.holder == holder))

    def holders(self) -> dict[str, tuple[str, datetime]]:
        return {row.camera_id: (row.holder, row.until) for row in self._connection.execute(select(leases))}


def _columns(camera: Camera) -> dict[str, Any]:
    return {**vars(camera), "zone": dict(vars(camera.zone))}


def _camera(row: Row[Any]) -> Camera:
    return Camera(**{**row._mapping, "zone": Zone(**row.zone)})


def _refuse(error: IntegrityError, camera: Camera) -> NoReturn:
    if is_taken(error, cameras.c.name):
        raise Conflict("camera_exists", f"There is already a camera named {camera.name}.") from error
    raise error  # no such gate, most likely: the store's business
