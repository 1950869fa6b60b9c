"""`train` from crops to a network that the gate's runtime embeds with, and what it says without its extra."""

import io
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from rich.console import Console

from app.settings import default_cache
from tests.models.siamese.drawn import drawn_faces
from tests.photos import photo

WITHOUT_TORCH = "import sys; sys.modules['torch'] = None; from models.__main__ import app; app(sys.argv[1:])"


def test_end_to_end_on_drawn_faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="training needs the extra `train`")
    from app.adapters.vision.packs import pack as packs
    from models.siamese.command import run
    from models.siamese.export import ExportError, parity
    from models.siamese.networks import Small
    from models.siamese.training import Plan

    # given drawn people, when a small network is trained on some of them for a moment
    said = io.StringIO()
    folder = tmp_path / "packs"
    monkeypatch.setenv("FACEGATE_PACKS", str(folder))
    plan = Plan("small", "triplet", epochs=2, steps=4, people=8, each=2)
    run(drawn_faces(40, 3), plan, "drawn", tmp_path, Console(file=said, width=120), resume=False, budget_s=60)
    # then it says who was learned from and judged by, and how alike torch and the gate's runtime are
    assert "training on 20 people with 60 photos" in said.getvalue()
    assert "the export matches torch" in said.getvalue()
    # and it is a pack that the app lists, opens, and embeds with; it tells mates from strangers better than chance
    assert packs.names(folder) == ["sface", "drawn"]
    photo("obama")  # the detector's weights are there
    pack = packs.open_pack("drawn", default_cache(), folder, precision="f32")
    assert pack.dimension == 128
    people = drawn_faces(6, 2, seed=99)
    vectors = pack.workers[0][1].embed(list(people.crops), flip=True)
    similarity = vectors @ vectors.T
    same = people.person[:, None] == people.person[None, :]
    assert similarity[same & ~np.eye(12, dtype=bool)].mean() > similarity[~same].mean()
    model = (folder / "drawn" / "model.onnx").read_bytes()
    # and the graph names no file of the machine it was made on
    assert str(Path(__file__).parents[3]).encode() not in model
    assert [i.name for i in onnx.load_from_string(model).graph.input] == ["data"]
    # and what a person looks at is there
    for picture in ("curves.png", "augmentations.png"):
        assert cv2.imread(str(tmp_path / picture)).shape[0] > 300
    assert len(json.loads((tmp_path / "history.json").read_text())) == 3
    assert {c["view"] for c in json.loads((tmp_path / "before_after.json").read_text())} == {"portraits", "gate"}
    # and a second run does not overwrite it unasked
    with pytest.raises(ValueError, match="add --resume"):
        run(drawn_faces(40, 3), plan, "other", tmp_path, Console(file=said), resume=False, budget_s=60)
    # nor a pack, of which live templates may be made
    with pytest.raises(ExportError, match="choose another --name"):
        run(drawn_faces(40, 3), plan, "drawn", tmp_path / "elsewhere", Console(file=said), resume=False, budget_s=60)
    # and a network that is not the exported one is found out
    with pytest.raises(ExportError, match="different vectors"):
        parity(Small(), model, people.crops)


def test_without_torch_the_laboratory_works_and_train_says_what_to_install(tmp_path: Path) -> None:
    shown = subprocess.run([sys.executable, "-c", WITHOUT_TORCH, "--help"], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert "train" in shown.stdout
    refused = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, "train", str(tmp_path)],
        capture_output=True, text=True, check=False, env=None,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "torch not installed" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_folder_without_photos_is_one_kind_sentence(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training needs the extra `train`")
    from typer.testing import CliRunner

    from models.__main__ import app

    result = CliRunner().invoke(app, ["train", str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "a folder per person" in " ".join(result.output.split())
    assert "Traceback" not in result.output
