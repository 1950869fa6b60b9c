"""Variants against a baseline: the same deal for all, nothing learnt from who plays, and ratios that are paired."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from models.accuracy.openset import Setting, play, pools, trial, unit
from models.data.dataset import LabelledPhoto
from models.data.embed import Raw
from models.experiments import __main__
from models.experiments.variants import recipes, variants
from models.experiments.variants.deal import Deal, deal
from models.experiments.variants.recipes import GROUPS, plain
from models.experiments.variants.variants import Cell, compare, markdown

PEOPLE, PHOTOS = 90, 7
QUIET = Console(quiet=True)


def crowd(people: int = PEOPLE, photos: int = PHOTOS, noise: float = 0.8, lean: float = 0.4, seed: int = 0) -> Raw:
    """People as random directions round one that all faces share, photos as noisy copies, mirror images noisier."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), photos)
    faces = unit(rng.normal(size=(people, 64)).astype(np.float32)) + lean * np.eye(64, dtype=np.float32)[0]

    def seen(of: np.ndarray) -> np.ndarray:
        return unit(of + noise * unit(rng.normal(size=of.shape).astype(np.float32)))

    face = seen(faces[person])
    mirror = seen(face)
    return Raw(
        people=tuple(f"p{i}" for i in range(people)),
        person=person,
        face=face,
        mirror=mirror,
        portrait=face,
        portrait_mirror=mirror,
        score=rng.uniform(0.2, 1, len(person)).astype(np.float32),
        gate_reason=np.full(len(person), ""),
        enrolment_reason=np.full(len(person), ""),
        portrait_reason=np.full(len(person), ""),
    )


def dealt(raw: Raw, setting: Setting, seed: int = 1) -> Deal:
    half = len(raw.people) // 2
    people = range(half, len(raw.people))
    return deal(raw, pools(raw.off(None)), people, range(half), setting, np.random.default_rng(seed))


@pytest.mark.parametrize(("photos", "frames"), [(1, 1), (3, 1), (1, 3), (3, 3)])
def test_deal_is_what_play_plays(photos: int, frames: int) -> None:
    raw = crowd()
    # given some people with one photo, who fill the gallery up
    raw.portrait_reason[(raw.person % 3 == 0) & (np.arange(len(raw.person)) % PHOTOS > 0)] = "blurred"
    setting = Setting(25, photos, frames)
    d = dealt(raw, setting)

    e = raw.off(None)
    expected = play(e, pools(e), range(PEOPLE // 2, PEOPLE), setting, np.random.default_rng(1))

    found = trial(d, plain(d, e))
    for name in ("mate", "stranger"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-5)
    for name in ("mate_id", "stranger_id", "mate_right", "mate_photos", "stranger_photos", "full_templates"):
        assert np.array_equal(getattr(found, name), getattr(expected, name))


def test_teachers_and_players_share_no_person_or_photo() -> None:
    d = dealt(crowd(), Setting(20, 3, 1))
    assert len(d.teachers) == PEOPLE // 2
    assert not set(d.teachers) & (set(d.enrolled.tolist()) | set(d.whose.tolist()))
    assert set(d.whose[: d.mates].tolist()) <= set(d.enrolled.tolist())
    assert not set(d.whose[d.mates :].tolist()) & set(d.enrolled.tolist())
    assert not set(np.concatenate(d.photos).tolist()) & set(d.frames.ravel().tolist())


def test_too_few_people_or_photos_are_refused() -> None:
    with pytest.raises(ValueError, match="45 people are too few to enrol 60"):
        dealt(crowd(), Setting(60, 1, 1))
    with pytest.raises(ValueError, match="too few photos"):
        dealt(crowd(photos=2), Setting(20, 3, 3))


@pytest.mark.parametrize("group", GROUPS, ids=lambda g: g.title)
def test_every_variant_names_clear_faces_right(group: recipes.Group) -> None:
    raw = crowd(noise=0.3)
    assert group.recipes
    for kind in group.kinds:
        d = dealt(raw, Setting(20, *kind))
        for name, recipe in group.recipes.items():
            scores = recipe(d, group.base(d))
            assert scores.shape == (len(d.whose), 20), name
            assert np.isfinite(scores).all(), name
            found = trial(d, scores)
            assert found.mate_right.all(), name
            assert np.median(found.mate) > np.median(found.stranger), name


def test_evaluated_people_are_not_used_for_fitting() -> None:
    raw = crowd()
    playing = raw.person >= PEOPLE // 2
    other = replace(raw, face=np.where(playing[:, None], raw.face[::-1], raw.face))
    setting = Setting(20, 1, 1)
    assert (dealt(raw, setting).centre == dealt(other, setting).centre).all()
    # and what the teachers look like changes nothing where nothing is learnt
    strange = replace(raw, face=np.where(playing[:, None], raw.face, raw.face[::-1]))
    before, after = dealt(raw, setting), dealt(strange, setting)
    assert (plain(before, before.bare) == plain(after, after.bare)).all()
    assert not (plain(before, before.centred) == plain(after, after.centred)).all()


def test_subtracting_the_mean_removes_the_common_direction() -> None:
    d = dealt(crowd(lean=0.8), Setting(20, 1, 1))
    bare, centred = (trial(d, plain(d, e)).stranger.mean() for e in (d.bare, d.centred))
    assert centred < bare - 0.1


def test_several_templates_are_one_where_there_is_one_photo() -> None:
    one = dealt(crowd(), Setting(20, 1, 1))
    for recipe in recipes.OF_SEVERAL.values():
        assert recipe(one, one.bare) == pytest.approx(plain(one, one.bare), abs=1e-5)
    three = dealt(crowd(), Setting(20, 3, 1))
    by_hand = np.stack([three.probes(three.bare) @ three.bare.enrolment[list(mine)].T for mine in three.photos], axis=1)
    assert recipes.best_photo(three, three.bare) == pytest.approx(by_hand.max(axis=2), abs=1e-5)
    assert recipes.mean_over_photos(three, three.bare) == pytest.approx(by_hand.mean(axis=2), abs=1e-5)


def test_frames_weigh_as_they_say() -> None:
    d = dealt(crowd(), Setting(20, 1, 3))
    e, first = d.centred, d.frames[0]
    templates = d.templates(e)
    for recipe, weight in (
        (recipes.unweighted_frames, np.ones(3)),
        (recipes.squared_weights, e.score[first] ** 2),
        (plain, e.score[first]),
    ):
        assert recipe(d, e)[0] == pytest.approx(unit(weight @ e.gate[first]) @ templates.T, abs=1e-5)
    assert recipes.best_frame(d, e)[0] == pytest.approx((e.gate[first] @ templates.T).max(axis=0), abs=1e-5)


def test_scores_are_normalised_as_by_hand() -> None:
    d = dealt(crowd(), Setting(30, 1, 1))
    e, similarity = d.centred, plain(d, d.centred)
    order = np.sort(similarity, axis=1)[:, ::-1]
    expected = similarity - order[:, 1:21].mean(axis=1)[:, None] / 2
    assert recipes.less_next(d, e) == pytest.approx(expected, abs=1e-5)
    cohort = unit(np.stack([e.enrolment[e.person == i].mean(axis=0) for i in d.teachers]))
    assert len(cohort) < recipes.ADAPTIVE  # so all of them count
    (t, p) = (v @ cohort.T for v in (d.templates(e), d.probes(e)))
    by_template = (similarity - t.mean(axis=1)[None]) / t.std(axis=1)[None]
    by_probe = (similarity - p.mean(axis=1)[:, None]) / p.std(axis=1)[:, None]
    assert recipes.adaptive_s_norm(d, e) == pytest.approx((by_template + by_probe) / 2, abs=1e-4)
    near = np.sort(t, axis=1)[:, -recipes.NEAR :].mean(axis=1)
    assert recipes.less_template_near(d, e) == pytest.approx(similarity - near[None] / 2, abs=1e-5)


def test_directions_in_which_one_person_varies_count_less() -> None:
    # given photos that differ in one direction, by more than people differ in any
    raw = crowd(noise=0.2)
    blown = np.random.default_rng(5).normal(size=(len(raw.person), 1)).astype(np.float32) * np.eye(64)[3] * 1.5
    raw = replace(raw, face=unit(raw.face + blown), mirror=unit(raw.mirror + blown))
    raw = replace(raw, portrait=raw.face, portrait_mirror=raw.mirror)
    d = dealt(raw, Setting(20, 1, 1))
    before, after = (
        trial(d, scores).mate_right.mean() for scores in (plain(d, d.centred), recipes.whitened(d, d.bare))
    )
    assert after > before


def test_one_seed_gives_one_result_and_the_baseline_is_no_variant() -> None:
    raw = crowd(people=60, noise=1.6)
    runs = [compare(variants.play(raw, 12, 2, seed, QUIET), 60, seed, QUIET) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    for group in GROUPS:
        mine = [c for c in runs[0] if c.group == group.title and c.variant == group.baseline]
        assert len(mine) == len(group.kinds) * len(variants.FPIRS)
        assert all(c.ratio is None and c.ratio_people95 is None for c in mine)
    # a repeat more leaves the galleries before it as they were
    one, two = (variants.play(raw, 12, repeats, 1, QUIET) for repeats in (1, 2))
    for key, trials in one.items():
        assert (trials[0].mate == two[key][0].mate).all()


def test_variant_like_the_baseline_has_a_ratio_of_one_without_doubt() -> None:
    group = GROUPS[0]
    raw = crowd(noise=2)
    d = dealt(raw, Setting(20, 1, 1))
    same = trial(d, plain(d, d.bare))
    name = next(iter(group.recipes))
    cells = compare({(group.title, v, (1, 1)): [same] for v in (group.baseline, name)}, PEOPLE, 1, QUIET)
    told = {c.fpir: c for c in cells if c.variant == name}
    assert told[0.01].missed > 0
    assert (told[0.01].ratio, told[0.01].ratio_people95) == (1, [1, 1])
    # 175 attempts of strangers cannot show a rate of a thousandth
    assert told[0.001].fnir is None
    assert "too few" in told[0.001].why


def test_table_has_a_row_a_variant_and_says_what_is_not_counted() -> None:
    group = GROUPS[2]
    name = next(iter(group.recipes))

    def cell(variant: str, fpir: float, **known: object) -> Cell:
        facts = {"fnir": 0.02, "missed": 2, "ratio": None, "ratio_people95": None} | known
        counted = {"mate_attempts": 100, "mate_people": 40, "stranger_attempts": 1200, "stranger_people": 90}
        return Cell(group.title, variant, 1, 3, fpir, **facts, **counted)  # type: ignore[arg-type]

    text = markdown(
        [
            cell(group.baseline, 0.01),
            cell(group.baseline, 0.001, fnir=None),
            cell(name, 0.01, ratio=0.5, ratio_people95=[0.25, 1.5]),
            cell(name, 0.001, missed=3),
        ]
    )
    assert "1 photo: 100 attempts of 40 mates, 1,200 of 90 strangers" in text
    assert f"| {group.baseline} | FNIR 2.00% | not counted |  |  |" in text
    assert f"| {name} | 0.50 (0.25 to 1.50) | 3 missed, baseline none |  |  |" in text


def test_command_writes_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given vectors that need no photos looked at
    raw = crowd(people=60, noise=1.6)
    photos = [LabelledPhoto(raw.people[i], Path(f"{i}.jpg")) for i in raw.person]
    monkeypatch.setattr(variants, "read_dataset", lambda _: photos)
    monkeypatch.setattr(variants, "look_at", lambda *_: raw)
    arguments = ["variants", str(tmp_path), "--out", str(tmp_path / "out"), "--repeats", "2"]

    done = CliRunner().invoke(__main__.app, [*arguments, "--enrolled", "12"])
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "out" / "variants.json").read_text())
    assert told["dataset"] == {"name": tmp_path.name, "people": 60, "photos": 60 * PHOTOS}
    assert {c["group"] for c in told["cells"]} == {g.title for g in GROUPS}
    assert "| As served: the mean taken off | FNIR" in (tmp_path / "out" / "variants.md").read_text()

    refused = CliRunner().invoke(__main__.app, [*arguments, "--enrolled", "1000"])
    assert refused.exit_code == 2
    assert "too few to enrol 1000" in refused.output
