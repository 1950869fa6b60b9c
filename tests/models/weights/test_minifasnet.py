"""The graph written from the liveness weights computes what torch does, and a file of weights runs nothing."""

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import openvino
import pytest

from app.adapters.vision.weights import read_artifacts
from models.weights.minifasnet import MAGIC, PROTOCOL, convert, read_state
from models.weights.repair import RepairError

torch = pytest.importorskip("torch", reason="the comparison needs torch: the extra train")

from tests.models.weights.minifasnet_torch import forward, random_state, saved  # noqa: E402  (it imports torch)

WITHIN = 1e-4
PINNED = ("minifasnet-v2", "minifasnet-v1se")


def run(graph: bytes, x: np.ndarray) -> np.ndarray:
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(graph, b""), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.asarray(compiled(x)[0])


def pictures(count: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 255, (count, 1, 3, 80, 80)).astype(np.float32)


@pytest.mark.parametrize("squeezed", [False, True])
def test_graph_computes_what_torch_does(squeezed: bool) -> None:
    state = random_state(squeezed=squeezed)

    graph = convert(saved(state))

    for x in pictures(3):
        expected = forward(state, torch.from_numpy(x)).numpy()
        assert np.abs(expected).max() > 0.1
        np.testing.assert_allclose(run(graph, x), expected, atol=WITHIN, rtol=WITHIN)


def test_equal_weights_give_equal_bytes() -> None:
    assert convert(saved(random_state(squeezed=True))) == convert(saved(random_state(squeezed=True)))


@pytest.mark.parametrize("name", PINNED)
def test_published_weights_give_the_pinned_graph(name: str) -> None:
    artifacts = read_artifacts()
    published = artifacts[artifacts[name].derived_from]
    mirror = Path(os.environ.get("FACEGATE_MIRROR") or "no mirror")
    if not (mirror / published.file).exists():
        pytest.skip(f"{published.file} is not here: FACEGATE_MIRROR names no folder that has it")
    content = (mirror / published.file).read_bytes()

    graph = convert(content)

    assert hashlib.sha256(graph).hexdigest() == artifacts[name].sha256
    state = torch.load(mirror / published.file, map_location="cpu", weights_only=True)
    for x in pictures(3):
        np.testing.assert_allclose(run(graph, x), forward(state, torch.from_numpy(x)).numpy(), atol=WITHIN)


class Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch ran",)


def legacy(state: bytes) -> bytes:
    return b"".join(pickle.dumps(part, protocol=2) for part in (MAGIC, PROTOCOL, {})) + state


@pytest.mark.parametrize(
    "state",
    [
        pickle.dumps(Payload(), protocol=2),
        pickle.dumps({"w": Payload()}, protocol=2),
        b"cbuiltins\neval\n(V1\ntR.",
        b"ctorch.serialization\nload\n.",
    ],
)
def test_file_that_wants_something_run_is_refused(
    state: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(RepairError, match="which weights do not need"):
        read_state(legacy(state))

    assert list(tmp_path.iterdir()) == []


def test_invalid_weights_file_is_refused() -> None:
    whole = saved(random_state(squeezed=False))
    state = random_state(squeezed=False)
    for content in (b"", b"PK\x03\x04", whole[:100], whole[:-7], legacy(b""), saved([1, 2]), saved({"a": 1})):
        with pytest.raises(RepairError):
            convert(content)
    with pytest.raises(RepairError, match=r"no new\.weight"):
        convert(saved({**state, "module.new.weight": torch.zeros(1)}))
    with pytest.raises(RepairError, match="not the weights of a MiniFASNet"):
        convert(saved({name: value for name, value in state.items() if "conv_6_sep" not in name}))


def test_view_is_read_as_it_was_meant() -> None:
    state = random_state(squeezed=False)
    shared = torch.cat([torch.zeros(5), state["module.prob.weight"].flatten()])
    state["module.prob.weight"] = shared[5:].reshape(3, 6)

    assert np.array_equal(read_state(saved(state))["module.prob.weight"], state["module.prob.weight"].numpy())
    # and a transposed matrix, as torch stores it
    state["module.prob.weight"] = torch.arange(18.0).reshape(6, 3).T
    assert np.array_equal(read_state(saved(state))["module.prob.weight"], state["module.prob.weight"].numpy())
    state["module.prob.weight"] = torch.zeros(3, 12)[:, ::2]
    with pytest.raises(RepairError, match="not contiguous"):
        read_state(saved(state))
