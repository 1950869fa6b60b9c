"""Sends what waits. Each receiver has a thread of its own while it is sent to, so none waits for another.

A delivery is counted as tried before it goes out, and keeps its message's id. So after a kill it goes out once more at
most, under the id that the receiver may know already.
"""

import logging
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event, Lock, Thread

from app.core.alerts.alert import Alert, AlertKind
from app.core.alerts.deliveries import KEPT, Change, Delivery, DeliveryState, Plan, pause_after, plan
from app.core.alerts.messages import Item, Message, Named
from app.core.alerts.receivers import Form, Receiver, Target
from app.core.errors import CryptoFault, NotFound, NotRecorded
from app.core.ports.alerts import Carrier, NotDelivered
from app.core.ports.mail import Mail, Mailer, MailFault
from app.core.ports.store import Clock, Store, Transaction
from app.services.alerts.outward.outbox import Outbox
from app.services.alerts.outward.receiver_book import ReceiverBook

logger = logging.getLogger(__name__)
WRITTEN = 50  # deliveries in one write
LOOKED_AT = 200  # waiting deliveries of a receiver that one step reads, and as many that came in quiet hours
REST = timedelta(seconds=5)  # before a receiver for which nothing was due is looked at again, unless more waits
WATCH_EVERY, TIDY_EVERY = timedelta(seconds=10), timedelta(hours=1)
TIDIED = 500
JOIN_S = 2.0
NO_MAIL_SERVER = "there is no mail server any more"
CANNOT_OPEN = "its address cannot be opened; enter it again"
Write = Callable[[str, Message], Mail]


@dataclass
class _Due:
    watch: datetime | None = None
    tidy: datetime | None = None


@dataclass(frozen=True)
class Sender:
    """mailer: None without a mail server. site: returns the site's name. link: to the page of alerts, or "".

    counts: of this process's deliveries since its start, by the receiver's name and what became of them.
    """

    store: Store
    book: ReceiverBook
    outbox: Outbox
    clock: Clock
    new_id: Callable[[], str]
    carriers: Mapping[Form, Carrier]
    mailer: Mailer | None
    site: Callable[[], str]
    link: str = ""
    chance: Callable[[], float] = random.random
    counts: Counter[tuple[str, str]] = field(default_factory=Counter, init=False, repr=False)
    _resting: dict[str, tuple[int, datetime]] = field(default_factory=dict, init=False, repr=False)
    _busy: dict[str, Thread] = field(default_factory=dict, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)
    _stop: Event = field(default_factory=Event, init=False, repr=False)
    _due: _Due = field(default_factory=_Due, init=False, repr=False)

    def look(self, write: Write) -> None:
        """Takes new changes, and starts to send whatever is due. Waits for no receiver. Raises NotRecorded.

        write: writes the mail to an address.
        """
        self.outbox.take()
        with self.store.read() as tx:
            waiting = tx.deliveries.with_waiting()
        now = self.clock()
        for receiver_id, count in waiting.items():
            counted, until = self._resting.get(receiver_id, (0, now))
            if count != counted or now >= until:
                self._begin(receiver_id, write)
        self._watch(now)

    def close(self) -> None:
        """Starts nothing more. What is being sent has two seconds; later it is sent again under the same id."""
        self._stop.set()
        with self._lock:
            running = list(self._busy.values())
        for thread in running:
            thread.join(JOIN_S / len(running))

    def drain(self, receiver_id: str, write: Write) -> None:
        """Sends what is due to one receiver, until it fails. Of several processes, one does it."""
        with self.store.alone(f"receiver-{receiver_id}") as mine:
            while mine and not self._stop.is_set() and self._step(receiver_id, write):
                pass

    def test(self, receiver_id: str, write: Write) -> Delivery:
        """Sends a message that says that it is a test, once and now, and records how it went.

        Raises NotFound.
        """
        now, new = self.clock(), self.new_id()
        with self.store.read() as tx:
            receiver = tx.receivers.get(receiver_id)
            if receiver is None:
                raise NotFound("unknown_receiver", "There is no receiver with this id.")
            target = self._target(tx, receiver)
        state, answer, _ = self._carry(receiver, target, Message(new, now, self.site(), (), self.link), write)
        with self.store.write() as tx:
            if tx.receivers.get(receiver_id, for_update=True) is None:
                raise NotFound("unknown_receiver", "The receiver was removed meanwhile.")
            place = tx.deliveries.next_place(receiver_id)
            tried = Delivery(new, receiver_id, place, Change.TEST, None, now, new, tries=1, tried_at=now)
            tried = tried.settled(
                DeliveryState.DELIVERED if state is DeliveryState.DELIVERED else DeliveryState.GIVEN_UP,
                self.clock(),
                answer,
            )
            tx.deliveries.add(tried)
        return tried

    def _begin(self, receiver_id: str, write: Write) -> None:
        with self._lock:
            if receiver_id in self._busy or self._stop.is_set():
                return
            thread = Thread(target=self._run, args=(receiver_id, write), name=f"receiver-{receiver_id}", daemon=True)
            thread.start()  # may fail, and then nothing may be left that looks like a running thread
            self._busy[receiver_id] = thread

    def _run(self, receiver_id: str, write: Write) -> None:
        try:
            self.drain(receiver_id, write)
        except NotRecorded as error:
            logger.debug("receiver_waits id=%s reason=%s", receiver_id, error)
        except Exception:
            # Nobody waits for this thread: the next look begins again, and the log says why.
            logger.exception("receiver_failed id=%s next=retry", receiver_id)
        finally:
            with self._lock:
                del self._busy[receiver_id]

    def _step(self, receiver_id: str, write: Write) -> bool:
        """Does the next thing about one receiver: ends what is not to be sent, or sends one message.

        Returns whether the next may follow at once.
        """
        with self.store.read() as tx:
            receiver, planned = self._plan(tx, receiver_id)
            if planned == Plan():
                count = tx.deliveries.with_waiting().get(receiver_id, 0)
                self._resting[receiver_id] = count, self.clock() + REST
        if receiver is not None and not receiver.enabled:
            self.book.drop_waiting(receiver_id)  # what a kill left
        ended = self._put(receiver, planned.settled)
        now = self.clock()
        group = self._put(
            receiver,
            [
                replace(one, tries=one.tries + 1, tried_at=one.tried_at or now, next_try_at=None)
                for one in planned.group
            ],
        )
        if not group:
            return ended != []
        # Read as late as possible. If the alert ends later, another delivery reports that.
        with self.store.read() as tx:
            receiver = tx.receivers.get(receiver_id)
            if receiver is None or not receiver.enabled:
                return False
            message, target = self._message(tx, receiver, group), self._target(tx, receiver)
        if not message.items:
            return True  # the alerts are gone, and the next step drops them
        state, answer, final = self._carry(receiver, target, message, write)
        now = self.clock()
        if state is DeliveryState.WAITING:
            again = now + pause_after(group[0].tries, self.chance())
            after = [replace(one, next_try_at=again, answer=answer) for one in group]
            self.counts[receiver.name, "failed"] += 1
        else:
            after = [one.settled(state, now, answer) for one in group]
        self._put(receiver, after)
        return state is DeliveryState.DELIVERED or final

    def _put(self, receiver: Receiver | None, some: Sequence[Delivery]) -> list[Delivery]:
        """Stores and returns those that still wait: the receiver may have been switched off or removed meanwhile.

        A kill halfway through a message does no harm: what was stored of it goes out once more under its id.
        """
        stored: list[Delivery] = []
        for start in range(0, len(some), WRITTEN):
            with self.store.write() as tx:
                new = [one for one in some[start : start + WRITTEN] if tx.deliveries.put(one)]
            self._count(receiver, new)
            stored += new
        return stored

    def _plan(self, tx: Transaction, receiver_id: str) -> tuple[Receiver | None, Plan]:
        receiver = tx.receivers.get(receiver_id)
        if receiver is None or not receiver.enabled:
            return receiver, Plan()
        # What came in quiet hours hides none that goes out at any time.
        first = (one for quiet in (True, False) for one in tx.deliveries.waiting(receiver_id, LOOKED_AT, quiet=quiet))
        waiting = sorted(first, key=lambda one: one.place)
        alerts = tx.alerts.by_ids(one.alert_id for one in waiting if one.alert_id)
        now = self.clock()
        return receiver, plan(receiver, waiting, alerts, now, quiet=self.outbox.is_quiet(tx, receiver, now))

    def _message(self, tx: Transaction, receiver: Receiver, group: Sequence[Delivery]) -> Message:
        gates = {gate.id: gate.name for gate in tx.gates.all()}
        cameras = {camera.id: camera.name for camera in tx.cameras.all()}
        alerts = tx.alerts.by_ids(one.alert_id for one in group if one.alert_id)
        items = []
        for one in group:
            alert = alerts.get(one.alert_id or "")
            if alert is not None:
                person = self._person(tx, alert) if receiver.with_names else None
                gate, camera = gates.get(alert.gate_id or ""), cameras.get(alert.camera_id or "")
                items.append(Item(one.change, alert, gate, camera, person, receiver.with_names))
        at = items[0].alert.at if items and group[0].change is Change.RAISED else group[0].created_at
        return Message(group[0].message_id, at, self.site(), tuple(items), self.link)

    def _person(self, tx: Transaction, alert: Alert) -> Named | None:
        """The person of the alert's event. It is looked up as it goes out, so whoever was erased meanwhile is not."""
        event = tx.events.get(alert.event_id) if alert.event_id else None
        employee = tx.employees.get(event.employee_id) if event and event.employee_id else None
        return None if employee is None else Named(employee.name, employee.number)

    def _target(self, tx: Transaction, receiver: Receiver) -> Target | None:
        try:
            return self.book.target_in(tx, receiver)
        except CryptoFault:
            return None

    def _carry(
        self, receiver: Receiver, target: Target | None, message: Message, write: Write
    ) -> tuple[DeliveryState, str, bool]:
        """Returns what became of a message, in words too, and whether the receiver refused it for good."""
        try:
            if target is None:
                raise NotDelivered(CANNOT_OPEN)
            answer = self._sent(receiver.form, target, message, write)
        except NotDelivered as error:
            logger.warning('alert_not_delivered receiver=%s form=%s error="%s"', receiver.id, receiver.form, error)
            return DeliveryState.GIVEN_UP if error.final else DeliveryState.WAITING, str(error)[:200], error.final
        return DeliveryState.DELIVERED, answer[:200], False

    def _sent(self, form: Form, target: Target, message: Message, write: Write) -> str:
        if form is not Form.EMAIL:
            return self.carriers[form].send(target, message)
        if self.mailer is None:
            raise NotDelivered(NO_MAIL_SERVER)
        try:
            self.mailer.send(write(target.address, message))
        except MailFault as error:
            raise NotDelivered(str(error), final=error.final) from error
        return "the mail server took it"

    def _count(self, receiver: Receiver | None, settled: Iterable[Delivery]) -> None:
        for one in settled:
            if receiver is not None and one.settled_at is not None:
                self.counts[receiver.name, one.state.value] += 1

    def _watch(self, now: datetime) -> None:
        """Raises or clears the alert of receivers that take nothing, and forgets old deliveries, from time to time."""
        if self._due.watch is None or now >= self._due.watch:
            self._due.watch = now + WATCH_EVERY
            self._tell(now)
        if self._due.tidy is None or now >= self._due.tidy:
            self._due.tidy = now + TIDY_EVERY
            with self.store.write() as tx:
                tx.deliveries.tidy(now - KEPT, TIDIED)

    def _tell(self, now: datetime) -> None:
        failing = [one.receiver.name for one in self.book.all() if one.failing]
        kind = AlertKind.RECEIVER_FAILING
        with self.store.read() as tx:
            raised = any(alert.kind is kind for alert in tx.alerts.uncleared())
        if bool(failing) == raised:
            return
        with self.store.write() as tx:
            if failing:
                tx.alerts.raise_(Alert(self.new_id(), now, kind, detail=", ".join(failing)[:200]))
            else:
                tx.alerts.clear(kind, None, None, now)
