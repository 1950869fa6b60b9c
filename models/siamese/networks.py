"""The networks that can be trained: one branch of the siamese network, from a gate's crop to a vector.

Every branch takes float32 (n, 3, 112, 112) RGB, 0 to 255 as decoded, and scales it itself, so all exports have the same
input.
"""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from app.adapters.vision import weights
from app.core.recognition.alignment import SIZE_PX
from models.siamese.sface import read_sface

Backbone = Literal["small", "sface", "facenet"]

FACENET_PX = 160


class Scaled(nn.Module):
    """Scales 0..255 to about -1..1 by `(x - 127.5) / 128`, as SFace does, and resizes if the network needs it."""

    def __init__(self, size_px: int | None = None) -> None:
        super().__init__()
        self.size_px = size_px

    def forward(self, pixels: Tensor) -> Tensor:
        scaled = (pixels - 127.5) / 128
        if self.size_px is None:
            return scaled
        return functional.interpolate(scaled, (self.size_px, self.size_px), mode="bilinear", align_corners=False)


def trunk(widths: tuple[int, ...], inputs: int = 3) -> nn.Sequential:
    """Returns strided 3 x 3 convolutions, each halving width and height: the simplest network there is."""
    layers: list[nn.Module] = []
    for width in widths:
        layers += [nn.Conv2d(inputs, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.PReLU(width)]
        inputs = width
    return nn.Sequential(*layers)


class Small(nn.Module):
    """A network of 0.9 million weights and 12 million multiplications; one core trains on 400 faces a second."""

    dimension = 128

    def __init__(self, size_px: int = SIZE_PX) -> None:
        super().__init__()
        widths = (16, 32, 64, 128)
        self.scaled, self.trunk = Scaled(), trunk(widths)
        side = size_px // 2 ** len(widths)
        self.embedding = nn.Sequential(
            nn.Linear(widths[-1] * side * side, self.dimension, bias=False), nn.BatchNorm1d(self.dimension)
        )

    def forward(self, pixels: Tensor) -> Tensor:
        vectors: Tensor = self.embedding(self.trunk(self.scaled(pixels)).flatten(1))
        return vectors


class Facenet(nn.Module):
    """InceptionResnetV1 (Szegedy et al., AAAI 2017) as in facenet-pytorch, with crops enlarged to its 160 px."""

    dimension = 512

    def __init__(self, pretrained: str | None = None) -> None:
        super().__init__()
        from facenet_pytorch import InceptionResnetV1

        self.scaled = Scaled(FACENET_PX)
        self.network = InceptionResnetV1(pretrained=pretrained, classify=False)

    def forward(self, pixels: Tensor) -> Tensor:
        vectors: Tensor = self.network(self.scaled(pixels))
        return vectors


def build(backbone: Backbone, cache: Path) -> tuple[nn.Module, int, str]:
    """Returns the network in float32, its dimension, and where its weights come from, in words.

    Raises:
        WeightsError: SFace's pinned weights are not in the cache.
    """
    if backbone == "small":
        return Small(), Small.dimension, "random weights"
    if backbone == "sface":
        return read_sface(weights.load("sface", cache)), 128, "SFace's pinned weights"
    try:
        return Facenet("vggface2"), Facenet.dimension, "facenet-pytorch's VGGFace2 weights"
    except OSError as error:  # URLError, HTTPError and the like: no route, no proxy, or a page instead of the file
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Facenet(), Facenet.dimension, f"RANDOM weights: facenet-pytorch cannot download its own ({why})"


def learn_mode(network: nn.Module, *, statistics: bool) -> None:
    """Sets training mode. Without `statistics`, batch normalisation keeps its mean and variance."""
    network.train()
    if not statistics:
        for module in network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()


def to_input(crops: Tensor) -> Tensor:
    """Converts (n, 112, 112, 3) uint8 BGR crops to the networks' input."""
    pixels = crops.flip(3).to(torch.float32).permute(0, 3, 1, 2)
    return pixels.contiguous(memory_format=torch.channels_last)
