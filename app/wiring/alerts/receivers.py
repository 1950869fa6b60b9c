"""Builds what takes alerts to receivers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.adapters.receivers.mqtt import MqttCarrier
from app.adapters.receivers.webhook import WebhookCarrier
from app.core.access.time_zones import time_zone
from app.core.alerts.receivers import Form
from app.core.ports.alerts import Carrier
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.services.access.rules.current_rules import CurrentRules
from app.services.access.site_clock import SiteClock
from app.services.alerts.outward.outbox import Outbox
from app.services.alerts.outward.receiver_book import ReceiverBook
from app.services.alerts.outward.sender import Sender
from app.settings import Settings
from app.wiring.access.visits import mailer_of

PAGE = "/alerts"


@dataclass(frozen=True)
class OutwardServices:
    """book: for admins. sender: what happens by itself."""

    book: ReceiverBook
    sender: Sender


def outward_services(
    settings: Settings,
    store: Store,
    vault: Vault,
    clock: Clock,
    new_id: Callable[[], str],
    rules: CurrentRules,
    site_clock: SiteClock,
) -> OutwardServices:
    def quiet(tx: Transaction, schedule_id: str, at: datetime) -> bool:
        known = rules.at(tx).rules
        timetable = known.timetables.get(schedule_id)
        zone = time_zone(known.sites[0].time_zone if known.sites else "UTC")
        return timetable is not None and timetable.is_open(at, zone)

    mailer = mailer_of(settings)
    carriers: dict[Form, Carrier] = {
        Form.WEBHOOK: WebhookCarrier(clock, settings.receiver_networks),
        Form.MQTT: MqttCarrier(settings.receiver_networks),
    }
    book = ReceiverBook(store, vault, clock, new_id, carriers, mailer is not None)
    base = settings.public_url.rstrip("/")
    return OutwardServices(
        book,
        Sender(
            store,
            book,
            Outbox(store, clock, new_id, quiet),
            clock,
            new_id,
            carriers,
            mailer,
            lambda: site_clock.read().site,
            base and base + PAGE,
        ),
    )
