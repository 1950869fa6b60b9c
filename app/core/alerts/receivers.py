"""Receivers of alerts outside this service, and which alerts each of them gets."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from app.core.alerts.alert import SILENT, Alert, AlertKind, Severity
from app.core.errors import BadField
from app.core.text import EMAIL, plain_text

NAME_CHARS = 64
ADDRESS_CHARS = 1000
LOGIN_CHARS = 200
MOST_RECEIVERS = 20  # each may have a connection open at the same time
# What tells that messages do not arrive goes to no receiver: it would go round in a circle.
NEVER = frozenset({AlertKind.RECEIVER_FAILING})


class Form(StrEnum):
    """How a receiver is reached."""

    WEBHOOK = "webhook"
    MQTT = "mqtt"
    EMAIL = "email"


SCHEMES = {Form.WEBHOOK: ("http", "https"), Form.MQTT: ("mqtt", "mqtts")}
PORTS = {"http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883}
EXAMPLES = {
    Form.WEBHOOK: "https://alarm.example.com/facegate",
    Form.MQTT: "mqtts://broker.example.com/facegate/alerts",
    Form.EMAIL: "guard@example.com",
}


@dataclass(frozen=True)
class Target:
    """Where messages go. It is stored sealed, since the address of a webhook often holds a secret.

    Attributes:
        address: a URL; of a broker with the topic as its path; or an e-mail address.
        secret: signs a webhook's messages; the password at a broker.
        user: the name at a broker.
    """

    address: str
    secret: str = ""
    user: str = ""

    @property
    def url(self) -> SplitResult:
        return urlsplit(self.address)

    @property
    def port(self) -> int:
        return self.url.port or PORTS[self.url.scheme]

    @property
    def topic(self) -> str:
        return self.url.path.removeprefix("/")

    def shown(self, form: Form) -> str:
        """The address without what may be secret in it."""
        if form is not Form.WEBHOOK:
            return self.address
        return f"{self.url.scheme}://{self.url.netloc}/" + ("…" if self.url.path.strip("/") or self.url.query else "")


def check_target(form: Form, target: Target) -> None:
    """Raises BadField, in words that do not repeat the address."""
    if form is Form.EMAIL:
        if len(target.address) > 254 or not EMAIL.fullmatch(target.address) or not target.address.isascii():
            raise _bad(form)
        return
    if len(target.address) > ADDRESS_CHARS or not all("!" <= char <= "~" for char in target.address):
        raise _bad(form)
    try:
        url, port = target.url, target.url.port
    except ValueError:
        raise _bad(form) from None
    if url.scheme not in SCHEMES[form] or not url.hostname or port == 0 or "#" in target.address:
        raise _bad(form)
    if url.username is not None or url.password is not None:
        raise BadField("bad_address", "Give the user name and the password in their own fields.", "address")
    if form is Form.MQTT and (not target.topic or url.query or target.topic[0] == "$" or set("+#") & set(target.topic)):
        words = "The path is the topic to publish to: without +, # and $ at the start."
        raise BadField("bad_address", words, "address")


def _bad(form: Form) -> BadField:
    example = EXAMPLES[form]
    return BadField("bad_address", f"Send an address such as {example}.", "address")


@dataclass(frozen=True)
class Receiver:
    """Somebody or something that gets alerts.

    Attributes:
        sealed_target: a `Target`, sealed.
        kinds: which alerts it gets; none: all but silent ones, which go only to receivers that name them.
        least: the least severity that it gets.
        quiet_schedule_id: a schedule of the site. While it is open, messages wait and then go out as one.
        critical_always: critical alerts do not wait for that.
        ended: whether it also gets a message when the cause of an alert is over.
        with_names: whether messages name people and quote what guards wrote.

    Raises BadInput for a name that cannot be shown.
    """

    id: str
    name: str
    form: Form
    sealed_target: bytes
    created_at: datetime
    kinds: frozenset[AlertKind] = frozenset()
    least: Severity = Severity.WARNING
    quiet_schedule_id: str | None = None
    critical_always: bool = True
    ended: bool = False
    with_names: bool = False
    enabled: bool = True

    def __post_init__(self) -> None:
        plain_text("name", self.name, NAME_CHARS)

    def wants(self, alert: Alert) -> bool:
        """Whether it gets this alert. Of what began before it was added, it gets nothing."""
        if not self.enabled or alert.kind in NEVER or alert.at < self.created_at:
            return False
        if alert.kind in SILENT or self.kinds:
            return alert.kind in self.kinds and self._grave_enough(alert)
        return self._grave_enough(alert)

    def is_quiet_for(self, alert: Alert) -> bool:
        """Whether this alert waits during quiet hours."""
        return not (self.critical_always and alert.severity is Severity.CRITICAL)

    def _grave_enough(self, alert: Alert) -> bool:
        return self.least is Severity.WARNING or alert.severity is Severity.CRITICAL


class Receivers(Protocol):
    """The stored receivers; part of `ports.Transaction`."""

    def add(self, receiver: Receiver) -> None:
        """Raises Conflict('receiver_taken') where another has the name."""
        ...

    def get(self, receiver_id: str, *, for_update: bool = False) -> Receiver | None: ...
    def all(self, *, for_update: bool = False) -> list[Receiver]:
        """Returns every receiver, oldest first."""
        ...

    def put(self, receiver: Receiver) -> None:
        """Replaces it. Raises Conflict('receiver_taken')."""
        ...

    def delete(self, receiver_id: str) -> None:
        """Removes it with its deliveries."""
        ...
