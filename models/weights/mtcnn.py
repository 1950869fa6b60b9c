"""Writes the three networks of MTCNN as ONNX graphs from the weights in facenet-pytorch's wheel, without torch.

Zhang et al., "Joint face detection and alignment using multitask cascaded convolutional networks", IEEE Signal
Processing Letters 23(10), 2016; layers as in facenet-pytorch 2.5.3 (`models/mtcnn.py`, MIT).
"""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.weights.minifasnet import State, read_state
from models.weights.repair import RepairError, serialise

OPSET, IR_VERSION = 17, 8
# One entry per layer: a convolution with its PReLU, a pooling (its size; stride 2, rounding up), or a dense layer with
# its PReLU.
BODIES: dict[str, list[str | int]] = {
    "pnet": ["conv1", 2, "conv2", "conv3"],
    "rnet": ["conv1", 3, "conv2", 3, "conv3", "dense4"],
    "onet": ["conv1", 3, "conv2", 3, "conv3", 2, "conv4", "dense5"],
}
# The outputs of each: the probability of a face, its box and its landmarks.
HEADS = {"pnet": ("conv4_1", "conv4_2"), "rnet": ("dense5_1", "dense5_2"), "onet": ("dense6_1", "dense6_2", "dense6_3")}
SIDES: dict[str, str | int] = {"pnet": "side", "rnet": 24, "onet": 48}
OUTPUTS = ("face", "box", "landmarks")


def convert(content: bytes) -> bytes:
    """Converts one of the three `.pt` files to an ONNX graph, with the same bytes on every machine.

    Input `input`: float32 [n, 3, side, side] RGB, (pixel - 127.5) / 128; the first network takes any height and width.

    Raises:
        RepairError: `content` is not such a file.
    """
    state = read_state(content)
    for name, heads in HEADS.items():
        if {f"{head}.weight" for head in heads} <= state.keys() and f"{BODIES[name][-1]}.weight" in state:
            return _graph(name, state)
    raise RepairError("these are not weights of MTCNN")


def _graph(name: str, state: State) -> bytes:
    nodes: list[onnx.NodeProto] = []
    constants = [numpy_helper.from_array(value, key) for key, value in state.items()]

    def add(kind: str, *inputs: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, list(inputs), [f"v{len(nodes)}"], **attributes))
        return f"v{len(nodes) - 1}"

    def layer(at: str, which: str) -> str:
        weights = (f"{which}.weight", f"{which}.bias")
        return add("Conv", at, *weights) if which.startswith("conv") else add("Gemm", at, *weights, transB=1)

    at = "input"
    for step in BODIES[name]:
        if isinstance(step, int):
            at = add("MaxPool", at, kernel_shape=[step, step], strides=[2, 2], ceil_mode=1)
            continue
        if step.startswith("dense"):
            at = add("Flatten", add("Transpose", at, perm=[0, 3, 2, 1]))
        at = layer(at, step)
        slope = f"prelu{step.removeprefix('conv').removeprefix('dense')}.weight"
        if step.startswith("conv"):
            spread = np.reshape(state[slope], (-1, 1, 1))
            constants = [c for c in constants if c.name != slope] + [numpy_helper.from_array(spread, slope)]
        at = add("PRelu", at, slope)
    for output, head in zip(OUTPUTS, HEADS[name], strict=False):
        found, chance = layer(at, head), output == "face"
        softmax = helper.make_node("Softmax", [found], [output], axis=1)
        nodes.append(softmax if chance else helper.make_node("Identity", [found], [output]))
    side = SIDES[name]
    shape: list[Any] = ["n", 3, "height", "width"] if side == "side" else ["n", 3, side, side]
    count = len(HEADS[name])
    rank = 4 if name == "pnet" else 2
    outputs = []
    for output, size in zip(OUTPUTS[:count], (2, 4, 10), strict=False):
        free: list[Any] = [f"{output}{i}" for i in range(rank - 2)]
        outputs.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", size, *free]))
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)], outputs, constants
    )
    return serialise(helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION))


BUILDS = {"mtcnn": convert}
