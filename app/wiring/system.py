"""The whole service: models warm, the gallery loaded, the erased erased again."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import numpy as np

from app.adapters.index.faiss_index import FaissIndex
from app.adapters.vision import pack as packs
from app.adapters.vision.image import ImageDecoder, ImageLimits
from app.adapters.vision.jpeg import encode_jpeg
from app.adapters.vision.manifest import read_manifest
from app.adapters.vision.runtime import Precision, best_precision
from app.core.calibration import Calibration
from app.core.errors import PackMismatch
from app.core.quality import ENROLMENT, GATE
from app.core.records import Installation
from app.services.access import Access
from app.services.answers import Answer
from app.services.comparison import Comparison
from app.services.enrolment import Enrolment
from app.services.gallery import Gallery
from app.services.recognition import Engine, Recognition
from app.services.reembedding import Reembedding
from app.services.verdicts import Verdicts
from app.settings import Settings
from app.wiring.office import Office, new_id, open_office, utc_now

logger = logging.getLogger(__name__)

# How often a new employee may be taken for somebody enrolled already: a wrong refusal costs an admin's time, a wrong
# acceptance lets one person pass as two.
DUPLICATE_RATE = 1e-4


@dataclass(frozen=True)
class System(Office):
    """The whole service. on_decision: called with every recorded answer."""

    gallery: Gallery
    recognition: Recognition
    calibration: Calibration
    enrolment: Enrolment
    verdicts: Verdicts
    access: Access
    comparison: Comparison
    on_decision: list[Callable[[Answer], None]] = field(default_factory=list)

    def threshold(self, photos: int, frames: int) -> float:
        """The similarity from which somebody with so many photos is recognised now, at the operator's rate."""
        return self.calibration.threshold(self.settings.false_accept_rate, len(self.gallery), photos, frames)


def open_system(settings: Settings, clock: Callable[[], datetime] = utc_now) -> System:
    """Everything, ready to serve: models warm, the erased erased again, the gallery loaded.

    Raises Fault with a message that says what to do: weights, keys, packs, database.
    """
    office = open_office(settings, clock)
    try:
        return _furnish(office)
    except BaseException:
        office.close()
        raise


def _furnish(office: Office) -> System:
    settings, store = office.settings, office.store
    recognition = open_recognition(office)
    install(office, recognition.pack_digest, recognition.precision)
    manifest = read_manifest(packs.NAME)
    if manifest.digest != recognition.pack_digest:
        raise PackMismatch(
            f"models/manifest.toml holds the calibration of pack {manifest.digest[:12]}; this program runs "
            f"{recognition.pack_digest[:12]}. Run: python -m models calibrate DATASET"
        )
    calibration = manifest.calibration
    gallery = Gallery(FaissIndex(manifest.dimension), office.vault, recognition.pack_digest, recognition.precision)
    at_gate = replace(GATE, min_face_px=float(settings.min_face_px))
    listeners: list[Callable[[Answer], None]] = []

    def tell(answer: Answer) -> None:
        for listener in listeners:
            listener(answer)

    def threshold(gallery_size: int, photos: int, frames: int, share: float = 1.0) -> float:
        return calibration.threshold(settings.false_accept_rate * share, gallery_size, photos, frames)

    verdicts = Verdicts(
        store=store,
        gallery=gallery,
        log=office.log,
        answers=office.answers,
        clock=office.clock,
        new_id=new_id,
        encode=encode_jpeg,
        threshold=threshold,
        same_person=calibration.same_person,
        margin=calibration.margin,
        max_frame_age_ms=settings.max_frame_age_ms,
        record_deadline_ms=settings.record_deadline_ms,
        keep_snapshots=settings.keep_snapshots,
        on_decision=tell,
    )
    shared = {name: getattr(office, name) for name in Office.__dataclass_fields__}
    system = System(
        **shared,
        gallery=gallery,
        recognition=recognition,
        calibration=calibration,
        enrolment=Enrolment(
            store=store,
            look=partial(recognition.look_bytes, limits=ENROLMENT, flip=True),
            gallery=gallery,
            vault=office.vault,
            clock=office.clock,
            new_id=new_id,
            same_person=calibration.same_person,
            duplicate=lambda size, photos: calibration.threshold(DUPLICATE_RATE, size, photos, photos),
        ),
        access=Access(store, partial(recognition.looks, limits=at_gate, flip=settings.gate_flip), verdicts),
        verdicts=verdicts,
        comparison=Comparison(
            store=store,
            look=partial(recognition.look_bytes, limits=at_gate, flip=True),
            gallery=gallery,
            threshold=threshold,
            same_person=calibration.same_person,
            probability=calibration.probability,
        ),
        on_decision=listeners,
    )
    again = system.erasure.replay()
    if again:
        logger.warning("%d erased employees had come back with an older backup and were erased again", again)
    with store.read() as tx:
        gallery.refresh(tx)
    return system


def open_recognition(office: Office) -> Recognition:
    """The models, loaded, checked by hash and warm."""
    settings = office.settings
    precision = settle_precision(office)
    pack = packs.open_pack(
        settings.cache, precision=precision, workers=settings.threads, width_px=settings.detect_width_px
    )
    recognition = Recognition(
        decode=ImageDecoder(ImageLimits(max_bytes=settings.max_image_mb * 1_000_000)),
        engines=[Engine(*worker) for worker in pack.workers],
        align=pack.align,
        pack_digest=pack.digest,
        precision=precision,
        max_wait_s=settings.max_wait_ms / 1000,
    )
    # Decoders load their parts at the first picture; that should not be the first person's.
    recognition.looks([encode_jpeg(np.zeros((720, 1280, 3), np.uint8))])
    return recognition


def reembed(settings: Settings, progress: Callable[[Sequence[str]], Iterable[str]]) -> int:
    """Makes every template anew with the pack and precision of these settings; returns how many. See `reembedding`."""
    office = open_office(settings)
    try:
        recognition = open_recognition(office)
        return Reembedding(
            store=office.store,
            vault=office.vault,
            look=partial(recognition.look_bytes, limits=ENROLMENT, flip=True),
            pack_digest=recognition.pack_digest,
            precision=recognition.precision,
        ).run(progress)
    finally:
        office.close()


def settle_precision(office: Office) -> Precision:
    """The precision to run: the setting, else what the stored templates were made with, else the CPU's best."""
    if office.settings.precision != "auto":
        return office.settings.precision
    with office.store.read() as tx:
        installation = tx.installation.get()
    if installation is not None and installation.precision in ("f32", "bf16"):
        return "bf16" if installation.precision == "bf16" else "f32"
    return best_precision()


def install(office: Office, digest: str, precision: str) -> None:
    """Fixes pack and precision for this database at the first start; later checks them. Raises PackMismatch.

    While nobody is enrolled there is nothing to mismatch, so the facts are simply replaced.
    """
    with office.store.write() as tx:
        before = tx.installation.get()
        if before is not None and (before.pack_digest, before.precision) == (digest, precision):
            return
        if before is not None and tx.templates.photo_counts():
            raise PackMismatch(
                f"the stored templates were made with pack {before.pack_digest[:12]} ({before.precision}); this "
                f"program runs {digest[:12]} ({precision}). Run: python -m app reembed --data {office.settings.data}"
            )
        created = before.created_at if before else office.clock()
        tx.installation.put(Installation(digest, precision, office.vault.key_check(), created))
