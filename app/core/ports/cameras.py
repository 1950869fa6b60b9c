"""Protocols for cameras: the source of frames and the stored cameras."""

from datetime import datetime
from typing import Protocol

from app.core.cameras.camera import Camera
from app.core.types import Pixels


class Source(Protocol):
    """A camera, file or folder that gives frames, oldest first. One thread reads it."""

    def read(self) -> tuple[Pixels, datetime] | None:
        """Blocks until the next frame and returns it with its capture time, or None at the end of a file.

        Raises:
            SourceFailed: the source broke and must be closed and reopened. The message holds no address and no secret.
        """
        ...

    def close(self) -> None:
        """Makes a `read` that blocks in another thread return within a second. It is safe to call twice."""
        ...


class Cameras(Protocol):
    """The stored cameras."""

    def add(self, camera: Camera) -> None:
        """Stores a new camera. Raises Conflict('camera_exists') if the name is in use."""
        ...

    def get(self, camera_id: str) -> Camera | None: ...
    def by_name_or_id(self, name: str, *, for_update: bool = False) -> Camera | None:
        """Returns the camera of that name, else of that id. With `for_update`, nobody else changes it until the end."""
        ...

    def all(self) -> list[Camera]:
        """Returns all cameras, ordered by name."""
        ...

    def of_gate(self, gate_id: str) -> list[Camera]:
        """Returns the cameras of one gate, ordered by name."""
        ...

    def update(self, camera: Camera) -> None:
        """Stores the changes. Raises Conflict('camera_exists') if the name is in use."""
        ...

    def delete(self, camera_id: str) -> bool:
        """Removes the camera and returns whether it was there. Its alerts stay, so clear them first."""
        ...
