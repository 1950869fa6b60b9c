"""TransientAlerts: each is told, each can be seen, and what still goes on cannot be wished away."""

from contextlib import suppress

import pytest

from app.adapters.db.repositories.alerts import AlertRows
from app.core.alerts.alert import Alert, AlertKind
from app.core.errors import Conflict, NotFound
from app.services.alerts.transient_alerts import TransientAlerts
from tests.fakes import Clock, new_id
from tests.services.meanwhile import Meanwhile
from tests.services.process import Process


@pytest.fixture
def hints(site: Process, clock: Clock) -> TransientAlerts:
    return TransientAlerts(site.store, clock, new_id)


def standing(site: Process) -> list[Alert]:
    with site.store.read() as tx:
        return tx.alerts.open()


def test_a_second_hint_is_an_alert_of_its_own(hints: TransientAlerts, site: Process, clock: Clock) -> None:
    gate = site.gates.get("lobby-1")
    hints.tailgating(gate, "lobby-cam")
    (first,) = standing(site)
    clock.advance(minutes=1)
    hints.tailgating(gate, "lobby-cam")
    (second,) = standing(site)
    assert (first.kind, first.gate_id) == (second.kind, second.gate_id) == (AlertKind.TAILGATING, gate.id)
    assert second.id > first.id and second.at > first.at
    with site.store.read() as tx:
        assert [alert.id for alert in tx.alerts.find()] == [second.id, first.id]


def test_somebody_has_seen_it(hints: TransientAlerts, site: Process, clock: Clock) -> None:
    hints.tailgating(site.gates.get("lobby-1"), "lobby-cam")
    (alert,) = standing(site)
    hints.seen(alert.id)
    assert standing(site) == []
    with pytest.raises(NotFound):
        hints.seen(alert.id)
    hints.tailgating(site.gates.get("lobby-1"), "lobby-cam")
    assert len(standing(site)) == 1


def test_who_has_seen_one_has_not_seen_the_next(hints: TransientAlerts, site: Process, meanwhile: Meanwhile) -> None:
    gate = site.gates.get("lobby-1")
    hints.tailgating(gate, "lobby-cam")
    (first,) = standing(site)
    meanwhile.before(AlertRows, "end", lambda: hints.tailgating(gate, "lobby-cam"))
    with suppress(NotFound):
        hints.seen(first.id)
    meanwhile.results()
    (second,) = standing(site)
    assert second.id > first.id


def test_what_goes_on_ends_with_its_cause_only(hints: TransientAlerts, site: Process, clock: Clock) -> None:
    alert = Alert(new_id(), clock(), AlertKind.DOOR_FORCED, site.gates.get("lobby-1").id)
    with site.store.write() as tx:
        tx.alerts.raise_(alert)
    with pytest.raises(Conflict, match="cause"):
        hints.seen(alert.id)
    assert standing(site) == [alert]
