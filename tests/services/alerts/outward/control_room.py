"""A site that sends its alerts to real receivers on this machine, one step at a time."""

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any

from app.adapters.receivers.webhook import WebhookCarrier
from app.core.access.schedules import Hours, Schedule, Window
from app.core.access.time_zones import time_zone
from app.core.alerts.alert import Acknowledgement, Alert, AlertKind
from app.core.alerts.deliveries import Delivery
from app.core.alerts.messages import Message
from app.core.alerts.receivers import Form
from app.core.ports.mail import Mail, Mailer
from app.services.access.rules.current_rules import CurrentRules
from app.services.alerts.outward.outbox import Outbox
from app.services.alerts.outward.receiver_book import ReceiverBook, ReceiverChange
from app.services.alerts.outward.sender import Sender
from tests.adapters.receivers.http_receiver import HttpReceiver
from tests.fakes import new_id
from tests.services.process import Process

HERE = (IPv4Network("127.0.0.0/8"),)


class ControlRoom:
    """wait_s: how long a receiver has to answer."""

    def __init__(self, site: Process, mailer: Mailer | None = None, wait_s: float = 10.0) -> None:
        self.site = site
        self.rules = CurrentRules()
        carriers: Any = {Form.WEBHOOK: WebhookCarrier(site.clock, HERE, wait_s=wait_s)}
        self.book = ReceiverBook(site.store, site.vault, site.clock, new_id, carriers, mailer is not None)
        outbox = Outbox(site.store, site.clock, new_id, self._quiet)
        self.sender = Sender(
            site.store, self.book, outbox, site.clock, new_id, carriers, mailer, lambda: "Works", chance=lambda: 1.0
        )

    def _quiet(self, tx: Any, schedule_id: str, at: Any) -> bool:
        found = self.rules.at(tx).rules.timetables.get(schedule_id)
        return found is not None and found.is_open(at, time_zone("UTC"))

    def add(self, server: HttpReceiver, name: str = "Alarm centre", **wanted: Any) -> str:
        """A webhook at that server; its id."""
        view, secret = self.book.add(Form.WEBHOOK, ReceiverChange(name=name, address=server.address, **wanted))
        assert secret is not None
        server.secret = secret
        return view.receiver.id

    def raise_(self, kind: AlertKind, *, over: bool = False, **more: Any) -> Alert:
        at = self.site.clock()
        alert = Alert(new_id(), at, kind, cleared_at=at if over else None, **more)
        with self.site.store.write() as tx:
            assert tx.alerts.raise_(alert)
        return alert

    def end(self, alert: Alert) -> None:
        with self.site.store.write() as tx:
            assert tx.alerts.end(alert.id, self.site.clock())

    def acknowledge(self, alert: Alert) -> None:
        with self.site.store.write() as tx:
            assert tx.alerts.acknowledge(alert.id, Acknowledgement(self.site.clock(), "user-1"))

    def look(self) -> None:
        """What `Sender.look` does, but it waits for every receiver."""
        self.sender.outbox.take()
        with self.site.store.read() as tx:
            waiting = list(tx.deliveries.with_waiting())
        for receiver_id in waiting:
            self.sender.drain(receiver_id, written)
        self.sender._tell(self.site.clock())

    def deliveries(self, receiver_id: str) -> list[Delivery]:
        """Oldest first."""
        return [one for one, _ in reversed(self.book.deliveries(receiver_id, 1000))]

    def states(self, receiver_id: str) -> list[str]:
        return [f"{one.change} {one.state}" for one in self.deliveries(receiver_id)]

    def open_kinds(self) -> list[AlertKind]:
        with self.site.store.read() as tx:
            return [alert.kind for alert in tx.alerts.uncleared()]

    def schedule(self, *windows: Window) -> str:
        new = new_id()
        with self.site.store.write() as tx:
            tx.rules.lock()
            tx.rules.put(Schedule(new, f"Quiet {new}", windows))
        return new


def every_day(start: int, hours: int) -> Window:
    return Window(tuple(range(7)), Hours(start * 60, hours * 60))


def written(to: str, message: Message) -> Mail:
    kinds: Iterable[str] = (f"{one.alert.kind} {one.change}" for one in message.items)
    return Mail(to, message.type, "\n".join(kinds), id=message.id)
