"""The losses against plain loops over the same batch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

from models.siamese.losses import PairHead, contrastive, head_errors, triplet  # noqa: E402  # after the check that torch is there


def batch(seed: int = 5):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(12, 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return torch.from_numpy(vectors), torch.arange(4).repeat_interleave(3)


def squared(vectors, i: int, j: int) -> float:
    return float(((vectors[i] - vectors[j]) ** 2).sum())


def test_contrastive_is_the_mean_over_mates_plus_the_mean_over_strangers() -> None:
    vectors, person = batch()
    pairs = [(i, j) for i in range(12) for j in range(12) if i != j]
    mates = [squared(vectors, i, j) for i, j in pairs if person[i] == person[j]]
    others = [max(0.0, 1.1 - squared(vectors, i, j) ** 0.5) ** 2 for i, j in pairs if person[i] != person[j]]
    assert float(contrastive(vectors, person, 1.1)) == pytest.approx(np.mean(mates) + np.mean(others), abs=1e-6)


def test_semihard_takes_the_nearest_negative_beyond_the_positive() -> None:
    vectors, person = batch()
    found = []
    for a in range(12):
        negatives = [squared(vectors, a, n) for n in range(12) if person[n] != person[a]]
        for p in range(12):
            if p != a and person[p] == person[a]:
                positive = squared(vectors, a, p)
                beyond = [d for d in negatives if d > positive]
                found.append(max(0.0, positive - (min(beyond) if beyond else max(negatives)) + 0.3))
    assert float(triplet(vectors, person, 0.3, "semihard")) == pytest.approx(np.mean(found), abs=1e-6)


def test_hard_takes_the_farthest_positive_and_the_nearest_negative() -> None:
    vectors, person = batch()
    found = []
    for a in range(12):
        positives = [squared(vectors, a, p) for p in range(12) if p != a and person[p] == person[a]]
        negatives = [squared(vectors, a, n) for n in range(12) if person[n] != person[a]]
        found.append(max(0.0, max(positives) - min(negatives) + 0.3))
    assert float(triplet(vectors, person, 0.3, "hard")) == pytest.approx(np.mean(found), abs=1e-6)


def test_pair_head_does_not_care_which_picture_comes_first() -> None:
    torch.manual_seed(1)
    head = PairHead(6).double()
    torch.nn.init.normal_(head.difference.weight)
    torch.nn.init.normal_(head.product.weight)
    vectors, _ = batch()
    assert torch.equal(head(vectors[:5], vectors[5:10]), head(vectors[5:10], vectors[:5]))


def test_pair_head_begins_as_a_logistic_curve_of_the_cosine_and_learns() -> None:
    vectors, person = batch()
    head = PairHead(6).double()
    head.difference.bias.data.zero_()
    assert head(vectors[:1], vectors[:1]).item() == pytest.approx(5.0)
    optimiser = torch.optim.SGD(head.parameters(), lr=0.5)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = head.loss(vectors, person)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.85 * losses[0]


@pytest.mark.parametrize("person", [[0, 0, 0], [0, 1, 2]])
def test_batch_without_mates_or_without_strangers_is_refused(person: list[int]) -> None:
    with pytest.raises(ValueError, match="a batch needs"):
        contrastive(batch()[0][:3], torch.tensor(person), 1.0)


def test_heads_own_errors_are_counted_over_every_pair() -> None:
    # given a head that asks for a cosine above a half, and a person whose second picture looks like somebody else
    head = PairHead(2)
    head.cosine.data.fill_(10.0)
    head.difference.bias.data.fill_(-5.0)
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    fmr, fnmr = head_errors(head, vectors, torch.tensor([0, 0, 1, 1]))
    # then of four pairs of strangers two match, and of two pairs of mates one does not
    assert (fmr, fnmr) == (0.5, 0.5)
