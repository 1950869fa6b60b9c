"""What a relay checks before it obeys: a reference to copy, for relays that read MQTT or receive our webhook.

It needs only Python and no other file of this project. A relay in another language takes the same steps. README.md in
this folder describes what is signed.
"""

import hashlib
import hmac
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Any

LAST_WILL = 2**31 - 1  # the number of a last will; after it, no message of its session is obeyed
REMEMBERED = 1000


def signature_of(secret: str, text: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def mqtt_text(kind: str, message: dict[str, Any]) -> bytes:
    """The bytes that an MQTT message's signature covers. kind: the topic's last level, 'command' or 'mode'."""
    names = ("event_id", "command", "mode", "at", "until", "session", "number", "gate")
    return "\n".join(["facegate-mqtt-1", kind, *(str(message.get(name, "")) for name in names)]).encode()


def badge_text(gate: str, message: dict[str, Any]) -> bytes:
    """The bytes that the signature of a badge covers, which the relay publishes on `/state`."""
    badge = message.get("badge")
    read = f"{badge.get('bits')}:{badge.get('hex')}" if isinstance(badge, dict) else ""
    return "\n".join(["facegate-mqtt-1", "badge", gate, read, str(message.get("at", ""))]).encode(errors="replace")


def pin_text(gate: str, message: dict[str, Any]) -> bytes:
    """The bytes that the signature of a PIN covers, which the relay publishes on `/state`."""
    typed = (str(message.get(name, "")) for name in ("pin", "pin_ms", "at"))
    return "\n".join(["facegate-mqtt-1", "pin", gate, *typed]).encode(errors="replace")


class MqttVerifier:
    """One gate's commands and modes.

    Args:
        now: Returns seconds since 1970. None for a relay without a clock, which recognises an old command only by its
            session and number.
        seen: What `remembered` returned before the relay lost power. Without it, the relay obeys the first mode after
            that, however old it is.
    """

    def __init__(
        self,
        secret: str,
        gate: str,
        now: Callable[[], float] | None = time.time,
        seen: dict[str, list[int]] | None = None,
    ) -> None:
        self._secret, self._gate, self._now = secret, gate, now
        self._seen = {"command": [0, 0], "mode": [0, 0], **(seen or {})}

    def remembered(self) -> dict[str, list[int]]:
        """What to store after each obeyed message, to survive a loss of power."""
        return {kind: list(last) for kind, last in self._seen.items()}

    def opens(self, payload: bytes) -> bool:
        """Whether to obey a message on `/command`: now, once, and never again."""
        message = self._genuine("command", payload)
        if message is None or message.get("command") != "open":
            return False
        place = [message["session"], message["number"]]
        if place <= self._seen["command"] or message["session"] < self._seen["mode"][0]:
            return False
        if self._seen["mode"] == [message["session"], LAST_WILL]:
            return False
        if self._now is not None and not _moment(message, "until") > self._now():
            return False
        self._seen["command"] = place
        return True

    def mode(self, payload: bytes) -> str | None:
        """'secure' or 'release' from a message on `/mode`, or None if it must not be obeyed.

        The last mode may come again: a broker repeats it at each connection.
        """
        message = self._genuine("mode", payload)
        if message is None or message.get("mode") not in ("secure", "release"):
            return None
        place = [message["session"], message["number"]]
        if place < self._seen["mode"]:
            return None
        self._seen["mode"] = place
        return str(message["mode"])

    def _genuine(self, kind: str, payload: bytes) -> dict[str, Any] | None:
        try:
            message = json.loads(payload)
        except (ValueError, RecursionError):
            return None
        if not isinstance(message, dict) or message.get("gate") != self._gate:
            return None
        if any(type(message.get(name)) is not int for name in ("session", "number")):
            return None
        expected = signature_of(self._secret, mqtt_text(kind, message))
        given = str(message.get("signature", ""))
        return message if hmac.compare_digest(expected.encode(), given.encode()) else None


class WebhookVerifier:
    """One gate's requests. near_s: how far apart the relay's clock and ours may be, in seconds."""

    def __init__(self, secret: str, gate: str, now: Callable[[], float] = time.time, near_s: float = 30.0) -> None:
        self._secret, self._gate, self._now, self._near_s = secret, gate, now, near_s
        self._seen: OrderedDict[str, None] = OrderedDict()

    def command(self, body: bytes, timestamp: str, signature: str) -> str | None:
        """'open', 'release' or 'secure', or None if there is nothing to do.

        None also for a repeated request, which we send when we missed the answer. Answer it with 200 all the same.

        Args:
            timestamp: The header X-Facegate-Timestamp.
            signature: The header X-Facegate-Signature.
        """
        expected = signature_of(self._secret, timestamp.encode() + b"." + body)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return None
        try:
            age_s = abs(float(timestamp) - self._now())
            message = json.loads(body)
            event_id, command = str(message["event_id"]), message["command"]
            over = command == "open" and not _moment(message, "until") > self._now()
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        if not age_s <= self._near_s or message.get("gate") != self._gate or over or event_id in self._seen:
            return None
        self._seen[event_id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return command if command in ("open", "release", "secure") else None


def _moment(message: dict[str, Any], name: str) -> float:
    """Seconds since 1970; before all time where it is not said."""
    try:
        return datetime.fromisoformat(str(message[name])).timestamp()
    except (ValueError, KeyError):
        return 0.0
