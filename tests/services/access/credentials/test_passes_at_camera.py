"""A pass that is held up to the camera opens as one at a reader does; other codes leave nothing behind."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from app.core.access.rules import EntryMode, GateMode
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import DriverKind
from app.core.people.details import Details
from app.core.types import Pixels
from app.services.access.credentials.badge_reader import BadgeReader
from app.services.access.credentials.code_watch import CodeWatch
from app.services.access.credentials.pass_book import PassBook
from tests.fakes import new_id
from tests.services.process import PASS_KEY, Process

pytestmark = pytest.mark.one_database
FRAME: Pixels = np.zeros((4, 4, 3), np.uint8)


class Camera:
    """shows: the codes in view. looked: how often anybody looked for one."""

    def __init__(self, site: Process) -> None:
        self.site, self.shows, self.looked = site, list[str](), 0
        self.opened: list[RecordedDecision] = []
        with site.store.read() as tx:
            gate = tx.gates.by_name_or_id("lobby-1")
        assert gate is not None
        self.gate = gate
        reader = BadgeReader(site.access, self.opened.append)
        self.watch = CodeWatch(gate.id, site.store, site.decisions.rules, self._read, reader.reported)

    def _read(self, pixels: Pixels) -> list[str]:
        self.looked += 1
        return self.shows

    def films(self, seconds: float, fps: int = 25) -> list[str]:
        """The reasons of what was decided meanwhile."""
        before = len(self.opened)
        for _ in range(round(seconds * fps)):
            self.watch.frame(FRAME, self.site.clock())
            self.site.clock.advance(seconds=1 / fps)
        return [str(one.reason) for one in self.opened[before:]]


@pytest.fixture
def camera(site: Process) -> Camera:
    site.change_gate("lobby-1", driver=DriverKind.DRY_RUN)
    return Camera(site)


@pytest.fixture
def token(site: Process) -> str:
    return given(site, site.clock())


def given(site: Process, now: datetime) -> str:
    ada = site.enrolment.add(Details("E-1", "Ada"))
    passes = PassBook(site.store, site.vault, PASS_KEY, site.clock, new_id)
    return passes.give(ada.id, now, now + timedelta(hours=8), "admin").token


def test_pass_before_the_camera_opens_once_while_it_is_held_there(camera: Camera, token: str) -> None:
    camera.shows = ["https://example.org", token]
    assert camera.films(3) == ["credential_accepted"]
    assert 14 <= camera.looked <= 16, "five times a second"
    camera.shows = []
    camera.films(2)
    camera.shows = [token]
    assert camera.films(1) == ["credential_accepted"]


def test_other_codes_leave_nothing_behind(camera: Camera, token: str) -> None:
    camera.shows = ["https://example.org", "26:860933C0", "12-54711", "fg1:abc"]
    assert camera.films(2) == [] and camera.site.recorded() == 0


def test_pass_of_another_site_is_refused_with_its_reason(camera: Camera, token: str) -> None:
    camera.shows = [token[:-2] + ("AA" if token[-2:] != "AA" else "BA")]
    assert camera.films(1)[0] in ("qr_altered", "credential_misread")


def test_nobody_looks_where_there_are_no_passes(camera: Camera, site: Process) -> None:
    camera.shows = ["FG1:AAAA"]
    camera.films(3)
    assert camera.looked == 0
    camera.shows = [given(site, site.clock())]
    assert camera.films(3) == ["credential_accepted"]


@pytest.mark.parametrize("mode", [EntryMode.NO_ENTRY, EntryMode.FREE])
def test_nobody_looks_while_the_gate_asks_for_nothing(
    camera: Camera, site: Process, token: str, mode: EntryMode
) -> None:
    with site.store.write() as tx:
        tx.rules.put(GateMode("M", camera.gate.id, mode))
    camera.shows = [token]
    assert camera.films(3) == [] and camera.looked == 0


def test_nobody_looks_for_hardware_that_opens_by_itself(camera: Camera, site: Process, token: str) -> None:
    site.change_gate("lobby-1", driver=DriverKind.PLAIN)
    camera.shows = [token]
    assert camera.films(3) == [] and camera.looked == 0
