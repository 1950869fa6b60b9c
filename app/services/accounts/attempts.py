"""Wrong passwords, counted before they are looked at, so that many guesses at once count as many.

Counted for the name, for the address, and apart from these for a browser in which the name has signed in before: who
fails on purpose from elsewhere locks nobody out of their own browser.
"""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime

from app.core.accounts.lockout import FORGOTTEN, FREE_A_NAME, FREE_AN_ADDRESS, Tally, free_at, one_more
from app.core.accounts.users import folded
from app.core.ports.store import Clock, Store


@dataclass(frozen=True)
class Attempts:
    store: Store
    clock: Clock

    def admit(self, name: str, address: str, device: str | None) -> datetime | None:
        """Counts one more wrong attempt and returns None; or, where it is too early, counts nothing and says when.

        device: the browser's mark, where it is known to have signed in as this name.
        """
        now = self.clock()
        buckets = _buckets(name, address, device)
        with self.store.read() as tx:
            wait = _wait(tx.tallies.get(buckets), buckets, now)
        if wait is not None:  # refused without a write: a flood of attempts must not keep the database busy
            return wait
        with self.store.write() as tx:
            tx.tallies.forget(now - FORGOTTEN)
            # Held in one order, the name's before the address's: of two guesses at once, the later sees the earlier.
            tallies = {bucket: tx.tallies.hold(bucket, now) for bucket in buckets}
            wait = _wait(tallies, buckets, now)
            if wait is None:
                for bucket, tally in tallies.items():
                    tx.tallies.put(bucket, one_more(tally, now))
            return wait

    def forgive(self, name: str, address: str, device: str | None) -> None:
        """The last attempt was right: the name starts at nothing; the address gets back the one that was counted."""
        own, shared = _buckets(name, address, device)
        with self.store.write() as tx:
            tx.tallies.drop(own)
            tx.tallies.one_less(shared)


def name_bucket(name: str) -> str:
    return _hash("name", folded(name))


def _buckets(name: str, address: str, device: str | None) -> dict[str, int]:
    """The name's (or its known browser's) bucket, then the address's, each with what it has free."""
    own = name_bucket(name) if device is None else _hash("device", device)
    return {own: FREE_A_NAME, _hash("address", _network(address)): FREE_AN_ADDRESS}


def _wait(tallies: dict[str, Tally], buckets: dict[str, int], now: datetime) -> datetime | None:
    waits = [at for bucket, free in buckets.items() if (at := free_at(tallies.get(bucket), free)) and at > now]
    return max(waits, default=None)


def _network(address: str) -> str:
    """One home or office: an IPv6 client has 2^64 addresses to fail from."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else str(ip)


def _hash(kind: str, what: str) -> str:
    """Names nobody: people type passwords into the field for the name."""
    return hashlib.sha256(f"{kind}:{what}".encode("utf-8", "surrogatepass")).hexdigest()
