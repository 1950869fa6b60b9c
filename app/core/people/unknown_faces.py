"""Groups faces that gates did not know, so that somebody who came five times is one group and not five pictures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from app.core.recognition.evidence import unit
from app.core.types import Vector


@dataclass(frozen=True, eq=False)
class UnknownFace:
    """The face of an attempt that matched nobody. gate: its name."""

    event_id: str
    at: datetime
    gate: str
    embedding: Vector
    quality: float


@dataclass(eq=False)
class FaceGroup:
    """Faces that are likely one person's, newest first. total: of their embeddings."""

    faces: list[UnknownFace]
    total: Vector = field(repr=False)

    @property
    def template(self) -> Vector:
        """Their mean, as a template is made."""
        return unit(self.total)

    @property
    def best(self) -> UnknownFace:
        return max(self.faces, key=lambda face: face.quality)


def grouped(faces: Sequence[UnknownFace], threshold: Callable[[int, int], float]) -> list[FaceGroup]:
    """Returns the groups, the largest first, and of two alike the one seen last.

    Args:
        faces: in any order.
        threshold: the similarity from which a face belongs to the nearest of so many groups, which has so many faces.
    """
    groups: list[FaceGroup] = []
    # A row for each group; as many rows as there could be, so that none is copied for the next face.
    templates = np.empty((len(faces), len(faces[0].embedding) if faces else 0), np.float32)
    for face in sorted(faces, key=lambda face: (face.at, face.event_id), reverse=True):
        if groups:
            similarities = templates[: len(groups)] @ face.embedding
            nearest = int(similarities.argmax())
            group = groups[nearest]
            if similarities[nearest] >= threshold(len(groups), len(group.faces)):
                group.faces.append(face)
                group.total = group.total + face.embedding
                templates[nearest] = group.template
                continue
        groups.append(FaceGroup([face], face.embedding.copy()))
        templates[len(groups) - 1] = groups[-1].template
    return sorted(groups, key=lambda group: (len(group.faces), group.faces[0].at), reverse=True)
