"""Calibration on synthetic people whose true errors are known."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from app.adapters.vision.manifest import PackManifest, read_manifest, write_manifest
from models.__main__ import app
from models.accuracy import unseen
from models.accuracy.calibrate import calibrate, choose_margin
from models.accuracy.openset import Setting, errors, play, pools
from models.data.dataset import read_dataset
from models.data.enough import enough_for_tail, tail_needs
from models.fitting.tail import BODY_RATE, fit_logistic, fit_pareto
from tests.models.accuracy.crowd import CALIBRATION, crowd


@pytest.mark.parametrize(("shape", "scale"), [(-0.2, 0.03), (0.0, 0.02), (0.15, 0.05)])
def test_known_tail_is_found_again(shape: float, scale: float) -> None:
    uniform = np.random.default_rng(1).random(40_000)
    sample = scale * -np.log(uniform) if shape == 0 else scale * (uniform**-shape - 1) / shape

    found_shape, found_scale = fit_pareto(sample)

    assert found_shape == pytest.approx(shape, abs=0.02)
    assert found_scale == pytest.approx(scale, rel=0.03)


def test_too_few_exceedances_are_an_error() -> None:
    with pytest.raises(ValueError, match="too few"):
        fit_pareto(np.ones(10))


def test_logistic_curve_lies_between_the_samples() -> None:
    rng = np.random.default_rng(0)
    midpoint, steepness = fit_logistic(rng.normal(0.7, 0.1, 5000), rng.normal(0.1, 0.1, 500))
    # Two normal distributions of one width: the log odds are a line, through zero half way, of slope 0.6 / 0.1 ** 2.
    assert midpoint == pytest.approx(0.4, abs=0.02)
    assert steepness == pytest.approx(60, rel=0.25)


def test_strangers_are_accepted_about_as_often_as_set() -> None:
    e = crowd()
    p, rng = pools(e), np.random.default_rng(0)
    rows = unseen.halves(600, p, lambda people: (e, calibrate(e, p, people, rng)), [Setting(150, 1, 1)], 3, rng)

    assert [row["rate"] for row in rows] == [0.01, 0.003, 0.001]
    for row in rows:
        assert row["fpir"] < 2.5 * row["rate"]
        assert row["fnir"] < 0.5
    assert rows[0]["fpir"] > 0.001


def test_probability_of_one_person_is_near_the_truth_on_people_never_seen() -> None:
    e = crowd(noise=0.8)
    p, rng = pools(e), np.random.default_rng(0)

    found = unseen.probability(600, p, lambda people: (e, calibrate(e, p, people, rng)), rng)

    assert found["pairs"] == 2 * 300 * 6
    assert found["brier"] < 0.02
    assert found["bins"][0]["true"] < 0.02 < 0.98 < found["bins"][-1]["true"]


def test_each_person_is_a_stranger_once_while_not_enrolled() -> None:
    e = crowd(people=200, noise=0.01)
    p, rng = pools(e), np.random.default_rng(0)
    fitted = calibrate(e, p, range(200), rng)  # once: this is about who is a stranger, not about the fit

    rows = unseen.folds(200, p, lambda people: (e, fitted), [Setting(170, 1, 1)], rng)

    assert {row["stranger_people"] for row in rows} == {200}
    assert {row["stranger_attempts"] for row in rows} == {800}
    assert rows[-1]["fpir"] < 0.05  # near copies of the enrolled would open nearly always


def test_more_photos_raise_the_threshold_as_measured() -> None:
    e = crowd()
    tail = calibrate(e, pools(e), range(600), np.random.default_rng(0)).tail
    # Averaging takes the noise away and leaves what all faces share.
    assert tail.photo_shift > 0.01
    assert tail.frame_shift > 0.01


def test_trial_keeps_strangers_out_of_the_gallery() -> None:
    e = crowd(noise=0.01)
    trial = play(e, pools(e), range(600), Setting(200, 2, 1), np.random.default_rng(0))

    assert trial.mate_right.all()
    assert trial.mate.min() > 0.99
    assert trial.stranger.max() < 0.6  # nobody who is enrolled comes back as a stranger
    missed, accepted = errors(trial, CALIBRATION, 0.001, Setting(200, 2, 1))
    assert missed == 0
    assert accepted < 0.05


def test_unusable_photos_take_no_part() -> None:
    e = crowd(people=50)
    e.gate[e.person == 0] = np.nan
    e.enrolment[e.person == 1] = np.nan
    usable = pools(e)
    assert len(usable.gate[0]) == 0
    assert len(usable.enrolment[1]) == 0
    trial = play(e, usable, range(50), Setting(20, 1, 1), np.random.default_rng(0))
    assert np.isfinite(trial.mate).all()
    assert np.isfinite(trial.stranger).all()


def test_too_few_people_are_an_error() -> None:
    e = crowd(people=20)
    with pytest.raises(ValueError, match="too few"):
        play(e, pools(e), range(20), Setting(50, 1, 1), np.random.default_rng(0))


def test_margin_costs_no_more_than_allowed() -> None:
    e = crowd()
    margin, rows = choose_margin(e, pools(e), range(600), CALIBRATION, Setting(150, 1, 1), 2, np.random.default_rng(0))
    cost = {tried: fnir for tried, fnir, _ in rows}
    assert cost[margin] - cost[0.0] <= 0.0003


def test_written_calibration_is_read_back_and_other_packs_stay(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    write_manifest(path, PackManifest("other", 512, "abc", CALIBRATION), {"method": 'by "hand"\n', "people": 3})
    write_manifest(path, PackManifest("sface", 128, "def", CALIBRATION), {"method": "anew", "people": 4})

    assert (read_manifest("other", path).digest, read_manifest("other", path).dimension) == ("abc", 512)
    assert read_manifest("sface", path).calibration == CALIBRATION


def test_dataset_is_read_in_order_and_one_person_under_two_names_is_one(tmp_path: Path) -> None:
    for name in ("Wang_Nan", "Nan_Wang", "Ada"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").touch()
        (tmp_path / name / "notes.txt").touch()

    photos = read_dataset(tmp_path)

    assert [photo.person for photo in photos] == ["Ada", "Nan_Wang", "Nan_Wang"]


def test_folder_with_nothing_to_compare_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "Ada").mkdir()
    (tmp_path / "Ada" / "1.jpg").touch()
    with pytest.raises(ValueError, match="two photos"):
        read_dataset(tmp_path)


def test_dataset_too_small_to_calibrate_on_says_how_many_people_are_needed() -> None:
    small, large = (pools(crowd(people=n, photos=2)) for n in (150, 360))

    assert not enough_for_tail(small, BODY_RATE)
    assert enough_for_tail(large, BODY_RATE)
    line = tail_needs("few", small, BODY_RATE)
    assert "few has 300 usable photos of 150 people" in line
    assert "about 360 people with two usable photos each, or 250 with four" in line


def test_calibration_needs_people_with_two_usable_photos() -> None:
    assert not enough_for_tail(pools(crowd(people=600, photos=1)), BODY_RATE)


def test_calibrating_on_unreadable_pictures_or_a_file_is_a_usage_error(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "set" / "Ada").mkdir(parents=True)
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / "set" / "Ada" / name).write_bytes(b"no picture")

    for dataset, why in ((tmp_path / "set", "0 usable photos of 0 people"), (tmp_path / "set/Ada/1.jpg", "is a file")):
        environment = {"FACEGATE_CACHE_DIR": str(cache), "COLUMNS": "400"}
        result = CliRunner().invoke(app, ["calibrate", str(dataset), "--no-write"], env=environment)
        assert result.exit_code == 2, result.output
        assert why in result.output
