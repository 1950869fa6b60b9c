"""What goes out to a receiver: one or several changes of alerts, as a value, as JSON, and how it is signed.

The form follows the specification "Standard Webhooks" 1.0.0 (github.com/standard-webhooks/standard-webhooks, file
spec/standard-webhooks.md): type, timestamp and data, an id that stays the same however often a message is tried, and
HMAC-SHA256 over id, time of the try and body. So its ready libraries check our messages.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.alerts.alert import SILENT, Alert, AlertKind
from app.core.alerts.deliveries import Change
from app.core.canonical import instant

SECRET_PREFIX = "whsec_"  # noqa: S105  says what follows it
SECRET_BYTES = 32


@dataclass(frozen=True)
class Named:
    """A person, for a receiver that gets names."""

    name: str
    number: str


@dataclass(frozen=True)
class Item:
    """One change of an alert. gate, camera: their names. person: None unless the receiver gets names."""

    change: Change
    alert: Alert
    gate: str | None = None
    camera: str | None = None
    person: Named | None = None
    with_names: bool = False

    @property
    def detail(self) -> str:
        """A guard's own words may name somebody."""
        return "" if self.alert.kind is AlertKind.REPORTED and not self.with_names else self.alert.detail

    def fields(self) -> dict[str, Any]:
        alert = self.alert
        return {
            "id": alert.id,
            "change": self.change.value,
            "kind": alert.kind.value,
            "severity": alert.severity.value,
            "silent": alert.kind in SILENT,
            "at": instant(alert.at),
            "ended_at": None if alert.cleared_at is None else instant(alert.cleared_at),
            "acknowledged_at": None if alert.acknowledged is None else instant(alert.acknowledged.at),
            "gate": self.gate,
            "camera": self.camera,
            "detail": self.detail,
            "event": alert.event_id,
            "person": None if self.person is None else dict(vars(self.person)),
        }


@dataclass(frozen=True)
class Message:
    """at: when the first of its changes happened. link: to the page of alerts; "" where no address is set.

    Without items it is a test.
    """

    id: str
    at: datetime
    site: str
    items: tuple[Item, ...] = ()
    link: str = ""

    @property
    def type(self) -> str:
        if not self.items:
            return "alert.test"
        return f"alert.{self.items[0].change.value}" if len(self.items) == 1 else "alert.digest"

    def body(self) -> bytes:
        """The JSON that webhooks and brokers get."""
        data = {"site": self.site, "link": self.link or None, "alerts": [one.fields() for one in self.items]}
        whole = {"id": self.id, "type": self.type, "timestamp": instant(self.at), "data": data}
        return json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode()


def secret_of(random: bytes) -> str:
    """A secret for one receiver's signatures, of SECRET_BYTES random bytes."""
    return SECRET_PREFIX + base64.b64encode(random).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the header `webhook-signature`. Raises ValueError for a secret that is none."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("not a secret for signatures") from None
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(secret: str, message: Message, body: bytes, now: datetime) -> Mapping[str, str]:
    """What a webhook gets besides the body. now: the time of this try."""
    timestamp = int(now.timestamp())
    return {
        "content-type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message.id, timestamp, body),
    }
