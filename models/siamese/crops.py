"""Makes the crops for training through the gate's own path, and caches them.

Photos go through `Recognition.look` itself, with an embedder that keeps the crop, so the crops cannot drift from the
gate's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from app.adapters.vision.packs import pack as packs
from app.adapters.vision.photos.image import ImageDecoder
from app.core.errors import BadInput, TooLarge
from app.core.recognition.alignment import SIZE_PX
from app.core.recognition.quality import GATE
from app.core.types import Pixels
from app.services.recognition.recognition import Engine, Recognition
from models.data.dataset import LabelledPhoto, fingerprint

Crops = NDArray[np.uint8]
NAMED = 5  # unreadable photos to name with the reason
# People with two usable photos that each part needs: one enrolled, one who makes an attempt, and one stranger.
LEAST_OF_A_PART = 3


@dataclass(frozen=True, eq=False)
class Faces:
    """The crops, (n, 112, 112, 3) uint8 BGR, and the person of each, (n,) index into `people`."""

    people: tuple[str, ...]
    person: NDArray[np.int64]
    crops: Crops

    def of(self, people: Sequence[int]) -> "Faces":
        """Returns only these people, renumbered in the order given."""
        where = [np.flatnonzero(self.person == i) for i in people]
        person = np.repeat(np.arange(len(people)), [len(w) for w in where])
        names = tuple(self.people[i] for i in people)
        return Faces(names, person, self.crops[np.concatenate(where)] if where else self.crops[:0])

    def photos(self) -> list[NDArray[np.int64]]:
        """Returns the indices of each person's crops."""
        return [np.flatnonzero(self.person == i) for i in range(len(self.people))]


class Cropper:
    """Crops a picture as a gate would before embedding. For one thread only."""

    def __init__(self, cache: Path) -> None:
        pack = packs.open_pack(packs.NAME, cache, precision="f32")
        self._kept = _Kept()
        self._recognition = Recognition(
            decode=ImageDecoder(),
            engines=[Engine(pack.workers[0][0], self._kept)],
            align=pack.align,
            pack_digest=pack.digest,
            precision="f32",
        )

    def crop(self, pixels: Pixels) -> Pixels | None:
        """Returns the crop of the main face, (112, 112, 3), or None if a gate would compare nobody."""
        return self._kept.last if self._recognition.look(pixels, limits=GATE).subject else None


class _Kept:
    """Implements `ports.Embedder` by keeping the last crop."""

    last: Pixels

    def embed(self, crops: Sequence[Pixels], *, flip: bool) -> NDArray[np.float32]:
        self.last = crops[0].copy()
        return np.ones((len(crops), 1), dtype=np.float32)


def read_crops(photos: Sequence[LabelledPhoto], cache: Path, console: Console) -> Faces:
    """Returns the crops of all photos, from the cache if possible; otherwise it shows progress.

    Unusable photos are left out. The console names those that cannot be read.

    Raises:
        WeightsError: the detector's weights are missing.
    """
    people = tuple(dict.fromkeys(photo.person for photo in photos))
    index = {name: i for i, name in enumerate(people)}
    kept = cache / f"crops-{packs.digest(packs.NAME, packs.folder(cache))[:16]}-{fingerprint(photos)}.npz"
    if not kept.exists():
        cropper, decode = Cropper(cache), ImageDecoder()
        crops = np.empty((len(photos), SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
        of: list[int] = []
        refused: list[tuple[int, str]] = []
        for i, photo in enumerate(track(photos, description="cropping", console=console)):
            try:
                crop = cropper.crop(decode(photo.path.read_bytes()))
            except (BadInput, TooLarge, OSError) as error:
                refused.append((i, str(getattr(error, "detail", error))))
                continue
            if crop is not None:
                crops[len(of)] = crop
                of.append(i)
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial.npz")
        which, why = np.array([i for i, _ in refused], dtype=np.int64), np.array([why for _, why in refused], dtype=str)
        np.savez(
            partial, crops=crops[: len(of)], photo=np.array(of, dtype=np.int64), unreadable=which, unreadable_why=why
        )
        partial.replace(kept)
    with np.load(kept, allow_pickle=False) as stored:
        crops, photo_of = stored["crops"], stored["photo"]
        # Older caches do not list unreadable photos, because they could not have any.
        which, why = (stored.get(k, ()) for k in ("unreadable", "unreadable_why"))
    _say([(photos[i].name, str(text)) for i, text in zip(which, why, strict=True)], console)
    return Faces(people, np.array([index[photos[i].person] for i in photo_of], dtype=np.int64), crops)


def _say(unreadable: Sequence[tuple[str, str]], console: Console) -> None:
    if not unreadable:
        return
    console.print(f"left out {len(unreadable)} photos that cannot be read:")
    for name, why in unreadable[:NAMED]:
        console.print(f"  {name}: {why}", markup=False, highlight=False, soft_wrap=True)
    if len(unreadable) > NAMED:
        console.print(f"  and {len(unreadable) - NAMED} more")


def split(faces: Faces, shares: Sequence[float], seed: int) -> tuple[Faces, ...]:
    """Splits the people into disjoint random parts of these shares.

    Parts are drawn within each number of photos, so people with many photos are spread as evenly as people with one.

    Raises:
        ValueError: a part would have too few people with two photos; the message says how many are needed.
    """
    rng = np.random.default_rng(seed)
    counts = np.bincount(faces.person, minlength=len(faces.people))
    order = rng.permutation(len(counts))
    order = order[np.argsort(-np.minimum(counts[order], 12), kind="stable")]
    # Each person goes to the part that is furthest below its share.
    filled = np.zeros(len(shares))
    parts: list[list[int]] = [[] for _ in shares]
    for i in order:
        part = int(np.argmin(filled / np.asarray(shares)))
        parts[part].append(int(i))
        filled[part] += 1
    found = tuple(faces.of(sorted(part)) for part in parts)
    if any((np.bincount(part.person, minlength=1) > 1).sum() < LEAST_OF_A_PART for part in found):
        needed = math.ceil(LEAST_OF_A_PART / min(shares))
        raise ValueError(
            f"too few people with two usable photos: {int((counts > 1).sum())}; about {needed} are needed to train, "
            "validate and compare"
        )
    return found
