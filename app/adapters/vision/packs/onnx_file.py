"""Decides which ONNX files may become an embedder, by the graph before it is compiled.

A pack comes from anywhere, and a network that is only nearly right opens gates: one that gives the same vector for
every face matches everybody without any error. The order of the colours cannot be checked here, since the output is
plausible either way. `calibrate` and `evaluate` show it as error rates that are too high.
"""

from collections.abc import Iterable, Iterator

import onnx

from app.adapters.vision.packs.pack_file import PackFile
from app.core.errors import WeightsError

OLDEST_OPSET = 7  # the oldest that OpenVINO reads
_CONTROL = frozenset({"If", "Loop", "Scan", "SequenceMap"})
_FLOATS = frozenset({onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16})


def examine(content: bytes, pack: PackFile) -> None:
    """Raises WeightsError with the reason if this file is not the embedder that `pack` describes."""
    try:
        model = onnx.load_from_string(content)
    except Exception as error:  # protobuf's DecodeError has moved between modules; any error means that it is not ONNX
        raise WeightsError(f"{pack.file} is not an ONNX file") from error
    if not model.graph.node:
        raise WeightsError(f"{pack.file} is not an ONNX network: its graph is empty")
    newest = onnx.defs.onnx_opset_version()
    for used in model.opset_import:
        if used.domain in ("", "ai.onnx") and not OLDEST_OPSET <= used.version <= newest:
            raise WeightsError(
                f"{pack.file} uses ONNX opset {used.version}; {OLDEST_OPSET} to {newest} are supported: export it again"
            )
    for graph in _graphs(model):
        if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in _tensors(graph)):
            raise WeightsError(
                f"{pack.file} keeps weights in other files; save it as one file (save_as_external_data off)"
            )
        if control := {node.op_type for node in graph.node} & _CONTROL:
            raise WeightsError(
                f"{pack.file} contains {', '.join(sorted(control))}: a network with control flow is not run"
            )
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1 or len(model.graph.output) != 1:
        raise WeightsError(
            f"{pack.file} has {len(inputs)} inputs and {len(model.graph.output)} outputs; "
            "an embedder takes one picture and gives one vector"
        )
    _picture(inputs[0], pack)


def _picture(value: onnx.ValueInfoProto, pack: PackFile) -> None:
    kind = value.type.tensor_type
    if kind.elem_type not in _FLOATS:
        raise WeightsError(f"{pack.file} takes no floating point picture; export it with a float32 input")
    sizes = [size.dim_value if size.HasField("dim_value") else None for size in kind.shape.dim]
    side = pack.size_px
    wanted = [1, 3, side, side] if pack.layout == "NCHW" else [1, side, side, 3]
    if len(sizes) != 4 or any(
        given is not None and given > 0 and given != want for given, want in zip(sizes, wanted, strict=True)
    ):
        shown = " x ".join("any" if size is None or size < 1 else str(size) for size in sizes)
        raise WeightsError(
            f"{pack.file} takes {shown or 'a number'}, and pack.toml says {pack.layout} "
            f"{' x '.join(map(str, wanted))}: correct size_px or layout, or this is no image network"
        )


def _graphs(model: onnx.ModelProto) -> Iterator[onnx.GraphProto | onnx.FunctionProto]:
    waiting: list[onnx.GraphProto | onnx.FunctionProto] = [model.graph, *model.functions]
    while waiting:
        graph = waiting.pop()
        yield graph
        for node in graph.node:
            for attribute in node.attribute:
                waiting += [attribute.g] if attribute.HasField("g") else []
                waiting += list(attribute.graphs)


def _tensors(graph: onnx.GraphProto | onnx.FunctionProto) -> Iterable[onnx.TensorProto]:
    yield from getattr(graph, "initializer", ())
    for sparse in getattr(graph, "sparse_initializer", ()):
        yield sparse.values
        yield sparse.indices
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
