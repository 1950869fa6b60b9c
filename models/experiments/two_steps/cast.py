"""Assigns the people of a dataset to roles: employees with photos for training and for testing, strangers, teachers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from app.adapters.vision.packs import pack as packs
from app.adapters.vision.photos.image import ImageDecoder
from app.core.types import Face, Pixels
from models.data.dataset import LabelledPhoto
from models.experiments.two_steps.frames import frame, visitor

# The fewest photos of an employee, and the fewest of one with eight photos for training.
FEWEST, PLENTY = 5, 9
MOST_MET = 2
STRANGERS = 300
WIDE_PX = 224


@dataclass(frozen=True)
class Part:
    """The photos of one employee for training and for testing, as disjoint indices into the dataset."""

    learned: tuple[int, ...]
    met: tuple[int, ...]


@dataclass(frozen=True)
class Cast:
    """The roles. Nobody has two.

    Attributes:
        employees: those with eight photos for training first; there are `rich` of them.
        strangers: one photo of each.
        teachers: the names of the people that a siamese network may learn from.
    """

    employees: tuple[Part, ...]
    rich: int
    strangers: tuple[int, ...]
    teachers: tuple[str, ...]


def cast(photos: Sequence[LabelledPhoto], rng: np.random.Generator) -> Cast:
    """Assigns the people of a dataset to roles. Raises ValueError if there are too few."""
    by_person: dict[str, list[int]] = {}
    for i, photo in enumerate(photos):
        by_person.setdefault(photo.person, []).append(i)
    people = [list(rng.permutation(by_person[name])) for name in sorted(by_person)]
    people = [people[i] for i in rng.permutation(len(people))]
    rich = [_part(p, 8) for p in people if len(p) >= PLENTY]
    modest = [_part(p, 4) for p in people if FEWEST <= len(p) < PLENTY]
    # People with one photo become strangers first, because the others are more useful as teachers.
    others = sorted((p for p in people if len(p) < FEWEST), key=len)
    strangers = tuple(int(p[0]) for p in others[:STRANGERS])
    teachers = tuple(photos[p[0]].person for p in others[STRANGERS:])
    if len(rich) < 10 or len(strangers) < 30 or not teachers:
        raise ValueError("the dataset needs ten people with nine photos and some hundred more people")
    return Cast(tuple(rich + modest), len(rich), strangers, teachers)


def order(roles: Cast, seed: int) -> list[int]:
    """Returns the employees in a random order, those with eight photos for training first."""
    rng = np.random.default_rng(seed)
    modest = roles.rich + rng.permutation(len(roles.employees) - roles.rich)
    return [int(i) for i in (*rng.permutation(roles.rich), *modest)]


def _part(photos: Sequence[int], learned: int) -> Part:
    numbers = [int(i) for i in photos]
    return Part(tuple(numbers[:learned]), tuple(numbers[learned : learned + MOST_MET]))


@dataclass(frozen=True, eq=False)
class Takes:
    """n frames rendered from photos.

    Attributes:
        whole: (n, 224, 224, 3), the whole frame resized.
        crop: (n, 112, 112, 3), the aligned face; black if `found` is False.
        photo: (n,), the photo that the frame was made from.
        portrait: the crop of each photo itself, as for enrolment.
    """

    whole: NDArray[np.uint8]
    crop: NDArray[np.uint8]
    found: NDArray[np.bool_]
    photo: NDArray[np.int64]
    portrait: dict[int, Pixels]

    def of(self, photos: Sequence[int]) -> NDArray[np.int64]:
        """Returns the indices of the frames of these photos, in the order of the photos."""
        return np.concatenate([np.flatnonzero(self.photo == i) for i in photos])


class Camera:
    """Detects and crops as the gate does, but without limits on size and sharpness, so that every frame counts."""

    def __init__(self, cache: Path) -> None:
        pack = packs.open_pack(packs.NAME, cache, precision="f32")
        self._detector, self.embedder = pack.workers[0]
        self.align = pack.align

    def face(self, pixels: Pixels) -> Face | None:
        """Returns the widest face, refined, or None."""
        faces = self._detector.detect(pixels, smallest_px=24)
        if not faces:
            return None
        return self._detector.refine(pixels, max(faces, key=lambda face: face.box.width_px))

    def crop(self, pixels: Pixels) -> Pixels | None:
        """Returns the aligned crop of the widest face, or None."""
        face = self.face(pixels)
        return None if face is None else self.align(pixels, face.landmarks)


def shoot(
    photos: Sequence[LabelledPhoto], chosen: Sequence[int], takes: int, camera: Camera, seed: int, console: Console
) -> Takes:
    """Renders `takes` frames of each chosen photo, depending only on seed and photo; skips photos without a face."""
    decode = ImageDecoder()
    whole: list[Pixels] = []
    crops: list[Pixels | None] = []
    of: list[int] = []
    portrait: dict[int, Pixels] = {}
    for i in track(chosen, description="rendering frames", console=console):
        pixels = decode(photos[i].path.read_bytes())
        face = camera.face(pixels)
        if face is None:
            continue
        who, portrait[i] = visitor(pixels, face.box), camera.align(pixels, face.landmarks)
        rng = np.random.default_rng((seed, i))
        for _ in range(takes):
            pixels = frame(who, rng)
            whole.append(squeezed(pixels, WIDE_PX))
            crops.append(camera.crop(pixels))
            of.append(i)
    nothing = np.zeros((112, 112, 3), dtype=np.uint8)
    found = np.array([crop is not None for crop in crops])
    kept = np.stack([nothing if crop is None else crop for crop in crops])
    return Takes(np.stack(whole), kept, found, np.array(of), portrait)


def squeezed(pixels: Pixels, side_px: int) -> Pixels:
    """Resizes the whole picture to a square."""
    return np.asarray(cv2.resize(pixels, (side_px, side_px), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def save(takes: Takes, file: Path) -> None:
    """Saves the frames to one file, which is either complete or absent."""
    portraits = np.stack(list(takes.portrait.values()))
    partial = file.with_suffix(".partial.npz")
    np.savez(
        partial, whole=takes.whole, crop=takes.crop, found=takes.found, photo=takes.photo,
        portraits=portraits, portrait_of=np.array(list(takes.portrait)),
    )  # fmt: skip
    partial.replace(file)


def load(file: Path) -> Takes:
    """Loads frames saved by `save`."""
    with np.load(file, allow_pickle=False) as kept:
        portrait = {int(i): crop for i, crop in zip(kept["portrait_of"], kept["portraits"], strict=True)}
        return Takes(kept["whole"], kept["crop"], kept["found"], kept["photo"], portrait)
