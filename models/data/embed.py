"""Embeds a dataset once, through the same path as a frame at the gate, and caches the vectors.

The cache consists of shards that are either complete or missing, so an interrupted run continues where it stopped.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.adapters.vision.networks.runtime import Precision
from app.adapters.vision.packs import pack as packs
from app.adapters.vision.photos.image import ImageDecoder
from app.core.errors import BadInput, TooLarge
from app.core.ports.recognition import Embedder
from app.core.recognition.centre import off_centre
from app.core.recognition.quality import ENROLMENT, GATE
from app.core.types import FrameResult, Pixels
from app.services.recognition.recognition import Engine, Recognition
from app.settings import Settings
from models.data.dataset import LabelledPhoto, fingerprint

STORED = 3  # the number of what is stored of a photo; another number is computed anew
SHARD = 256  # photos; about five seconds of work
UNREADABLE = "unreadable"
# The gate's limits with the narrowest face that the service accepts by default.
AT_GATE = replace(GATE, min_face_px=float(Settings.model_fields["min_face_px"].default))
# The service refuses a photo with a bystander, and press photos have many. A clearly smaller bystander does not change
# the vector of the face, so where people are scarcer than rules, such a photo may make a template.
PORTRAIT = replace(ENROLMENT, rival_share=GATE.rival_share)
# Verification compares the main face of a photo whatever its quality.
ANY = replace(
    GATE,
    min_face_px=1,
    rival_share=np.inf,
    max_outside=1,
    min_sharpness=0,
    min_contrast=0,
    max_luma=255,
    max_clipped=1,
    max_yaw=np.inf,
    min_pitch=-np.inf,
    max_pitch=np.inf,
    max_roll_deg=np.inf,
)


@dataclass(frozen=True, eq=False)
class Embedded:
    """The vectors of n photos, in order.

    Attributes:
        person: (n,), index into `people`.
        gate, gate_flip: (n, d), of the main face, without and with its mirror image; NaN without a face.
        enrolment: (n, d), as for a template; NaN if the photo is refused for enrolment whoever else it shows.
        score: (n,), quality at the gate.
        gate_reason, enrolment_reason: (n,), why the service refuses the photo there, or "".
        portrait_reason: (n,), why the photo is refused for enrolment if smaller bystanders are ignored, or "".
    """

    people: tuple[str, ...]
    person: NDArray[np.int64]
    gate: NDArray[np.float32]
    gate_flip: NDArray[np.float32]
    enrolment: NDArray[np.float32]
    score: NDArray[np.float32]
    gate_reason: NDArray[np.str_]
    enrolment_reason: NDArray[np.str_]
    portrait_reason: NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Raw:
    """Like `Embedded`, but with the network's own vectors of the face and its mirror image, centre not subtracted."""

    people: tuple[str, ...]
    person: NDArray[np.int64]
    face: NDArray[np.float32]
    mirror: NDArray[np.float32]
    portrait: NDArray[np.float32]
    portrait_mirror: NDArray[np.float32]
    score: NDArray[np.float32]
    gate_reason: NDArray[np.str_]
    enrolment_reason: NDArray[np.str_]
    portrait_reason: NDArray[np.str_]

    def centre(self, people: Sequence[int]) -> NDArray[np.float32]:
        """Returns the mean of these people's good faces, with equal weight for each person."""
        good = (self.gate_reason == "") & np.isfinite(self.face[:, 0])
        mine = [self.face[good & (self.person == i)] for i in people]
        mean: NDArray[np.float32] = np.mean([m.mean(axis=0) for m in mine if len(m)], axis=0, dtype=np.float32)
        return mean

    def off(self, centre: NDArray[np.float32] | None) -> Embedded:
        """Subtracts the centre, as the pack's embedder does."""
        face, mirror, portrait, other = (
            off_centre(v, centre) for v in (self.face, self.mirror, self.portrait, self.portrait_mirror)
        )
        return Embedded(
            people=self.people,
            person=self.person,
            gate=face,
            gate_flip=_unit(face + mirror),
            enrolment=_unit(portrait + other),
            score=self.score,
            gate_reason=self.gate_reason,
            enrolment_reason=self.enrolment_reason,
            portrait_reason=self.portrait_reason,
        )


def embed(
    photos: Sequence[LabelledPhoto],
    cache: Path,
    precision: Precision,
    console: Console,
    pack: str = packs.NAME,
    folder: Path | None = None,
) -> Embedded:
    """Returns the vectors of every photo as the pack serves them; the arguments are as in `look_at`."""
    centre = packs.centre(pack, packs.folder(cache) if folder is None else folder)
    return look_at(photos, cache, precision, console, pack, folder).off(centre)


def look_at(
    photos: Sequence[LabelledPhoto],
    cache: Path,
    precision: Precision,
    console: Console,
    pack: str = packs.NAME,
    folder: Path | None = None,
) -> Raw:
    """Returns the network's vectors of every photo, from the cache if possible; otherwise it shows progress.

    The name of the cache folder holds the pack's digest, the precision and a fingerprint of the dataset's files.

    Args:
        folder: where the owner's packs are.
    """
    folder = packs.folder(cache) if folder is None else folder
    people = tuple(dict.fromkeys(photo.person for photo in photos))
    index = {name: i for i, name in enumerate(people)}
    person = np.array([index[photo.person] for photo in photos])
    kept = cache / f"faces{STORED}-{packs.digest_with(pack, folder, None)[:16]}-{precision}-{fingerprint(photos)}"
    kept.mkdir(parents=True, exist_ok=True)
    shards = [(kept / f"{first:07d}.npz", photos[first : first + SHARD]) for first in range(0, len(photos), SHARD)]
    missing = [(path, part) for path, part in shards if not path.exists()]
    if missing:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        opened = packs.open_pack(pack, cache, folder, precision=precision, workers=cores, centred=False)
        _fill(missing, len(photos), opened, console)
    stored: dict[str, list[NDArray[Any]]] = {}
    for path, _ in shards:
        with np.load(path, allow_pickle=False) as arrays:
            for name in arrays.files:
                stored.setdefault(name, []).append(arrays[name])
    return Raw(people=people, person=person, **{name: np.concatenate(parts) for name, parts in stored.items()})


def _fill(
    missing: Sequence[tuple[Path, Sequence[LabelledPhoto]]], total: int, pack: packs.Pack, console: Console
) -> None:
    decode = ImageDecoder()
    # One per thread, so that one engine handles all passes over a photo.
    idle: SimpleQueue[tuple[Recognition, _Both]] = SimpleQueue()
    for detector, embedder in pack.workers:
        both = _Both(embedder, pack.dimension)
        recognition = Recognition(
            decode=decode,
            engines=[Engine(detector, both)],
            align=pack.align,
            crop=pack.crop,
            pack_digest=pack.digest,
            precision=pack.precision,
        )
        idle.put((recognition, both))

    def look(photo: LabelledPhoto) -> dict[str, Any]:
        recognition, both = idle.get()
        try:
            return _look(recognition, both, decode, photo)
        finally:
            idle.put((recognition, both))

    left = [photo for _, part in missing for photo in part]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with ThreadPoolExecutor(len(pack.workers)) as pool, Progress(*columns, console=console) as progress:
        task = progress.add_task("embedding", total=total, completed=total - len(left))
        # In order, so that each shard is complete as early as possible.
        found = pool.map(look, left)
        try:
            for path, part in missing:
                rows = []
                for _ in part:
                    rows.append(next(found))
                    progress.advance(task)
                _keep(path, rows)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)  # Ctrl-C must not wait for the whole dataset
            raise


def _keep(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    arrays: dict[str, Any] = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    partial = path.with_name(f".{path.stem}-{os.getpid()}.npz")
    np.savez(partial, **arrays)
    partial.replace(path)


def _look(recognition: Recognition, both: "_Both", decode: ImageDecoder, photo: LabelledPhoto) -> dict[str, Any]:
    try:
        pixels = decode(photo.path.read_bytes())
    except (BadInput, TooLarge, OSError) as refused:
        why = np.array(f"{UNREADABLE}: {getattr(refused, 'detail', refused)}")
        return {
            **dict.fromkeys(("face", "mirror", "portrait", "portrait_mirror"), both.nothing[0]),
            "score": np.float32(0),
            **dict.fromkeys(("gate_reason", "enrolment_reason", "portrait_reason"), why),
        }

    def vectors(look: FrameResult) -> NDArray[np.float32]:
        return both.last if look.subject else both.nothing

    gate = recognition.look(pixels, limits=AT_GATE)
    face, mirror = vectors(gate if gate.subject else recognition.look(pixels, limits=ANY))
    as_portrait = recognition.look(pixels, limits=PORTRAIT)
    portrait, portrait_mirror = vectors(as_portrait)
    return {
        "face": face,
        "mirror": mirror,
        "portrait": portrait,
        "portrait_mirror": portrait_mirror,
        "score": np.float32(gate.subject.quality.score if gate.subject else 0),
        "gate_reason": np.array(_reason(gate)),
        "enrolment_reason": np.array(_reason(recognition.look(pixels, limits=ENROLMENT))),
        "portrait_reason": np.array(_reason(as_portrait)),
    }


class _Both:
    """An embedder that remembers the last crop, because one photo is judged by several limits and embedding is slow.

    `last` is (2, d): the vectors of the last crop and of its mirror image.
    """

    def __init__(self, embedder: Embedder, dimension: int) -> None:
        self._embedder = embedder
        self._crop = b""
        self.nothing = np.full((2, dimension), np.nan, dtype=np.float32)
        self.last = self.nothing

    def embed(self, crops: Sequence[Pixels], *, flip: bool) -> NDArray[np.float32]:
        """Embeds exactly one crop without flipping; `last` then also holds the mirror image."""
        if len(crops) != 1 or flip:
            raise ValueError("only one crop at a time, without flip")
        if crops[0].tobytes() != self._crop:
            self._crop = crops[0].tobytes()
            self.last = np.concatenate([self._embedder.embed([x], flip=False) for x in (crops[0], crops[0][:, ::-1])])
        return self.last[:1]


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return scaled


def _reason(look: FrameResult) -> str:
    return " ".join(look.problems) or look.reason or ""
