"""Takes messages to a webhook, signed."""

import time
from dataclasses import dataclass
from functools import lru_cache

from app.adapters.net.addresses import ForbiddenAddress, Network, check_literal
from app.adapters.net.http_exchange import HttpExchange, NoAnswer, Request
from app.adapters.net.http_exchange import Target as Connected
from app.adapters.net.window import Window
from app.core.alerts.messages import Message, headers
from app.core.alerts.receivers import Target
from app.core.errors import BadField
from app.core.ports.alerts import NotDelivered
from app.core.ports.store import Clock

WAIT_S = 10.0  # for a whole try, however slowly its answer drips
# The message itself is refused, or the address is no more: the same message would be refused again.
FINAL = frozenset({400, 410, 413, 415, 422})


@dataclass(frozen=True)
class WebhookCarrier:
    """Implements `ports.alerts.Carrier`. Redirects are not followed, and 64 kB of an answer are read at most.

    networks: where receivers may be; see `adapters.net.addresses`. ca_file: whose certificates are trusted; the
    system's authorities if None.
    """

    clock: Clock
    networks: tuple[Network, ...] = ()
    ca_file: str | None = None
    wait_s: float = WAIT_S

    def check(self, target: Target) -> None:
        literal(target, self.networks)

    def send(self, target: Target, message: Message) -> str:
        body = message.body()
        try:
            signed = headers(target.secret, message, body, self.clock())
            where = _connected(target.address, self.ca_file, self.networks)
            began_s = time.monotonic()
            answer = HttpExchange().send(where, Request("POST", where.path, signed, body), Window(self.wait_s))
        except NoAnswer as error:
            raise NotDelivered(str(error)) from None
        except ValueError:
            raise NotDelivered("its secret is unusable; make another") from None
        took_ms = round(1000 * (time.monotonic() - began_s))
        if 200 <= answer.status < 300:
            return f"answered {answer.status} in {took_ms} ms"
        if 300 <= answer.status < 400:
            raise NotDelivered("it redirects elsewhere, which is not followed")
        raise NotDelivered(f"answered {answer.status}", final=answer.status in FINAL)


def literal(target: Target, networks: tuple[Network, ...]) -> None:
    """Refuses an address that is written as a forbidden one. A name is checked whenever it is resolved."""
    try:
        check_literal(target.url.hostname or "", loopback=any(network.is_loopback for network in networks))
    except ForbiddenAddress:
        words = "This address is never a receiver's: this machine, or a link-local, reserved or metadata address."
        raise BadField("forbidden_address", words, "address") from None


@lru_cache(64)  # reading the certificates of the authorities takes 20 ms
def _connected(address: str, ca_file: str | None, networks: tuple[Network, ...]) -> Connected:
    return Connected(address, ca_file, loopback=False, networks=networks)
