"""SFace brought into torch: the repaired ONNX graph is one chain of seven kinds of layers, rebuilt one by one.

A general converter (onnx2torch) was not worth a dependency for these seven; anything else in the graph is refused.
"""

from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from app.core.errors import WeightsError

# A batch of 64 takes 62 ms a face, eight of 8 take 18: the larger buffers are taken from the system and given back each
# time (one thread, 2026-11-24).
_CHUNK = 8


class Sface(nn.Module):
    """The pinned network as `chain`: what the graph does, layer after layer. The first `frozen` layers do not learn."""

    def __init__(self, chain: nn.Sequential) -> None:
        super().__init__()
        self.chain = chain
        self.frozen = 0

    def freeze_trunk(self) -> None:
        """Leaves only the last block (one convolution) and the projection after it to learn."""
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
    """The network in the repaired SFace file, in evaluation mode.

    Raises:
        WeightsError: the graph is no chain of the layers known here, or does not begin by scaling as SFace does.
    """
    graph = onnx.load_from_string(content).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = list(graph.node)
    scaling = [(n.op_type, constants[n.input[1]]) for n in nodes[:2] if n.op_type in ("Sub", "Mul")]
    if [(kind, value.tolist()) for kind, value in scaling] != [("Sub", [127.5]), ("Mul", [0.0078125])]:
        raise WeightsError("this graph does not begin with (x - 127.5) * 0.0078125: it is not the repaired SFace")
    layers, current = [], nodes[1].output[0]
    for node in nodes[2:]:
        if node.input[0] != current:
            raise WeightsError(f"{node.op_type} at {node.output[0]!r} does not follow the layer before it")
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
            # The graph's last one follows a matrix product and sees (n, size), the others (n, size, height, width).
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
            raise WeightsError(f"{kind} is no layer of SFace")


class _AnyBatchNorm(nn.BatchNorm2d):
    """Batch normalisation over (n, size) as well as (n, size, height, width), as ONNX has it."""

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in (2, 4):
            raise ValueError(f"expected 2 or 4 dimensions, got {input.dim()}")


def _filled(layer: nn.Module, **values: NDArray[Any]) -> nn.Module:
    state = layer.state_dict()
    state.update({name: torch.from_numpy(np.array(value, dtype=np.float32)) for name, value in values.items()})
    layer.load_state_dict(state)
    return layer
