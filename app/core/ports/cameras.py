"""Cameras: where frames come from, and what is kept of cameras."""

from datetime import datetime
from typing import Protocol

from app.core.cameras.camera import Camera
from app.core.types import Pixels


class Source(Protocol):
    """A camera, file or folder that gives frames, oldest first. One thread reads it.

    `read` blocks until the next frame and returns it with the time it was captured, or None at the end of a file.
    Raises SourceFailed (its words hold no address and no secret) when it breaks; then it is closed and opened anew.
    """

    def read(self) -> tuple[Pixels, datetime] | None: ...
    def close(self) -> None:
        """Ends a `read` that blocks in another thread, within a second. Safe to call twice."""
        ...


class Cameras(Protocol):
    def add(self, camera: Camera) -> None:
        """Raises Conflict('camera_exists') if the name is in use."""
        ...

    def get(self, camera_id: str) -> Camera | None: ...
    def by_name_or_id(self, name: str, *, for_update: bool = False) -> Camera | None:
        """Without one of that name, that of that id. hold: nobody else changes it until the transaction ends."""
        ...

    def all(self) -> list[Camera]:
        """By name."""
        ...

    def of_gate(self, gate_id: str) -> list[Camera]:
        """By name."""
        ...

    def update(self, camera: Camera) -> None:
        """Raises Conflict('camera_exists')."""
        ...

    def delete(self, camera_id: str) -> bool:
        """Whether there was one. Its alerts stay: clear them first."""
        ...
