"""The whole service: models warm, gallery loaded, earlier erasures repeated if a backup undid them."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import numpy as np

from app.adapters import uptime
from app.adapters.index.faiss_index import FaissIndex
from app.adapters.vision.networks.liveness import LivenessJudge, open_judges
from app.adapters.vision.networks.runtime import Precision
from app.adapters.vision.packs import pack as packs
from app.adapters.vision.photos import jpeg_cost
from app.adapters.vision.photos.image import ImageDecoder, ImageLimits
from app.adapters.vision.photos.jpeg import encode_jpeg, encode_small
from app.adapters.vision.photos.photo import PhotoReader
from app.adapters.vision.weights import WeightsMissing
from app.core.events.decision import RecordedDecision
from app.core.recognition.calibration import Calibration
from app.core.recognition.evidence import OnePerson
from app.core.recognition.quality import ENROLMENT, GATE
from app.services.access.access import Access
from app.services.access.bulk_changes import BulkChanges
from app.services.access.comparison import Comparison
from app.services.access.credentials.badge_reader import BadgeReader
from app.services.access.decision_service import DecisionService
from app.services.access.directories.directory_book import DirectoryBook
from app.services.access.directories.group_sync import GroupSync
from app.services.access.directories.people_sync import PeopleSync
from app.services.access.gathering.gatherer import Gatherer
from app.services.access.gathering.gathering_book import GatheringBook
from app.services.access.remote_polls import RemotePolls
from app.services.access.replays import Replays
from app.services.access.rules.eligible_count import EligibleCount
from app.services.access.subject.subject_export import SubjectExport
from app.services.access.unknown_faces import UnknownFaces
from app.services.events.event_faces import EventFaces
from app.services.events.quality import Quality
from app.services.imports.import_desk import ImportDesk
from app.services.imports.import_reports import ImportReports
from app.services.imports.people_export import PeopleExport
from app.services.people.consents import ConsentBook
from app.services.people.enrolment import Enrolment
from app.services.people.gallery import Gallery
from app.services.people.portraits import Portraits
from app.services.people.self_enrolment import SelfEnrolment
from app.services.recognition.recognition import Engine, Recognition
from app.settings import Settings
from app.wiring.backbone import Backbone, new_id, open_backbone, utc_now
from app.wiring.erasure_searches import searches
from app.wiring.importing import import_desk, subject_export
from app.wiring.packs import install, settle_pack, settle_precision

logger = logging.getLogger(__name__)

# How often a new employee may be mistaken for one already enrolled. A wrong refusal costs an admin's time; a wrong
# acceptance lets one person pass as two.
DUPLICATE_RATE = 1e-4
WRONG_GROUP_RATE = 0.01  # how often an unknown face may be shown in the group of somebody else


@dataclass(frozen=True)
class System(Backbone):
    """The whole service. on_decision: called with every recorded answer."""

    gallery: Gallery
    recognition: Recognition
    calibration: Calibration
    enrolment: Enrolment
    consents: ConsentBook
    gathering: GatheringBook
    gatherer: Gatherer
    self_enrolment: SelfEnrolment
    bulk_changes: BulkChanges
    decisions: DecisionService
    access: Access
    badge_reader: BadgeReader
    remote_polls: RemotePolls
    comparison: Comparison
    quality: Quality
    portraits: Portraits
    event_faces: EventFaces
    unknown_faces: UnknownFaces
    imports: ImportDesk
    import_reports: ImportReports
    people_export: PeopleExport
    subject_export: SubjectExport
    people_sync: PeopleSync
    group_sync: GroupSync
    directories: DirectoryBook
    on_decision: list[Callable[[RecordedDecision], None]] = field(default_factory=list)

    def threshold(self, photos: int, frames: int) -> float:
        """The similarity at which somebody with this many photos is recognised, at the site's rate."""
        return self.calibration.threshold(self.false_accept_rate(), len(self.gallery), photos, frames)

    def false_accept_rate(self) -> float:
        """The site's own rate, or else the one that the service was started with."""
        return self.site_settings.get().false_accept_rate or self.settings.false_accept_rate


def open_system(settings: Settings, clock: Callable[[], datetime] = utc_now, *, begin: bool = True) -> System:
    """Opens everything, ready to serve.

    begin: as in `open_backbone`. Raises Fault for weights, keys, packs and database; the message says what to do.
    """
    backbone = open_backbone(settings, clock, begin=begin)
    try:
        return _assemble(backbone)
    except BaseException:
        backbone.close()
        raise


def _assemble(backbone: Backbone) -> System:
    settings, store, recognition = backbone.settings, backbone.store, open_recognition(backbone)
    install(backbone, recognition.pack_digest, recognition.precision)
    manifest = packs.read_calibration(settle_pack(backbone), settings.pack_folder)
    calibration, index = manifest.calibration, FaissIndex(manifest.dimension)
    gallery = Gallery(index, backbone.vault, recognition.pack_digest, recognition.precision)
    at_gate = replace(GATE, min_face_px=float(settings.min_face_px))
    listeners: list[Callable[[RecordedDecision], None]] = []

    def tell(answer: RecordedDecision) -> None:
        for listener in listeners:
            listener(answer)

    def threshold(gallery_size: int, photos: int, frames: float, share: float = 1.0) -> float:
        return calibration.threshold(settings.false_accept_rate * share, gallery_size, photos, frames)

    eligible = EligibleCount(store)
    decisions = DecisionService(
        store=store,
        gallery=gallery,
        log=backbone.log,
        answers=backbone.answers,
        clock=backbone.clock,
        new_id=new_id,
        encode=partial(encode_small, settings.picture_height_px),
        threshold=threshold,
        rules=backbone.rules,
        replays=Replays(new_id, deny=settings.replayed_picture == "deny"),
        same_person=calibration.same_person,
        apart=calibration.tail.apart,
        one_person=OnePerson(calibration.clear, calibration.shows),
        margin=calibration.margin,
        max_frame_age_ms=settings.max_frame_age_ms,
        record_deadline_ms=settings.record_deadline_ms,
        pictures=settings.pictures_kept,
        liveness_works=recognition.liveness_works,
        on_decision=tell,
        second_records=backbone.gate_control.second_records,
        uptime=uptime.run if backbone.clock is utc_now else None,
        eligible=eligible.at,
        pass_key=backbone.pass_key,
        clock_doubted=lambda: settings.doubtful_clock == "refuse" and backbone.clock_watch.doubt() is not None,
    )
    enrolment = Enrolment(
        store=store,
        look=partial(recognition.look_bytes, limits=ENROLMENT, flip=True),
        gallery=gallery,
        vault=backbone.vault,
        clock=backbone.clock,
        new_id=new_id,
        same_person=calibration.same_person,
        duplicate=lambda size, photos: calibration.threshold(DUPLICATE_RATE, size, photos, photos),
        readable=PhotoReader(image_limits(settings)),
    )
    gathering = GatheringBook(store, backbone.vault, backbone.clock, new_id, enrolment)
    access = Access(store, partial(recognition.looks, limits=at_gate, flip=settings.gate_flip), decisions)
    badge_reader = BadgeReader(access, backbone.gate_control.carry_out)
    backbone.gate_control.on_read = badge_reader.reported
    taking_down = backbone.erasure.taking_down
    consents = ConsentBook(store, backbone.signer, backbone.erasure.journal, backbone.clock, new_id, taking_down)
    people_sync = PeopleSync(store, enrolment, backbone.erasure, backbone.clock, new_id)
    shared = {name: getattr(backbone, name) for name in Backbone.__dataclass_fields__}
    system = System(
        **shared,
        gallery=gallery,
        recognition=recognition,
        calibration=calibration,
        enrolment=enrolment,
        consents=consents,
        self_enrolment=SelfEnrolment(store, enrolment, consents, backbone.clock, new_id),
        bulk_changes=BulkChanges(store, enrolment, backbone.permits, backbone.erasure),
        portraits=Portraits(
            enrolment, decoder(settings), lambda data: recognition.inspect(data, limits=ENROLMENT).box, encode_jpeg
        ),
        event_faces=EventFaces(backbone.events, decoder(settings), encode_jpeg),
        unknown_faces=UnknownFaces(
            store=store,
            log=backbone.log,
            vault=backbone.vault,
            enrolment=enrolment,
            corrections=backbone.corrections,
            look=partial(recognition.look_bytes, limits=at_gate, flip=True, patient=True),
            threshold=lambda groups, faces: calibration.threshold(WRONG_GROUP_RATE, groups, faces, 1),
            clock=backbone.clock,
        ),
        imports=import_desk(backbone, enrolment, recognition, decoder(settings)),
        import_reports=ImportReports(store, backbone.vault),
        people_export=PeopleExport(enrolment),
        subject_export=subject_export(backbone, enrolment, gathering),
        people_sync=people_sync,
        group_sync=GroupSync(people_sync, backbone.clock, new_id),
        directories=DirectoryBook(store, people_sync, backbone.clock, new_id),
        access=access,
        badge_reader=badge_reader,
        remote_polls=RemotePolls(store, decisions, backbone.clock, new_id, backbone.gate_leases.holder),
        decisions=decisions,
        comparison=Comparison(
            store=store,
            look=partial(recognition.look_bytes, limits=at_gate, flip=True),
            gallery=gallery,
            rules=backbone.rules,
            threshold=threshold,
            same_person=calibration.same_person,
            probability=calibration.probability,
        ),
        gathering=gathering,
        gatherer=Gatherer(
            store=store,
            vault=backbone.vault,
            clock=backbone.clock,
            new_id=new_id,
            book=gathering,
            events=backbone.events,
            rules=backbone.rules,
            look=partial(recognition.look_bytes, limits=ENROLMENT, flip=True, patient=True),
            encode=encode_jpeg,
            fold=partial(decisions.evidence, search=False),
            threshold=threshold,
            liveness_works=recognition.liveness_works,
        ),
        quality=Quality(store, backbone.clock, manifest.measured, lambda: len(gallery)),
        on_decision=listeners,
    )
    backbone.certificates.searches, backbone.certificates.let_go = searches(
        backbone, gallery, system.portraits, system.imports
    )
    backbone.clock_watch.look()  # before the first decision
    if again := system.erasure.replay():
        logger.warning('erasures_repeated employees=%d why="an older backup, or an erasure that was cut off"', again)
    with store.read() as tx:
        gallery.refresh(tx)
    eligible.read_soon()
    return system


def open_recognition(backbone: Backbone, name: str | None = None, precision: Precision | None = None) -> Recognition:
    """The models: loaded, checked by hash, warm. name, precision: of the pack; the settled ones if not given."""
    settings = backbone.settings
    pack = packs.open_pack(
        name or settle_pack(backbone),
        settings.cache,
        settings.pack_folder,
        precision=precision or settle_precision(backbone),
        workers=settings.threads,
        width_px=settings.detect_width_px,
    )
    recognition = Recognition(
        decode=decoder(settings),
        engines=[Engine(*worker, judge) for worker, judge in zip(pack.workers, _judges(settings), strict=True)],
        align=pack.align,
        crop=pack.crop,
        affordable=partial(jpeg_cost.check, most=jpeg_cost.MOST_WORK_AT_GATE),
        pack_digest=pack.digest,
        precision=pack.precision,
        max_wait_s=settings.max_wait_ms / 1000,
        snapshot_height_px=settings.picture_height_px,
    )
    # Decoders load their parts at the first picture, which should not be the first person's.
    recognition.looks([encode_jpeg(np.zeros((720, 1280, 3), np.uint8))])
    return recognition


def decoder(settings: Settings) -> ImageDecoder:
    return ImageDecoder(image_limits(settings))


def image_limits(settings: Settings) -> ImageLimits:
    return ImageLimits(max_bytes=settings.max_image_mb * 1_000_000)


def _judges(settings: Settings) -> Sequence[LivenessJudge | None]:
    """One a worker; none where the weights were never fetched, for then gates say so in each answer."""
    try:
        return open_judges(settings.cache, workers=settings.threads)
    except WeightsMissing:
        logger.warning('liveness_unavailable why="its weights are missing" do="python -m app doctor"')
        return (None,) * settings.threads
