"""A person with a badge and no face, two gates with cameras, and what their cameras saw of whoever passed."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from app.core.alerts.alert import AlertKind
from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.people.details import Details
from app.core.people.gathering import GatheringState
from app.core.types import Evidence, FrameResult, Pixels, Reason, Vector
from app.services.access.credentials.credential_book import CredentialBook
from app.services.access.gathering.gatherer import Gatherer, Passer
from app.services.access.gathering.gathering_book import GatheringBook
from app.services.access.rules.current_rules import CurrentRules
from tests.fakes import look, new_id, photo, sample
from tests.services.process import Process

ADAS, BOBS = Badge(32, 0xADA), Badge(32, 0xB0B)


class Desk:
    """process: with settings of its own, such as a store that is killed. What a camera saw is a picture of a vector."""

    def __init__(self, site: Process, *, begin: bool = True) -> None:
        self.site = site
        self._shown: dict[int, bytes] = {}
        self.allow(True)
        self.book = GatheringBook(site.store, site.vault, site.clock, new_id, site.enrolment)
        self.gatherer = self.another(site)
        if begin:
            site.gates.add("lobby-2")
            self.ada = self.add("E-1", "Ada", ADAS)

    def another(self, site: Process) -> Gatherer:
        """A process's own, on the same database."""
        return Gatherer(
            store=site.store,
            vault=site.vault,
            clock=site.clock,
            new_id=new_id,
            book=GatheringBook(site.store, site.vault, site.clock, new_id, site.enrolment),
            events=site.events,
            rules=CurrentRules(),
            look=look,
            encode=lambda pixels: self._shown[int(pixels[0, 0, 0])],
            fold=lambda looks: site.decisions.evidence(looks, search=False),
            threshold=lambda size, photos, frames, share=1.0: 0.8,
            start=lambda work: work(),
        )

    def add(self, number: str, name: str, badge: Badge) -> str:
        made = self.site.enrolment.add(Details(number, name)).id
        CredentialBook(self.site.store, self.site.vault, self.site.clock, new_id).give(
            made, badge, CardFormat.RAW, "admin"
        )
        return made

    def allow(self, on: bool, *, consent: bool = False) -> None:
        with self.site.store.write() as tx:
            settings = tx.site_settings.get()
            tx.site_settings.put(replace(settings, enrol_by_badge=on, consent_required=consent))

    def frame(self, of: Vector | None) -> FrameResult:
        """What one frame shows: a usable face, or none."""
        place = len(self._shown)
        pixels: Pixels = np.full((1, 1, 3), place, np.uint8)
        self._shown[place] = photo(of) if of is not None else b""
        if of is None:
            return FrameResult(0, None, Reason.NO_FACE, pixels)
        return FrameResult(1, sample(of), None, pixels)

    def passer(self, *of: Vector | None, gate: str = "lobby-1") -> Passer:
        """Somebody who stood at the gate for the last ten seconds."""
        now = self.site.clock()
        looks = [self.frame(one) for one in of]
        return Passer(self.site.gates.get(gate).id, now - timedelta(seconds=10), now + timedelta(seconds=1), looks)

    def reads(
        self, *of: Vector | None, badge: Badge = ADAS, gate: str = "lobby-1", after: timedelta = timedelta(minutes=6)
    ) -> None:
        """A badge read while the camera sees this, some minutes after the last."""
        self.site.clock.now += after
        assert self.site.decide(credential=badge.text, gate=gate).opens
        self.gatherer.offer(self.passer(*of, gate=gate))
        self.gatherer.gathers = True  # what was last read of it is kept for 30 s

    def gather(self, *people: Vector) -> None:
        """Begins anew, and takes a picture at a read of its own of each."""
        self.book.begin(self.ada)
        for one in people:
            self.reads(one)

    def pictures(self) -> int:
        with self.site.store.read() as tx:
            return len(tx.gatherings.faces(self.ada))

    def state(self) -> GatheringState | None:
        found = self.book.of(self.ada)
        return None if found is None else found.gathering.state

    def alerts(self) -> list[AlertKind]:
        with self.site.store.read() as tx:
            return [one.kind for one in tx.alerts.uncleared()]


def evidence_of_two(looks: object) -> Evidence:
    return Evidence(1, 0, Reason.AMBIGUOUS)
