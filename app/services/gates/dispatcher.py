"""Opens gates after decisions, and records what they did as the event's second record.

The database says which gates there are, how each is driven and which mode holds; this follows it, also after a change
that another process made. Nobody at a gate waits for hardware or for a database here.
"""

import logging
from collections.abc import Callable, Collection, Hashable
from dataclasses import replace
from datetime import datetime
from functools import partial
from threading import Event, Thread
from time import monotonic

from app.core.alerts.alert import Alert, AlertKind
from app.core.errors import NotRecorded
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import CommandOutcome, DoorState, GateReport, GateResult, OpenCommand, Order, Passed, Read
from app.core.gates.gate import Gate
from app.core.gates.result import GateResultRow
from app.core.ports.crypto import Signer, Vault
from app.core.ports.store import Clock, Store
from app.core.site.mode import SiteState
from app.services.events.second_records import STOPPED, UNTAKEN, SecondRecords, put_result
from app.services.gates.door_watch import DoorWatch
from app.services.gates.driver_pool import Build, DriverPool, PooledDriver
from app.services.gates.driver_worker import CLOSE_S
from app.services.gates.gate_view import GateView
from app.services.gates.opening_orders import OpeningOrders, order_of
from app.services.gates.write_behind import ROUND_S, WRITE_S, WriteBehind

logger = logging.getLogger(__name__)

UNUSABLE = GateResult(CommandOutcome.FAILED, "the gate cannot be driven with its settings")


class GateDispatcher:
    """Drives this process's gates from `start` to `close`, and passes openings of others on to their processes.

    mine: the ids of this process's gates, now; others: of those that others have. build: raises BadInput where settings
    cannot be used. tick_s: seconds between looks at the database. on_result: receives a gate's name and its result.
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        signer: Signer,
        clock: Clock,
        new_id: Callable[[], str],
        mine: Callable[[], Collection[str]],
        build: Build,
        tick_s: float = 1.0,
        others: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self._store, self._signer, self._clock, self._new_id = store, signer, clock, new_id
        self._tick_s, self._mine = tick_s, mine
        self._doors = DoorWatch(store, clock, new_id)
        self._drivers = DriverPool(store, vault, clock, mine, build, self._done, self._heard, self.refresh, others)
        self._behind = WriteBehind()
        self.second_records = SecondRecords(store, signer, clock)
        self._orders = OpeningOrders(store, clock, self.second_records)
        self._wake = Event()
        self._look = False
        self._without_database = False
        self._stopped = False
        self._thread: Thread | None = None
        self.on_result: list[Callable[[str, GateResult], None]] = []
        # Called before the database is read, so that a release which could not be recorded is in it by then.
        self.record_late: Callable[[], None] = lambda: None
        # Called with a gate's id, and how many people its sensor saw, when, by which report; or what was read, when.
        self.on_passed: Callable[[str, int, datetime, str | None], object] = lambda gate_id, count, at, report_id: None
        self.on_read: Callable[[str, Read, datetime], object] = lambda gate_id, what, at: None
        self.each_second: tuple[Callable[[], None], ...] = ()

    def start(self) -> None:
        """Connects the gates. Waits for a database that is gone."""
        if self._thread is not None:
            return
        self._guarded(self._drivers.sync)
        self._thread = Thread(target=self._watch, name="gates", daemon=True)
        self._thread.start()

    def carry_out(self, decision: RecordedDecision) -> None:
        """Opens the gate of a recorded decision that opens, whichever process drives it. Raises nothing.

        Returns at once if this process drives gates, otherwise after a write.
        """
        if not decision.opens:
            return
        one = self._drivers.of(decision.gate_id)
        if self._stopped:
            logger.error("opening_not_sent event=%s reason=service_stopped", decision.id)
            self.second_records.not_sent(decision.gate_id, decision.id, STOPPED)
        elif one is not None:
            self._hand_on(one, order_of(decision))
        elif self._thread is not None:
            # If the gate is new, this process may drive it in a moment.
            self._orders.add(decision)
            self._wake.set()
        else:
            self._orders.pass_on_now(decision)

    def untaken(self, orders: Collection[Order]) -> None:
        """Notes openings for other processes that none of them took."""
        for order in orders:
            self.second_records.not_sent(order.gate_id, order.event_id, UNTAKEN)

    def report(self, gate_id: str, state: DoorState, at: datetime) -> None:
        """Stores what a door was at that time. Raises NotRecorded."""
        self._doors.report(gate_id, state, at)

    def follow(self, site: SiteState) -> None:
        """Follows the recorded mode; one older than the present mode changes nothing."""
        self._drivers.follow(site)

    def release(self, site: SiteState) -> SiteState:
        """Releases before the record is written: in a fire the gates come first. See `DriverPool.release`."""
        return self._drivers.release(site)

    def release_unread(self, names: Collection[str], site: SiteState) -> SiteState:
        """See `DriverPool.release_unread`."""
        return self._drivers.release_unread(names, site)

    def released(self) -> int:
        """See `DriverPool.released`."""
        return self._drivers.released()

    def supersede(self, ordered: SiteState, site: SiteState) -> None:
        """See `DriverPool.supersede`."""
        self._drivers.supersede(ordered, site)

    def held(self) -> set[str]:
        """The ids of the gates whose hardware this process holds, or is still giving up."""
        return self._drivers.held()

    @property
    def running(self) -> bool:
        """Whether this process drives gates at all."""
        return self._thread is not None and not self._stopped

    def follows(self, gate: Gate) -> bool:
        """Whether this process drives the gate by these settings by now."""
        return self._drivers.follows(gate)

    def refresh(self) -> None:
        """Reads the database now instead of at the next tick, because a gate changed."""
        self._look = True
        self._wake.set()

    def view(self) -> list[GateView]:
        """Returns every gate, by name; none before `start`."""
        return [GateView(one.gate.name, one.gate.driver, one.gate.door, one.fault) for one in self._drivers.all()]

    def healthy(self) -> dict[str, str | None]:
        """What is wrong with each gate that this process knows, or None, by name."""
        return {one.name: one.fault for one in self.view()}

    def close(self) -> None:
        """Leaves every gate as its fail mode demands, and records its last results. Safe to call twice."""
        if self._thread is None or self._stopped:
            self.second_records.close()
            return
        self._stopped = True
        self._wake.set()
        self._thread.join(2 * CLOSE_S)
        self._drivers.close()
        for last in (self._orders.pass_on, partial(self._behind.catch_up, WRITE_S)):
            self._guarded(last)
        if len(self._behind):
            logger.error("gate_record_lost count=%d reason=the_service_stops", len(self._behind))
        self.second_records.close()

    # Commands

    def _hand_on(self, one: PooledDriver, order: Order) -> None:
        if one.worker is not None:
            one.worker.put(order.event_id, partial(self._command, one.gate.name, order), order.until)
        elif one.broken is not None:
            self._done(one.gate.name, order.event_id, UNUSABLE)

    def _take_orders(self) -> None:
        for order in self._orders.take([one.gate.id for one in self._drivers.all()]):
            if one := self._drivers.of(order.gate_id):
                self._hand_on(one, order)

    def _command(self, gate: str, order: Order) -> OpenCommand:
        """Makes the command. Reads the card number only now, so that a withdrawn card is not shown."""
        employee = None
        if order.employee_id is not None:
            try:
                with self._store.read() as tx:
                    employee = tx.employees.get(order.employee_id)
            except NotRecorded:
                logger.warning(
                    'card_number_unreadable event=%s opens="hardware that needs no card number"', order.event_id
                )
        return OpenCommand(order.event_id, gate, order.at, order.until, employee.card_number if employee else None)

    def _done(self, gate: str, event_id: str, result: GateResult) -> None:
        """Records a result. Called by a driver worker's thread."""
        row = GateResultRow(event_id, self._clock(), result.outcome, result.detail)
        self._later(partial(self._record, replace(row, signature=self._signer.sign(row.signed_part))))
        for listener in self.on_result:
            try:
                listener(gate, result)
            except Exception:
                # A listener only counts; its fault must not stop the others or the next opening.
                logger.exception("gate_result_listener_failed gate=%s event=%s", gate, event_id)

    def _record(self, row: GateResultRow) -> None:
        with self._store.write() as tx:
            put_result(tx, row)

    # Doors

    def _heard(self, gate_id: str, report: GateReport) -> None:
        """Called by a driver's thread, which must not wait for the database."""
        now = self._clock()
        if isinstance(report, Passed):
            self._later(partial(self.on_passed, gate_id, report.count, now, report.report_id))
        elif isinstance(report, DoorState):
            # While the database is gone, one report of each state waits, so an opened door is not forgotten.
            self._later(partial(self._keep_door, gate_id, report, now), (gate_id, report))
        else:
            self._later(partial(self.on_read, gate_id, report, now))

    def _keep_door(self, gate_id: str, state: DoorState, at: datetime) -> None:
        one = self._drivers.of(gate_id)
        if state is DoorState.FAULT and one is not None and one.worker is not None and one.worker.line_is_lost():
            return  # the line is lost, not the door; no report would ever clear it
        self._doors.report(gate_id, state, at)

    # The thread that follows the database and writes what happened

    def _later(self, write: Callable[[], object], slot: Hashable | None = None) -> None:
        self._behind.add(write, slot)
        self._wake.set()

    def _watch(self) -> None:
        """Takes orders first. Writing gets a fifth of a second, however much waits, and goes on in the next round."""
        due = monotonic()
        while not self._stopped:
            self._wake.wait(max(0.0, due - monotonic()))
            self._wake.clear()
            steps: tuple[Callable[[], None], ...] = (self._pass_on, self._write_down)
            looks = not self._stopped and (self._look or monotonic() >= due)
            if looks:
                self._look = False
                due = monotonic() + self._tick_s
                orders = (self.record_late, self._drivers.sync, self._take_orders)
                steps = (*orders, *steps, self._drivers.look, self._doors.look_for_held, *self.each_second, self._alert)
            done = [self._guarded(step) for step in steps]  # every step, even if the one before failed
            if looks and all(done) and self._without_database:
                self._without_database = False
                logger.warning("database_back for=gates")

    def _pass_on(self) -> None:
        if not self._orders.pass_on():
            self._wake.set()

    def _write_down(self) -> None:
        if not self._behind.catch_up(ROUND_S):
            self._wake.set()

    def _guarded(self, step: Callable[[], object]) -> bool:
        """Runs a step. Returns whether it succeeded."""
        try:
            step()
        except NotRecorded as error:
            # An outage is logged once, not three times a second.
            level = logging.DEBUG if self._without_database else logging.WARNING
            logger.log(level, 'database_gone for=gates why="%s"', error)
            self._without_database = True
            return False
        except Exception:
            # A fault in one step must not stop the others, or the thread that looks after every gate.
            logger.exception("gate_supervision_failed retry_s=%s", self._tick_s)
            return False
        return True

    def _alert(self) -> None:
        """Raises and clears each gate's alert when its state changes here; another process may see it differently."""
        for one in self._drivers.all():
            words = one.complaint
            if one.alerted is (words is not None) or (words is None and _unsettled(one)):
                continue
            now = self._clock()
            with self._store.write() as tx:
                if words is None:
                    tx.alerts.clear(AlertKind.GATE_FAILED, one.gate.id, None, now)
                else:
                    tx.alerts.raise_(Alert(self._new_id(), now, AlertKind.GATE_FAILED, one.gate.id, None, words))
            one.alerted = words is not None


def _unsettled(one: PooledDriver) -> bool:
    """Whether the gate is still connecting, so that an alert from before the restart may still hold."""
    return one.alerted is None and one.fault is not None
