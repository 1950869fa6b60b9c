"""Protocols for decoding, models and the index."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.core.types import Box, Candidate, Face, Pixels, Vector


class Decoder(Protocol):
    """Decodes untrusted bytes, with limits checked before decoding. Raises BadInput or TooLarge."""

    def __call__(self, data: bytes) -> Pixels: ...


class Detector(Protocol):
    """Finds faces. One instance serves one thread at a time."""

    def detect(self, pixels: Pixels, *, smallest_px: float | None = None) -> list[Face]:
        """Returns the faces. Faces at least `smallest_px` frame pixels wide must be found."""
        ...

    def refine(self, pixels: Pixels, face: Face) -> Face:
        """Returns the face with box and landmarks detected again at a finer scale; `face` itself if that fails."""
        ...


class Aligner(Protocol):
    """Warps a face to the embedder's frame: (112, 112, 3) uint8 BGR from frame pixels and (5, 2) landmarks."""

    def __call__(self, pixels: Pixels, landmarks: NDArray[np.float32]) -> Pixels: ...


class Liveness(Protocol):
    """Distinguishes a live person from a picture. One instance serves one thread at a time."""

    def score(self, pixels: Pixels, box: Box) -> float:
        """Returns 0 (attack) to 1 (live) for the face in the box. Raises ValueError if it is outside the frame."""
        ...


class Cropper(Protocol):
    """Crops a face for a network that does not take the aligned crop: uint8 BGR from frame pixels and a face."""

    def __call__(self, pixels: Pixels, face: Face) -> Pixels: ...


class Embedder(Protocol):
    """Turns aligned crops into unit vectors. One instance serves one thread at a time."""

    def embed(self, crops: Sequence[Pixels], *, flip: bool) -> NDArray[np.float32]:
        """Returns (n, dimension). With `flip`, averages each crop's vector with that of its mirror image."""
        ...


class Index(Protocol):
    """Searches unit vectors by cosine. `search` may run in any thread while another changes the index."""

    dimension: int

    def search(self, vector: Vector, k: int) -> list[Candidate]: ...
    def rebuild(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None: ...
    def apply(self, changed: dict[str, Vector], removed: Iterable[str]) -> None: ...
    def holds(self, employee_id: str) -> bool:
        """Whether a row is of this employee, also one that no search finds any more."""
        ...

    def alike(self, vector: Vector, least: float) -> int:
        """How many rows have this cosine similarity or more, counting those that no search finds any more."""
        ...

    def sweep(self) -> None:
        """Drops rows that no search finds any more."""
        ...

    def __len__(self) -> int: ...
