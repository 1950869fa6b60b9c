"""One gate's driver and the threads that talk to it. Decisions never wait for hardware, nor a fire for a decision.

Commands and release have a thread each: hardware that hangs on an opening must not keep a gate shut in a fire. A driver
that does not return is a fault of its gate, and what became of the opening is recorded without it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Condition, Thread
from time import monotonic

from app.core.gates.commands import FOREIGN, CommandOutcome, GateResult, OpenCommand
from app.core.gates.settings import LONGEST_UNLOCK_MS
from app.core.ports.gates import GateDriver
from app.core.ports.store import Clock
from app.core.site.mode import SiteMode
from app.services.events.second_records import STOPPED

logger = logging.getLogger(__name__)

AGAIN_S = 2.0  # between attempts to deliver a release or its end
CLOSE_S = 5.0  # for a closed driver to return from a command
HANGS_S = 2.0  # a driver that has not returned this long after a window's end hangs
SAY_S = 5.0  # for a release; drivers wait at most 2 s for hardware to take it
PATIENCE = timedelta(seconds=10)  # a line may be lost for a moment, or take one to come up
SUPERSEDED = GateResult(CommandOutcome.TOO_LATE, "a newer opening of this gate took its place")
LOCKED = GateResult(CommandOutcome.TOO_LATE, "a lockdown began before it was sent")
CHANGED = GateResult(CommandOutcome.TOO_LATE, "the gate's settings changed before it was sent")
PASSED_ON = GateResult(CommandOutcome.TOO_LATE, "another process took over the gate before it was sent")
LET_GO = GateResult(CommandOutcome.TOO_LATE, "this process gave up the gate before it was sent")
OVER = GateResult(CommandOutcome.TOO_LATE, "the window was over")
BUSY = GateResult(CommandOutcome.TOO_LATE, "the gate was busy with an earlier command until the window ended")
NO_ANSWER = GateResult(CommandOutcome.FAILED, "the driver did not answer in time; whether the gate opened is not known")
LATE = "answered after the window"

Prepare = Callable[[], OpenCommand]


@dataclass
class _Opening:
    """An opening that waits or is under way. due_s: its end, monotonic. given_up: its result is recorded already."""

    event_id: str
    prepare: Prepare
    until: datetime
    due_s: float = 0.0
    given_up: bool = False


class DriverWorker:
    """driver: closed with this. done: called with the result of each command, by a thread of this; must not raise."""

    def __init__(
        self,
        name: str,
        driver: GateDriver,
        mode: SiteMode,
        clock: Clock,
        done: Callable[[str, GateResult], None],
    ) -> None:
        self._name, self._driver = name, driver
        self._clock = clock
        self._done = done
        self._changed = Condition()
        self._pending: list[_Opening] = []
        self._under_way: _Opening | None = None
        self._saying_since_s: float | None = None
        self._stopped = False
        self._why = STOPPED
        self._mode = mode
        # A driver is built in the present mode. A release is sent again all the same, to learn whether the hardware can
        # do it.
        self._released: bool | None = None if mode is SiteMode.RELEASE else False
        self._unreleased: str | None = None
        self._failed: str | None = None
        self._fault_since: datetime | None = None
        self._threads = [
            Thread(target=self._carry_out, name=f"gate-{name}-commands", daemon=True),
            Thread(target=self._keep_mode, name=f"gate-{name}-release", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def put(self, event_id: str, prepare: Prepare, until: datetime) -> None:
        """Queues an opening. prepare: makes the command, in a thread of this. until: the end of its window."""
        with self._changed:
            stopped = self._stopped
            if not stopped:
                self._pending.append(_Opening(event_id, prepare, until))
                self._changed.notify_all()
        if stopped:
            self._done(event_id, self._why)

    def follow(self, mode: SiteMode) -> None:
        """Sets the gate's mode. Returns at once."""
        with self._changed:
            self._mode = mode
            self._changed.notify_all()

    def fault(self) -> str | None:
        """What is wrong with the gate now, in the driver's words, or None."""
        return self._unreleased or self._hanging() or self._line() or self._failed

    def complaint(self) -> str | None:
        """What somebody should look at: a failed release or command, or a line that stays down."""
        line, now = self._line(), self._clock()
        if line is None:
            self._fault_since = None
        elif self._fault_since is None:
            self._fault_since = now
        lasting = self._fault_since is not None and now - self._fault_since >= PATIENCE
        return self._unreleased or self._hanging() or self._failed or (line if lasting or line == FOREIGN else None)

    def look(self) -> None:
        """Gives up an opening in which the driver hangs, and those behind it that are too late. Call it regularly."""
        with self._changed:
            # Under the lock, so that the driver's late answer comes after it.
            if self._hangs_in_opening():
                self._give_up()
            now, busy = self._clock(), self._under_way is not None
            late = [one for one in self._pending if busy and now >= one.until]
            self._pending = [one for one in self._pending if one not in late]
        for one in late:
            self._done(one.event_id, BUSY)

    def _give_up(self) -> None:
        """Gives up the opening under way, once. The caller holds the lock."""
        one = self._under_way
        if one is not None and not one.given_up:
            one.given_up = True
            logger.error("gate_driver_hangs gate=%s event=%s", self._name, one.event_id)
            self._done(one.event_id, NO_ANSWER)

    def _hanging(self) -> str | None:
        """Says in which call the driver hangs, or None."""
        since = self._saying_since_s
        if since is not None and monotonic() - since >= SAY_S:
            return "the driver hangs: it does not answer a release or its end"
        return "the driver hangs: it does not answer an opening" if self._hangs_in_opening() else None

    def _hangs_in_opening(self) -> bool:
        one = self._under_way
        return one is not None and monotonic() >= one.due_s + HANGS_S

    @property
    def stopped(self) -> bool:
        """Closed, or about to be."""
        return self._stopped

    def _line(self) -> str | None:
        """What the driver says of its connection. One that raises here is faulty; other gates must not suffer."""
        try:
            return self._driver.healthy()
        except Exception as error:
            # Only the type of the error: its text may hold an address or a key.
            return f"the driver failed: {type(error).__name__}"

    def line_is_lost(self) -> bool:
        return self._line() is not None

    def close(self, *, set_mode: bool = True, why: GateResult = STOPPED) -> None:
        """Leaves the hardware as its fail mode or a release in force demands. Takes seconds if it does not answer.

        set_mode: False to leave it as it is. why: the result of every opening that was not sent by then.
        """
        with self._changed:
            if self._stopped:
                return
            self._stopped, self._why = True, why
            self._changed.notify_all()
        try:
            self._driver.close(set_mode=set_mode)
        except Exception as error:
            # Only the type of the error: its text may hold an address or a key. The threads are still to be joined.
            logger.error("gate_driver_close_failed gate=%s error=%s", self._name, type(error).__name__)
        for thread in self._threads:
            thread.join(CLOSE_S)
        # Nothing is left by now, unless the driver hangs.
        with self._changed:
            left, self._pending = self._pending, []
            self._give_up()
        for one in left:
            self._done(one.event_id, self._why)

    # Openings, newest first: for the person who is there now. Whoever came before saw the gate stay shut.

    def _carry_out(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._pending)
                taken, self._pending = self._pending, []
                stopped = self._stopped
                if taken and not stopped:
                    self._under_way = taken[-1]
                    taken[-1].due_s = monotonic() + self._left_s(taken[-1].until)
            for one in taken if stopped else taken[:-1]:
                self._done(one.event_id, self._why if stopped else SUPERSEDED)
            if stopped:
                return
            result = self._send(taken[-1].prepare)
            with self._changed:
                self._under_way = None
                given_up = taken[-1].given_up
            if result.outcome is not CommandOutcome.TOO_LATE:
                self._failed = result.detail or "failed" if result.outcome is CommandOutcome.FAILED else None
            if given_up:
                # The late answer replaces the record that said the result was unknown.
                result = replace(result, detail=f"{result.detail}; {LATE}" if result.detail else LATE)
            self._done(taken[-1].event_id, result)

    def _left_s(self, until: datetime) -> float:
        """Of a window, never longer than one can be, should the clock have gone back."""
        return max(0.0, min((until - self._clock()).total_seconds(), LONGEST_UNLOCK_MS / 1000))

    def _send(self, prepare: Prepare) -> GateResult:
        try:
            command = prepare()
            if self._clock() >= command.until:
                return OVER
            if self._mode is SiteMode.LOCKDOWN:
                return LOCKED
            return self._driver.open(command)
        except Exception as error:
            # Only the type of the error: its text may hold an address or a key.
            logger.error("gate_command_failed gate=%s error=%s", self._name, type(error).__name__)
            return GateResult(CommandOutcome.FAILED, "the command broke off; whether the gate got it is not known")

    # The mode, repeated until the driver has it

    def _keep_mode(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._has_to_speak, AGAIN_S if self._unreleased else None)
                if self._stopped:
                    return
                wanted = self._mode is SiteMode.RELEASE
                self._saying_since_s = monotonic()
            complaint = self._say(wanted)
            with self._changed:
                self._saying_since_s = None
                self._released = wanted
                self._unreleased = complaint

    def _has_to_speak(self) -> bool:
        return self._stopped or (self._mode is SiteMode.RELEASE) != self._released

    def _say(self, active: bool) -> str | None:
        """Tells the driver the mode. Returns None once it has it, otherwise why not."""
        try:
            result = self._driver.release(active)
        except Exception as error:
            # Only the type, as above. Nothing is raised, because the mode is sent again until the driver has it.
            logger.error("gate_release_failed gate=%s error=%s", self._name, type(error).__name__)
            result = GateResult(CommandOutcome.FAILED, "the driver failed")
        # Hardware that cannot be released, because a panel holds it, may refuse the end of a release as well.
        if result.outcome is not CommandOutcome.FAILED or (not active and self._line() is None):
            return None
        return f"{'release' if active else 'end of release'} failed: {result.detail}"
