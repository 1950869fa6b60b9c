"""The drivers of this process's gates, as the database has the gates: built, built anew when a gate's settings change,
told the mode that holds, and let go of. Settings that cannot be used are kept as words, so one gate never takes another
with it.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from threading import Lock, Thread

from app.core.errors import CryptoFault, Refusal
from app.core.gates import DoorState, GateResult
from app.core.ports import Clock, GateDriver, Store, Transaction, Vault
from app.core.site import SiteMode, SiteState
from app.core.types import Gate
from app.services.gate_lane import CLOSE_S, Lane
from app.services.gate_settings import PLAIN, Config, config_of, told

logger = logging.getLogger(__name__)

# A gate's driver: of which kind, from what it is told, its door's listener, and whether a release is in force.
Build = Callable[[str, Config, Callable[[DoorState], None], bool], GateDriver]


@dataclass
class Driven:
    """One gate. lane: None where nothing is driven (a plain gate) or can be (`broken` says why). alerted: whether its
    alert stands, as far as this process knows."""

    gate: Gate
    lane: Lane | None = None
    broken: str | None = None
    alerted: bool | None = None

    @property
    def trouble(self) -> str | None:
        """What is wrong now, in words without secrets, or None."""
        return self.broken or (self.lane.trouble() if self.lane else None)

    @property
    def complaint(self) -> str | None:
        """What is wrong for long enough that somebody should look."""
        return self.broken or (self.lane.complaint() if self.lane else None)


class GateDrivers:
    """mine: the ids of the gates that are this process's now. build: raises BadInput where a gate's settings cannot be
    used. done: told of a gate's name, an event's id and what became of its command. heard: told of a gate's id and its
    door's state. Both from threads of the drivers."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Clock,
        mine: Callable[[], Collection[str]],
        build: Build,
        done: Callable[[str, str, GateResult], None],
        heard: Callable[[str, DoorState], None],
    ) -> None:
        self._store, self._vault, self._clock = store, vault, clock
        self._mine, self._build, self._done, self._heard = mine, build, done, heard
        self._lock = Lock()
        self._driven: dict[str, Driven] = {}
        self._site = SiteState()

    def all(self) -> list[Driven]:
        """By the gate's name."""
        with self._lock:
            return sorted(self._driven.values(), key=lambda one: one.gate.name)

    def named(self, gate: str) -> Driven | None:
        return next((one for one in self.all() if one.gate.name == gate), None)

    def of(self, gate_id: str) -> Driven | None:
        with self._lock:
            return self._driven.get(gate_id)

    def follow(self, site: SiteState) -> None:
        """The mode that holds from now on. Returns at once."""
        with self._lock:
            self._site = site
        for one in self.all():
            if one.lane is not None:
                one.lane.follow(site.mode_at(one.gate.id))

    def sync(self) -> None:
        """Does what the database says. Raises NotRecorded where it is gone: then everything stays as it was."""
        mine = self._mine()
        with self._store.read() as tx:
            gates, site = [gate for gate in tx.gates.all() if gate.id in mine], tx.site.get()
            configs = {gate.id: self._opened(tx, gate) for gate in gates if self._is_new(gate)}
        ours = self._site.since
        # What this process was told may be newer than what it read, or not recorded at all.
        if ours is None or (site.since is not None and site.since >= ours):
            self.follow(site)
        self._let_go({one.gate.id for one in self.all()} - {gate.id for gate in gates})
        for gate in gates:
            if gate.id in configs:
                self._replace(gate, configs[gate.id])
            with self._lock:
                self._driven[gate.id].gate = gate

    def close(self) -> None:
        """Leaves every gate as its fail mode, or a release in force, demands."""
        self._let_go({one.gate.id for one in self.all()})

    def _let_go(self, gate_ids: Collection[str]) -> None:
        with self._lock:
            gone = [self._driven.pop(gate_id) for gate_id in gate_ids]
        lanes = [one.lane for one in gone if one.lane is not None]
        # At once: of ten gates that do not answer, the last must not wait for the first nine.
        closing = [Thread(target=lane.close, name="gate-close", daemon=True) for lane in lanes]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join(3 * CLOSE_S)

    def _is_new(self, gate: Gate) -> bool:
        one = self.of(gate.id)
        return one is None or _driving(one.gate) != _driving(gate)

    def _opened(self, tx: Transaction, gate: Gate) -> Config | str:
        try:
            return config_of(tx, self._vault, gate)
        except (CryptoFault, ValueError):
            return "the gate's settings do not open: set its config again"

    def _replace(self, gate: Gate, config: Config | str) -> None:
        before = self.of(gate.id)
        if before is not None and before.lane is not None:
            before.lane.close()  # first: a serial line has room for one
        one = Driven(gate, alerted=before.alerted if before else None)
        if isinstance(config, str):
            one.broken = config
        elif gate.driver != PLAIN:
            self._connect(one, config)
        with self._lock:
            self._driven[gate.id] = one
            mode = self._site.mode_at(gate.id)
        if one.lane is not None:
            one.lane.follow(mode)

    def _connect(self, one: Driven, config: Config) -> None:
        gate = one.gate
        mode = self._site.mode_at(gate.id)
        try:
            driver = self._build(
                gate.driver, told(gate, config), partial(self._heard, gate.id), mode is SiteMode.RELEASE
            )
        except Refusal as error:
            one.broken = error.detail
        except Exception as error:
            # One gate's fault, and told as such: the others are still to be driven.
            # The kind only: foreign words may hold an address or a key.
            logger.error("the driver of a gate cannot be built: %s", type(error).__name__)
            one.broken = f"the {gate.driver} driver cannot be built"
        else:
            one.lane = Lane(gate.name, driver, mode, self._clock, partial(self._done, gate.name))


def _driving(gate: Gate) -> tuple[object, ...]:
    return gate.name, gate.driver, gate.sealed_config, gate.fail_mode
