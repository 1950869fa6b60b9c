"""The faces of a dry run. They are in no gallery, and two of them may be one person."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.core.types import Vector


@dataclass
class DryRunGallery:
    """The templates of a dry run's rows."""

    most: int
    lines: list[int] = field(default_factory=list)
    _vectors: NDArray[np.float32] | None = None

    def add(self, line: int, vector: Vector) -> None:
        if self._vectors is None:
            self._vectors = np.zeros((self.most, len(vector)), np.float32)
        self._vectors[len(self.lines)] = vector
        self.lines.append(line)

    def nearest(self, vector: Vector) -> tuple[int, float] | None:
        """Returns the line of the most similar row, and the similarity."""
        if self._vectors is None:
            return None
        similarities = self._vectors[: len(self.lines)] @ vector
        best = int(similarities.argmax())
        return self.lines[best], float(similarities[best])
