"""The effect of the gate's liveness mode, the weights and the score on somebody who may otherwise pass."""

from dataclasses import replace

import pytest

from app.core.types import Decision, Reason
from tests.core.access.passage import ADA, EVIDENCE, GATE, LIMITS, NAN, Scene


@pytest.mark.parametrize("mode", ["auto", "required", "monitor", "off", "nonsense"])
@pytest.mark.parametrize("works", [True, False])
@pytest.mark.parametrize(("score", "frames"), [(0.9, 1), (0.6, 1), (0.6, 5), (0.1, 5), (NAN, 5), (None, 0)])
def test_liveness_decides_as_the_gate_mode_says(mode: str, works: bool, score: float | None, frames: int) -> None:
    scene = Scene()
    scene.gate = replace(GATE, liveness=mode)  # type: ignore[arg-type]  # one of them does not exist
    scene.limits = replace(LIMITS, liveness_works=works)
    scene.evidence = replace(EVIDENCE, liveness=score, liveness_frames=frames)

    if mode == "nonsense":
        with pytest.raises(ValueError, match="not a valid"):
            scene.decide()
        return
    needed = mode == "required" or (mode == "auto" and works)
    passes = not needed or (works and (score, frames) in {(0.9, 1), (0.6, 5)})
    assert scene.decide() == Decision(Reason.RECOGNISED if passes else Reason.SPOOF_SUSPECTED, ADA)
