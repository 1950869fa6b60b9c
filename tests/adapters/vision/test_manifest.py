"""The calibration that is served belongs to the pack that is served."""

from pathlib import Path

import pytest

from app.adapters.vision import pack as packs
from app.adapters.vision.embedder import DIMENSION
from app.adapters.vision.manifest import MANIFEST_PATH, read_manifest
from app.core.errors import WeightsError


def test_the_pack_that_is_served_is_the_one_that_was_calibrated() -> None:
    # A change of warp, detector or weights without a new calibration would open gates by numbers of another pack.
    manifest = read_manifest(packs.NAME)
    assert manifest.digest == packs.digest()
    assert manifest.dimension == DIMENSION


def test_the_served_calibration_is_sensible() -> None:
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
def test_a_manifest_that_holds_no_calibration_is_a_fault(tmp_path: Path, text: str) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(text)
    with pytest.raises(WeightsError, match=r"manifest\.toml"):
        read_manifest("sface", path)


def test_numbers_that_are_no_calibration_are_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(MANIFEST_PATH.read_text().replace("margin = ", "margin = 1"))
    with pytest.raises(WeightsError, match="not calibrated"):
        read_manifest("sface", path)


def test_no_manifest_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        read_manifest("sface", tmp_path / "none.toml")
