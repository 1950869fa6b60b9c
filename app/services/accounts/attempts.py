"""Counts sign-in attempts before their passwords are checked, so that guesses at the same time all count.

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
        """Counts one more attempt and returns None. If it comes too early, counts nothing and returns how long to wait.

        device: the browser's mark, where it is known to have signed in as this name.
        """
        now = self.clock()
        buckets = _buckets(name, address, device)
        with self.store.read() as tx:
            wait = _wait(tx.tallies.get(buckets), buckets, now)
        if wait is not None:  # refused without a write, so that a flood of attempts does not keep the database busy
            return wait
        with self.store.write() as tx:
            tx.tallies.forget(now - FORGOTTEN)
            # Locked in one order, name before address, so that the later of two guesses sees the earlier.
            tallies = {bucket: tx.tallies.hold(bucket, now) for bucket in buckets}
            wait = _wait(tallies, buckets, now)
            if wait is None:
                for bucket, tally in tallies.items():
                    tx.tallies.put(bucket, one_more(tally, now))
            return wait

    def forgive(self, name: str, address: str, device: str | None) -> None:
        """Notes that the last attempt was right: resets the name's count, and takes one off the address's."""
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
    """The network of one home or office, since an IPv6 client has 2^64 addresses to try from."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else str(ip)


def _hash(kind: str, what: str) -> str:
    """Hashes the name, because people type passwords into its field."""
    return hashlib.sha256(f"{kind}:{what}".encode("utf-8", "surrogatepass")).hexdigest()
