"""One connection to an MQTT broker, from CONNECT to its loss. It never reconnects; a new one replaces it.

After a reconnect, paho-mqtt sends what it could not send before and cannot withdraw a message. A client that connects
only once cannot do that.
"""

import socket
import ssl
import struct
import threading
import uuid
from collections.abc import Callable, Collection

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from app.adapters.gates.config import MqttConfig
from app.adapters.gates.mqtt.dialect import Message
from app.adapters.net.addresses import ForbiddenAddress, allowed
from app.adapters.net.named_tls import NamedContext
from app.adapters.net.window import Window

CONNECT_S = 3.0
LEAVE_S = 1.0
NOBODY_LISTENS = 0x10
NOT_RETAINED = 2  # a subscription without retained messages
NOBODY = "no gate listens"


class Connection:
    """A connection that the broker accepted, or the reason why not.

    lost: whether it is over, for good. will: the mode of its last will.
    """

    def __init__(
        self,
        config: MqttConfig,
        tls: ssl.SSLContext | None,
        topics: Collection[str],
        receive: Callable[[str, bytes, bool], None],
        will: str,
        will_post: Message,
        changed: threading.Condition,
    ) -> None:
        """Takes at most 3 s to connect and 3 s until the broker accepts.

        Args:
            receive: Called with topic, payload and whether the message was retained.
            changed: Notified of every loss and acknowledgement.

        Raises:
            OSError, ForbiddenAddress: No connection could be made.
        """
        self.will = will
        self.lost = False
        self._five = config.protocol == "5"
        self._topics = sorted(topics)
        self._hear = receive
        self._answered = threading.Event()
        self._gone = threading.Event()
        self._problem: str | None = "the broker does not answer"
        self.complaint: str | None = None  # what does not work although the broker accepted us
        self._changed = changed
        self._acknowledged: dict[int, ReasonCode] = {}
        self._leaving = False
        self._unsubscribed: set[int | None] = set()  # while leaving
        self._client = self._new_client(config)
        self._client.will_set(will_post.topic, will_post.payload, qos=1, retain=will_post.retain)
        host = config.host.strip("[]")
        if tls is not None:
            # Acts as an SSLContext. Only paho's type annotation asks for the class.
            self._client.tls_set_context(NamedContext(tls, host))  # type: ignore[arg-type]
        self._connect(allowed(host, config.actual_port, loopback=True), config)
        self._client.loop_start()
        self._answered.wait(CONNECT_S)

    def problem(self) -> str | None:
        """Why the broker did not accept us, or None."""
        return self._problem

    def publish(
        self, topic: str, message: str, window: Window, *, retain: bool = False, expires: bool = False
    ) -> str | None:
        """None once the broker has acknowledged it, else what is wrong. Returns by the end of the window."""
        properties = None
        if self._five and expires:
            # paho's constructor has no annotations.
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            # Whole seconds are all that MQTT knows; the message says the exact end itself.
            properties.MessageExpiryInterval = max(1, int(window.left_s()))
        if self.lost:
            return "the connection to the broker was lost"
        # Not under our lock: paho calls `_on_publish`, which takes it, while it holds one that `publish` needs.
        if self.tells_if_heard(expires=expires):
            # We read the topic as well, and would count as somebody who listens.
            self._client.unsubscribe(topic)
        info = self._client.publish(topic, message, qos=1, retain=retain, properties=properties)
        if self.tells_if_heard(expires=expires):
            self._client.subscribe(topic, options=SubscribeOptions(qos=1, retainHandling=NOT_RETAINED))
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return "the connection to the broker was lost"
        with self._changed:
            self._changed.wait_for(lambda: info.mid in self._acknowledged or self.lost, window.left_s())
            reason = self._acknowledged.pop(info.mid, None)
        if reason is None:
            return "the broker did not acknowledge it; it may have arrived"
        if reason.is_failure:
            return "the broker refused it"
        if expires and self._five and reason.value == NOBODY_LISTENS:
            return NOBODY
        return None

    def tells_if_heard(self, *, expires: bool) -> bool:
        """Whether the broker reports that somebody received such a message. It does so only if we do not subscribe."""
        return expires and self._five

    def cut(self) -> None:
        """Ends the connection at once, and with it whatever the kernel has not delivered."""
        connected = self._client.socket()
        self._set_lost()
        if isinstance(connected, socket.socket):
            try:
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # Not the TLS socket's own shutdown: that one goes on in plain text.
                socket.socket.shutdown(connected, socket.SHUT_RD)
            except OSError:
                pass

    def leave(self) -> None:
        """Says goodbye, so that the broker does not send the last will, and waits for the thread. Safe to call twice.

        Closing a socket with something unread resets the connection. The broker may then not read the goodbye and send
        the last will: the mode before, which would shut a gate that was just released. So this first unsubscribes, and
        waits until nothing more comes.
        """
        if self._problem is None and not self.lost:
            with self._changed:
                self._leaving = True
            _, asked = self._client.unsubscribe(self._topics)
            with self._changed:
                self._changed.wait_for(lambda: asked in self._unsubscribed or self.lost, LEAVE_S)
        self._client.disconnect()
        if not self._gone.wait(LEAVE_S):
            self.cut()
        self._client.loop_stop()

    def _new_client(self, config: MqttConfig) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"facegate-{uuid.uuid4().hex[:14]}",
            protocol=paho.MQTTv5 if self._five else paho.MQTTv311,
            reconnect_on_failure=False,
            clean_session=None if self._five else True,
        )
        client.connect_timeout = CONNECT_S
        if config.username is not None:
            client.username_pw_set(config.username, config.password)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_unsubscribe
        client.on_message = self._on_message
        return client

    def _connect(self, addresses: list[str], config: MqttConfig) -> None:
        failure: OSError = OSError("no address")
        for address in addresses:
            try:
                self._client.connect(address, config.actual_port, keepalive=config.keepalive_s)
            except OSError as error:
                failure = error
            else:
                return
        raise failure

    def _set_lost(self) -> None:
        with self._changed:
            self.lost = True
            self._changed.notify_all()

    def _on_connect(self, client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _: object) -> None:
        if reason.is_failure:
            self._problem = f"the broker refuses: {str(reason).lower()}"
        else:
            self._problem = None
            client.subscribe([(topic, 1) for topic in self._topics])
        self._answered.set()

    def _on_subscribe(
        self, _client: paho.Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        if len(reasons) != len(self._topics):
            return
        refused = [topic for topic, reason in zip(self._topics, reasons, strict=True) if reason.is_failure]
        if refused:
            # Without the state no door is watched; without our own topics nobody sees who else writes there.
            self.complaint = f"the broker does not let this account read {' and '.join(refused)}"

    def _on_unsubscribe(
        self, _client: paho.Client, _data: object, mid: int, _reasons: list[ReasonCode], _properties: object
    ) -> None:
        with self._changed:
            if self._leaving:
                self._unsubscribed.add(mid)
                self._changed.notify_all()

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        # Brokers have been seen to hand over retained messages of topics that nobody asked for.
        if message.topic in self._topics:
            self._hear(message.topic, bytes(message.payload), bool(message.retain))

    def _on_disconnect(
        self, _client: paho.Client, _data: object, _flags: object, _reason: ReasonCode, _properties: object
    ) -> None:
        self._answered.set()
        self._gone.set()
        self._set_lost()

    def _on_publish(
        self, _client: paho.Client, _data: object, mid: int, reason: ReasonCode, _properties: object
    ) -> None:
        with self._changed:
            self._acknowledged[mid] = reason
            self._changed.notify_all()


def words_of(error: Exception) -> str:
    """Why no connection could be made. Holds no address."""
    if isinstance(error, ForbiddenAddress):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the broker's certificate is not trusted"
    return "the broker cannot be reached"
