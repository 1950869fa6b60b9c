"""Builds cameras, their loops and the supervisor. Not in `system`, so only a process that watches loads it."""

from dataclasses import replace
from functools import partial

from app.adapters.cameras.mailbox import Mailbox
from app.adapters.cameras.sources import open_source
from app.adapters.vision.photos.jpeg import encode_jpeg
from app.adapters.vision.photos.qr_codes import read_codes
from app.adapters.vision.photos.scaling import fit, shrink, turned
from app.core.approach import tracks, tries
from app.core.approach.tracks import Track
from app.core.cameras.camera import Camera
from app.core.ports.cameras import Source
from app.core.recognition.quality import GATE
from app.core.types import Box, Detection, Face, Pixels
from app.services.access.approaches import Approaches, Watch
from app.services.access.credentials.code_watch import CodeWatch
from app.services.access.gathering.gatherer import Passer
from app.services.access.watch import Visit
from app.services.cameras.camera_list import Address
from app.services.cameras.live_view import LiveViews
from app.services.recognition.recognition import snapshot
from app.settings import PICTURE_TO_ENROL_PX
from app.wiring.backbone import new_id
from app.wiring.camera_policy import camera_policy
from app.wiring.system import System
from app.worker.camera_loop import CameraLoop
from app.worker.supervisor import Supervisor, WatchedCamera
from app.worker.turned import TurnWatch

# Faces compared in one frame: the one at the gate and its neighbour. More would take too long.
MOST_FACES = 3
# The narrowest width that can be set for a camera, so that its ruler shows whoever is further away too.
NARROWEST_PX = 24.0
MOST_SURVEYED = 5


def supervisor(system: System) -> Supervisor:
    """The supervisor of this installation's cameras, not started yet."""
    policy = camera_policy(system.settings)
    approaches = Approaches(
        store=system.store,
        decisions=system.decisions,
        rules=tracks.Rules(same_person=system.calibration.same_person),
        snapshot=partial(_view, system),
        carry_out=lambda gate, answer: system.gate_control.carry_out(answer),
        tailgating=system.transient_alerts.tailgating,
        views=max(1, system.settings.pictures_kept),
        left=partial(_left, system),
    )

    def see(pixels: Pixels, *, region: Box, min_face_px: float, liveness: bool) -> list[Detection]:
        limits = replace(GATE, min_face_px=min_face_px)
        return system.recognition.see(
            pixels, region=region, most=MOST_FACES, limits=limits, flip=system.settings.gate_flip, liveness=liveness
        )

    def faces(pixels: Pixels) -> list[Face]:
        whole = Box(0, 0, pixels.shape[1], pixels.shape[0])
        return [each.face for each in system.recognition.see(pixels, region=whole, most=0)]

    def watch(camera: Camera) -> WatchedCamera:
        address = system.cameras.address(camera)
        mailbox = Mailbox(
            camera.name,
            partial(
                open_source,
                address.url,
                allow_local=address.local,
                clock=system.clock,
                policy=policy,
                # A recording loops within one connection, because every new connection forgets the approaches.
                loop=True,
            ),
            system.clock,
        )
        watch = Watch(camera.name, camera.gate_id, camera.region)
        # Only an unturned picture can show that it should be turned.
        turn = partial(turned, degrees=address.rotation) if address.rotation else None
        after = None if turn else TurnWatch(faces, partial(system.transient_alerts.turned, camera)).frame
        codes = CodeWatch(camera.gate_id, system.store, system.rules, read_codes, system.badge_reader.reported).frame
        loop = CameraLoop(watch, mailbox, see, approaches, system.clock, turn=turn, after=after, codes=codes)
        return WatchedCamera(camera, loop, mailbox)

    return Supervisor(system.gate_leases, system.store, system.clock, new_id, watch, system.gate_control)


def live_views(system: System) -> LiveViews:
    """Looks through cameras for whoever mounts them."""
    policy = camera_policy(system.settings)

    def opened(address: Address) -> Source:
        return open_source(address.url, allow_local=address.local, clock=system.clock, policy=policy, loop=True)

    return LiveViews(
        opened,
        partial(system.recognition.survey, smallest_px=NARROWEST_PX, most=MOST_SURVEYED),
        small_jpeg,
        lambda pixels, degrees: turned(pixels, degrees) if degrees else pixels,
    )


def small_jpeg(pixels: Pixels, longer_side_px: int) -> bytes:
    """The picture as JPEG, its longer side at most so long."""
    return encode_jpeg(shrink(pixels, *fit(pixels.shape[0], pixels.shape[1], longer_side_px)))


def _view(system: System, pixels: Pixels, seen: Detection) -> Pixels:
    """Larger while somebody is enrolled by badge; the record keeps no more of it than ever."""
    height_px = PICTURE_TO_ENROL_PX if system.gatherer.gathers else system.settings.picture_height_px
    return snapshot(pixels, seen.face.box, height_px)


def _left(system: System, gate_id: str, track: Track, visit: Visit) -> None:
    """Whoever stood alone at the gate may be somebody who is enrolled by badge."""
    if visit.near_since is None or visit.together > 1:
        return
    views = [view.pixels for view in visit.views]
    looks = tries.frame_results(track, visit.faces, system.calibration.same_person, views)
    system.gatherer.offer(Passer(gate_id, visit.near_since, system.clock(), looks))
