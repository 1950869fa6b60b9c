"""What the gate's camera does to a crop: same size, same chance same picture, stronger means further away."""

import numpy as np
import pytest

from models.siamese.augment import EFFECTS, contact_sheet, gate_view, mask
from tests.models.siamese.drawn import drawn_faces

CROP = drawn_faces(1, 1).crops[0]


def changed(effect, strength: float, seed: int = 3) -> float:
    after = effect(CROP, strength, np.random.default_rng(seed))
    return float(np.abs(after.astype(int) - CROP).mean())


@pytest.mark.parametrize("name", EFFECTS)
def test_effect_keeps_the_size_and_leaves_its_input_alone(name: str) -> None:
    before = CROP.copy()
    after = EFFECTS[name][0](CROP, 0.7, np.random.default_rng(3))
    assert after.shape == CROP.shape
    assert after.dtype == np.uint8
    assert (before == CROP).all()
    assert (after != CROP).any()


@pytest.mark.parametrize("name", EFFECTS)
def test_effect_depends_on_its_chance_alone(name: str) -> None:
    one, other = (EFFECTS[name][0](CROP, 0.5, np.random.default_rng(11)) for _ in range(2))
    assert (one == other).all()


@pytest.mark.parametrize("name", EFFECTS)
def test_stronger_effect_changes_more(name: str) -> None:
    effect = EFFECTS[name][0]
    weak, strong = (np.mean([changed(effect, s, seed) for seed in range(8)]) for s in (0.0, 1.0))
    assert strong > weak


def test_mask_hides_the_mouth_and_leaves_the_eyes() -> None:
    worn = mask(CROP, 1.0, np.random.default_rng(1))
    assert (worn[:60] == CROP[:60]).all()
    assert (worn[92, 45:68] != CROP[92, 45:68]).any(axis=-1).all()


def test_small_faces_lose_their_detail() -> None:
    noisy = np.random.default_rng(2).integers(0, 255, CROP.shape).astype(np.uint8)
    far = EFFECTS["small_face"][0](noisy, 1.0, np.random.default_rng(1))
    assert far.std() < noisy.std() / 3


def test_mixture_varies_and_repeats() -> None:
    views = [gate_view(CROP, np.random.default_rng(seed)) for seed in range(12)]
    assert len({view.tobytes() for view in views}) > 8
    assert (gate_view(CROP, np.random.default_rng(5)) == views[5]).all()


def test_contact_sheet_has_a_row_for_each_effect() -> None:
    sheet = contact_sheet(drawn_faces(3, 1).crops, np.random.default_rng(1), columns=4)
    assert sheet.shape[0] == 112 * (len(EFFECTS) + 2)
    assert sheet.shape[1] > 4 * 112
