"""SFace in torch against the gate's own runtime, on the pinned weights."""

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

from app.adapters.vision import weights  # noqa: E402  # after the check that torch is there
from app.adapters.vision.packs.embedder import EmbeddingNetwork  # noqa: E402
from app.adapters.vision.packs.pack import SFACE  # noqa: E402
from app.core.errors import WeightsError  # noqa: E402
from app.settings import default_cache  # noqa: E402
from models.siamese.networks import learn_mode, to_input  # noqa: E402
from models.siamese.sface import read_sface  # noqa: E402
from models.siamese.training import embedder  # noqa: E402
from tests.models.siamese.drawn import drawn_faces  # noqa: E402


@pytest.fixture(scope="module")
def pinned() -> bytes:
    try:
        return weights.load("sface", default_cache())
    except WeightsError as error:
        pytest.skip(str(error))


def test_torch_gives_the_vectors_of_the_gate(pinned: bytes) -> None:
    crops = drawn_faces(4, 2).crops
    ours = embedder(read_sface(pinned))(crops)
    theirs = EmbeddingNetwork(pinned, SFACE, precision="f32").embedder().embed(list(crops), flip=False)
    assert np.abs(ours - theirs).max() < 1e-5


def test_red_and_blue_are_not_mixed_up(pinned: bytes) -> None:
    crops = drawn_faces(2, 1).crops
    right, wrong = embedder(read_sface(pinned))(crops), embedder(read_sface(pinned))(crops[..., ::-1].copy())
    assert (right * wrong).sum(axis=1).max() < 0.999


def test_frozen_it_computes_the_same_and_learns_at_its_end_only(pinned: bytes) -> None:
    crops = drawn_faces(2, 2).crops
    network = read_sface(pinned)
    before = embedder(network)(crops)
    network.freeze_trunk()
    assert np.abs(embedder(network)(crops) - before).max() < 1e-5
    statistics = {name: value.clone() for name, value in network.state_dict().items() if "running" in name}
    learn_mode(network, statistics=False)
    network(to_input(torch.from_numpy(crops))).square().mean().backward()
    learning = [name for name, p in network.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0]
    assert 0 < len(learning) < 12
    assert all(int(name.split(".")[1]) >= network.frozen for name in learning)
    assert all(torch.equal(network.state_dict()[name], value) for name, value in statistics.items())


def test_another_graph_is_refused(pinned: bytes) -> None:
    model = onnx.load_from_string(pinned)
    model.graph.node[2].op_type = "ConvTranspose"
    with pytest.raises(WeightsError, match="not a layer of SFace"):
        read_sface(model.SerializeToString())
    model = onnx.load_from_string(pinned)
    del model.graph.node[0]
    with pytest.raises(WeightsError, match="does not start"):
        read_sface(model.SerializeToString())
