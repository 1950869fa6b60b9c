"""The losses for training: contrastive over pairs, triplet, and a same-or-different head.

All take a batch of unit vectors (n, d) and the person of each (n,), and use every pair in the batch.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Loss = Literal["contrastive", "triplet", "pair"]
Mining = Literal["semihard", "hard"]


def squared_distances(vectors: Tensor) -> Tensor:
    """Returns (n, n) squared Euclidean distances of unit vectors, 0 to 4."""
    return (2 - 2 * vectors @ vectors.T).clamp(min=0)


def contrastive(vectors: Tensor, person: Tensor, margin: float) -> Tensor:
    """Returns the mean of d^2 over pairs of one person plus the mean of max(0, margin - d)^2 over the others.

    Hadsell, Chopra & LeCun, "Dimensionality reduction by learning an invariant mapping", CVPR 2006. The means are
    separate because a batch has ten times as many pairs of strangers.
    """
    same, different = _pairs(person)
    squared = squared_distances(vectors)
    distance = (squared + 1e-8).sqrt()
    return squared[same].mean() + functional.relu(margin - distance[different]).square().mean()


def triplet(vectors: Tensor, person: Tensor, margin: float, mining: Mining) -> Tensor:
    """Returns the mean of max(0, d_ap^2 - d_an^2 + margin) over every anchor and positive, with a mined negative.

    With `semihard` mining, the negative is the nearest one farther than the positive, or the farthest if there is none
    (Schroff, Kalenichenko & Philbin, "FaceNet", CVPR 2015). With `hard` mining, each anchor is paired with its farthest
    positive and nearest negative (Hermans, Beyer & Leibe, "In defense of the triplet loss", 2017).
    """
    same, different = _pairs(person)
    squared = squared_distances(vectors)
    far = squared.masked_fill(~different, float("inf"))
    if mining == "hard":
        has_both = same.any(dim=1) & different.any(dim=1)
        positive = squared.masked_fill(~same, -1).max(dim=1).values[has_both]
        return functional.relu(positive - far.min(dim=1).values[has_both] + margin).mean()
    anchor, positive_index = same.nonzero(as_tuple=True)
    positive = squared[anchor, positive_index]
    candidates = far[anchor]
    beyond = candidates.masked_fill(candidates <= positive[:, None], float("inf")).min(dim=1).values
    farthest = squared.masked_fill(~different, -1).max(dim=1).values[anchor]
    negative = torch.where(beyond.isinf(), farthest, beyond)
    return functional.relu(positive - negative + margin).mean()


class PairHead(nn.Module):
    """Decides whether two pictures show one person, by logistic regression on |a - b|, a * b and a . b.

    It is symmetric, like the question. Koch, Zemel & Salakhutdinov, "Siamese neural networks for one-shot image
    recognition", 2015, weight |a - b|; the product adds the terms of a cosine.
    """

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.difference = nn.Linear(dimension, 1)
        self.product = nn.Linear(dimension, 1, bias=False)
        self.cosine = nn.Parameter(torch.tensor(5.0))
        nn.init.zeros_(self.difference.weight)
        nn.init.zeros_(self.product.weight)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Returns the log-odds, (...), that the unit vectors a and b, (..., d), are one person."""
        assessed = self.difference((a - b).abs()) + self.product(a * b)
        odds: Tensor = assessed.squeeze(-1) + self.cosine * (a * b).sum(-1)
        return odds

    def loss(self, vectors: Tensor, person: Tensor) -> Tensor:
        """Returns the cross entropy over every pair, with equal total weight for pairs of one and of two people."""
        same, different = _pairs(person)
        upper = torch.triu(torch.ones_like(same), diagonal=1)
        a, b = ((same | different) & upper).nonzero(as_tuple=True)
        truth = same[a, b].to(vectors.dtype)
        each = functional.binary_cross_entropy_with_logits(self(vectors[a], vectors[b]), truth, reduction="none")
        return ((each * truth).sum() / truth.sum() + (each * (1 - truth)).sum() / (1 - truth).sum()) / 2


def head_errors(head: PairHead, vectors: Tensor, person: Tensor) -> tuple[float, float]:
    """Returns (FMR, FNMR) over every pair if the head answers "one person" at better than even odds."""
    same, different = _pairs(person)
    with torch.no_grad():
        says_same = torch.stack([head(vector[None], vectors) for vector in vectors]) > 0
    return float(says_same[different].float().mean()), float((~says_same[same]).float().mean())


def _pairs(person: Tensor) -> tuple[Tensor, Tensor]:
    """Returns two (n, n) masks: another picture of the same person, and a picture of somebody else.

    Raises:
        ValueError: the batch lacks one of the two kinds.
    """
    same = person[:, None] == person[None, :]
    different = ~same
    same = same & ~torch.eye(len(person), dtype=torch.bool)
    if not same.any() or not different.any():
        raise ValueError("a batch needs two pictures of one person and one of another")
    return same, different
