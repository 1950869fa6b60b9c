"""A single network from a picture to the employee: the branch `small` with one class per employee on top."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from models.siamese.networks import Small, learn_mode, to_input
from models.siamese.training import pace

BATCH = 64
LEARNING_RATE = 2e-3


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained classifier. `fitted` is its training accuracy over the last hundred batches."""

    network: nn.Module
    seconds: float
    fitted: float

    def chances(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Returns probabilities, (n, classes); each row sums to 1."""
        self.network.eval()
        with torch.inference_mode():
            parts = [
                functional.softmax(self.network(to_input(torch.from_numpy(pictures[i : i + 8]))), dim=1)
                for i in range(0, len(pictures), 8)
            ]
        return torch.cat(parts).numpy().astype(np.float32)


def learn(
    pictures: NDArray[np.uint8],
    label: NDArray[np.int64],
    classes: int,
    steps: int,
    seed: int,
    clock: Callable[[], float],
    tell: Callable[[int], None] = lambda step: None,
) -> Classifier:
    """Trains with cross entropy on batches of 64 pictures, (n, side, side, 3), mirrored and shifted at random."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    small = Small(size_px=pictures.shape[1])
    network = nn.Sequential(small, nn.ReLU(), nn.Linear(small.dimension, classes))
    network = network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=1e-3)
    learn_mode(network, statistics=True)
    began, right = clock(), []
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * pace(step, steps)
        chosen = rng.integers(0, len(pictures), BATCH)
        seen = np.stack([_moved(pictures[i], rng) for i in chosen])
        truth = torch.from_numpy(label[chosen])
        odds = network(to_input(torch.from_numpy(seen)))
        loss = functional.cross_entropy(odds, truth)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types for it
        optimiser.step()
        right.append(float((odds.argmax(dim=1) == truth).float().mean()))
        tell(step + 1)
    return Classifier(network, clock() - began, float(np.mean(right[-100:])))


def _moved(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    reach = 0.04 * len(picture)
    shift = np.column_stack([np.eye(2), rng.uniform(-reach, reach, 2)])
    size = (picture.shape[1], picture.shape[0])
    moved = cv2.warpAffine(np.ascontiguousarray(picture), shift, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.uint8)
