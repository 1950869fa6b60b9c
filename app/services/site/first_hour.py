"""Reads what a new site still lacks, and revokes the key that its first start printed."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.events.records import EventFilter
from app.core.gates.gate import without_hardware
from app.core.ports.store import Store, Transaction
from app.core.site.first_hour import UNNAMED, SiteFacts
from app.core.types import ApiKey, Reason, Role

FIRST_KEY = "first start"


@dataclass(frozen=True)
class FirstHour:
    store: Store

    def facts(self, enrolled: Callable[[Transaction], int]) -> SiteFacts:
        """enrolled: says how many people can be recognised, the one who was added a moment ago included."""
        with self.store.read() as tx:
            gates, keys, cameras = tx.gates.all(), tx.api_keys.all(), tx.cameras.all()
            sending = [key for key in keys if key.gate_id is not None and key.revoked_at is None]
            return SiteFacts(
                named=any(site.name != UNNAMED for site in tx.rules.all().sites),
                gates=len(gates),
                driven=len(gates) - len(without_hardware(gates, keys)),
                eyes=len(cameras) + len(sending),
                enrolled=enrolled(tx),
                passed=bool(tx.events.find(EventFilter(reason=Reason.RECOGNISED, limit=1))),
            )

    def key(self) -> ApiKey | None:
        """Returns the admin key that the first start printed, while it is valid and nobody gave it another name."""
        with self.store.read() as tx:
            return next((key for key in tx.api_keys.all() if _is_first(key)), None)


def _is_first(key: ApiKey) -> bool:
    return key.role is Role.ADMIN and key.name == FIRST_KEY and key.revoked_at is None
