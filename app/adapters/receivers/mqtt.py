"""Takes messages to a topic of an MQTT broker: one connection a message, QoS 1, not retained."""

import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec

from app.adapters.net.addresses import ForbiddenAddress, Network, allowed
from app.adapters.net.named_tls import NamedContext
from app.adapters.net.window import Window
from app.adapters.receivers.webhook import literal
from app.core.alerts.messages import Message
from app.core.alerts.receivers import Target
from app.core.errors import BadField
from app.core.ports.alerts import NotDelivered

WAIT_S = 10.0
LIBRARY = "paho"
MISSING = (
    "mqtt needs a library that is not installed: in the project's folder, run pip install -e '.[mqtt]' and start the "
    "service again"
)


@dataclass(frozen=True)
class MqttCarrier:
    """Implements `ports.alerts.Carrier`. networks, ca_file: as for webhooks."""

    networks: tuple[Network, ...] = ()
    ca_file: str | None = None
    wait_s: float = WAIT_S

    def check(self, target: Target) -> None:
        literal(target, self.networks)
        if find_spec(LIBRARY) is None:
            raise BadField("receiver_library_missing", MISSING, "form")

    def send(self, target: Target, message: Message) -> str:
        try:
            from app.adapters.receivers.mqtt_client import Talk, connect
        except ModuleNotFoundError:
            raise NotDelivered(MISSING) from None
        window, began_s = Window(self.wait_s), time.monotonic()
        talk = Talk()
        client = talk.client
        host = (target.url.hostname or "").strip("[]")
        if target.user:
            client.username_pw_set(target.user, target.secret or None)
        named = NamedContext(_trust(self.ca_file), host)
        if target.url.scheme == "mqtts":
            # Acts as an SSLContext. Only paho's type annotation asks for the class.
            client.tls_set_context(named)  # type: ignore[arg-type]
        try:
            connect(client, allowed(host, target.port, loopback=False, networks=self.networks), target.port)
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


@lru_cache(8)
def _trust(ca_file: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)
