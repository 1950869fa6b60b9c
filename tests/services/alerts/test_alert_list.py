"""Each transient alert is an alert of its own; an acknowledgement names who looked, and ends nothing that goes on."""

import pytest

from app.adapters.db.repositories.alerts import AlertRows
from app.core.alerts.alert import Alert, AlertKind, AlertState
from app.core.errors import BadInput, Conflict, NotFound
from app.services.alerts.alert_list import AlertList
from app.services.alerts.transient_alerts import TransientAlerts
from tests.fakes import Clock, new_id
from tests.services.meanwhile import Meanwhile
from tests.services.process import Process


@pytest.fixture
def transient(site: Process, clock: Clock) -> TransientAlerts:
    return TransientAlerts(site.store, clock, new_id)


@pytest.fixture
def alerts(site: Process, clock: Clock) -> AlertList:
    return AlertList(site.store, clock)


def found(alerts: AlertList, state: AlertState = AlertState.OPEN) -> list[Alert]:
    return [named.alert for named in alerts.find(state)]


def test_a_second_tailgating_is_an_alert_of_its_own(
    transient: TransientAlerts, alerts: AlertList, site: Process, clock: Clock
) -> None:
    gate = site.gates.get("lobby-1")
    transient.tailgating(gate, "lobby-cam")
    (first,) = found(alerts)
    clock.advance(minutes=1)
    transient.tailgating(gate, "lobby-cam")
    (second,) = found(alerts)
    assert (first.kind, first.gate_id) == (second.kind, second.gate_id) == (AlertKind.TAILGATING, gate.id)
    assert second.id > first.id and second.at > first.at
    assert [alert.id for alert in found(alerts, AlertState.ALL)] == [second.id, first.id]


def test_acknowledgement_ends_a_transient_alert(
    transient: TransientAlerts, alerts: AlertList, site: Process, clock: Clock
) -> None:
    transient.tailgating(site.gates.get("lobby-1"), "lobby-cam")
    (alert,) = found(alerts)
    clock.advance(minutes=1)
    named = alerts.acknowledge(alert.id, "user-7", " spoke to both ")
    assert (named.gate, named.alert.cleared_at) == ("lobby-1", clock())
    by = named.alert.acknowledged
    assert by is not None and (by.at, by.actor, by.comment) == (clock(), "user-7", "spoke to both")
    assert found(alerts) == []
    assert found(alerts, AlertState.ACKNOWLEDGED) == [named.alert]
    with pytest.raises(Conflict):
        alerts.acknowledge(alert.id, "user-8", "")
    transient.tailgating(site.gates.get("lobby-1"), "lobby-cam")
    assert len(found(alerts)) == 1
    assert found(alerts, AlertState.ACKNOWLEDGED) == [named.alert], "the first comment stays, and the next is another"


def test_whoever_acknowledges_one_has_not_acknowledged_the_next(
    transient: TransientAlerts, alerts: AlertList, site: Process, meanwhile: Meanwhile
) -> None:
    gate = site.gates.get("lobby-1")
    transient.tailgating(gate, "lobby-cam")
    (first,) = found(alerts)
    meanwhile.before(AlertRows, "end", lambda: transient.tailgating(gate, "lobby-cam"))
    alerts.acknowledge(first.id, "user-7", "")
    meanwhile.results()
    (second,) = found(alerts)
    assert second.id > first.id and second.acknowledged is None


def test_what_goes_on_lasts_as_long_as_its_cause(alerts: AlertList, site: Process, clock: Clock) -> None:
    alert = Alert(new_id(), clock(), AlertKind.DOOR_FORCED, site.gates.get("lobby-1").id)
    with site.store.write() as tx:
        tx.alerts.raise_(alert)
    acknowledged = alerts.acknowledge(alert.id, "user-7", "on my way").alert
    assert acknowledged.cleared_at is None and found(alerts) == [acknowledged]
    with site.store.write() as tx:
        tx.alerts.clear(alert.kind, alert.gate_id, None, clock())
    assert found(alerts) == []
    (cleared,) = found(alerts, AlertState.ACKNOWLEDGED)
    assert cleared.acknowledged == acknowledged.acknowledged


@pytest.mark.parametrize("comment", ["x" * 201, "\x1b[31m", "a\nb"])
def test_comment_is_short_plain_text(alerts: AlertList, site: Process, clock: Clock, comment: str) -> None:
    alert = Alert(new_id(), clock(), AlertKind.DOOR_FORCED, site.gates.get("lobby-1").id)
    with site.store.write() as tx:
        tx.alerts.raise_(alert)
    with pytest.raises(BadInput):
        alerts.acknowledge(alert.id, "user-7", comment)
    assert found(alerts, AlertState.ACKNOWLEDGED) == []


def test_what_cannot_be_acknowledged(site: Process, clock: Clock) -> None:
    own = Alert(new_id(), clock(), AlertKind.DATABASE_UNWRITABLE)
    alerts = AlertList(site.store, clock, lambda: [own])
    assert found(alerts) == [own]
    with pytest.raises(Conflict, match="not taken"):
        alerts.acknowledge(own.id, "user-7", "")
    with pytest.raises(NotFound):
        alerts.acknowledge("nothing", "user-7", "")
