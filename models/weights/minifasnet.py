"""Writes the liveness networks as ONNX graphs from their published weights, without torch, so a gate can do it too.

MiniFASNet (Minivision, Silent-Face-Anti-Spoofing, Apache-2.0) is a pruned MobileFaceNet on 80x80 pixels with three
classes. The names and shapes of the weights give layers and sizes; strides, the order within a block and BatchNorm's
epsilon come from the published source. BatchNorm is folded into the convolution before it.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.weights.repair import RepairError, serialise

SIZE_PX = 80
CLASSES = 3
OPSET = 17
IR_VERSION = 8
EPSILON = 1e-5  # torch's default of BatchNorm

# The format of torch.save before version 1.6: three pickles of bookkeeping, one of tensors that refer to storages, one
# of the storages' keys; then each storage as its length (int64) and its values.
MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}

State = dict[str, NDArray[np.float32]]


def convert(content: bytes) -> bytes:
    """Converts a MiniFASNet `.pth` to an ONNX graph, with the same bytes on every machine.

    Input `input`: float32 [1, 3, 80, 80], BGR, 0 to 255. Output `output`: float32 [1, 3], before the softmax; class 1
    is live.

    Raises:
        RepairError: `content` is not such a file.
    """
    state = {name.removeprefix("module."): value for name, value in read_state(content).items()}
    try:
        graph = _Graph(state).whole()
    except (KeyError, ValueError, IndexError) as error:
        raise RepairError(f"these are not the weights of a MiniFASNet: {error!r}") from error
    if graph.unused:
        raise RepairError(f"a MiniFASNet has no {graph.unused[0]}")
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "minifasnet",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIZE_PX, SIZE_PX])],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, CLASSES])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    return serialise(model)


# Reading the weights


def read_state(content: bytes) -> State:
    """Returns the named arrays of a file written by torch before version 1.6, without counters.

    A pickle can name any function to call. Here it may name only the few that such a file needs, and each is replaced
    with our own.

    Raises:
        RepairError: the content is not such a file, or names anything else.
    """
    stream = io.BytesIO(content)
    try:
        if (_load(stream), _load(stream)) != (MAGIC, PROTOCOL):
            raise RepairError("not a file of weights from torch before version 1.6")
        _load(stream)  # type sizes of the machine that wrote it
        reader = _Reader(stream)
        tensors = reader.load()
        keys = _load(stream)
        numbers = {key: _numbers(stream, reader.storages[key]) for key in keys}
        return {
            str(name): tensor.of(numbers[tensor.storage.key]).astype(np.float32)
            for name, tensor in tensors.items()
            if tensor.storage.dtype == STORAGES["FloatStorage"]
        }
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise RepairError(f"not a file of weights: {error}") from error


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: np.dtype[Any]
    length: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    order: tuple[int, ...]  # of the axes in the storage, outermost first

    def of(self, numbers: NDArray[Any]) -> NDArray[Any]:
        size = int(np.prod(self.shape))
        if self.offset < 0 or self.offset + size > numbers.size:
            raise ValueError("a tensor is outside its storage")
        stored = numbers[self.offset : self.offset + size].reshape([self.shape[axis] for axis in self.order])
        return np.ascontiguousarray(stored.transpose(np.argsort(self.order)))


def _rebuild(storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: object) -> _Tensor:
    order = tuple(sorted(range(len(shape)), key=lambda axis: -stride[axis]))  # as for a transposed matrix
    steps = {axis: int(np.prod([shape[inner] for inner in order[i + 1 :]])) for i, axis in enumerate(order)}
    if any(stride[axis] != steps[axis] for axis in order if shape[axis] > 1):
        raise ValueError("a tensor is not contiguous")
    return _Tensor(storage, offset, shape, order)


class _Reader(pickle.Unpickler):
    """Unpickles only descriptions of tensors."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        known: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
            **{("torch", storage): dtype for storage, dtype in STORAGES.items()},
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which weights do not need")
        return known[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _, length, view = pid
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError("it refers to something other than a storage")
        return self.storages.setdefault(key, _Storage(key, dtype, length))


def _load(stream: io.BytesIO) -> Any:
    return _Reader(stream).load()


def _numbers(stream: io.BytesIO, storage: _Storage) -> NDArray[Any]:
    length = int.from_bytes(stream.read(8), "little")
    raw = stream.read(length * storage.dtype.itemsize)
    if length != storage.length or len(raw) != length * storage.dtype.itemsize:
        raise ValueError("a storage is truncated")
    return np.frombuffer(raw, storage.dtype)


# Writing the graph


@dataclass
class _Graph:
    """Adds layers one by one; each method takes and returns the name of a value."""

    state: State
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    @property
    def unused(self) -> list[str]:
        return [name for name in self.state if name not in self.used]

    def whole(self) -> "_Graph":
        x = self.block("conv1", "input", stride=2)
        x = self.block("conv2_dw", x)
        for narrowing, residual in (("conv_23", "conv_3"), ("conv_34", "conv_4"), ("conv_45", "conv_5")):
            x = self.bottleneck(narrowing, x, stride=2)
            number = 0
            while f"{residual}.model.{number}.conv.conv.weight" in self.state:
                x = self.residual(f"{residual}.model.{number}", x)
                number += 1
        x = self.block("conv_6_sep", x)
        x = self.convolution("conv_6_dw.conv", "conv_6_dw.bn", x, pad=0)
        x = self.node("Flatten", "flat", [x])
        weight, bias = self.folded("linear", "bn")
        x = self.node(
            "Gemm", "linear", [x, self.constant("linear.w", weight), self.constant("linear.b", bias)], transB=1
        )
        prob = self.take("prob.weight")
        if prob.shape[0] != CLASSES:
            raise ValueError(f"{prob.shape[0]} classes")
        self.node("Gemm", "output", [x, self.constant("prob.w", prob)], transB=1)
        return self

    def residual(self, name: str, x: str) -> str:
        """Adds a bottleneck with a residual connection, and squeeze-and-excitation if there are weights for it."""
        y = self.bottleneck(name, x)
        if f"{name}.se_module.fc1.weight" in self.state:
            se = f"{name}.se_module"
            gate = self.node("GlobalAveragePool", f"{se}.pool", [y])
            gate = self.node("Relu", f"{se}.relu", [self.convolution(f"{se}.fc1", f"{se}.bn1", gate)])
            gate = self.node("Sigmoid", f"{se}.gate", [self.convolution(f"{se}.fc2", f"{se}.bn2", gate)])
            y = self.node("Mul", f"{se}.out", [y, gate])
        return self.node("Add", f"{name}.out", [x, y])

    def bottleneck(self, name: str, x: str, *, stride: int = 1) -> str:
        x = self.block(f"{name}.conv", x)
        x = self.block(f"{name}.conv_dw", x, stride=stride)
        return self.convolution(f"{name}.project.conv", f"{name}.project.bn", x)

    def block(self, name: str, x: str, *, stride: int = 1) -> str:
        x = self.convolution(f"{name}.conv", f"{name}.bn", x, stride=stride)
        slope = self.take(f"{name}.prelu.weight").reshape(-1, 1, 1)
        return self.node("PRelu", f"{name}.prelu", [x, self.constant(f"{name}.slope", slope)])

    def convolution(self, conv: str, norm: str, x: str, *, stride: int = 1, pad: int | None = None) -> str:
        weight, bias = self.folded(conv, norm)
        kernel = weight.shape[2]
        pad = kernel // 2 if pad is None else pad
        # Everywhere in this network, a single input channel means a depth-wise convolution.
        depthwise = weight.shape[1] == 1
        return self.node(
            "Conv",
            conv,
            [x, self.constant(f"{conv}.w", weight), self.constant(f"{conv}.b", bias)],
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[pad] * 4,
            group=weight.shape[0] if depthwise else 1,
        )

    def folded(self, layer: str, norm: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Returns weight and bias of a layer without its own bias, with the following BatchNorm folded in."""
        weight = self.take(f"{layer}.weight").astype(np.float64)
        gain, shift, mean, variance = (
            self.take(f"{norm}.{part}").astype(np.float64) for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gain / np.sqrt(variance + EPSILON)
        scaled = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
        return scaled.astype(np.float32), (shift - mean * scale).astype(np.float32)

    def take(self, name: str) -> NDArray[np.float32]:
        self.used.add(name)
        return self.state[name]

    def constant(self, name: str, value: NDArray[np.float32]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, output: str, inputs: list[str], **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output


BUILDS: dict[str, Callable[[bytes], bytes]] = {"minifasnet": convert}
