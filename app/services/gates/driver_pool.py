"""The drivers of this process's gates. They follow the database: a driver is built, rebuilt when its gate's settings
change, set to the mode in force, and closed. If a gate's settings cannot be used, the reason is kept in words, so that
one faulty gate does not affect the others.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock, Thread
from time import monotonic

from app.core.errors import CryptoFault, Refusal
from app.core.gates.commands import DriverKind, GateReport, GateResult
from app.core.gates.gate import Gate
from app.core.gates.settings import DRIVER_UNKNOWN
from app.core.ports.crypto import Vault
from app.core.ports.gates import GateDriver
from app.core.ports.store import Clock, Store, Transaction
from app.core.site.mode import SiteMode, SiteState
from app.services.events.second_records import STOPPED
from app.services.gates.driver_worker import CHANGED, CLOSE_S, LET_GO, PASSED_ON, DriverWorker
from app.services.gates.gate_settings import Config, config_of, driver_config
from app.services.gates.held_mode import HeldMode

logger = logging.getLogger(__name__)

# Builds a driver from its kind, its settings, who listens to its reports, and whether a release is in force.
Build = Callable[[DriverKind, Config, Callable[[GateReport], None], bool], GateDriver]


@dataclass
class PooledDriver:
    """One gate.

    Attributes:
        worker: its worker; None for a plain gate, or if the gate cannot be driven.
        broken: why it cannot be driven.
        alerted: whether its alert is raised, as far as this process knows.
    """

    gate: Gate
    worker: DriverWorker | None = None
    broken: str | None = None
    alerted: bool | None = None

    @property
    def fault(self) -> str | None:
        """What is wrong now, in words without secrets, or None."""
        return self.broken or (self.worker.fault() if self.worker else None)

    @property
    def complaint(self) -> str | None:
        """What has been wrong for so long that somebody should look."""
        return self.broken or (self.worker.complaint() if self.worker else None)


class DriverHandover:
    """Closes a worker in a thread of its own, so that a gate that does not answer delays no other and no release."""

    def __init__(self, worker: DriverWorker, set_mode: bool, why: GateResult, over: Callable[[], None]) -> None:
        self.worker = worker
        self._set_mode = set_mode
        self._why = why
        self._over = over
        self._until = monotonic() + 3 * CLOSE_S
        self._thread = Thread(target=self._close, name="gate-close", daemon=True)
        self._thread.start()

    def lasts(self) -> bool:
        """Whether it is still closing. False after too long: hardware that hangs must not block its gate for ever."""
        return self._thread.is_alive() and monotonic() < self._until

    def wait(self) -> None:
        self._thread.join(max(0.0, self._until - monotonic()))

    def _close(self) -> None:
        self.worker.close(set_mode=self._set_mode, why=self._why)
        self._over()


class DriverPool:
    """Drivers of the gates that are this process's now.

    Args:
        mine: Returns the ids of those gates.
        build: Builds a driver. Raises BadInput if a gate's settings cannot be used.
        done: Called by a driver's thread with a gate's name, an event's id and the result of its command.
        on_door: Called by a driver's thread with a gate's id and what its hardware reports.
        on_released: Called when hardware was given up.
        others: Returns the ids of the gates that other processes have by now. Nothing more is sent to these from here.
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Clock,
        mine: Callable[[], Collection[str]],
        build: Build,
        done: Callable[[str, str, GateResult], None],
        on_door: Callable[[str, GateReport], None],
        on_released: Callable[[], None],
        others: Callable[[], Collection[str]],
    ) -> None:
        self._store, self._vault, self._clock = store, vault, clock
        self._mine, self._build, self._done, self._on_door, self._on_released = mine, build, done, on_door, on_released
        self._others = others
        self._lock = Lock()
        self._driven: dict[str, PooledDriver] = {}
        self._handovers: dict[str, DriverHandover] = {}
        self._taking: str | None = None
        self._closed = False
        self._held = HeldMode()

    def all(self) -> list[PooledDriver]:
        """Returns all gates, by name."""
        with self._lock:
            return sorted(self._driven.values(), key=lambda one: one.gate.name)

    def of(self, gate_id: str) -> PooledDriver | None:
        with self._lock:
            return self._driven.get(gate_id)

    def follows(self, gate: Gate) -> bool:
        """Whether the gate is driven here, by these settings of its hardware."""
        one = self.of(gate.id)
        return one is not None and _driving(one.gate) == _driving(gate)

    def held(self) -> set[str]:
        """The ids of the gates whose hardware this process holds, is taking, or is giving up."""
        with self._lock:
            held = {
                gate_id for gate_id, one in self._driven.items() if one.worker is not None and not one.worker.stopped
            }
            held |= {gate_id for gate_id, handover in self._handovers.items() if handover.lasts()}
            return held if self._taking is None else held | {self._taking}

    @property
    def site(self) -> SiteState:
        """See `HeldMode.site`."""
        with self._lock:
            return self._held.site

    def follow(self, site: SiteState) -> None:
        """Follows the recorded mode. Returns at once. See `HeldMode.follow`."""
        with self._lock:
            # Compare and send under one lock, or a late caller would undo a newer mode.
            self._held.follow(site)
            self._send_modes()

    def release(self, site: SiteState) -> SiteState:
        """Applies a release that was ordered here at once, before it is recorded. See `HeldMode.release`."""
        with self._lock:
            return self._release(site)

    def release_unread(self, names: Collection[str], site: SiteState) -> SiteState:
        """Releases gates by name or id while the database cannot be asked. An unknown name releases every gate."""
        with self._lock:
            known = {key: one.gate.id for one in self._driven.values() for key in (one.gate.name, one.gate.id)}
            gates = {known.get(name, "") for name in names}
            return self._release(replace(site, gates=() if "" in gates else tuple(sorted(gates))))

    def released(self) -> int:
        """How many of the gates driven here are released."""
        with self._lock:
            driven = [gate_id for gate_id, one in self._driven.items() if one.worker is not None]
            return sum(self._held.mode_at(gate_id) is SiteMode.RELEASE for gate_id in driven)

    def supersede(self, ordered: SiteState, site: SiteState) -> None:
        """See `HeldMode.supersede`."""
        with self._lock:
            self._held.supersede(ordered, site)
            self._send_modes()

    def _release(self, site: SiteState) -> SiteState:
        released = self._held.release(site)
        self._send_modes()
        return released

    def _send_modes(self) -> None:
        """Sends every worker its mode. The caller holds the lock, so that modes arrive in their order."""
        for one in self._driven.values():
            if one.worker is not None:
                one.worker.follow(self._held.mode_at(one.gate.id))

    def sync(self) -> None:
        """Brings the drivers in line with the database. Raises NotRecorded if it is gone: then nothing changes."""
        mine = self._mine()
        with self._store.read() as tx:
            gates, site = [gate for gate in tx.gates.all() if gate.id in mine], tx.site.get()
            configs = {gate.id: self._opened(tx, gate) for gate in gates if self._is_new(gate)}
        # A mode set in this process may be newer than what was read, or not recorded at all.
        self.follow(site)
        self._let_go({one.gate.id for one in self.all()} - {gate.id for gate in gates})
        for gate in gates:
            if gate.id in configs:
                self._replace(gate, configs[gate.id])
            elif one := self.of(gate.id):
                one.gate = gate

    def look(self) -> None:
        """Gives up openings in which a driver hangs."""
        for one in self.all():
            if one.worker is not None:
                one.worker.look()

    def close(self) -> None:
        """Leaves every gate as its fail mode or a release in force demands, and takes no more gates."""
        with self._lock:
            self._closed = True
        self._let_go({one.gate.id for one in self.all()})
        for handover in list(self._handovers.values()):
            handover.wait()

    def _let_go(self, gate_ids: Collection[str]) -> None:
        others = self._others()
        with self._lock:
            why = STOPPED if self._closed else LET_GO
            for gate_id in gate_ids:
                one = self._driven.pop(gate_id, None)
                if one is not None and one.worker is not None:
                    elsewhere = gate_id in others
                    self._part(gate_id, one.worker, PASSED_ON if elsewhere else why, set_mode=not elsewhere)

    def _part(self, gate_id: str, worker: DriverWorker, why: GateResult, *, set_mode: bool = True) -> DriverHandover:
        """The lock is held."""
        before = self._handovers.get(gate_id)
        if before is None or before.worker is not worker:
            before = self._handovers[gate_id] = DriverHandover(worker, set_mode, why, self._on_released)
        return before

    def _is_new(self, gate: Gate) -> bool:
        one = self.of(gate.id)
        return one is None or _driving(one.gate) != _driving(gate)

    def _opened(self, tx: Transaction, gate: Gate) -> Config | str:
        try:
            return config_of(tx, self._vault, gate)
        except (CryptoFault, ValueError):
            return "the gate's settings do not open: set its config again"

    def _replace(self, gate: Gate, config: Config | str) -> None:
        """Builds what the gate is driven by, or has it built at a later look: what drove it lets go first, for a
        serial line has room for one."""
        with self._lock:
            before = self._driven.get(gate.id)
            if before is not None and before.worker is not None:
                self._part(gate.id, before.worker, CHANGED)
            handover = self._handovers.get(gate.id)
            if self._closed or (handover is not None and handover.lasts()):
                return
            self._handovers.pop(gate.id, None)
            self._taking = gate.id
        try:
            # Ask again, now that `held` includes the gate: another process may have it by now.
            if gate.id in self._mine():
                self._take(gate, config, before.alerted if before else None)
        finally:
            self._taking = None

    def _take(self, gate: Gate, config: Config | str, alerted: bool | None) -> None:
        one = PooledDriver(gate, alerted=alerted)
        if gate.driver is DriverKind.UNKNOWN:
            one.broken = DRIVER_UNKNOWN
        elif isinstance(config, str):
            one.broken = config
        elif gate.driver is not DriverKind.PLAIN:
            self._connect(one, config)
        with self._lock:
            late = self._closed
            if not late:
                self._driven[gate.id] = one
                if one.worker is not None:
                    one.worker.follow(self._held.mode_at(gate.id))
        if late and one.worker is not None:
            one.worker.close()

    def _connect(self, one: PooledDriver, config: Config) -> None:
        gate = one.gate
        mode = self._held.mode_at(gate.id)
        try:
            driver = self._build(
                gate.driver, driver_config(gate, config), partial(self._on_door, gate.id), mode is SiteMode.RELEASE
            )
        except Refusal as error:
            one.broken = error.detail
        except Exception as error:
            # One gate's fault must not keep the others from being driven.
            # Only the type of the error: its text may hold an address or a key.
            logger.error(
                "gate_driver_not_built gate=%s driver=%s error=%s", gate.name, gate.driver, type(error).__name__
            )
            one.broken = f"the {gate.driver} driver cannot be built"
        else:
            one.worker = DriverWorker(gate.name, driver, mode, self._clock, partial(self._done, gate.name))


def _driving(gate: Gate) -> tuple[object, ...]:
    return gate.name, gate.driver, gate.sealed_config, gate.fail_mode
