"""Loads SFace into torch: the repaired ONNX graph is a chain of seven kinds of layer, rebuilt one by one.

A general converter (onnx2torch) is not worth a dependency for these seven. Any other layer is refused.
"""

from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from app.core.errors import WeightsError

# A batch of 64 takes 62 ms per face, eight batches of 8 take 18 ms, because large buffers are allocated from the system
# and freed each time (one thread, 2026-11-24).
_CHUNK = 8


class Sface(nn.Module):
    """The pinned network as a chain of layers. The first `frozen` layers do not learn."""

    def __init__(self, chain: nn.Sequential) -> None:
        super().__init__()
        self.chain = chain
        self.frozen = 0

    def freeze_trunk(self) -> None:
        """Freezes everything except the last block (one convolution) and the projection after it."""
        self.frozen = max(i for i, layer in enumerate(self.chain) if isinstance(layer, nn.Conv2d))
        for layer in list(self.chain)[: self.frozen]:
            layer.requires_grad_(False)

    def forward(self, pixels: Tensor) -> Tensor:
        features = (pixels - 127.5) * 0.0078125
        if self.frozen:
            with torch.no_grad():
                parts = torch.split(features, _CHUNK)
                features = torch.cat([self.chain[: self.frozen](part) for part in parts])
        vectors: Tensor = self.chain[self.frozen :](features)
        return vectors


def read_sface(content: bytes) -> Sface:
    """Returns the network in the repaired SFace file, in evaluation mode.

    Raises:
        WeightsError: the graph is not a chain of known layers, or does not start with SFace's scaling.
    """
    graph = onnx.load_from_string(content).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = list(graph.node)
    scaling = [(n.op_type, constants[n.input[1]]) for n in nodes[:2] if n.op_type in ("Sub", "Mul")]
    if [(kind, value.tolist()) for kind, value in scaling] != [("Sub", [127.5]), ("Mul", [0.0078125])]:
        raise WeightsError("the graph does not start with (x - 127.5) * 0.0078125, so it is not the repaired SFace")
    layers, current = [], nodes[1].output[0]
    for node in nodes[2:]:
        if node.input[0] != current:
            raise WeightsError(f"{node.op_type} at {node.output[0]!r} does not follow the previous layer")
        values = [constants[name] for name in node.input[1:]]
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        layers.append(_layer(node.op_type, values, attributes))
        current = node.output[0]
    return Sface(nn.Sequential(*layers)).eval()


def _layer(kind: str, values: list[NDArray[Any]], attributes: dict[str, Any]) -> nn.Module:
    match kind:
        case "Conv":
            out, per_group, height, width = values[0].shape
            groups, pads = attributes.get("group", 1), attributes.get("pads", [0, 0, 0, 0])
            convolution = nn.Conv2d(
                per_group * groups, out, (height, width), tuple(attributes.get("strides", (1, 1))), tuple(pads[:2]),
                groups=groups, bias=len(values) > 1,
            )  # fmt: skip
            return _filled(convolution, weight=values[0], **({"bias": values[1]} if len(values) > 1 else {}))
        case "BatchNormalization":
            size = len(values[0])
            # The last one follows a matrix product and gets (n, size); the others get (n, size, height, width).
            norm = _AnyBatchNorm(size, eps=attributes["epsilon"])
            names = ("weight", "bias", "running_mean", "running_var")
            return _filled(norm, **dict(zip(names, values, strict=True)))
        case "PRelu":
            return _filled(nn.PReLU(values[0].size), weight=values[0].reshape(-1))
        case "Flatten":
            return nn.Flatten()
        case "Gemm" if attributes.get("transB") and not attributes.get("transA"):
            return _filled(nn.Linear(values[0].shape[1], values[0].shape[0]), weight=values[0], bias=values[1])
        case _:
            raise WeightsError(f"{kind} is not a layer of SFace")


class _AnyBatchNorm(nn.BatchNorm2d):
    """Batch normalisation over (n, size) or (n, size, height, width), as in ONNX."""

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in (2, 4):
            raise ValueError(f"expected 2 or 4 dimensions, got {input.dim()}")


def _filled(layer: nn.Module, **values: NDArray[Any]) -> nn.Module:
    state = layer.state_dict()
    state.update({name: torch.from_numpy(np.array(value, dtype=np.float32)) for name, value in values.items()})
    layer.load_state_dict(state)
    return layer
