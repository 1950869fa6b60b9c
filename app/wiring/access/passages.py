"""Builds what counts passages: where people are, what sensors report, corrections, the muster."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.core.events.decision import GrantedPassage
from app.core.gates.gate import Gate
from app.core.ports.store import Clock, Store, Transaction
from app.services.access.passages.muster_book import MusterBook
from app.services.access.passages.passage_watch import PassageWatch
from app.services.access.passages.presence_control import PresenceControl
from app.services.access.passages.zone_gate import ZoneGate
from app.services.access.rules.current_rules import CurrentRules
from app.services.events.access_log import AccessLog


@dataclass(frozen=True)
class PassageServices:
    """watch: what sensors report. control: corrections."""

    gate: ZoneGate
    watch: PassageWatch
    control: PresenceControl
    muster: MusterBook
    rules: CurrentRules

    def grant_order(
        self, tx: Transaction, gate: Gate, event_id: str, person_id: str | None, at: datetime
    ) -> GrantedPassage | None:
        """Grants the passage of an opening that a person ordered."""
        return self.gate.grant_order(tx, self.rules.at(tx), gate, event_id, person_id, at)


def passage_services(
    store: Store, log: AccessLog, clock: Clock, new_id: Callable[[], str], rules: CurrentRules
) -> PassageServices:
    return PassageServices(
        ZoneGate(new_id),
        PassageWatch(store, log, clock, new_id, rules),
        PresenceControl(store, log, clock, new_id, rules),
        MusterBook(store, clock, new_id, rules),
        rules,
    )
