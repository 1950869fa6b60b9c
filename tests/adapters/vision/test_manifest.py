"""The calibration that is served belongs to the pack that is served."""

from pathlib import Path

import numpy as np
import pytest

from app.adapters.vision.manifest import MANIFEST_PATH, PackManifest, read_centre, read_manifest, write_manifest
from app.adapters.vision.packs import pack as packs
from app.adapters.vision.packs.embedder import EmbeddingNetwork
from app.core.errors import WeightsError
from app.core.recognition.centre import off_centre
from app.core.recognition.measured import MeasuredRate, Share
from tests.packs import described, network


def test_served_pack_is_the_calibrated_one(tmp_path: Path) -> None:
    # A change of warp, detector or weights without a new calibration would open gates by numbers of another pack.
    manifest = read_manifest(packs.NAME)
    assert manifest.digest == packs.digest(packs.NAME, tmp_path)
    assert manifest.dimension == packs.SFACE.dimension
    assert packs.read_calibration(packs.NAME, tmp_path) == manifest


def test_served_calibration_is_sensible() -> None:
    c = read_manifest(packs.NAME).calibration
    assert 0.4 < c.threshold(0.001, 1_000, 3, 1) < 0.65
    assert c.threshold(0.001, 10_000, 1, 1) > c.threshold(0.001, 1_000, 1, 1)
    assert c.probability(c.same_person + 0.2) > 0.99


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not toml [",
        "[packs.other]\ndimension = 3",
        "[packs.sface]\ndimension = 128",
        '[packs.sface]\ncalibration = "x"',
    ],
)
def test_manifest_without_calibration_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(text)
    with pytest.raises(WeightsError, match=r"manifest\.toml"):
        read_manifest("sface", path)


def test_invalid_calibration_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(MANIFEST_PATH.read_text().replace("margin = ", "margin = 1"))
    with pytest.raises(WeightsError, match="not calibrated"):
        read_manifest("sface", path)


def test_missing_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        read_manifest("sface", tmp_path / "none.toml")


def test_centre_changes_the_packs_digest(tmp_path: Path) -> None:
    served = packs.centre(packs.NAME, tmp_path)
    assert served is not None
    assert packs.digest_with(packs.NAME, tmp_path, served) == packs.digest(packs.NAME, tmp_path)
    others = {packs.digest_with(packs.NAME, tmp_path, other) for other in (None, served * np.float32(0.5))}
    assert len(others | {packs.digest(packs.NAME, tmp_path)}) == 3


def test_centre_round_trip_and_invalid_centre(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    c = read_manifest(packs.NAME).calibration
    write_manifest(path, PackManifest("own", 3, "abc", c, (0.1, -0.2, 0.0)), {})
    assert read_centre("own", path) == (0.1, -0.2, 0.0)
    assert read_centre("other", path) == ()
    path.write_text(path.read_text().replace("centre = [0.1,", "centre = ["))
    with pytest.raises(WeightsError, match="centre"):
        read_manifest("own", path)


def test_measured_rates_round_trip_and_a_wrong_row_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    c = read_manifest(packs.NAME).calibration
    rows = (
        MeasuredRate(0.01, 500, 1, Share(0.009, 0.006, 0.012), Share(0.03, 0.02, 0.04), 5303, 1200),
        MeasuredRate(0.001, 500, 1, Share(0.0, 0.0, 0.0007), Share(0.06, 0.05, 0.07), 5303, 1200),
    )
    write_manifest(path, PackManifest("own", 3, "abc", c, measured=rows), {})
    assert read_manifest("own", path).measured == rows
    path.write_text(path.read_text().replace("let_in = [0.0,", "let_in = [0.5,"))
    with pytest.raises(WeightsError, match="not calibrated properly"):
        read_manifest("own", path)


def test_pack_subtracts_its_centre_from_every_vector() -> None:
    content = network().SerializeToString()
    crops = list(np.random.default_rng(0).integers(0, 255, (3, 112, 112, 3), dtype=np.uint8))
    centre = np.linspace(-0.05, 0.05, 64, dtype=np.float32)
    bare, off = (
        EmbeddingNetwork(content, described(content), precision="f32", centre=which).embedder()
        for which in (None, centre)
    )

    found = off.embed(crops, flip=False)

    np.testing.assert_allclose(found, off_centre(bare.embed(crops, flip=False), centre), atol=1e-6)
    mirrored = off.embed([crop[:, ::-1] for crop in crops], flip=False)
    both = found + mirrored
    np.testing.assert_allclose(
        off.embed(crops, flip=True), both / np.linalg.norm(both, axis=1, keepdims=True), atol=1e-6
    )
    with pytest.raises(WeightsError, match="centre"):
        EmbeddingNetwork(content, described(content), precision="f32", centre=centre[:3])
