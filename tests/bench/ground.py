"""What the measurements stand on: a service with 10,000 employees on SQLite, one thread, and a 1280x720 frame."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from app.adapters.vision import weights
from app.core.gates.gate import Gate
from app.core.people.details import Details
from app.core.recognition.evidence import unit
from app.core.recognition.liveness import LivenessMode
from app.core.sealing import Sealed, context
from app.core.types import Employee, Pixels, Template
from app.services.gates.gate_settings import GateUpdate
from app.settings import Settings, default_cache
from app.wiring import System, new_id, open_system

ENROLLED = 10_000


@contextmanager
def service(**settings: object) -> Iterator[System]:
    """A System with ENROLLED employees (random templates, and one real person) in a temporary folder."""
    with TemporaryDirectory() as folder:
        # On the disk that the data would lie on, not in memory: a commit has to cost what it costs.
        chosen: dict[str, Any] = {"workers": 1, "replayed_picture": "alert"} | settings
        system = open_system(Settings(data=Path(folder), **chosen))
        try:
            populate(system, ENROLLED - 1)
            person = system.enrolment.add(Details(number="E-1", name="Real Person"))
            results = system.enrolment.add_photos(person.id, [photo("obama"), photo("obama2")])
            assert all(r.accepted for r in results), results
            yield system
        finally:
            system.close()


def populate(system: System, count: int) -> None:
    """Employees whose templates point in random directions: strangers to every real face."""
    vectors = np.random.default_rng(1).standard_normal((count, system.gallery.index.dimension)).astype(np.float32)
    keys = system.vault.new_keys(count)
    with system.store.write() as tx:
        for i, key in enumerate(keys):
            employee = Employee(new_id(), f"R-{i:06d}", f"Random {i}", created_at=system.clock())
            tx.data_keys.add(employee.id, key)
            tx.employees.add(employee)
            sealed = system.vault.seal(key, unit(vectors[i]).tobytes(), context(Sealed.TEMPLATE, employee.id))
            tx.templates.put(Template(employee.id, sealed, 3, system.gallery.pack_digest, system.gallery.precision))


def add_gate(system: System, name: str) -> Gate:
    """One that looks at liveness where its weights are, and refuses nobody for it: the benches' people are pictures."""
    system.gates.add(name)
    return system.gate_settings.change(name, GateUpdate(liveness=LivenessMode.MONITOR))


def photo(name: str) -> bytes:
    return weights.load(name, default_cache())


def frame(name: str = "obama3", face_px: int = 160) -> Pixels:
    """A 1280x720 frame: the portrait, its face about so wide, before a textured wall."""
    portrait = cv2.imdecode(np.frombuffer(photo(name), np.uint8), cv2.IMREAD_COLOR)
    assert portrait is not None
    wall = np.random.default_rng(2).integers(90, 150, (90, 160, 3), dtype=np.uint8)
    canvas = cv2.resize(wall, (1280, 720), interpolation=cv2.INTER_CUBIC)
    scale = face_px / (0.145 * portrait.shape[1])
    small = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:720, :1280]
    left = (1280 - small.shape[1]) // 2
    canvas[: small.shape[0], left : left + small.shape[1]] = small
    return np.asarray(canvas, dtype=np.uint8)


def jpeg(pixels: Pixels) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])[1])


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of one run: on the wall and of this process's CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000
