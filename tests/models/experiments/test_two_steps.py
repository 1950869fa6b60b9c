"""The experiment's parts: nobody plays two of them, frames hold what they say, and rates are counted right."""

import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.core.types import Box
from models.data.dataset import LabelledPhoto
from models.experiments.two_steps.cast import FEWEST, PLENTY, Takes, cast, load, order, save
from models.experiments.two_steps.frames import HEIGHT_PX, WIDTH_PX, Visitor, background, frame
from models.experiments.two_steps.scores import Result, rates
from models.experiments.two_steps.two_steps import read_results
from tests.models.siamese.drawn import drawn_faces


def dataset(counts: list[int]) -> list[LabelledPhoto]:
    return [LabelledPhoto(f"P{i:03d}", Path(f"P{i:03d}/{k}.jpg")) for i, n in enumerate(counts) for k in range(n)]


def test_roles_share_no_person_and_no_photo() -> None:
    photos = dataset([12] * 14 + [6] * 20 + [2] * 200 + [1] * 400)
    roles = cast(photos, np.random.default_rng(1))
    employees = {photos[i].person for part in roles.employees for i in (*part.learned, *part.met)}
    strangers = {photos[i].person for i in roles.strangers}
    assert len(employees) == len(roles.employees) == 34
    assert not employees & strangers
    assert not set(roles.teachers) & (employees | strangers)
    assert roles.rich == 14
    for number, part in enumerate(roles.employees):
        assert not set(part.learned) & set(part.met)
        assert len(part.learned) == (8 if number < roles.rich else 4)
        assert len({photos[i].person for i in (*part.learned, *part.met)}) == 1
    assert all(count == 1 for count in Counter(photos[i].person for i in roles.strangers).values())


def test_every_seed_has_those_with_eight_photos_first() -> None:
    roles = cast(dataset([PLENTY] * 12 + [FEWEST] * 20 + [1] * 400), np.random.default_rng(1))
    orders = [order(roles, seed) for seed in (1, 2)]
    assert orders[0] != orders[1]
    for one in orders:
        assert sorted(one) == list(range(32))
        assert set(one[:12]) == set(range(12))


def test_dataset_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="ten people with nine photos"):
        cast(dataset([12] * 5 + [1] * 500), np.random.default_rng(1))


def test_frame_holds_the_whole_visitor_and_repeats() -> None:
    # given a visitor in one colour that no wall has, drawn as a disc for a face
    bgra = np.zeros((120, 100, 4), dtype=np.uint8)
    cv2.circle(bgra, (50, 50), 30, (0, 0, 255, 255), -1)
    who = Visitor(bgra, Box(20, 20, 60, 60))
    sizes, centres = [], []
    for seed in range(30):
        made = frame(who, np.random.default_rng(seed))
        assert made.shape == (HEIGHT_PX, WIDTH_PX, 3)
        assert (made == frame(who, np.random.default_rng(seed))).all()
        empty = made.astype(int)
        red = (empty[..., 2] - empty[..., :2].max(axis=-1)) > 60
        ys, xs = np.nonzero(red)
        if len(xs) > 200:  # in the darkest frames red is no longer red
            sizes.append(np.ptp(np.quantile(xs, (0.02, 0.98))))
            centres.append((xs.mean(), ys.mean()))
    # then it is met near and far, and on every side
    assert len(sizes) > 15
    assert max(sizes) > 2 * min(sizes)
    assert np.ptp([x for x, _ in centres]) > WIDTH_PX / 3
    assert np.ptp([y for _, y in centres]) > HEIGHT_PX / 4


def test_backgrounds_differ() -> None:
    walls = [background(np.random.default_rng(seed)) for seed in range(5)]
    assert all(np.abs(walls[0] - wall).mean() > 5 for wall in walls[1:])


def test_rates_count_misses_against_whoever_was_not_found() -> None:
    # given 200 strangers of whom two score above 0.9, and five frames of employees
    strangers = np.full((200, 3), 0.1)
    strangers[:2, 0] = 0.95
    scores = np.array([[0.99, 0, 0], [0, 0.99, 0], [0, 0, 0.5], [0, 0, 0.99], [0.99, 0, 0]])
    truth, found = np.array([0, 1, 2, 0, 0]), np.array([True, True, True, True, False])
    named, admitted = rates(scores, truth, strangers, found, np.ones(200, dtype=bool))
    # then the fourth is somebody else and the fifth was not found; at 1 % the limit is the third best stranger
    assert named == pytest.approx(3 / 5)
    assert admitted == pytest.approx(3 / 5)
    strangers[2, 0] = 0.95
    assert rates(scores, truth, strangers, found, np.ones(200, dtype=bool))[1] == pytest.approx(2 / 5)


def test_results_of_a_run_that_was_cut_off_are_read(tmp_path: Path) -> None:
    result = Result("a", 1, 10, 4, 120, 60, 900, 0.5, 0.25, 0.9, 12.0)
    kept = tmp_path / "results.jsonl"
    kept.write_text(json.dumps(result.row()) + "\n" + json.dumps(result.row())[:40], encoding="utf-8")
    assert list(read_results(kept)) == [result]
    assert list(read_results(tmp_path / "none.jsonl")) == []


def test_frames_come_back_from_their_file(tmp_path: Path) -> None:
    crops = drawn_faces(2, 2).crops
    takes = Takes(crops, crops, np.array([True, False, True, True]), np.array([3, 3, 9, 9]), {9: crops[0], 3: crops[1]})
    save(takes, tmp_path / "takes.npz")
    back = load(tmp_path / "takes.npz")
    assert (back.of([9, 3]) == [2, 3, 0, 1]).all()
    assert (back.portrait[3] == crops[1]).all()
    assert (back.found == takes.found).all()


def test_classifier_learns_drawn_employees_and_the_table_and_plot_show_it(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training needs the extra `train`")
    from models.experiments.two_steps.classifier import learn
    from models.experiments.two_steps.report import draw, markdown, spread

    faces = drawn_faces(4, 6)
    learned = learn(faces.crops, faces.person, 4, 12, 1, lambda: 0.0)
    chances = learned.chances(faces.crops)
    assert chances.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert (chances.argmax(axis=1) == faces.person).mean() > 0.7
    results = [
        Result(m, s, 10, k, 12, 60, 900, 0.5 + 0.1 * s, 0.25, 0.9, 1.0) for m in "abc" for s in (1, 2) for k in (1, 4)
    ]
    assert "| 10 | 4 | 65% (25%) | 65% (25%) | 65% (25%) |" in markdown(results)
    assert spread(results) == pytest.approx(0.1)
    draw(results, tmp_path / "plot.png")
    assert cv2.imread(str(tmp_path / "plot.png")).shape[0] > 300
