"""MTCNN's networks come out of the library's weights as graphs that compute what torch does."""

from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from models.weights.mtcnn import HEADS, convert
from models.weights.repair import RepairError

torch = pytest.importorskip("torch", reason="the comparison needs the extra `train`")
library = pytest.importorskip("facenet_pytorch", reason="the comparison needs the extra `train`")

SHAPES = {"pnet": (40, 57), "rnet": (24, 24), "onet": (48, 48)}


@pytest.mark.parametrize("name", HEADS)
def test_graph_computes_what_torch_does(name: str) -> None:
    weights = Path(library.__file__).parent / "data" / f"{name}.pt"
    network = getattr(library.models.mtcnn, {"pnet": "PNet", "rnet": "RNet", "onet": "ONet"}[name])()
    batch = np.random.default_rng(0).normal(size=(3, 3, *SHAPES[name])).astype(np.float32)

    content = convert(weights.read_bytes())

    model = ov.Core().compile_model(ov.Core().read_model(content, b""), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = model(batch)
    *others, face = (value.detach().numpy() for value in network(torch.from_numpy(batch)))
    expected = [face, *others]
    assert len(model.outputs) == len(expected)
    for i, value in enumerate(expected):
        np.testing.assert_allclose(found[i], value, atol=1e-5)
    assert convert(weights.read_bytes()) == content


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x02."])
def test_invalid_weights_file_is_refused(content: bytes) -> None:
    with pytest.raises(RepairError):
        convert(content)
