"""A pack of the owner's own is served as it says, or refused with the reason; nothing wrong is ever compiled in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from app.adapters.vision.packs import onnx_file, pack_file
from app.adapters.vision.packs import pack as packs
from app.adapters.vision.packs.embedder import EmbeddingNetwork
from app.adapters.vision.warp import align
from app.core.errors import WeightsError
from app.core.types import Box, Face
from app.settings import default_cache
from tests.packs import FILE, described, make_pack, network

Change = Callable[[onnx.ModelProto], object]


def problem(folder: Path, name: str = "own") -> str:
    return packs.problem(name, default_cache(), folder) or ""


def test_sound_pack_is_listed_opened_and_gives_vectors_of_its_own_length(tmp_path: Path, yunet_bytes: bytes) -> None:
    make_pack(tmp_path, "own")

    assert packs.names(tmp_path) == ["sface", "own"]
    assert problem(tmp_path) == ""
    pack = packs.open_pack("own", default_cache(), tmp_path, precision="f32", workers=2)
    assert (pack.dimension, pack.crop, len(pack.workers)) == (64, None, 2)
    crop = np.random.default_rng(1).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    vector = pack.workers[0][1].embed([crop], flip=False)
    assert vector.shape == (1, 64) and np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert packs.named(pack.digest, tmp_path) == "own"


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("side", [112, "any"])
@pytest.mark.parametrize("colour", ["RGB", "BGR"])
def test_network_input_follows_the_pack(layout: Any, side: int | str, colour: Any) -> None:
    model = network(side=side, layout=layout)
    mean, scale = (100.0, 110.0, 120.0), (50.0, 60.0, 70.0)
    content = model.SerializeToString()
    pack = replace(described(content), layout=layout, colour=colour, mean=mean, scale=scale)
    onnx_file.examine(content, pack)
    crop = np.random.default_rng(2).integers(0, 256, (112, 112, 3), dtype=np.uint8)

    (got,) = EmbeddingNetwork(content, pack, precision="f32").embedder().embed([crop], flip=False)

    ordered = crop if colour == "BGR" else crop[..., ::-1]
    fed = (ordered.astype(np.float32) - mean) / scale
    pooled = fed.reshape(8, 14, 8, 14, 3).mean(axis=(1, 3)).transpose(2, 0, 1).reshape(-1)
    expected = pooled @ numpy_helper.to_array(model.graph.initializer[0])
    np.testing.assert_allclose(got, expected / np.linalg.norm(expected), atol=1e-4)


def test_digest_covers_all_that_changes_a_vector_but_not_the_name(tmp_path: Path) -> None:
    plain = make_pack(tmp_path, "a")
    make_pack(tmp_path, "b")
    make_pack(tmp_path, "noted", change=lambda pack: replace(pack, note="a note"))
    changes: list[Callable[[pack_file.PackFile], pack_file.PackFile]] = [
        lambda p: replace(p, colour="BGR"),
        lambda p: replace(p, mean=(0.0, 0.0, 0.0)),
        lambda p: replace(p, scale=(1.0, 2.0, 3.0)),
        lambda p: replace(p, layout="NHWC"),
        lambda p: replace(p, warp="box"),
        lambda p: replace(p, warp="box", margin_px=8),
        lambda p: replace(p, size_px=128),
    ]
    for number, change in enumerate(changes):
        make_pack(tmp_path, f"changed-{number}", change=change)
    make_pack(tmp_path, "other-weights", model=network(seed=8))

    found = {name: packs.digest(name, tmp_path) for name in packs.names(tmp_path)}

    assert found["a"] == found["b"] == found["noted"]
    assert len(set(found.values())) == len(found) - 2
    assert plain.is_dir()


def test_pack_that_changed_after_it_was_calibrated_is_not_served(tmp_path: Path) -> None:
    folder = make_pack(tmp_path, "own")
    text = (folder / "pack.toml").read_text()
    (folder / "pack.toml").write_text(text.replace('"RGB"', '"BGR"'))

    assert "was changed after it was calibrated" in problem(tmp_path)


def test_pack_without_calibration_says_how_to_get_one(tmp_path: Path) -> None:
    make_pack(tmp_path, "own", calibrated=False)

    assert "python -m models calibrate DATASET --pack own" in problem(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"NCHW"', '"CHW"', "layout must be one of NCHW, NHWC"),
        ("dimension = 64", "dimension = 0", "dimension must be a whole number from 16 to 4096"),
        ("dimension = 64", "dimension = true", "dimension must be a whole number"),
        ("dimension = 64", 'dimension = "64"', "dimension must be a whole number"),
        ("size_px = 112", "size_px = 100000", "size_px must be"),
        ("colour =", "color =", "did you mean 'colour'"),
        ('licence = "CC0-1.0"', 'licence = " "', "licence must say"),
        ('licence = "CC0-1.0"\n', "", "missing: licence"),
        ("[127.5, 127.5, 127.5]", "[1.0, 2.0]", "must be a number, or three"),
        ("[127.5, 127.5, 127.5]", "nan", "must be a number, or three"),
        ("scale = [127.5, 127.5, 127.5]", "scale = 0", "scale must not be 0"),
        (FILE, "../model.onnx", "bare name"),
        (FILE, "/etc/passwd", "bare name"),
        (FILE, "..", "bare name"),
        ('detector = "yunet"', 'detector = ["yunet"]', "detector must be one of"),
        ("margin_px = 0", "margin_px = 8", 'warp = "box" only'),
        ("margin_px = 0", "margin_px = 0\nmargin_px = 1", "pack.toml"),
        ("margin_px = 0", "deep = " + "[" * 30000, "pack.toml"),
        ("margin_px = 0", "# " + "x" * 70000, "larger than"),
    ],
)
def test_impossible_description_is_refused_with_the_reason(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = make_pack(tmp_path, "own")
    text = (folder / "pack.toml").read_text()
    assert old in text
    (folder / "pack.toml").write_text(text.replace(old, new))

    assert said in problem(tmp_path)
    assert packs.names(tmp_path) == ["sface", "own"]  # listed, with what is wrong


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".", "A", "x" * 41, "a\0b"])
def test_path_traversal_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="name has 1 to 40"):
        packs.described(name, tmp_path)


def test_unknown_pack_error_lists_the_known_ones(tmp_path: Path) -> None:
    make_pack(tmp_path, "own")
    with pytest.raises(WeightsError, match="there are: sface, own"):
        packs.described("owm", tmp_path)


def test_bytes_with_another_hash_are_refused(tmp_path: Path) -> None:
    file = make_pack(tmp_path, "own") / FILE
    file.write_bytes(file.read_bytes() + b"\0")
    assert "has sha256" in problem(tmp_path)


def test_link_out_of_the_folder_is_refused_and_a_missing_file_is_named(tmp_path: Path) -> None:
    file = make_pack(tmp_path, "own") / FILE
    file.rename(tmp_path / "elsewhere.onnx")
    assert "does not exist" in problem(tmp_path)
    file.symlink_to(tmp_path / "elsewhere.onnx")
    assert "link out of its folder" in problem(tmp_path)
    file.unlink()
    file.mkdir()
    assert "not a file" in problem(tmp_path)
    file.rmdir()
    file.symlink_to(file)
    assert "cannot be read" in problem(tmp_path)


def test_huge_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_pack(tmp_path, "own")
    monkeypatch.setattr(pack_file, "MOST_BYTES", 1000)
    assert "is larger than" in problem(tmp_path)


def _external(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../secret")


def _hidden_external(model: onnx.ModelProto) -> None:
    tensor = helper.make_tensor("c", TensorProto.FLOAT, [1], [1.0])
    tensor.data_location = TensorProto.EXTERNAL
    model.graph.node.append(helper.make_node("Constant", [], ["unused"], value=tensor))


def _two_inputs(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 3, 112, 112]))


def _two_outputs(model: onnx.ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("f", TensorProto.FLOAT, ["n", 192]))


def _future(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 999


def _ancient(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 3


def _whole_numbers(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64


def _not_a_picture(model: onnx.ModelProto) -> None:
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 192]))


def _loop(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", ["", ""], [], body=body))


def _unknown_operator(model: onnx.ModelProto) -> None:
    model.graph.node[0].op_type = "Conjure"


def _weights(model: onnx.ModelProto, values: np.ndarray) -> None:
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(values.astype(np.float32), "w"))


def _not_a_number(model: onnx.ModelProto) -> None:
    _weights(model, np.full((192, 64), np.nan))


def _zeros(model: onnx.ModelProto) -> None:
    _weights(model, np.zeros((192, 64)))


def _constant(model: onnx.ModelProto) -> None:
    model.graph.node[-1].output[0] = "m"
    model.graph.initializer.append(numpy_helper.from_array(np.full(64, 1e9, np.float32), "much"))
    model.graph.node.append(helper.make_node("Add", ["m", "much"], ["y"]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_external, "keeps weights in other files"),
        (_hidden_external, "keeps weights in other files"),
        (_two_inputs, "2 inputs and 1 outputs"),
        (_two_outputs, "1 inputs and 2 outputs"),
        (_future, "opset 999"),
        (_ancient, "opset 3"),
        (_whole_numbers, "no floating point picture"),
        (_not_a_picture, "takes 1 x 192"),
        (_loop, "contains Loop"),
        (_unknown_operator, "OpenVINO does not take"),
        (_not_a_number, "NaN"),
        (_zeros, "only zeros"),
        (_constant, "the same vector for every picture"),
    ],
)
def test_network_of_another_kind_is_refused_with_the_reason(tmp_path: Path, change: Change, said: str) -> None:
    model = network()
    change(model)
    make_pack(tmp_path, "own", model=model)

    assert said in problem(tmp_path)


def test_another_dimension_or_size_than_the_network_has_is_refused(tmp_path: Path) -> None:
    make_pack(tmp_path, "long", change=lambda pack: replace(pack, dimension=512))
    assert "gives 1 x 64 numbers, not 1 x 512" in problem(tmp_path, "long")
    make_pack(tmp_path, "large", change=lambda pack: replace(pack, size_px=160))
    assert "correct size_px or layout" in problem(tmp_path, "large")
    make_pack(tmp_path, "turned", change=lambda pack: replace(pack, layout="NHWC"))
    assert "correct size_px or layout" in problem(tmp_path, "turned")


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x08\x08" * 5000])
def test_invalid_network_file_is_refused(content: bytes) -> None:
    with pytest.raises(WeightsError, match="not an ONNX"):
        onnx_file.examine(content, described(content))


def test_larger_crop_shows_the_same_as_the_aligned_one(tmp_path: Path, yunet_bytes: bytes) -> None:
    make_pack(tmp_path, "wide", model=network(side="any"), change=lambda pack: replace(pack, size_px=224, dimension=64))
    cropper = packs._cropper(packs.described("wide", tmp_path))
    assert cropper is not None
    pixels = np.zeros((300, 300, 3), np.uint8)
    pixels[100:140, 120:180] = 255
    face = Face(
        Box(90, 60, 120, 150), np.array([[120, 110], [180, 110], [150, 140], [128, 175], [172, 175]], np.float32), 1
    )
    large, small = cropper(pixels, face), align(pixels, face.landmarks)

    assert large.shape == (224, 224, 3)
    halved = large.reshape(112, 2, 112, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - small).mean() < 4
