"""Orders that cross: whatever comes late is told late, and undoes nothing that came after it was given."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread, current_thread
from typing import Any, cast

import pytest

from app.core.errors import Conflict, NotRecorded
from app.core.ports.store import Store, Transaction
from app.core.site.mode import SiteMode, SiteState
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.driver_pool import DriverPool
from app.services.gates.driver_worker import DriverWorker
from app.services.gates.gate_settings import GateSettings
from app.services.site.site_control import SiteControl
from tests.fakes import NOW, Clock, new_id
from tests.services.gate_hardware import TURNSTILE, Turnstile, Yard
from tests.services.process import Process
from tests.waiting import eventually

NORMAL, LOCKDOWN, RELEASE = SiteMode


class Late:
    """A store whose reader goes on only once it may: by then what it read is old."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.has_read, self.go_on = Event(), Event()

    @contextmanager
    def read(self, within: Any = None) -> Iterator[Transaction]:
        with self._store.read(within) as tx:
            yield tx
        self.has_read.set()
        eventually(self.go_on)

    def write(self) -> Any:
        return self._store.write()


@pytest.fixture
def late(site: Process) -> Late:
    return Late(site.store)


@pytest.fixture
def ordered(site: Process, control: GateDispatcher, clock: Clock) -> SiteControl:
    return SiteControl(site.store, site.log, clock, new_id, control)


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[SiteMode]:
    """Every mode that the worker was told, in order."""
    modes: list[SiteMode] = []
    follow = DriverWorker.follow

    def told(worker: DriverWorker, mode: SiteMode) -> None:
        modes.append(mode)
        follow(worker, mode)

    monkeypatch.setattr(DriverWorker, "follow", told)
    return modes


def mode(control: GateDispatcher) -> SiteMode:
    return control._drivers.site.mode


def test_all_clear_does_not_end_a_release_ordered_meanwhile(
    site: Process,
    control: GateDispatcher,
    turnstile: Turnstile,
    ordered: SiteControl,
    late: Late,
    clock: Clock,
    followed: list[SiteMode],
) -> None:
    panel = SiteControl(cast(Store, late), site.log, clock, new_id, control)
    saying = Thread(target=panel.set_mode, args=(NORMAL,), kwargs={"ending": RELEASE})
    saying.start()
    eventually(late.has_read)
    ordered.set_mode(RELEASE, actor="guard")
    guarded = len(followed)
    late.go_on.set()
    saying.join(30)

    assert mode(control) is RELEASE and NORMAL not in followed[guarded:]
    eventually(lambda: turnstile.released == [True])


def test_state_read_before_a_release_does_not_undo_it(
    control: GateDispatcher, turnstile: Turnstile, ordered: SiteControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that follows the database compared already, and comes to tell it only now."""
    follow, compared, go_on = DriverPool.follow, Event(), Event()

    def slow(drivers: DriverPool, site: SiteState) -> None:
        if current_thread().name == "gates" and site.mode is NORMAL:
            compared.set()
            eventually(go_on)
        follow(drivers, site)

    monkeypatch.setattr(DriverPool, "follow", slow)
    control.refresh()
    eventually(compared)
    told: list[SiteMode] = []
    monkeypatch.setattr(DriverWorker, "follow", lambda _, mode: told.append(mode))
    ordered.set_mode(RELEASE)
    go_on.set()
    control.close()
    assert told and set(told) == {RELEASE}


def test_gate_taken_during_a_release_is_released(
    control: GateDispatcher,
    turnstile: Turnstile,
    ordered: SiteControl,
    gate_settings: GateSettings,
    yard: Yard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    follow, telling, go_on = DriverWorker.follow, Event(), Event()

    def slow(worker: DriverWorker, mode: SiteMode) -> None:
        if len(yard.built) == 2 and mode is NORMAL and not telling.is_set():
            telling.set()
            go_on.wait(0.5)  # a release that has to wait for this is the better one
        follow(worker, mode)

    monkeypatch.setattr(DriverWorker, "follow", slow)
    monkeypatch.setattr(control, "_tick_s", 60)
    gate_settings.add("dock", TURNSTILE)
    control.refresh()
    eventually(telling)
    ordered.set_mode(RELEASE)
    go_on.set()
    eventually(lambda: yard.built[1].released == [True])
    control.close()
    assert yard.built[1].released == [True]


def test_end_of_a_release_is_newer_than_earlier_orders(
    site: Process, control: GateDispatcher, turnstile: Turnstile, ordered: SiteControl, clock: Clock
) -> None:
    """A machine whose clock goes ahead set the last mode."""
    control.follow(SiteState(NORMAL, NOW + timedelta(hours=1)))
    ordered.set_mode(RELEASE)
    assert mode(control) is RELEASE and control._drivers.site == ordered.state()
    clock.advance(hours=-1)
    ordered.set_mode(NORMAL)
    assert mode(control) is NORMAL


def unwritable(*_: object) -> None:
    raise NotRecorded("the disk is full")


def test_unrecorded_release_is_ended_only_by_a_later_order(
    site: Process,
    control: GateDispatcher,
    turnstile: Turnstile,
    late: Late,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ordered = SiteControl(cast(Store, late), site.log, clock, new_id, control)
    saying = Thread(target=ordered.set_mode, args=(NORMAL,), kwargs={"ending": RELEASE})
    saying.start()
    eventually(late.has_read)
    late.go_on.set()
    late.has_read.clear()
    saying.join(30)
    late.go_on.clear()

    # From here on: a panel has read, then a fire comes that nobody can record.
    saying = Thread(target=ordered.set_mode, args=(NORMAL,), kwargs={"ending": RELEASE})
    saying.start()
    eventually(late.has_read)
    with monkeypatch.context() as broken:
        broken.setattr(late, "read", site.store.read)
        broken.setattr(late, "write", unwritable)
        with pytest.raises(NotRecorded):
            ordered.set_mode(RELEASE)
    late.go_on.set()
    saying.join(30)
    assert mode(control) is RELEASE

    ordered.set_mode(NORMAL, ending=LOCKDOWN)
    assert mode(control) is RELEASE
    ordered.set_mode(NORMAL, ending=RELEASE)
    assert mode(control) is NORMAL
    eventually(lambda: turnstile.released == [True, False])


def test_release_refused_late_is_undone(
    site: Process, control: GateDispatcher, turnstile: Turnstile, late: Late, clock: Clock, ordered: SiteControl
) -> None:
    """Of one gate, while a lockdown that it would undo is recorded."""
    one = SiteControl(cast(Store, late), site.log, clock, new_id, control)
    refused: list[str] = []

    def release() -> None:
        try:
            one.set_mode(RELEASE, ["lobby-1"])
        except Conflict as error:
            refused.append(error.code)

    saying = Thread(target=release)
    saying.start()
    eventually(late.has_read)
    ordered.set_mode(LOCKDOWN)
    late.go_on.set()
    saying.join(30)
    assert refused == ["lockdown_active"] and mode(control) is LOCKDOWN
