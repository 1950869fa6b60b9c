"""What recognition needs of models, as protocols."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.core.types import Box, Candidate, Face, Pixels, Vector


class Decoder(Protocol):
    """Turns untrusted bytes into pixels, bounded before anything is decoded. Raises BadInput or TooLarge."""

    def __call__(self, data: bytes) -> Pixels: ...


class Detector(Protocol):
    """Finds faces. One instance serves one thread at a time."""

    def detect(self, pixels: Pixels, *, smallest_px: float | None = None) -> list[Face]:
        """smallest_px: faces so wide, in frame pixels, must still be found."""
        ...

    def refine(self, pixels: Pixels, face: Face) -> Face:
        """The same face with box and landmarks found again at a finer scale; `face` itself where that fails."""
        ...


class Aligner(Protocol):
    """Warps a face to the embedder's frame: (112, 112, 3) uint8 BGR from frame pixels and (5, 2) landmarks."""

    def __call__(self, pixels: Pixels, landmarks: NDArray[np.float32]) -> Pixels: ...


class Liveness(Protocol):
    """Tells a person from a picture of one. One instance serves one thread at a time."""

    def score(self, pixels: Pixels, box: Box) -> float:
        """0 an attack to 1 live, of the face in the detector's box. Raises ValueError for a box outside the frame."""
        ...


class Cropper(Protocol):
    """What a network is fed that wants another crop than the aligned one: uint8 BGR from frame pixels and a face."""

    def __call__(self, pixels: Pixels, face: Face) -> Pixels: ...


class Embedder(Protocol):
    """Turns aligned crops into unit vectors. One instance serves one thread at a time."""

    def embed(self, crops: Sequence[Pixels], *, flip: bool) -> NDArray[np.float32]:
        """(n, dimension). flip: average each crop's vector with that of its mirror image."""
        ...


class Index(Protocol):
    """Search over unit vectors. `search` may run in any thread while another changes the index."""

    dimension: int

    def search(self, vector: Vector, k: int) -> list[Candidate]: ...
    def rebuild(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None: ...
    def apply(self, changed: dict[str, Vector], removed: Iterable[str]) -> None: ...
    def __len__(self) -> int: ...
