"""Training on drawn faces: it learns, repeats, goes on where it was killed, and stops when nothing gets better."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

from models.siamese.crops import split  # noqa: E402  # after the check that torch is there
from models.siamese.training import CHECKPOINT, Plan, ResumeError, Trained, embedder, train  # noqa: E402
from tests.models.siamese.drawn import drawn_faces  # noqa: E402

FACES = drawn_faces(40, 4)
LEARNED, HELD_OUT = split(FACES, (0.6, 0.4), seed=1)
SHORT = Plan("small", "triplet", epochs=3, steps=3, people=6, each=2)


class Watching:
    """Implements `Watch`; kill_at: raises as if the process had ended after so many steps."""

    def __init__(self, kill_at: int = 0) -> None:
        self.rows: list[dict[str, Any]] = []
        self.kill_at = kill_at

    def step(self, done: int, total: int, loss: float, faces_per_s: float) -> None:
        if done == self.kill_at:
            raise KeyboardInterrupt

    def epoch(self, row: dict[str, Any], faces_per_s: float, left_s: float) -> None:
        self.rows.append(row)


def learn(plan: Plan, out: Path, watch: Watching | None = None, **options: Any) -> Trained:
    return train(plan, LEARNED, HELD_OUT, out, out, watch or Watching(), **options)


def state(trained: Trained) -> list[bytes]:
    return [value.numpy().tobytes() for value in trained.network.state_dict().values()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """SHORT, run without interruption."""
    return learn(SHORT, tmp_path_factory.mktemp("whole"))


def test_one_seed_gives_one_result_bit_for_bit(tmp_path: Path, whole: Trained) -> None:
    again = learn(SHORT, tmp_path)
    assert state(again) == state(whole)
    assert again.history == whole.history


def test_another_seed_gives_another_result(tmp_path: Path, whole: Trained) -> None:
    assert learn(replace(SHORT, seed=2, epochs=1), tmp_path).history[:2] != whole.history[:2]


@pytest.mark.parametrize("kill_at", [5, 9], ids=["within an epoch", "before the last one is kept"])
def test_killed_and_resumed_gives_what_it_would_have_given(tmp_path: Path, whole: Trained, kill_at: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        learn(SHORT, tmp_path, Watching(kill_at))
    resumed = learn(SHORT, tmp_path, resume=True)
    assert state(resumed) == state(whole)
    assert resumed.history == whole.history


def test_spent_budget_ends_after_an_epoch_and_training_can_resume(tmp_path: Path, whole: Trained) -> None:
    ticks = iter(np.arange(0, 10_000, 10.0))
    cut = learn(SHORT, tmp_path, budget_s=30, clock=lambda: float(next(ticks)))
    assert cut.ended == "time budget spent"
    assert 1 < len(cut.history) < 4
    assert learn(SHORT, tmp_path, resume=True).history == whole.history


def test_training_distinguishes_unseen_people(tmp_path: Path) -> None:
    plan = replace(SHORT, epochs=2, steps=12, people=8, each=3)
    trained = learn(plan, tmp_path)
    first, best = trained.history[0], trained.history[trained.best_epoch]
    assert trained.best_epoch > 0
    assert best["gate"]["eer"] < 0.8 * first["gate"]["eer"]
    assert best["error"] < 0.9 * first["error"]
    # and the network handed back is the best epoch's
    vectors = embedder(trained.network)(HELD_OUT.crops)
    assert vectors.shape == (len(HELD_OUT.crops), trained.dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)


@pytest.mark.parametrize("loss", ["contrastive", "pair"])
def test_the_other_losses_learn_too(tmp_path: Path, loss: Any) -> None:
    rows = learn(replace(SHORT, loss=loss, margin=1.1, steps=8), tmp_path).history
    assert rows[-1]["loss"] < rows[1]["loss"]


def test_training_stops_without_improvement(tmp_path: Path) -> None:
    stuck = replace(SHORT, learning_rate=0.0, statistics=False, epochs=9, patience=2)
    trained = learn(stuck, tmp_path)
    assert trained.ended == "no improvement for 2 epochs"
    assert trained.best_epoch == 0
    assert len(trained.history) == 3


def test_resuming_needs_the_same_plan_the_same_people_and_a_whole_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ResumeError, match=r"has no checkpoint\.pt"):
        learn(SHORT, tmp_path, resume=True)
    learn(SHORT, tmp_path)
    with pytest.raises(ResumeError, match="a different loss, margin"):
        learn(replace(SHORT, loss="contrastive", margin=1.0), tmp_path, resume=True)
    with pytest.raises(ResumeError, match="a different photos, people"):
        train(SHORT, HELD_OUT, LEARNED, tmp_path, tmp_path, Watching(), resume=True)
    content = (tmp_path / CHECKPOINT).read_bytes()
    (tmp_path / CHECKPOINT).write_bytes(content[: len(content) // 2])
    with pytest.raises(ResumeError, match="cannot be read"):
        learn(SHORT, tmp_path, resume=True)
