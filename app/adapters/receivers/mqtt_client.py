"""One connection to an MQTT broker. Needs the library of the extra `mqtt`."""

import socket
import threading
import uuid
from contextlib import suppress
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from app.adapters.net.window import Window
from app.core.ports.alerts import NotDelivered

CONNECT_S = 3.0


class Talk:
    """One connection, from CONNECT until it closes. The client's own thread reports what happens on it."""

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


def connect(client: paho.Client, addresses: list[str], port: int) -> None:
    failure: OSError = OSError("no address")
    for address in addresses:
        try:
            client.connect(address, port, keepalive=10)
        except OSError as error:
            failure = error
        else:
            return
    raise failure
