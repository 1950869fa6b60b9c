"""A dataset as vectors, made once through the very path a frame takes at the gate, and kept in the cache."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from app.adapters.vision import pack as packs
from app.adapters.vision.image import ImageDecoder
from app.adapters.vision.runtime import Precision
from app.core.quality import ENROLMENT, GATE
from app.core.types import Look
from app.services.recognition import Engine, Recognition
from models.dataset import LabelledPhoto

DIMENSION = 128
# Press photos have bystanders where a portrait for enrolment has none; one that is clearly smaller is passed over.
PORTRAIT = replace(ENROLMENT, rival_share=GATE.rival_share)


@dataclass(frozen=True, eq=False)
class Embedded:
    """n photos in order. Where a look had no subject its vector is NaN and its `*_reason` says why (else "").

    person: (n,) index into `people`. gate, gate_flip: (n, 128) as a gate sees it, without and with the mirror image.
    enrolment: (n, 128) as a template is made. score: (n,) quality at the gate.
    """

    people: tuple[str, ...]
    person: NDArray[np.int64]
    gate: NDArray[np.float32]
    gate_flip: NDArray[np.float32]
    enrolment: NDArray[np.float32]
    score: NDArray[np.float32]
    gate_reason: NDArray[np.str_]
    enrolment_reason: NDArray[np.str_]


def embed(photos: Sequence[LabelledPhoto], cache: Path, precision: Precision, console: Console) -> Embedded:
    """Vectors of every photo: from the cache, or computed with progress shown and then kept there.

    The cached file's name carries the pack's digest, the precision and the dataset's files with their sizes.
    """
    people = tuple(dict.fromkeys(photo.person for photo in photos))
    index = {name: i for i, name in enumerate(people)}
    person = np.array([index[photo.person] for photo in photos])
    kept = cache / f"embedded-{packs.digest()[:16]}-{precision}-{_fingerprint(photos)}.npz"
    if not kept.exists():
        arrays = _compute(photos, cache, precision, console)
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial.npz")
        np.savez(partial, **arrays)
        partial.replace(kept)
    with np.load(kept, allow_pickle=False) as stored:
        return Embedded(people=people, person=person, **{name: stored[name] for name in stored.files})


def _compute(photos: Sequence[LabelledPhoto], cache: Path, precision: Precision, console: Console) -> dict[str, Any]:
    pack = packs.open_pack(cache, precision=precision)
    decode = ImageDecoder()
    recognition = Recognition(
        decode=decode,
        engines=[Engine(*worker) for worker in pack.workers],
        align=pack.align,
        pack_digest=pack.digest,
        precision=precision,
    )
    looks: dict[str, list[Look]] = {"gate": [], "gate_flip": [], "enrolment": []}
    for photo in track(photos, description="embedding", console=console):
        pixels = decode(photo.path.read_bytes())
        looks["gate"].append(recognition.look(pixels, limits=GATE))
        looks["gate_flip"].append(recognition.look(pixels, limits=GATE, flip=True))
        looks["enrolment"].append(recognition.look(pixels, limits=PORTRAIT, flip=True))
    arrays: dict[str, Any] = {name: np.stack([_vector(x) for x in of]) for name, of in looks.items()}
    arrays["score"] = np.array([x.subject.quality.score if x.subject else 0 for x in looks["gate"]], dtype=np.float32)
    for name in ("gate", "enrolment"):
        arrays[f"{name}_reason"] = np.array([_reason(x) for x in looks[name]])
    return arrays


def _vector(look: Look) -> NDArray[np.float32]:
    return look.subject.embedding if look.subject else np.full(DIMENSION, np.nan, dtype=np.float32)


def _reason(look: Look) -> str:
    return " ".join(look.problems) or look.reason or ""


def _fingerprint(photos: Sequence[LabelledPhoto]) -> str:
    names = "\n".join(f"{photo.path.parent.name}/{photo.path.name} {photo.path.stat().st_size}" for photo in photos)
    return hashlib.sha256(names.encode()).hexdigest()[:16]
