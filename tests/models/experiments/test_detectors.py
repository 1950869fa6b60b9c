"""The comparison of detectors: maps lead where they say, misses cost, and a run on a few photos writes its tables."""

import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from app.adapters.vision.networks.yunet import YunetNetwork
from app.adapters.vision.photos.image import decode
from app.core.types import Box, Face, Pixels
from models.data.dataset import LabelledPhoto
from models.experiments.__main__ import app
from models.experiments.detectors import finders, scenes
from models.experiments.detectors.detector_scores import compare, scores
from models.experiments.detectors.detectors import MOST_OF_ONE, sample
from models.experiments.detectors.finders import Finder, Findings, Kind, Picture, Shown, distinct, find, stands_for
from models.experiments.detectors.landmarks import copy, disagreement, error, mapped, mapped_back
from models.experiments.detectors.scenes import Scene
from models.experiments.two_steps.frames import Visitor, placed
from tests.photos import photo

FACE = np.array([[40.0, 50], [80, 50], [60, 70], [45, 95], [75, 95]])
# Two photos each of two people, and four people of one photo; each is in the cache or the test is skipped.
PEOPLE = {
    "Obama": ("obama", "obama2"),
    "A": ("person_a_1", "person_a_2"),
    "B": ("person_b_1", "person_b_2"),
    "Biden": ("biden",),
    "Collins": ("astronaut",),
}


class Fake:
    """A detector that says what it was told, whatever it is shown; refining moves everything by a pixel."""

    def __init__(self, faces: Sequence[Face]) -> None:
        self._faces = list(faces)

    def detect(self, pixels: Pixels, *, smallest_px: float | None = None) -> list[Face]:
        return self._faces

    def refine(self, pixels: Pixels, face: Face) -> Face:
        return Face(face.box, face.landmarks + 1, face.score)


def face_at(x_px: float, y_px: float) -> Face:
    return Face(Box(x_px, y_px, 60, 80), (FACE + np.array([x_px - 30, y_px - 30])).astype(np.float32), 0.9)


def test_copy_is_where_its_map_says_and_the_way_back_undoes_it() -> None:
    # given a picture with one bright spot
    pixels = np.zeros((200, 220, 3), dtype=np.uint8)
    cv2.circle(pixels, (120, 90), 4, (255, 255, 255), -1)
    mirrored = set()
    for seed in range(12):
        moved, matrix = copy(pixels, np.random.default_rng(seed))
        ys, xs = np.nonzero(moved[..., 0] > 128)
        expected = matrix @ (120, 90, 1)
        assert (xs.mean(), ys.mean()) == pytest.approx(expected, abs=0.3)
        there = mapped(FACE, matrix)
        np.testing.assert_allclose(mapped_back(there, matrix), FACE, atol=1e-9)
        # and the first eye is on the left of the picture, in a mirror too
        assert there[0, 0] < there[1, 0] and there[3, 0] < there[4, 0]
        mirrored.add(bool(np.linalg.det(matrix[:, :2]) < 0))
    assert mirrored == {True, False}


def test_errors_are_in_distances_between_the_eyes() -> None:
    assert error(FACE + np.array([3, 4]), FACE) == pytest.approx(5 / 40)
    unknown = np.stack([FACE, np.full((5, 2), np.nan)])
    assert np.isnan(error(unknown, FACE)).tolist() == [False, True]


def test_constant_offset_between_detectors_is_no_disagreement() -> None:
    # given faces turned and of every size, on which the other detector has one mouth corner elsewhere
    rng = np.random.default_rng(5)
    maps = [copy(np.zeros((100, 100, 3), np.uint8), rng)[1] for _ in range(20)]
    maps = [m for m in maps if np.linalg.det(m[:, :2]) > 0]
    one = np.stack([mapped(FACE, m) for m in maps])
    other = np.stack([mapped(FACE + np.array([[0, 0]] * 4 + [[0, 8]]), m) for m in maps])
    other[0] += 4
    one[1] = np.nan
    apart, rest = disagreement(other, one)
    assert apart[2:] == pytest.approx(np.full(len(maps) - 2, 8 / 40 / 5))
    assert np.isnan(apart[1]) and (rest[2:] < apart[2:]).all()
    assert rest[0] > rest[2:].max()


def test_frame_shows_the_visitor_where_its_map_says() -> None:
    # given a red visitor whose face has a blue nose
    bgra = np.zeros((160, 140, 4), dtype=np.uint8)
    cv2.circle(bgra, (70, 70), 50, (0, 0, 255, 255), -1)
    cv2.circle(bgra, (80, 60), 12, (255, 0, 0, 255), -1)
    who = Visitor(bgra, Box(20, 20, 100, 100))
    for seed in range(6):
        made = placed(who, 90, np.random.default_rng(seed), (640, 360), harsh=0.0)
        x, y = made.matrix @ (80, 60, 1)
        assert made.pixels.shape == (360, 640, 3)
        assert np.hypot(*made.matrix[:, 0]) == pytest.approx(0.9)
        nose = made.pixels[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4].reshape(-1, 3).mean(axis=0)
        assert nose[0] > 2 * nose[2]


def test_sample_has_four_of_a_person_at_most_and_those_who_can_be_compared_first() -> None:
    counts = [9, 1, 1, 2, 1, 6]
    photos = [LabelledPhoto(f"P{i}", Path(f"P{i}/{k}.jpg")) for i, n in enumerate(counts) for k in range(n)]
    drawn = sample(photos, 100, 1)
    named = [p.person for p in drawn]
    assert sorted(map(named.count, {"P0", "P3", "P5"})) == [2, MOST_OF_ONE, MOST_OF_ONE]
    assert set(named[-3:]) == {"P1", "P2", "P4"}
    assert sample(photos, 5, 1) == drawn[:5]
    assert sample(photos, 100, 2) != drawn


def test_face_is_found_if_its_box_holds_the_middle_and_every_finder_has_its_turn() -> None:
    # given one who finds the person and somebody beside, and one who finds only the other
    right, wrong = face_at(70, 60), face_at(200, 60)
    all_of = [Finder("yunet", 320, Fake([wrong, right])), Finder("mtcnn", 320, Fake([wrong]))]
    pictures = [Picture(np.zeros((200, 300, 3), np.uint8), Shown(i, np.eye(2, 3), (100.0, 100.0))) for i in range(4)]
    ticks = count()
    shown, found = find(pictures, all_of, lambda _, points: points[0], lambda: float(next(ticks)))
    good, bad = found[all_of[0]], found[all_of[1]]
    # then the misses are NaN, and what stands beside is counted
    assert [of.photo for of in shown] == [0, 1, 2, 3]
    np.testing.assert_allclose(good.points[:, 0], np.stack([right.landmarks] * 4))
    np.testing.assert_allclose(good.points[:, 1] - good.points[:, 0], 1)
    np.testing.assert_allclose(good.vectors[2, 1], right.landmarks[0] + 1)
    assert np.isnan(bad.points).all() and np.isnan(bad.vectors).all()
    assert good.others.tolist() == bad.others.tolist() == [1] * 4
    # and time is that of detecting, or of both looks; there is no second look at nobody
    assert good.ms.tolist() == [[1000, 2000]] * 4
    assert bad.ms[:, 0].tolist() == [1000] * 4 and np.isnan(bad.ms[:, 1]).all()


def test_photos_are_not_searched_twice_at_the_same_size() -> None:
    fake = Fake([])
    widths: list[tuple[Kind, int]] = [("yunet", 160), ("yunet", 320), ("yunet", 640), ("mtcnn", 320), ("mtcnn", 640)]
    all_of = [Finder(kind, width, fake) for kind, width in widths]
    kept = distinct(all_of, 250)
    assert [(f.kind, f.width_px) for f in kept] == [("yunet", 160), ("yunet", 320), ("mtcnn", 320)]
    assert distinct(all_of, 500) == all_of
    assert stands_for(all_of[2], kept) is all_of[1] and stands_for(all_of[0], kept) is all_of[0]


def album(vectors: np.ndarray) -> Findings:
    n = len(vectors)
    two = np.stack([vectors, vectors], axis=1).astype(np.float32)
    points = np.where(np.isnan(two[..., :1, None]), np.nan, FACE)
    return Findings(points, two, np.zeros(n, dtype=np.int64), np.ones((n, 2)))


def test_undetected_person_is_a_miss_and_no_photo_is_compared_with_itself() -> None:
    # given 60 people of two photos each, in directions of their own
    rng = np.random.default_rng(2)
    person = np.repeat(np.arange(60), 2)
    vectors = rng.normal(size=(60, 64))[person] + 0.1 * rng.normal(size=(120, 64))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    whole = compare(album(vectors).vectors[:, 0], np.arange(120), album(vectors), False, person)
    assert (whole.tries.sum(), whole.fnmr, whole.impostors) == (120, 0, 120 * 118)
    # when three photos are lost, then so is each of their pairs, in both roles
    vectors[[0, 1, 10]] = np.nan
    lost = compare(album(vectors).vectors[:, 0], np.arange(120), album(vectors), False, person)
    assert lost.missed.nonzero()[0].tolist() == [0, 5] and lost.missed.sum() == 4
    assert lost.fnmr == pytest.approx(4 / 120)
    # and nobody found at all is everybody missed, while few strangers tell nothing
    nobody = compare(np.full((120, 64), np.nan, np.float32), np.arange(120), album(vectors), False, person)
    assert nobody.fnmr == 1
    assert compare(album(vectors).vectors[:4, 0], np.arange(4), album(vectors), False, person).fnmr is None


def test_scores_are_against_the_base_on_the_same_pairs() -> None:
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(60), 2)
    vectors = rng.normal(size=(60, 64))[person] + 0.1 * rng.normal(size=(120, 64))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    worse = vectors.copy()
    worse[:12] = np.nan
    all_of = [Finder("yunet", 320, Fake([])), Finder("yunet", 160, Fake([]))]
    findings = {all_of[0]: album(vectors), all_of[1]: album(worse)}
    errors = {f: np.full((120, 2), 0.05) for f in all_of}
    scene = Scene(0, np.arange(120), findings, errors, {})
    rows = {(s.width_px, s.refined): s for s in scores(scene, scene, person, 1)}
    base, other = rows[320, True], rows[160, True]
    assert base.base and not other.base
    assert (base.missed, other.missed, base.fnmr, base.more) == (0, 12, 0, 0)
    assert other.more == pytest.approx(12 / 120) and other.more_people95 is not None
    assert 0 < other.more_people95[0] < 0.1 < other.more_people95[1]
    assert (other.own, other.both, other.ms_ratio) == ([0.05, 0.05], None, 1)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a person with photos cut out round their faces as LFW's are: 250 px, the face in the middle."""
    root = tmp_path_factory.mktemp("people")
    detector = YunetNetwork(photo("yunet"), photo("face-mesh")).detector()
    photo("sface")
    for name, photos in PEOPLE.items():
        (root / name).mkdir()
        for each in photos:
            pixels = decode(photo(each))
            box = detector.detect(pixels)[0].box
            scale = 95 / box.width_px
            small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            shift = np.column_stack([np.eye(2), np.array([125, 125]) - scale * np.array(box.centre)])
            cut = cv2.warpAffine(small, shift, (250, 250), borderMode=cv2.BORDER_REPLICATE)
            cv2.imwrite(str(root / name / f"{each}.jpg"), cut)
    return root


@pytest.mark.parametrize("with_mtcnn", [False, True], ids=["yunet", "both"])
def test_run_writes_what_it_measured(
    people: Path, tmp_path: Path, with_mtcnn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given fewer widths than a real run has, of searching and of faces: each takes a while
    monkeypatch.setattr(finders, "WIDTHS_PX", {"yunet": (320, 640), "mtcnn": (640,)})
    monkeypatch.setattr(scenes, "FACES_PX", (90,))
    if with_mtcnn:
        photo("mtcnn-pnet")  # skipped where `python -m models fetch --group mtcnn` has not run
    options = ["--frames", "2", "--most", "4"] + ([] if with_mtcnn else ["--no-mtcnn"])
    done = CliRunner().invoke(app, ["detectors", str(people), "--out", str(tmp_path), *options])
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "detectors.json").read_text())
    by_scene = {px: [s for s in report["scores"] if s["face_px"] == px] for px in (0, 90)}
    assert sum(map(len, by_scene.values())) == len(report["scores"])
    assert (report["photos"], report["people"]) == (4, 2)
    assert {s["kind"] for s in report["scores"]} == ({"yunet", "mtcnn"} if with_mtcnn else {"yunet"})
    # then everybody finds a large face, and lands near where the rendering says that its parts are
    assert all(s["missed"] == 0 for s in by_scene[0])
    near = [s for s in by_scene[90] if s["width_px"] == 640 and s["refined"]]
    assert len(near) == 1 + with_mtcnn
    assert all(s["missed"] == 0 and s["own"][0] < 0.2 for s in near)
    assert bool(report["disagreement"]) is with_mtcnn
    page = (tmp_path / "detectors.md").read_text()
    assert "| YuNet 320, the base | yes |" in page and ("MTCNN 640" in page) is with_mtcnn
    assert "nan" not in page


def test_unmeasurable_input_is_explained(tmp_path: Path) -> None:
    (tmp_path / "nobody").mkdir()
    done = CliRunner().invoke(app, ["detectors", str(tmp_path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1 and "holds no photos" in done.output
    assert not (tmp_path / "out").exists()
