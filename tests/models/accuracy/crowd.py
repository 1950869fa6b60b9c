"""Synthetic people whose true errors are known."""

import numpy as np

from app.core.recognition.calibration import Calibration, Tail
from models.accuracy.openset import unit
from models.data.embed import Embedded

CALIBRATION = Calibration(
    tail=Tail(start=0.3, rate=1e-3, scale=0.02, shape=0.0, photo_shift=0.02, frame_shift=0.01),
    same_person=0.3,
    margin=0.05,
    midpoint=0.3,
    steepness=30,
)


def crowd(people: int = 600, photos: int = 4, noise: float = 0.9, seed: int = 0) -> Embedded:
    """People as random directions round one that all faces share, photos as noisy copies."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), photos)
    faces = unit(rng.normal(size=(people, 128)).astype(np.float32))
    faces = unit(faces + 0.4 * np.eye(128, dtype=np.float32)[0])

    def seen() -> np.ndarray:
        return unit(faces[person] + noise * unit(rng.normal(size=(len(person), 128)).astype(np.float32)))

    n = len(person)
    none = np.full(n, "")
    gate = seen()
    return Embedded(
        people=tuple(f"p{i}" for i in range(people)),
        person=person,
        gate=gate,
        gate_flip=gate,
        enrolment=gate,
        score=np.ones(n, dtype=np.float32),
        gate_reason=none,
        enrolment_reason=none,
        portrait_reason=none,
    )
