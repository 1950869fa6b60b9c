"""The judge's command on folders of files: what is passed over, refused, gone on with, and written."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner, Result

from models.__main__ import app
from models.data import embed as embedding
from models.data.dataset import scan
from tests.photos import photo


def picture(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (80, 80, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def test_other_files_are_skipped_and_named(tmp_path: Path) -> None:
    picture(tmp_path / "Ada" / "1.jpg", 0)
    picture(tmp_path / "stray.png", 1)
    (tmp_path / "Empty").mkdir()

    found = scan(tmp_path)

    assert [photo.name for photo in found.photos] == ["Ada/1.jpg"]
    assert [name for name, _ in found.passed_over] == ["Empty/", "stray.png"]
    with pytest.raises(ValueError, match="a folder per person"):
        scan(tmp_path / "Empty")


def evaluated(dataset: Path, cache: Path, *options: str) -> Result:
    environment = {"FACEGATE_CACHE_DIR": str(cache), "COLUMNS": "400"}
    return CliRunner().invoke(app, ["evaluate", str(dataset), *options], env=environment)


def test_three_people_with_one_photo_each_and_a_broken_file(tmp_path: Path, cache: Path) -> None:
    picture(tmp_path / "few" / "Ada" / "1.jpg", 0)
    for person, name in (("Bob", "biden"), ("Cleo", "obama")):
        (tmp_path / "few" / person).mkdir()
        (tmp_path / "few" / person / "1.jpg").write_bytes(photo(name))
    (tmp_path / "few" / "Ada" / "broken.jpg").write_bytes((tmp_path / "few" / "Ada" / "1.jpg").read_bytes()[:400])
    (tmp_path / "g.csv").write_text("person,group\nBob,a\nGhost,a\n", encoding="utf-8")
    out = tmp_path / "out"

    result = evaluated(tmp_path / "few", cache, "--out", str(out), "--groups", str(tmp_path / "g.csv"))

    assert result.exit_code == 0, result.output
    found = json.loads((out / "report.json").read_text("utf-8"))
    assert found["dataset"]["unreadable_files"][0][0] == "Ada/broken.jpg"
    assert found["dataset"]["no_face_found"] == 1
    assert found["open_set"]["not_measured"]
    assert found["groups"]["not_in_dataset_named"] == ["Ghost"]
    page = (out / "report.md").read_text("utf-8")
    assert "People of the dataset without a group: 2 (Ada, Cleo)." in page
    assert "People in the file of groups who are not in the dataset: 1 (Ghost)." in page


def test_dataset_without_any_face_is_refused_in_one_line(tmp_path: Path, cache: Path) -> None:
    picture(tmp_path / "none" / "Ada" / "1.jpg", 0)
    (tmp_path / "none" / "Ada" / "2.jpg").write_bytes(b"no picture")

    result = evaluated(tmp_path / "none", cache, "--out", str(tmp_path / "out"))

    assert result.exit_code == 2
    assert "none has no usable photo: 1 cannot be read and 1 show no face" in result.output
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("where", ["taken", "taken/below"])
def test_report_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path, where: str) -> None:
    picture(tmp_path / "set" / "Ada" / "1.jpg", 0)
    (tmp_path / "taken").write_text("a file")

    # No weights in this cache: whoever began to work would miss them first.
    result = evaluated(tmp_path / "set", tmp_path / "cache", "--out", str(tmp_path / where))

    assert result.exit_code == 2
    assert f"cannot write the report to {tmp_path / where}" in result.output
    assert "choose another --out" in result.output


def test_killed_run_resumes(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "SHARD", 2)
    for person, name in (("Obama", "obama"), ("Obama", "obama2"), ("Biden", "biden")):
        path = tmp_path / "set" / person / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(name))
    photos = scan(tmp_path / "set").photos
    whole = embedding.embed(photos, cache, "f32", Console(quiet=True))
    first, second = sorted(cache.glob("faces*/*.npz"))
    before = first.stat().st_mtime_ns
    second.unlink()

    again = embedding.embed(photos, cache, "f32", Console(quiet=True))

    assert first.stat().st_mtime_ns == before
    assert again.people == ("Biden", "Obama")
    np.testing.assert_array_equal(again.gate, whole.gate)
    np.testing.assert_allclose(np.linalg.norm(again.gate_flip, axis=1), 1, atol=1e-5)
    alike = again.gate @ again.gate.T
    assert alike[1, 2] > 0.5 > 0.3 > max(alike[0, 1], alike[0, 2])
