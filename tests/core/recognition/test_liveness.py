"""When liveness scores suffice: fewer frames need higher scores, and missing scores never help."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.recognition.liveness import (
    BORDER_FACES,
    FRAMED,
    LIVE_FROM,
    MOST_FRAMES,
    LivenessMode,
    LivenessState,
    beside_border,
    effective,
    fuse,
    is_doubtful,
    refuses,
    state,
)


def test_median_of_the_newest_five_counts() -> None:
    assert fuse([0.9]) == (0.9, 1)
    assert fuse([0.9, 0.1]) == (0.5, 2)
    assert fuse([0.9, 0.0, 0.8]) == (0.8, 3)
    assert fuse([0.0, 0.0, 0.0, 0.9, 0.9, 0.9, 0.9, 0.9]) == (0.9, 5)
    assert fuse([0.9, None, 0.8, None, 0.7]) == (0.8, 3)
    assert fuse([None, None]) == fuse([]) == (None, 0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_score_that_is_not_finite_is_an_error(bad: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        fuse([0.9, 0.9, bad, 0.9, 0.9])


@pytest.mark.parametrize("frames", range(1, MOST_FRAMES + 4))
def test_fewer_frames_need_a_higher_score(frames: int) -> None:
    needed = LIVE_FROM[min(frames, MOST_FRAMES) - 1]
    assert state(LivenessMode.REQUIRED, True, needed, frames) is LivenessState.LIVE
    assert state(LivenessMode.REQUIRED, True, needed - 0.001, frames) is LivenessState.SPOOF_SUSPECTED
    assert needed <= LIVE_FROM[0] and len(LIVE_FROM) == MOST_FRAMES and sorted(LIVE_FROM, reverse=True) == [*LIVE_FROM]


def test_each_mode_with_and_without_weights() -> None:
    found = {
        (mode, works): (state(mode, works, 0.1, 1), refuses(mode, works, state(mode, works, 0.1, 1)))
        for mode in LivenessMode
        for works in (True, False)
    }
    spoof, gone, off = LivenessState.SPOOF_SUSPECTED, LivenessState.UNAVAILABLE, LivenessState.OFF
    assert found == {
        ("auto", True): (spoof, True),
        ("auto", False): (gone, False),
        ("required", True): (spoof, True),
        ("required", False): (gone, True),
        ("monitor", True): (spoof, False),
        ("monitor", False): (gone, False),
        ("off", True): (off, False),
        ("off", False): (off, False),
    }
    assert (effective(LivenessMode.AUTO, True), effective(LivenessMode.AUTO, False)) == ("required", "monitor")


def test_unmeasured_face_does_not_pass_if_liveness_is_required() -> None:
    assert state(LivenessMode.REQUIRED, True, None, 0) is LivenessState.UNMEASURED
    assert refuses(LivenessMode.REQUIRED, True, LivenessState.UNMEASURED) and refuses(
        LivenessMode.AUTO, True, LivenessState.UNMEASURED
    )
    assert not refuses(LivenessMode.MONITOR, True, LivenessState.UNMEASURED)
    assert refuses(LivenessMode.REQUIRED, True, None)


@given(st.sampled_from(["", "REQUIRED", "on", "none"]), st.booleans())
def test_unknown_mode_opens_nothing(mode: str, works: bool) -> None:
    with pytest.raises(ValueError, match="not a valid"):
        refuses(mode, works, LivenessState.LIVE)  # type: ignore[arg-type]  # a mode that does not exist


@given(st.lists(st.none() | st.floats(0, 1), max_size=8), st.sampled_from(list(LivenessMode)), st.booleans())
def test_only_enough_live_frames_pass_if_liveness_is_required(
    scores: list[float | None], mode: LivenessMode, works: bool
) -> None:
    score, frames = fuse(scores)
    found = state(mode, works, score, frames)
    assert refuses(mode, works, found) is (
        effective(mode, works) is LivenessMode.REQUIRED
        and not (works and score is not None and score >= LIVE_FROM[frames - 1])
    )


def test_scores_that_were_measured_to_suffice() -> None:
    assert LIVE_FROM == (0.7, 0.7, 0.6, 0.6, 0.5)
    for frames, needed in enumerate(LIVE_FROM, start=1):
        assert state(LivenessMode.REQUIRED, True, needed + 0.01, frames) is LivenessState.LIVE
        assert state(LivenessMode.REQUIRED, True, 1.0, frames) is LivenessState.LIVE
        assert state(LivenessMode.REQUIRED, True, needed - 0.01, frames) is LivenessState.SPOOF_SUSPECTED


@pytest.mark.parametrize(("score", "frames"), [(None, 0), (None, 3), (0.9, 0)])
def test_without_a_score_or_a_frame_nothing_was_measured(score: float | None, frames: int) -> None:
    assert state(LivenessMode.REQUIRED, True, score, frames) is LivenessState.UNMEASURED


def test_face_with_an_edge_around_it_must_look_that_much_more_live() -> None:
    for seen in (BORDER_FACES, 6.0):
        assert beside_border(0.8, seen) == pytest.approx(0.8 - FRAMED)
    for seen in (0.0, BORDER_FACES - 0.01):
        assert beside_border(0.8, seen) == 0.8
    assert is_doubtful(0.5) and is_doubtful(0.94)
    assert not is_doubtful(0.49) and not is_doubtful(0.96)


@given(st.floats(0, 1), st.integers(1, MOST_FRAMES))
def test_edge_is_only_looked_for_where_it_can_matter(score: float, frames: int) -> None:
    framed = beside_border(score, BORDER_FACES)
    needed = LIVE_FROM[frames - 1]
    if not is_doubtful(score):
        assert (framed >= needed) == (score >= needed)
    assert framed < needed or score >= needed
