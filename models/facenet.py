"""Makes a model pack of facenet-pytorch's InceptionResnetV1 with its own MTCNN and crop, served without torch.

Szegedy et al., "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning", AAAI 2017;
weights by facenet-pytorch 2.5.3, which downloads them from its releases if the network allows it.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Literal, get_args

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from app.adapters.vision.networks.runtime import best_precision
from app.adapters.vision.packs import pack as packs
from app.adapters.vision.packs.pack_file import PackFile
from app.settings import read_settings
from models.siamese.needs import require_torch

Weights = Literal["vggface2", "casia-webface", "random"]
SIZE_PX, DIMENSION = 160, 512
FACES = 4  # noise pictures for comparing the two runtimes
# bf16 keeps eight bits of precision.
LEAST_COSINE = {"f32": 0.9999, "bf16": 0.99}


def describe(model: bytes, weights: Weights) -> PackFile:
    """Describes the network's input: the box that MTCNN found, 160 x 160 RGB, (pixel - 127.5) / 128."""
    return PackFile(
        file="model.onnx",
        sha256=hashlib.sha256(model).hexdigest(),
        licence="MIT",
        dimension=DIMENSION,
        size_px=SIZE_PX,
        colour="RGB",
        mean=(127.5,) * 3,
        scale=(128.0,) * 3,
        detector="mtcnn",
        warp="box",
        note=f"InceptionResnetV1 of facenet-pytorch, weights {weights}",
    )


def pictures(seed: int) -> NDArray[np.uint8]:
    """Returns (FACES, 160, 160, 3) uint8 BGR of coarse noise, which is enough to compare arithmetic."""
    coarse = np.random.default_rng(seed).integers(0, 256, (FACES, 10, 10, 3), dtype=np.uint8)
    return coarse.repeat(16, axis=1).repeat(16, axis=2)


def make(name: str, folder: Path, weights: Weights, seed: int) -> tuple[Path, NDArray[np.float32]]:
    """Writes the pack. Returns its folder and torch's vectors of `pictures(seed)`: (FACES, 512), unit length.

    Raises:
        OSError: the library could not download its weights.
        ExportError: a pack of that name exists.
    """
    import torch
    from facenet_pytorch import InceptionResnetV1, fixed_image_standardization

    from models.siamese.export import check_name, put_pack, to_onnx

    check_name(name, folder)  # before a minute of work
    torch.manual_seed(seed)
    network = InceptionResnetV1(pretrained=None if weights == "random" else weights).eval()
    network.classify = False
    shown = torch.from_numpy(pictures(seed)[..., ::-1].copy()).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        said = network(fixed_image_standardization(shown)).numpy()
    model = to_onnx(network, SIZE_PX)
    return put_pack(name, folder, model, describe(model, weights)), said


def check(name: str, cache: Path, folder: Path, said: NDArray[np.float32], seed: int) -> float:
    """Returns the smallest cosine between torch's vectors and those of the pack as the gate serves it.

    Raises:
        ExportError: the vectors differ.
        WeightsError: MTCNN's weights are not in the cache.
    """
    from models.siamese.export import ExportError

    precision = best_precision()
    pack = packs.open_pack(name, cache, folder, precision=precision, centred=False)
    _, embedder = pack.workers[0]
    served = embedder.embed(list(pictures(seed)), flip=False)
    least = float((served * said).sum(axis=1).min())
    if not least >= LEAST_COSINE[precision]:
        raise ExportError(f"the pack's vectors differ from torch's: smallest cosine {least:.4f}")
    return least


def command(
    weights: Annotated[str, typer.Option(help="vggface2 or casia-webface, which the library downloads, or random.")],
    name: Annotated[str, typer.Option(help="The pack's name.")] = "facenet",
    seed: Annotated[int, typer.Option(help="Seed of the random weights.")] = 0,
) -> None:
    """Make a model pack of facenet-pytorch's MTCNN and InceptionResnetV1, checked against torch."""
    require_torch()
    from models.siamese.export import ExportError

    if weights not in get_args(Weights):
        raise typer.BadParameter(f"--weights must be one of {', '.join(get_args(Weights))}")
    console, settings = Console(), read_settings()
    try:
        folder, said = make(name, settings.pack_folder, weights, seed)  # type: ignore[arg-type]  # checked above
        least = check(name, settings.cache, settings.pack_folder, said, seed)
    except ExportError as error:
        raise typer.BadParameter(str(error)) from None
    except OSError as error:
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise typer.BadParameter(f"facenet-pytorch cannot download its weights ({cause}); try again online") from None
    console.print(f"torch and the pack agree: smallest cosine {least:.6f} on {FACES} pictures", markup=False)
    if weights == "random":
        console.print("RANDOM weights recognise nobody. This pack only shows that the parts fit together.")
    console.print(f"wrote the pack {folder}; next: python -m models calibrate DATASET --pack {name}", markup=False)
