"""The build steps that `artifacts.toml` may name to derive one artifact from another."""

from models.weights import minifasnet, mtcnn, repair
from models.weights.repair import RepairError

BUILDS = {**repair.BUILDS, **minifasnet.BUILDS, **mtcnn.BUILDS}


def build(step: str, content: bytes) -> bytes:
    """Runs one build step.

    Raises:
        RepairError: there is no such step, or it refuses `content`.
    """
    if step not in BUILDS:
        raise RepairError(f"unknown build step {step!r}; known are: {', '.join(BUILDS)}")
    return BUILDS[step](content)
