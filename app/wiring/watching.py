"""Builds what watches: cameras, their loops, the supervisor. Apart from `system`, so that only who watches needs it."""

from dataclasses import replace
from functools import partial

from app.adapters.cameras.mailbox import Mailbox
from app.adapters.cameras.sources import open_source
from app.core import tracks
from app.core.quality import GATE
from app.core.site import Alert, AlertKind, Camera
from app.core.tracks import Seen
from app.core.types import Box, Gate, Pixels
from app.services.approaches import Approaches, Watch
from app.services.recognition import snapshot
from app.wiring.office import camera_networks, new_id
from app.wiring.system import System
from app.worker.camera_loop import CameraLoop
from app.worker.supervisor import Post, Supervisor

# Faces compared in one frame: the one at the gate and whoever is next to it. More would cost the frame's time.
MOST_FACES = 3


def supervisor(system: System) -> Supervisor:
    """What watches this installation's cameras; not started yet."""
    networks = camera_networks(system.settings)
    approaches = Approaches(
        store=system.store,
        verdicts=system.verdicts,
        rules=tracks.Rules(same_person=system.calibration.same_person),
        snapshot=_view,
        carry_out=lambda gate, answer: system.gate_control.carry_out(answer),
        tailgating=partial(_tailgating, system),
    )

    def see(pixels: Pixels, *, region: Box, min_face_px: float) -> list[Seen]:
        limits = replace(GATE, min_face_px=min_face_px)
        return system.recognition.see(
            pixels, region=region, most=MOST_FACES, limits=limits, flip=system.settings.gate_flip
        )

    def post(camera: Camera) -> Post:
        address = system.cameras.address(camera)
        mailbox = Mailbox(
            camera.name,
            partial(open_source, address.url, allow_local=address.local, clock=system.clock, networks=networks),
        )
        watch = Watch(camera.name, camera.gate_id, camera.zone)
        return Post(camera, CameraLoop(watch, mailbox, see, approaches, system.clock), mailbox)

    return Supervisor(system.store, system.clock, new_id, post)


def _view(pixels: Pixels, seen: Seen) -> Pixels:
    return snapshot(pixels, seen.face.box)


def _tailgating(system: System, gate: Gate, camera: str) -> None:
    """A hint stays until somebody clears it: the next one within that time is the same story."""
    with system.store.write() as tx:
        found = tx.cameras.by_name(camera)
        alert = Alert(
            new_id(),
            system.clock(),
            AlertKind.TAILGATING,
            gate.id,
            found.id if found else None,
            "somebody came through behind the one the gate opened for",
        )
        tx.alerts.raise_(alert)
