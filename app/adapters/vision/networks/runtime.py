"""Runs networks: OpenVINO on the CPU, from bytes in memory, each worker with its own, on the worker's own thread.

Measured 2026-11-23, one thread, AMD EPYC with avx512_bf16: SFace 7.3 ms float32, 4.4 ms bf16; YuNet at 320 x 192 0.8 ms
against 2.0 ms through OpenCV's own network code.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op
from openvino.passes import ConstantFolding, Manager
from openvino.preprocess import ColorFormat, PrePostProcessor

from app.core.errors import PackMismatch, WeightsError

Precision = Literal["f32", "bf16"]
Item = TypeVar("Item")

_TFLITE = b"TFL3"  # the identifier of a TensorFlow Lite flatbuffer

# Without streams a network has no threads: it runs on the thread that asks. Streams have threads of their own, each
# pinned to a core, the same one in every process; a hand-over to them and back costs 0.1 ms a network (2026-11-30).
_CALLER_S_THREAD = {"NUM_STREAMS": 0, "INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False}

# The other must be this much faster, or the difference may be other work on the machine.
WORTH_IT = 0.9


@cache
def _core() -> Any:
    return ov.Core()


def cpu_has_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 natively. Otherwise OpenVINO would silently compute something else."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def best_precision() -> Precision:
    """The faster of the two on this CPU: as accurate on LFW (0.9943 bf16, 0.9938 float32).

    Having bf16 says little: it takes 0.6 of float32's time on an AMD EPYC, and 1.5 of it on an Intel Xeon whose AMX the
    hypervisor hides (SFace 16.4 ms against 10.8, 2026-11-26). So it is tried, in 0.1 s, once a process.
    """
    return faster_than("f32") or "f32"


def faster_than(precision: Precision) -> Precision | None:
    """The other precision if it is clearly faster on this CPU, else None."""
    other: Precision = "f32" if precision == "bf16" else "bf16"
    if not cpu_has_bf16():
        return None
    taken_s = _trial_s()
    return other if taken_s[other] < WORTH_IT * taken_s[precision] else None


@cache
def _trial_s() -> dict[Precision, float]:
    """The best time, in seconds, of a small network like the embedder's (three inverted residual blocks)."""
    dice = np.random.default_rng(0)

    def weights(*shape: int) -> Any:
        return op.constant(dice.standard_normal(shape, dtype=np.float32) / 10)

    picture = op.parameter([1, 64, 28, 28], np.float32)
    at = picture
    for _ in range(3):
        at = op.relu(op.convolution(at, weights(128, 64, 1, 1), [1, 1], [0, 0], [0, 0], [1, 1]))
        at = op.relu(op.group_convolution(at, weights(128, 1, 1, 3, 3), [1, 1], [1, 1], [1, 1], [1, 1]))
        at = op.convolution(at, weights(64, 128, 1, 1), [1, 1], [0, 0], [0, 0], [1, 1])
    network = ov.Model([op.result(at)], [picture])
    # Realistic numbers: uninitialised memory may hold denormals, which are ten times as slow.
    shown = dice.standard_normal((1, 64, 28, 28), dtype=np.float32)
    taken_s: dict[Precision, float] = {}
    for precision in ("f32", "bf16"):
        one = _CALLER_S_THREAD | {"INFERENCE_PRECISION_HINT": precision}
        request = _core().compile_model(network, "CPU", one).create_infer_request()
        runs = []
        for _ in range(12):
            began = time.perf_counter()
            request.infer({0: shown})
            runs.append(time.perf_counter() - began)
        taken_s[precision] = min(runs)
    return taken_s


class Runner:
    """A compiled network for one thread at a time, without copies of what goes in and comes out.

    picture: its input, uint8 (1, height, width, 3) BGR; the caller writes into it.
    """

    def __init__(self, compiled: Any) -> None:
        self._request = compiled.create_infer_request()
        self._outputs = [self._request.get_output_tensor(i) for i in range(len(compiled.outputs))]
        self.picture: NDArray[np.uint8] = self._request.get_input_tensor().data
        self.picture[:] = 0

    def run(self) -> list[NDArray[np.float32]]:
        """The network's outputs, in its own order. The next run writes over them."""
        self._request.infer(share_outputs=True)
        return [tensor.data for tensor in self._outputs]


def compile_network(
    model: bytes,
    *,
    height_px: int,
    width_px: int,
    rgb: bool,
    precision: Precision,
    mean: Sequence[float] = (0, 0, 0),
    scale: Sequence[float] = (1, 1, 1),
    layout: str = "NCHW",
) -> Any:
    """`read_network` and `compile_at`, for a network that is needed at one size."""
    network = read_network(model, rgb=rgb, mean=mean, scale=scale, layout=layout)
    return compile_at(network, height_px=height_px, width_px=width_px, precision=precision)


def read_network(
    model: bytes,
    *,
    rgb: bool,
    mean: Sequence[float] = (0, 0, 0),
    scale: Sequence[float] = (1, 1, 1),
    layout: str = "NCHW",
) -> Any:
    """A network for one picture a run: uint8 (1, height, width, 3) BGR in; conversion happens in the graph.

    Args:
        rgb: the network was trained on RGB, so the graph swaps the channels.
        mean, scale: (pixel - mean) / scale is what the network was trained on, in its own channel order.
        layout: of the network's input, NCHW or NHWC.

    Raises WeightsError: the bytes are not a network OpenVINO reads, or no temporary file can be written.
    """
    try:
        network = _read(model)
        prepare = PrePostProcessor(network)
        picture = prepare.input()
        picture.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
        steps = picture.preprocess().convert_element_type(ov.Type.f32)
        if rgb:
            picture.tensor().set_color_format(ColorFormat.BGR)
            steps.convert_color(ColorFormat.RGB)
        # Left out if they change nothing, so the graphs that made existing templates stay the same.
        if any(mean):
            steps.mean(list(mean))
        if any(number != 1 for number in scale):
            steps.scale(list(scale))
        picture.model().set_layout(ov.Layout(layout))
        network = prepare.build()
        # YuNet's weights come block-quantised. Left to the plug-in, threads that unpack them at once get some wrong: 12
        # of 72 compilations with 8 streams found no face or phantoms; folded, 0 of 192 (2026-11-23). Here, and not for
        # each size, since that made each of YuNet's five 20 ms slower (2026-12-01).
        folding = Manager()
        folding.register_pass(ConstantFolding())
        folding.run_passes(network)
        return network
    except OSError as error:
        raise WeightsError(f"the folder for temporary files cannot be used: {error}") from error
    except RuntimeError as error:
        raise WeightsError(f"OpenVINO does not take this model: {error}") from error


def _read(model: bytes) -> Any:
    if model[4:8] != _TFLITE:
        return _core().read_model(model, b"")
    # OpenVINO reads TensorFlow Lite only from a file with this ending. Nobody else can write to the folder.
    with TemporaryDirectory() as folder:
        file = Path(folder) / "network.tflite"
        file.write_bytes(model)
        return _core().read_model(file)


def compile_at(network: Any, *, height_px: int, width_px: int, precision: Precision) -> Any:
    """What `read_network` gave, compiled for one size and one worker. The network itself stays as it is.

    Raises:
        WeightsError: the network does not fit this size.
        PackMismatch: bf16 asked of a CPU without it.
    """
    if precision == "bf16" and not cpu_has_bf16():
        raise PackMismatch("bf16 was requested but this CPU does not have it; set the precision to f32 and re-embed")
    try:
        network = network.clone()
        network.reshape([1, height_px, width_px, 3])
        return _core().compile_model(network, "CPU", _CALLER_S_THREAD | {"INFERENCE_PRECISION_HINT": precision})
    except RuntimeError as error:
        raise WeightsError(f"OpenVINO does not take this model: {error}") from error


def one_a_worker(make: Callable[[], Item], workers: int) -> list[Item]:
    """What `make` makes, so many times: the first alone, and the others at once, since compiling takes long.

    OpenVINO's binding prepares things at their first use. Two threads in there at once wait for each other forever: one
    has its guard and wants Python's lock, the other the other way round (`Tensor.data`, seen at a start on 2026-11-30).
    """
    first = make()
    with ThreadPoolExecutor(max(1, workers - 1)) as threads:
        return [first, *(made.result() for made in [threads.submit(make) for _ in range(workers - 1)])]


def compile_stack(model: bytes) -> Any:
    """One worker's network for any number of pictures of any size that its graph accepts, as float32.

    Raises WeightsError: the bytes are not a network OpenVINO reads.
    """
    try:
        network = _core().read_model(model, b"")
        return _core().compile_model(network, "CPU", _CALLER_S_THREAD | {"INFERENCE_PRECISION_HINT": "f32"})
    except RuntimeError as error:
        raise WeightsError(f"OpenVINO does not take this model: {error}") from error
