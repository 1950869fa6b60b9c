"""The walks leave room to tell their events apart, and the judge of the live camera would notice a wrong one."""

from itertools import pairwise
from typing import Any

import pytest

from app.demo.film.cast import BARACK, EMPLOYEES, JACINDA
from app.demo.film.walks import FPS, LENGTH_S, WALKS, Walk, scene
from app.demo.play.live import MIN_FACE_PX, Recorded
from app.demo.play.verdict import passages, summarise_live

APPROACHES = [walk for walk in WALKS if walk.reason is not None]
# The service calls somebody gone who was not seen for 0.8 s.
PATIENCE_S = 0.8


def widths(walk: Walk) -> dict[float, float]:
    """Face width in pixels by second, while the face is in the picture."""
    moments = [number / FPS for number in range(round(LENGTH_S * FPS))]
    stood = {second: walk.standing(second) for second in moments}
    return {second: s.face_px for second, s in stood.items() if s is not None and 0 < s.x < 1}


def in_reach(walk: Walk) -> list[float]:
    return [second for second, width in widths(walk).items() if width >= MIN_FACE_PX]


def event_of(walk: Walk, at_s: float | None = None, **changed: Any) -> Recorded:
    """The right event of a walk, where nothing is changed."""
    named = {"number": walk.person.number} if walk.opens else None
    event = {"decision": "open" if walk.opens else "deny", "reason": walk.reason, "employee": named, **changed}
    return Recorded(event, walk.until_s - 0.5 if at_s is None else at_s)


RIGHT = [event_of(walk) for walk in APPROACHES]


def test_clip_has_employees_strangers_a_pair_and_a_passer_by() -> None:
    assert {walk.person for walk in APPROACHES if walk.opens} == set(EMPLOYEES)
    assert all(not walk.person.number for walk in WALKS if not walk.opens)
    assert max(len(scene(number / FPS).people) for number in range(round(LENGTH_S * FPS))) == 2
    assert scene(0).people == scene(LENGTH_S).people == ()
    for walk in WALKS:
        assert bool(in_reach(walk)) is (walk.reason is not None)


def test_every_event_falls_into_the_time_of_its_walk() -> None:
    assert [walk.until_s for walk in APPROACHES] == sorted(walk.until_s for walk in APPROACHES)
    late_s = 0.4
    for walk in APPROACHES:
        last = max(in_reach(walk)) + PATIENCE_S if not walk.opens else min(in_reach(walk)) + 1
        assert last + late_s < walk.until_s
    for before, after in pairwise(APPROACHES):
        first = max(in_reach(after)) if not after.opens else min(in_reach(after))
        assert before.until_s + late_s < first
    assert APPROACHES[-1].until_s < LENGTH_S


def test_far_one_of_two_is_never_mistaken_for_the_near_one() -> None:
    for number in range(round(LENGTH_S * FPS)):
        near = sorted((s.face_px for s in scene(number / FPS).people if 0 < s.x < 1), reverse=True)
        if len(near) > 1 and near[0] >= MIN_FACE_PX:
            assert near[1] < 0.8 * near[0]


def test_one_right_event_per_walk_is_right() -> None:
    found = summarise_live(passages(RIGHT))
    assert found.good
    assert (found.total, found.let_in_wrongly, found.turned_away_wrongly) == (len(APPROACHES), 0, 0)


def test_no_events_at_all_is_wrong_everywhere() -> None:
    found = summarise_live(passages([]))
    assert (found.right, found.turned_away_wrongly) == (0, len(EMPLOYEES))
    assert not found.good


@pytest.mark.parametrize(
    ("recorded", "let_in", "turned_away"),
    [
        (RIGHT[1:], 0, 1),
        ([*RIGHT, event_of(APPROACHES[0])], 0, 0),
        ([event_of(APPROACHES[0], employee={"number": BARACK.number}), *RIGHT[1:]], 1, 0),
        ([event_of(APPROACHES[0], decision="deny", reason="not_recognised", employee=None), *RIGHT[1:]], 0, 1),
        ([*RIGHT, event_of(APPROACHES[1], decision="open", employee={"number": JACINDA.number})], 1, 0),
        ([*RIGHT[:1], event_of(APPROACHES[1], reason="poor_quality"), *RIGHT[2:]], 0, 0),
        ([*RIGHT, event_of(APPROACHES[-1], at_s=LENGTH_S + 3)], 0, 0),
    ],
    ids=["missing", "twice", "another", "turned away", "stranger let in", "another reason", "too late"],
)
def test_anything_else_is_wrong(recorded: list[Recorded], let_in: int, turned_away: int) -> None:
    found = summarise_live(passages(recorded))
    assert (found.let_in_wrongly, found.turned_away_wrongly) == (let_in, turned_away)
    assert found.right == found.total - 1
    assert not found.good
