"""The judge on people whose true errors are known, and on datasets that are small, broken or oddly made."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from models.accuracy import comparison, groups, report
from models.accuracy.evaluate import evaluate
from models.accuracy.intervals import between, over_people, percent, wilson
from models.accuracy.label_noise import label_noise
from models.accuracy.openset import Setting, play, pools
from models.accuracy.rates import Pooled, operating_points
from models.accuracy.report import markdown
from models.accuracy.verification import read_pairs, verify
from models.data.dataset import LabelledPhoto
from tests.models.accuracy.crowd import CALIBRATION, crowd


def listed(people: int, photos: int) -> list[LabelledPhoto]:
    return [LabelledPhoto(f"p{i}", Path(f"p{i}/p{i}_{k:04d}.jpg")) for i in range(people) for k in range(1, photos + 1)]


def test_every_pair_is_counted_once() -> None:
    e = crowd(people=40, photos=3)

    c = comparison.compare(e.gate, e.person)

    assert len(c.genuine) == 40 * 3
    assert c.impostors == 120 * 119 // 2 - 120
    similarity = e.gate @ e.gate.T
    different = np.triu(e.person[:, None] != e.person[None])
    limit = c.threshold(0.1)
    assert c.fmr(limit) <= 0.1
    assert c.fmr(limit) == pytest.approx((similarity[different] >= limit).mean(), abs=2e-3)
    assert (np.diff(c.near) <= 0).all()
    assert (e.person[c.near_pairs[:, 0]] != e.person[c.near_pairs[:, 1]]).all()


def test_rate_too_small_to_count_is_not_invented() -> None:
    e = crowd(people=40, photos=3)
    c = comparison.compare(e.gate, e.person)

    rows = comparison.points(c, e.person, 40, np.random.default_rng(0))

    assert [row["threshold"] is None for row in rows] == [False, False, False, True, True, True]
    assert "too few" in rows[-1]["why"]
    low, high = rows[1]["fnmr_people95"]
    assert low <= rows[1]["fnmr"] <= high


def test_intervals_have_their_stated_coverage() -> None:
    assert wilson(0, 100) == [0.0, pytest.approx(0.037, abs=0.001)]
    assert wilson(5, 10) == [pytest.approx(0.237, abs=0.001), pytest.approx(0.763, abs=0.001)]
    assert wilson(0, 0) is None
    values = np.random.default_rng(0).normal(size=400)
    interval = over_people(400, lambda n: float(n @ values / n.sum()), np.random.default_rng(1))
    assert interval is not None
    assert interval[1] - interval[0] == pytest.approx(2 * 1.96 / 20, rel=0.2)


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((0.994, 1.0), "(99.4 to 100)"),
        ((0.00001, 0.0314), "(0.001 to 3.1)"),
        ((0.0, 0.9997), "(0 to 100)"),
        (None, ""),
    ],
)
def test_interval_reads_as_numbers(ends: tuple[float, float] | None, text: str) -> None:
    assert between(ends) == text


def test_share_reads_as_a_number_of_percent() -> None:
    assert [percent(share) for share in (0.99934, 0.0000123, 0.5, 0.0, None, float("nan"))] == [
        "99.9 %",
        "0.00123 %",
        "50 %",
        "0 %",
        "-",
        "-",
    ]


def test_dependent_comparisons_widen_the_interval_over_people() -> None:
    """Ten photos of one person fail or pass together; counted one by one they pretend to be ten facts."""
    e = crowd(people=30, photos=10, noise=0.1)
    spoilt = np.random.default_rng(0).normal(size=(10, 128)).astype(np.float32)
    e.gate[e.person == 0] = spoilt / np.linalg.norm(spoilt, axis=1, keepdims=True)
    c = comparison.compare(e.gate, e.person)

    row = comparison.points(c, e.person, 30, np.random.default_rng(0))[1]

    assert row["fnmr"] == pytest.approx(1 / 30, rel=0.2)
    assert row["fnmr_people95"][1] > row["fnmr_wilson95"][1]


def test_verification_by_the_folds_that_the_file_gives(tmp_path: Path) -> None:
    photos = listed(20, 3)
    lines = ["2\t10"]
    for fold in (range(10), range(10, 20)):
        lines += [f"p{i}\t1\t2" for i in fold]
        lines += [f"p{i}\t1\tp{(i + 3) % 20}\t2" for i in fold]
    (tmp_path / "pairs.txt").write_text("\n".join(lines), encoding="utf-8")
    e = crowd(people=20, photos=3, noise=0.1)

    pairs = read_pairs(tmp_path / "pairs.txt", photos)
    found = verify(pairs, e.gate, e.person, 20, np.random.default_rng(0))

    assert found["protocol"].startswith("2 folds")
    assert np.bincount(pairs.fold).tolist() == [20, 20]
    assert (found["pairs"], found["same"], found["different"]) == (40, 20, 20)
    assert found["accuracy"] == found["accuracy_at_best_threshold"] == 1.0
    assert found["tar_at_far"]["0.1"]["tar"] == 1.0
    assert found["tar_at_far"]["0.001"] is None  # 20 different pairs cannot count one in a thousand


def test_pair_whose_face_is_not_found_counts_as_different(tmp_path: Path) -> None:
    e = crowd(people=12, photos=2, noise=0.1)
    e.gate[0] = np.nan
    rows = [f"p{i} 1 2" for i in range(12)] + [f"p{i} 1 p{(i + 1) % 12} 2" for i in range(12)] + ["nobody 1 2"]
    (tmp_path / "pairs.txt").write_text("\n".join(rows), encoding="utf-8")

    pairs = read_pairs(tmp_path / "pairs.txt", listed(12, 2))
    found = verify(pairs, e.gate, e.person, 12, np.random.default_rng(0))

    assert found["pairs_with_no_face_found"] == 2
    assert found["pairs_not_in_dataset"] == 1
    assert found["accuracy"] == pytest.approx(23 / 24)


@pytest.mark.parametrize("text", ["p0 1", "p0 one two", "<html>", "nobody 1 2\n"])
def test_invalid_pair_list_is_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / "pairs.txt").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"is not a pair|has no pair"):
        read_pairs(tmp_path / "pairs.txt", listed(3, 2))


def test_more_photos_and_frames_miss_fewer() -> None:
    e = crowd(people=500, photos=8, noise=1.6)
    usable, rng = pools(e), np.random.default_rng(0)

    def fnir(photos: int, frames: int) -> float:
        setting = Setting(150, photos, frames)
        trials = [play(e, usable, range(500), setting, rng) for _ in range(3)]
        row = operating_points(trials, setting, None, 500, rng)[1]
        assert row["fpir"] == 0.01
        assert row["fnir_people95"][0] <= row["fnir"] <= row["fnir_people95"][1]
        return float(row["fnir"])

    assert fnir(1, 1) > fnir(3, 1) > fnir(3, 3)


def test_at_the_chosen_threshold_the_given_share_of_strangers_opens() -> None:
    e = crowd(people=500)
    setting = Setting(150, 1, 1)
    pooled = Pooled([play(e, pools(e), range(500), setting, np.random.default_rng(0))], setting, None)

    for fpir in (0.1, 0.01):
        assert (pooled.stranger > pooled.threshold(fpir)).mean() == pytest.approx(fpir, rel=0.1)
        everybody_once = np.ones(500)
        assert pooled.threshold(fpir, everybody_once) == pytest.approx(pooled.threshold(fpir), abs=1e-3)


def test_group_with_worse_photos_shows(tmp_path: Path) -> None:
    e = crowd(people=200, photos=4, noise=0.3)
    second = e.person >= 100
    e.gate[second] = crowd(people=200, photos=4, noise=2.0).gate[second]
    path = tmp_path / "groups.csv"
    path.write_text("person,group\n" + "".join(f"p{i},{'a' if i < 100 else 'b'}\n" for i in range(199)), "utf-8")

    listed_groups = groups.read_groups(path, e.people)
    found = groups.by_group(listed_groups.group, comparison.compare(e.gate, e.person), e.person, None)

    assert listed_groups.without == ("p199",)
    assert found["groups"]["a"]["fnmr_at_fmr_0.001"]["rate"] < found["groups"]["b"]["fnmr_at_fmr_0.001"]["rate"]
    within = found["groups"]["a"]["fmr_within_at_0.001"]
    assert within["of"] == 400 * 399 // 2 - 100 * 6


def test_people_in_only_one_of_groups_file_and_dataset_are_named(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("person,group\np0,a\np1,\nGhost,b\nEve,b\n", encoding="utf-8")

    found = groups.read_groups(tmp_path / "g.csv", ("p0", "p1", "p2")).left_over(1)

    assert found == {
        "people_in_no_group": 2,
        "people_in_no_group_named": ["p1"],
        "not_in_dataset": 2,
        "not_in_dataset_named": ["Eve"],
    }


@pytest.mark.parametrize("text", ["name,group\np0,a\n", "person,group\nnobody,a\n", "person,group\np0,a\np0,b\n"])
def test_groups_that_cannot_be_used_say_why(tmp_path: Path, text: str) -> None:
    (tmp_path / "g.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"columns|nobody|two groups"):
        groups.read_groups(tmp_path / "g.csv", ("p0", "p1"))


def test_one_person_under_two_names_and_a_wrong_photo_are_named() -> None:
    e = crowd(people=200, photos=4, noise=0.5)
    e.gate[e.person == 7] = e.gate[e.person == 9]  # p7 is p9
    e.gate[4] = crowd(people=200, photos=4, noise=0.5, seed=5).gate[99]  # the first photo of p1 shows somebody else
    photos = listed(200, 4)

    found = label_noise(comparison.compare(e.gate, e.person), e.gate, e.person, photos)

    assert found["suspicious_pairs"] == 16
    named = {name.split("/")[0] for pair in found["between"] if pair["suspicious"] for name in pair["photos"]}
    assert named == {"p7", "p9"}
    assert found["within"][0]["photo"] == "p1/p1_0001.jpg"


def test_right_labels_are_not_suspected() -> None:
    e = crowd(people=200, photos=4, noise=0.5)
    found = label_noise(comparison.compare(e.gate, e.person), e.gate, e.person, listed(200, 4))
    assert found["suspicious_pairs"] <= 2


def test_the_whole_report_can_be_written_and_read() -> None:
    e = crowd(people=260, photos=4)
    found = evaluate(e, listed(260, 4), CALIBRATION, None, None, 2, 0, Console(quiet=True))
    page = markdown(
        found
        | {
            "pack": {"name": "sface", "precision": "f32"},
            "dataset": {
                "name": "crowd",
                "people": 260,
                "photos": 1040,
                "people_with_two_photos": 260,
                "no_face_found": 0,
                "unreadable": 0,
                "unreadable_files": [],
                "passed_over": [],
                "refused_at_gate": {},
                "refused_for_enrolment": {},
            },
            "plots": [],
            "seconds": {"embedding": 1, "measuring": 1},
            "command": "x",
        }
    )

    json.dumps(found, allow_nan=False)
    rows = found["open_set"]["rows"]
    assert {(row["photos"], row["frames"]) for row in rows} >= {(1, 1), (3, 1), (2, 2)}
    assert {row["rate"] for row in found["open_set"]["at_set_rates"]} == {0.01, 0.003, 0.001}
    assert re.search(r"\| 100 \| 3 \| 1 \|", page)


def test_nan_is_null_in_the_report() -> None:
    found = {"a": [float("nan"), 1.5, (float("inf"), "x")], "b": {"c": float("-inf"), "d": 0}}
    assert report.plain(found) == {"a": [None, 1.5, [None, "x"]], "b": {"c": None, "d": 0}}
