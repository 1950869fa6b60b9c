"""How a derived artifact is made from another: the build steps that `artifacts.toml` may name."""

from models.weights import minifasnet, mtcnn, repair
from models.weights.repair import RepairError

BUILDS = {**repair.BUILDS, **minifasnet.BUILDS, **mtcnn.BUILDS}


def build(step: str, content: bytes) -> bytes:
    """Run the build step that `artifacts.toml` names.

    Raises:
        RepairError: there is no such step, or it refuses `content`.
    """
    if step not in BUILDS:
        raise RepairError(f"no build step is called {step!r}; there are: {', '.join(BUILDS)}")
    return BUILDS[step](content)
