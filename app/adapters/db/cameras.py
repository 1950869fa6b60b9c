"""Rows of the cameras."""

from typing import Any, NoReturn

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.adapters.db.engine import held, is_taken
from app.adapters.db.tables import cameras
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

    def by_name_or_id(self, name: str, *, hold: bool = False) -> Camera | None:
        for column in (cameras.c.name, cameras.c.id):
            row = self._connection.execute(held(select(cameras).where(column == name), hold)).one_or_none()
            if row is not None:
                return _camera(row)
        return None

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


def _columns(camera: Camera) -> dict[str, Any]:
    return {**vars(camera), "zone": dict(vars(camera.zone))}


def _camera(row: Row[Any]) -> Camera:
    return Camera(**{**row._mapping, "zone": Zone(**row.zone)})


def _refuse(error: IntegrityError, camera: Camera) -> NoReturn:
    if is_taken(error, cameras.c.name):
        raise Conflict("camera_exists", f"There is already a camera named {camera.name}.") from error
    raise error  # no such gate, most likely: the store's business
