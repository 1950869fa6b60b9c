"""Orders in any order, from two processes, over a store that fails at reads and writes at will, while leases move.

What holds all the while: a gate that somebody ordered to be released stands open until somebody ends it who knows of
that release; what is recorded is what was ordered; and once the database answers, nothing is missing from the log.
"""

import shutil
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.core.errors import Conflict, NotRecorded, NotYetRecorded
from app.core.ports.store import Store
from app.core.site.mode import SiteMode
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.gate_settings import GateSettings
from app.services.site.site_control import SiteControl
from tests.fakes import Clock, new_id
from tests.services.failing_site import GATES, LOCKDOWN, NORMAL, RELEASE, Expected, Failing
from tests.services.gate_hardware import TURNSTILE, Turnstile, Yard
from tests.services.process import Process
from tests.waiting import eventually

UNKNOWN = "of another process"
named = st.sets(st.sampled_from(GATES), max_size=2).map(frozenset)


class Orders(RuleBasedStateMachine):
    """`here` drives the gates, over a store that fails; `there` is another process, which drives none."""

    template: Path
    folder: Path
    keys: tuple[Vault, Ed25519Signer]

    def __init__(self) -> None:
        super().__init__()
        file = self.folder / f"{new_id()}.db"
        shutil.copy(self.template, file)
        self.clock = Clock()
        self.site = Process(f"sqlite:///{file}", *self.keys, self.clock, self.folder)
        self.store = Failing(self.site.store)
        self.mine = set(GATES)
        self.yard = Yard(self.clock)
        adding = GateSettings(self.site.store, self.site.vault, self.clock, new_id, self.yard.check)
        self.ids = {gate: adding.add(gate, TURNSTILE).id for gate in GATES}
        store, names = cast(Store, self.store), {id_: gate for gate, id_ in self.ids.items()}
        self.control = GateDispatcher(
            store,
            self.site.vault,
            self.site.signer,
            self.clock,
            new_id,
            lambda: [id_ for id_, gate in names.items() if gate in self.mine],
            self.yard.build,
        )
        self.here = SiteControl(store, self.site.log, self.clock, new_id, self.control)
        self.there = SiteControl(self.site.store, self.site.log, self.clock, new_id)
        self.recorded = Expected()
        self.unrecorded: Expected | None = None
        self.followed = Expected()
        self.look()

    def driven(self) -> dict[str, Turnstile]:
        found = {}
        for one in self.control._drivers.all():
            assert one.worker is not None
            found[one.gate.name] = cast(Turnstile, one.worker._driver)
        return found

    @property
    def answers(self) -> bool:
        return self.store.reads and self.store.writes

    # The store

    @rule(reads=st.booleans(), writes=st.booleans())
    def fails(self, reads: bool, writes: bool) -> None:
        self.store.reads, self.store.writes = reads, writes

    @rule()
    def look(self) -> None:
        """As the thread does that follows the database."""
        with_database = self.store.reads
        for step in (self.here.record_late, self.control._drivers.sync):
            self.control._guarded(step)
        if self.answers:
            self.is_recorded()
        if with_database:
            self.followed = self.recorded

    def is_recorded(self) -> None:
        """What waited."""
        if self.unrecorded is not None:
            self.recorded = self.recorded.joined(RELEASE, self.unrecorded.gates)
            self.followed = self.recorded
            self.unrecorded = None

    # Orders here

    @rule(gates=named, unknown=st.booleans(), reads=st.booleans(), writes=st.booleans())
    def release(self, gates: frozenset[str], unknown: bool, reads: bool, writes: bool) -> None:
        self.store.reads, self.store.writes = reads, writes
        unread = not reads
        names = [*gates, UNKNOWN] if unknown and unread else list(gates)
        if unread and not self.mine.issuperset(names):
            gates = frozenset()  # in doubt, every gate
        known_lockdown = self.recorded.mode is LOCKDOWN and gates and not unread
        nothing_new = self.recorded.joined(RELEASE, gates) == self.recorded and not unread
        try:
            self.here.set_mode(RELEASE, names)
        except Conflict:
            assert known_lockdown
            return
        except NotYetRecorded:
            assert not self.answers and not known_lockdown and not nothing_new
            more = self.recorded.gates if self.recorded.mode is RELEASE and not unread else frozenset()
            every = not gates or (self.recorded == Expected(RELEASE) and not unread)
            now = Expected(RELEASE) if every else Expected(RELEASE, gates | more)
            self.unrecorded = now.joined(RELEASE, self.unrecorded.gates) if self.unrecorded else now
            return
        assert not known_lockdown and (self.answers or nothing_new)
        self.followed = self.recorded = self.recorded.joined(RELEASE, gates)
        if self.answers and not nothing_new:
            self.is_recorded()
        elif not self.recorded.gates:
            self.unrecorded = None  # it is part of what is recorded

    @rule(gates=named)
    def lockdown(self, gates: frozenset[str]) -> None:
        late = self.unrecorded is not None
        try:
            self.here.set_mode(LOCKDOWN, gates)
        except NotRecorded:
            would_change = self.recorded.joined(LOCKDOWN, gates) != self.recorded
            assert not self.store.reads or (not self.store.writes and (late or would_change))
        except Conflict:
            if self.answers:
                self.is_recorded()
            assert self.recorded.mode is RELEASE
        else:
            assert not late
            self.followed = self.recorded = self.recorded.joined(LOCKDOWN, gates)

    @rule(gates=named, ending=st.sampled_from([None, LOCKDOWN, RELEASE]))
    def end(self, gates: frozenset[str], ending: SiteMode | None) -> None:
        try:
            self.here.set_mode(NORMAL, gates, ending=ending)
        except NotRecorded:
            assert not self.answers
            return
        if self.answers:
            self.is_recorded()
        elif ending is not LOCKDOWN and not gates:
            self.unrecorded = None  # the one end that needs no record
        self.followed = self.recorded = self.recorded.ended(gates, ending)

    # Orders there: whoever gives them knows what is recorded, and no more

    @rule(gates=named, mode=st.sampled_from([LOCKDOWN, RELEASE]))
    def ordered_there(self, gates: frozenset[str], mode: SiteMode) -> None:
        try:
            self.there.set_mode(mode, gates)
        except Conflict:
            assert {self.recorded.mode, mode} == {LOCKDOWN, RELEASE}
        else:
            self.recorded = self.recorded.joined(mode, gates)

    @rule(gates=named, ending=st.sampled_from([None, LOCKDOWN, RELEASE]))
    def ended_there(self, gates: frozenset[str], ending: SiteMode | None) -> None:
        self.there.set_mode(NORMAL, gates, ending=ending)
        self.recorded = self.recorded.ended(gates, ending)

    # Leases

    @precondition(lambda self: self.answers)
    @rule(gate=st.sampled_from(GATES))
    def a_lease_moves(self, gate: str) -> None:
        self.mine ^= {gate}
        self.look()
        for handover in self.control._drivers._handovers.values():
            handover.wait()
        self.look()
        assert set(self.driven()) == self.mine

    @rule(seconds=st.integers(-3600, 3600))
    def the_clock_is_set(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    # What holds

    @invariant()
    def gates_stand_as_they_were_ordered(self) -> None:
        def expected(gate: str) -> bool:
            released = self.unrecorded is not None and self.unrecorded.at(gate) is RELEASE
            return released or self.followed.at(gate) is RELEASE

        for gate, hardware in self.driven().items():
            wanted = expected(gate)
            told = lambda hardware=hardware: (hardware.released or [False])[-1]  # noqa: E731
            eventually(lambda wanted=wanted, told=told: told() is wanted, f"{gate} should be open: {wanted}")

    @invariant()
    def what_is_recorded_is_what_was_ordered(self) -> None:
        with self.site.store.read() as tx:
            state = tx.site.get()
        assert Expected(state.mode, frozenset(g for g in GATES if self.ids[g] in state.gates)) == self.recorded

    def teardown(self) -> None:
        try:
            self.store.reads = self.store.writes = True
            self.look()
            self.gates_stand_as_they_were_ordered()
            self.what_is_recorded_is_what_was_ordered()
            assert self.here._late.all() == () and self.site.audit.verify().valid
        finally:
            self.control._drivers.close()
            self.site.store.close()


def test_release_orders_with_a_failing_store(
    sqlite_template: Path, tmp_path: Path, vault: Vault, signer: Ed25519Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Orders, "template", sqlite_template, raising=False)
    monkeypatch.setattr(Orders, "folder", tmp_path, raising=False)
    monkeypatch.setattr(Orders, "keys", (vault, signer), raising=False)
    run_state_machine_as_test(
        Orders,
        settings=settings(
            max_examples=settings.default.max_examples // 4,
            stateful_step_count=25,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # a failure is short enough as it is, and each try of it takes seconds
            suppress_health_check=list(HealthCheck),
        ),
    )
