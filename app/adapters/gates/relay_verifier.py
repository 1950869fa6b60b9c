"""What a relay checks before it obeys: a reference to copy, for relays that read MQTT or take our web hook.

It needs Python alone, and no other file of this project. A relay in another language does the same steps; README.md in
this folder says what is signed.
"""

import hashlib
import hmac
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Any

LAST_WILL = 2**31 - 1  # the number of a last will: after it, nothing of its session is obeyed any more
REMEMBERED = 1000


def signature_of(secret: str, text: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def mqtt_text(kind: str, message: dict[str, Any]) -> bytes:
    """What an MQTT message's signature is made over. kind: the topic's last level, 'command' or 'mode'."""
    names = ("event_id", "command", "mode", "at", "until", "session", "number", "gate")
    return "\n".join(["facegate-mqtt-1", kind, *(str(message.get(name, "")) for name in names)]).encode()


class MqttVerifier:
    """One gate's commands and modes.

    now: seconds since 1970 for a relay whose clock is set, None for one without a clock: then an old command is told
    only by its session and number. seen: what `remembered` gave before the relay last lost its power; without it the
    first mode after that is obeyed however old it is.
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
        """To be kept over a loss of power, after each message that was obeyed."""
        return {kind: list(last) for kind, last in self._seen.items()}

    def opens(self, payload: bytes) -> bool:
        """Whether a message on `/command` is to be obeyed: once, now, and then never again."""
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
        """'secure' or 'release' from a message on `/mode`, or None where it is not to be obeyed. The last one may come
        again: a broker repeats it at each connection."""
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
    """One gate's requests. near_s: how far the relay's clock and ours may be apart."""

    def __init__(self, secret: str, gate: str, now: Callable[[], float] = time.time, near_s: float = 30.0) -> None:
        self._secret, self._gate, self._now, self._near_s = secret, gate, now, near_s
        self._seen: OrderedDict[str, None] = OrderedDict()

    def command(self, body: bytes, timestamp: str, signature: str) -> str | None:
        """'open', 'release' or 'secure', or None where nothing is to be done.

        timestamp, signature: the headers X-Facegate-Timestamp and X-Facegate-Signature. A request that comes again,
        because our side missed the answer, is None as well: answer it with 200 all the same.
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
