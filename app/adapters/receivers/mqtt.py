"""Takes messages to a topic of an MQTT broker: one connection a message, QoS 1, not retained."""

import socket
import ssl
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from app.adapters.net.addresses import ForbiddenAddress, Network, allowed
from app.adapters.net.named_tls import NamedContext
from app.adapters.net.window import Window
from app.adapters.receivers.webhook import literal
from app.core.alerts.messages import Message
from app.core.alerts.receivers import Target
from app.core.ports.alerts import NotDelivered

WAIT_S = 10.0
CONNECT_S = 3.0


@dataclass(frozen=True)
class MqttCarrier:
    """Implements `ports.alerts.Carrier`. networks, ca_file: as for webhooks."""

    networks: tuple[Network, ...] = ()
    ca_file: str | None = None
    wait_s: float = WAIT_S

    def check(self, target: Target) -> None:
        literal(target, self.networks)

    def send(self, target: Target, message: Message) -> str:
        window, began_s = Window(self.wait_s), time.monotonic()
        talk = _Talk()
        client = talk.client
        host = (target.url.hostname or "").strip("[]")
        if target.user:
            client.username_pw_set(target.user, target.secret or None)
        named = NamedContext(_trust(self.ca_file), host)
        if target.url.scheme == "mqtts":
            # Acts as an SSLContext. Only paho's type annotation asks for the class.
            client.tls_set_context(named)  # type: ignore[arg-type]
        try:
            _connect(client, allowed(host, target.port, loopback=False, networks=self.networks), target.port)
            client.loop_start()
            talk.wait_for("accepted", window, "the broker does not answer")
            client.publish(target.topic, message.body(), qos=1)
            talk.wait_for("taken", window, "the broker did not acknowledge it; it may have arrived")
        except ForbiddenAddress as error:
            raise NotDelivered(str(error)) from None
        except ssl.SSLCertVerificationError:
            raise NotDelivered("the certificate is not trusted") from None
        except OSError:
            raise NotDelivered("the broker cannot be reached") from None
        finally:
            talk.end()
            named.close()
        took_ms = round(1000 * (time.monotonic() - began_s))
        return f"the broker took it in {took_ms} ms"


class _Talk:
    """One connection, from CONNECT to its end. What happened is told by the thread of the client."""

    def __init__(self) -> None:
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"facegate-{uuid.uuid4().hex[:14]}",
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
            clean_session=True,
        )
        self.client.connect_timeout = CONNECT_S
        self.client.on_connect = self._on_connect
        self.client.on_publish = self._on_publish
        self.client.on_disconnect = self._on_disconnect
        self._changed = threading.Condition()
        self._happened: set[str] = set()
        self._problem: str | None = None

    def wait_for(self, what: str, window: Window, late: str) -> None:
        """Raises NotDelivered."""
        with self._changed:
            self._changed.wait_for(lambda: what in self._happened or self._problem is not None, window.left_s())
            if what not in self._happened:
                raise NotDelivered(self._problem or late)

    def end(self) -> None:
        connected = self.client.socket()
        if "taken" in self._happened:
            self.client.disconnect()
        elif isinstance(connected, socket.socket):
            with self._changed:
                self._problem = self._problem or "ended"
            with suppress(OSError):
                # Not the TLS socket's own shutdown: that one goes on in plain text.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)
        self.client.loop_stop()

    def _note(self, what: str, problem: str | None = None) -> None:
        with self._changed:
            if problem is None:
                self._happened.add(what)
            elif self._problem is None:
                self._problem = problem
            self._changed.notify_all()

    def _on_connect(self, _client: Any, _data: object, _flags: object, reason: ReasonCode, _: object) -> None:
        self._note("accepted", f"the broker refuses: {str(reason).lower()}" if reason.is_failure else None)

    def _on_publish(self, _client: Any, _data: object, _mid: int, reason: ReasonCode, _: object) -> None:
        self._note("taken", "the broker refused it" if reason.is_failure else None)

    def _on_disconnect(self, _client: Any, _data: object, _flags: object, _reason: ReasonCode, _: object) -> None:
        self._note("", "the connection to the broker was lost")


def _connect(client: paho.Client, addresses: list[str], port: int) -> None:
    failure: OSError = OSError("no address")
    for address in addresses:
        try:
            client.connect(address, port, keepalive=10)
        except OSError as error:
            failure = error
        else:
            return
    raise failure


@lru_cache(8)
def _trust(ca_file: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)
