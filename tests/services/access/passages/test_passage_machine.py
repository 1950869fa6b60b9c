"""Grants, passages, lapses, crashes and corrections in any order: everybody is counted once, and nobody twice.

The model knows only what it did. After each step the database must agree with it: who is where, what is granted, and
how many are inside by the count that limits use.
"""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.core.access.zone_policy import AntiPassback
from app.core.gates.result import GateResultRow
from app.services.events.second_records import TOO_LATE, put_result
from tests.fakes import Clock, person, photo
from tests.services.access.passages.building import LAB, OFFICE, WAYS, Building
from tests.services.process import Process
from tests.stores import upgrade

PEOPLE = range(4)
LIMIT = 3
MASTER = bytes(range(32))
DATABASE = "facegate.db"
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  a disk's flushes would take most of the time


@cache
def migrated() -> Path:
    """An empty database that the migrations made, for each example to copy."""
    file = Path(mkdtemp(prefix="passages-")) / DATABASE
    upgrade(f"sqlite:///{file}")
    return file


class Crash(Exception):
    """The process ends before the commit."""


class Passages(RuleBasedStateMachine):
    @initialize()
    def open_building(self) -> None:
        self.folder = TemporaryDirectory(dir=MEMORY)
        shutil.copy(migrated(), self.folder.name)
        url = f"sqlite:///{self.folder.name}/{DATABASE}"
        site = Process(url, Vault(MASTER), Ed25519Signer(MASTER), Clock(), Path(self.folder.name))
        self.building = Building(site)
        self.building.asks(OFFICE, AntiPassback.HARD, limit=LIMIT)
        self.ids = self.building.enrol(*PEOPLE)
        self.where: dict[int, str | None] = {}  # by person, where the model knows it
        self.granted: dict[int, tuple[str, int]] = {}  # by person: the gate, and the time in ms
        self.order: list[int] = []  # of the grants
        self.unknown = {OFFICE: 0, LAB: 0}
        self.entered = self.went_out = 0
        self.ms = 0

    def teardown(self) -> None:
        if hasattr(self, "building"):
            self.building.site.store.close()
            self.folder.cleanup()

    def _inside(self, place: str | None) -> bool:
        return place in (OFFICE, LAB)

    def _goes(self, who: int, gate: str) -> None:
        before, after = self._inside(self.where.get(who)), self._inside(WAYS[gate][1])
        self.entered += after and not before
        self.went_out += before and not after
        self.where[who] = WAYS[gate][1]

    def _withdraw(self, who: int) -> None:
        self.granted.pop(who, None)
        self.order = [one for one in self.order if one != who]

    def _alive(self, who: int) -> bool:
        return who in self.granted and self.ms < self.granted[who][1] + 8000

    @rule(who=st.sampled_from(PEOPLE), gate=st.sampled_from(sorted(WAYS)), late=st.booleans())
    def asks(self, who: int, gate: str, late: bool) -> None:
        pending = self.granted[who] if self._alive(who) else None
        count = sum(self._counted(one) for one in PEOPLE) + sum(self.unknown.values())
        entering = WAYS[gate] == (None, OFFICE)
        here = self._inside(self.where.get(who)) or (pending is not None and self._inside(WAYS[pending[0]][1]))
        answer = self.building.site.decide(photo(person(who)), gate=gate)
        if pending is not None and pending[0] == gate and self.ms < pending[1] + 5000:
            assert answer.reason == "recognised", "the same opening"
            return
        if entering and not here and count >= LIMIT:
            assert answer.reason == "zone_full"
        elif entering and here:
            assert answer.reason == "anti_passback"
        else:
            assert answer.reason == "recognised" and answer.passage is not None
            self._withdraw(who)
            self.granted[who] = (gate, self.ms)
            self.order.append(who)
            if late:
                self._too_late(answer.id)
                self._withdraw(who)

    def _too_late(self, event_id: str) -> None:
        with self.building.site.store.write() as tx:
            put_result(tx, GateResultRow(event_id, self.building.site.clock(), TOO_LATE.outcome, TOO_LATE.detail))

    @rule(gate=st.sampled_from(sorted(WAYS)), count=st.integers(1, 2))
    def passes(self, gate: str, count: int) -> None:
        self.building.passes(gate, count)
        waiting = [who for who in self.order if self.granted[who][0] == gate and self._alive(who)][:count]
        for who in waiting:
            self._goes(who, gate)
            self._withdraw(who)
        for _ in range(count - len(waiting)):
            leaves, enters = WAYS[gate]
            if leaves is not None:
                self.unknown[leaves] = max(0, self.unknown[leaves] - 1)
            if enters is not None:
                self.unknown[enters] += 1

    @rule(ms=st.sampled_from((100, 3000, 5000, 9000)))
    def time_passes(self, ms: int) -> None:
        self.ms += ms
        self.building.site.clock.advance(milliseconds=ms)

    @rule()
    def lapses(self) -> None:
        self.building.watch.lapse()
        for who in [who for who in self.granted if not self._alive(who)]:
            self._withdraw(who)

    @rule(gate=st.sampled_from(sorted(WAYS)))
    def crashes_while_a_report_is_counted(self, gate: str) -> None:
        """Nothing of it remains, and the next process goes on from there."""
        site = self.building.site
        try:
            with site.store.write() as tx:
                for one in tx.passages.of_gate(self.building.gates[gate].id):
                    tx.passages.take(one.id)
                    arrived = one.arrived(site.clock())
                    if arrived is not None:
                        tx.presences.put(arrived)
                raise Crash
        except Crash:
            site.store.close()

    @rule(who=st.sampled_from(PEOPLE), place=st.sampled_from(("outside", "unknown", OFFICE, LAB)))
    def is_corrected(self, who: int, place: str) -> None:
        self.building.control.correct(self.ids[who], place, "seen there", "guard")
        before = self._inside(self.where.get(who))
        self._withdraw(who)
        self.entered += self._inside(place) and not before
        self.went_out += before and not self._inside(place)
        self.where.pop(who, None)
        if place != "unknown":
            self.where[who] = None if place == "outside" else place

    def _counted(self, who: int) -> bool:
        """Whether the limit counts the person: inside, or let in from outside and not gone through yet."""
        coming = self._alive(who) and WAYS[self.granted[who][0]] == (None, OFFICE)
        return self._inside(self.where.get(who)) or coming

    @invariant()
    def database_agrees(self) -> None:
        if not hasattr(self, "building"):
            return
        for who, employee_id in enumerate(self.ids):
            expected = self.where[who] or "outside" if who in self.where else None
            assert self.building.where(employee_id) == expected
        site = self.building.site
        with site.store.read() as tx:
            inside = tx.presences.count_inside([OFFICE, LAB], site.clock())
            states = sum(one.zone_id is not None for one in tx.presences.all())
            open_now = {
                one.person_id
                for gate in self.building.gates.values()
                for one in tx.passages.of_gate(gate.id)
                if one.until > site.clock()
            }
        assert states == self.entered - self.went_out
        assert inside == sum(map(self._counted, PEOPLE)) + sum(self.unknown.values())
        assert open_now == {self.ids[who] for who in PEOPLE if self._alive(who)}
        assert self.building.unknown() == {zone: count for zone, count in self.unknown.items() if count}


TestPassages = Passages.TestCase
TestPassages.settings = settings(max_examples=settings().max_examples // 5, stateful_step_count=30)
