"""Rows of the cameras."""

from typing import Any, NoReturn

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from app.adapters.db.engine.connect import is_taken
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import cameras
from app.core.approach.tries import Region
from app.core.cameras.camera import Camera
from app.core.errors import Conflict


class CameraRows:
    """Implements `ports.cameras.Cameras`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, cameras)

    def add(self, camera: Camera) -> None:
        try:
            with self._connection.begin_nested():
                self._rows.insert(_columns(camera))
        except IntegrityError as error:
            _refuse(error, camera)

    def get(self, camera_id: str) -> Camera | None:
        row = self._rows.one(id=camera_id)
        return None if row is None else _camera(row)

    def by_name_or_id(self, name: str, *, for_update: bool = False) -> Camera | None:
        for column in ("name", "id"):
            row = self._rows.one(**{column: name}, for_update=for_update)
            if row is not None:
                return _camera(row)
        return None

    def all(self) -> list[Camera]:
        return [_camera(row) for row in self._rows.find(select(cameras).order_by(cameras.c.name))]

    def of_gate(self, gate_id: str) -> list[Camera]:
        query = select(cameras).where(cameras.c.gate_id == gate_id).order_by(cameras.c.name)
        return [_camera(row) for row in self._rows.find(query)]

    def update(self, camera: Camera) -> None:
        try:
            with self._connection.begin_nested():
                self._rows.update(_columns(camera), cameras.c.id == camera.id)
        except IntegrityError as error:
            _refuse(error, camera)

    def delete(self, camera_id: str) -> bool:
        return self._rows.delete(cameras.c.id == camera_id) == 1


def _columns(camera: Camera) -> dict[str, Any]:
    return {**vars(camera), "region": dict(vars(camera.region))}


def _camera(row: dict[str, Any]) -> Camera:
    return Camera(**{**row, "region": Region(**row["region"])})


def _refuse(error: IntegrityError, camera: Camera) -> NoReturn:
    if is_taken(error, cameras.c.name):
        raise Conflict("camera_exists", f"A camera with this name already exists: {camera.name}.") from error
    raise error  # no such gate, most likely: the store's business
