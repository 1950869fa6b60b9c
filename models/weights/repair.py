"""Repairs downloaded graphs so that runtimes accept them. The arithmetic stays the same, bit for bit.

The OpenCV Zoo's block-quantised files store int8 weights behind DequantizeLinear + Reshape, list their constants as
graph inputs and (SFace) keep a training Dropout. Some runtimes refuse these, so the constants are folded here, once,
when the weights are fetched.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from app.core.errors import WeightsError

# IR 10 is the first with opset 21, which the block-quantised files use.
IR_VERSION = 10

Constants = dict[str, NDArray[Any]]


class RepairError(WeightsError):
    """The graph is not the one this repair was written for."""


def repair_sface(content: bytes) -> bytes:
    """Converts SFace int8bq to a float32 graph with one input, with the same bytes on every machine.

    Input `data`: float32 [N, 3, 112, 112], an aligned face, RGB, 0 to 255 as decoded; the graph itself computes
    (x - 127.5) * 0.0078125. Output `fc1`: float32 [N, 128], not normalised. N was 1 in the original; it is
    free here so that a face and its mirror image are embedded in one run.

    Raises:
        RepairError: `content` is not that graph.
    """
    model = fold(_parse(content))
    graph = model.graph
    if [i.name for i in graph.input] != ["data"] or [o.name for o in graph.output] != ["fc1"]:
        raise RepairError("expected one input 'data' and one output 'fc1', so this is not SFace")
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    return serialise(model)


def fold_bytes(content: bytes) -> bytes:
    """Applies `fold` to the content of a file and keeps all shapes, which is enough for YuNet."""
    return serialise(fold(_parse(content)))


def fold(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns a copy with constant DequantizeLinear and Reshape nodes folded, and Dropout and false inputs removed.

    A folded weight keeps the name of the node output it replaces. Producer, documentation and stale value_info are
    cleared. Everything is in order of use, so equal input gives equal output.

    Raises:
        RepairError: a Dropout feeds a graph output, or a quantised constant has a form ONNX does not allow.
    """
    graph = model.graph
    constants: Constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    renamed: dict[str, str] = {}
    kept: list[onnx.NodeProto] = []
    outputs = {value.name for value in graph.output}
    for original in graph.node:
        node = onnx.NodeProto()
        node.CopyFrom(original)
        node.input[:] = [renamed.get(name, name) for name in node.input]
        if node.op_type == "Dropout":
            if node.output[0] in outputs:
                raise RepairError(f"Dropout feeds the graph output {node.output[0]!r}")
            renamed[node.output[0]] = node.input[0]
        elif node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type in _FOLDABLE and all(name in constants for name in node.input if name):
            constants[node.output[0]] = _FOLDABLE[node.op_type](node, constants)
        else:
            kept.append(node)
    return _assemble(model, kept, constants)


def _assemble(model: onnx.ModelProto, nodes: list[onnx.NodeProto], constants: Constants) -> onnx.ModelProto:
    used = list(dict.fromkeys(name for node in nodes for name in node.input if name))
    real_inputs = [value for value in model.graph.input if value.name in used and value.name not in constants]
    missing = [
        value.name for value in model.graph.output if value.name not in {name for node in nodes for name in node.output}
    ]
    if missing:
        raise RepairError(f"no node produces the outputs {missing}")
    graph = onnx.GraphProto(name=model.graph.name or "graph")
    graph.node.extend(nodes)
    graph.initializer.extend(numpy_helper.from_array(constants[name], name) for name in used if name in constants)
    graph.input.extend(real_inputs)
    graph.output.extend(model.graph.output)
    folded = onnx.ModelProto(ir_version=max(IR_VERSION, model.ir_version))
    folded.opset_import.extend(model.opset_import)
    folded.graph.CopyFrom(graph)
    return folded


def _dequantise(node: onnx.NodeProto, constants: Constants) -> NDArray[Any]:
    """y = (x - zero_point) * scale, per tensor, per axis or per block of `block_size` along `axis`.

    Source: ONNX operator DequantizeLinear, version 21.
    """
    quantised, scale = constants[node.input[0]], constants[node.input[1]]
    if scale.dtype != np.float32 or quantised.dtype not in (np.int8, np.uint8, np.int32):
        raise RepairError(f"{node.output[0]}: cannot dequantise {quantised.dtype} by {scale.dtype}")
    axis, block_size = _attribute(node, "axis", 1), _attribute(node, "block_size", 0)
    shifted = quantised.astype(np.float32)
    if len(node.input) > 2 and node.input[2]:
        shifted = shifted - _spread(constants[node.input[2]], quantised.shape, axis, block_size).astype(np.float32)
    return np.asarray(shifted * _spread(scale, quantised.shape, axis, block_size), dtype=np.float32)


def _spread(values: NDArray[Any], shape: tuple[int, ...], axis: int, block_size: int) -> NDArray[Any]:
    """Reshapes `values` (one per tensor, axis position or block) to broadcast against `shape`."""
    if block_size:
        blocks = -(-shape[axis] // block_size)
        if values.shape != (*shape[:axis], blocks, *shape[axis + 1 :]):
            raise RepairError(f"scales of shape {values.shape} do not block {shape} by {block_size} on axis {axis}")
        return np.repeat(values, block_size, axis=axis).take(range(shape[axis]), axis=axis)
    if values.size == 1:
        return values.reshape(())
    return values.reshape([-1 if position == axis % len(shape) else 1 for position in range(len(shape))])


def _reshape(node: onnx.NodeProto, constants: Constants) -> NDArray[Any]:
    data, wanted = constants[node.input[0]], constants[node.input[1]].tolist()
    if not _attribute(node, "allowzero", 0):
        wanted = [data.shape[position] if size == 0 else size for position, size in enumerate(wanted)]
    return data.reshape(wanted)


_FOLDABLE: dict[str, Callable[[onnx.NodeProto, Constants], NDArray[Any]]] = {
    "DequantizeLinear": _dequantise,
    "Reshape": _reshape,
}


def _attribute(node: onnx.NodeProto, name: str, default: int) -> int:
    return next((int(attribute.i) for attribute in node.attribute if attribute.name == name), default)


def _parse(content: bytes) -> onnx.ModelProto:
    try:
        return onnx.load_from_string(content)
    except Exception as error:  # protobuf has moved DecodeError between modules; any error means that this is not ONNX
        raise RepairError(f"not an ONNX file: {error}") from error


def serialise(model: onnx.ModelProto) -> bytes:
    """Checks the graph and returns its bytes. Raises RepairError if it is not valid ONNX."""
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise RepairError(f"the graph is not valid ONNX: {error}") from error
    return bytes(model.SerializeToString(deterministic=True))


BUILDS: dict[str, Callable[[bytes], bytes]] = {"repair-sface": repair_sface, "fold": fold_bytes}
