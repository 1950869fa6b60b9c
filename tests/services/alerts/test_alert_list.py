"""An alert is open until it is over and acknowledged. Each momentary one counts."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import text

from app.adapters.db.repositories.alerts.alerts import AlertRows
from app.adapters.db.repositories.people import EmployeeRows
from app.core.alerts.alert import Alert, AlertFilter, AlertKind, AlertState, Severity
from app.core.cameras.camera import Camera
from app.core.errors import BadInput, Conflict, NotFound, NotRecorded
from app.core.events.corrections import CorrectionKind
from app.services.alerts.alert_list import AlertList
from app.services.alerts.transient_alerts import TransientAlerts
from app.services.events.corrections import Corrections
from app.services.site.own_alerts import OwnAlerts
from tests.fakes import Clock, new_id, person, photo
from tests.services.meanwhile import Meanwhile
from tests.services.process import Process


@pytest.fixture
def transient(site: Process, clock: Clock) -> TransientAlerts:
    return TransientAlerts(site.store, clock, new_id)


@pytest.fixture
def alerts(site: Process, clock: Clock) -> AlertList:
    return AlertList(site.store, clock)


def found(alerts: AlertList, state: AlertState = AlertState.OPEN) -> list[Alert]:
    return [named.alert for named in alerts.find(AlertFilter(state))]


def test_every_tailgating_counts_and_none_replaces_another(
    transient: TransientAlerts, alerts: AlertList, site: Process, clock: Clock
) -> None:
    gate = site.gates.get("lobby-1")
    for _ in range(3):
        transient.tailgating(gate, "lobby-cam")
        clock.advance(minutes=1)
    third, second, first = found(alerts)
    for alert in (first, second, third):
        assert (alert.kind, alert.gate_id, alert.cleared_at) == (AlertKind.TAILGATING, gate.id, alert.at)
    alerts.acknowledge(second.id, "user-7", "")
    assert found(alerts) == [third, first]


def test_an_acknowledgement_closes_what_is_over(
    transient: TransientAlerts, alerts: AlertList, site: Process, clock: Clock
) -> None:
    transient.tailgating(site.gates.get("lobby-1"), "lobby-cam")
    (alert,) = found(alerts)
    clock.advance(days=30)
    assert found(alerts) == [alert], "however late somebody looks"
    named = alerts.acknowledge(alert.id, "user-7", " spoke to both ")
    assert (named.gate, named.actor, named.alert.cleared_at) == ("lobby-1", "user-7", alert.at)
    by = named.alert.acknowledged
    assert by is not None and (by.at, by.actor, by.comment) == (clock(), "user-7", "spoke to both")
    assert found(alerts) == []
    assert found(alerts, AlertState.ACKNOWLEDGED) == [named.alert]
    with pytest.raises(Conflict):
        alerts.acknowledge(alert.id, "user-8", "")


def test_a_turned_camera_raises_one_alert_until_somebody_acknowledges_it(
    transient: TransientAlerts, alerts: AlertList, site: Process, clock: Clock
) -> None:
    camera = Camera("C1", "lobby-cam", site.gates.get("lobby-1").id, b"")
    for _ in range(2):
        transient.turned(camera, 180)
        clock.advance(minutes=11)
    (alert,) = found(alerts)
    assert alert.kind is AlertKind.CAMERA_TURNED and alert.cleared_at is None
    assert alerts.acknowledge(alert.id, "user-7", "").alert.cleared_at == clock()
    assert found(alerts) == []
    transient.turned(camera, 180)
    assert len(found(alerts)) == 1


def test_acknowledgement_covers_one_alert_only(
    transient: TransientAlerts, alerts: AlertList, site: Process, meanwhile: Meanwhile
) -> None:
    gate = site.gates.get("lobby-1")
    transient.tailgating(gate, "lobby-cam")
    (first,) = found(alerts)
    meanwhile.before(AlertRows, "acknowledge", lambda: transient.tailgating(gate, "lobby-cam"))
    alerts.acknowledge(first.id, "user-7", "")
    meanwhile.results()
    (second,) = found(alerts)
    assert second.id > first.id and second.acknowledged is None


def test_concurrent_acknowledgements_name_one_user_per_alert(
    transient: TransientAlerts, alerts: AlertList, site: Process, start: Callable[[], Process], clock: Clock
) -> None:
    gate = site.gates.get("lobby-1")
    for _ in range(5):
        transient.tailgating(gate, "lobby-cam")
    ids = [alert.id for alert in found(alerts)]
    lists = [alerts, AlertList(start().store, clock)]  # the second as another process would
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda n: lists[n].acknowledge_all(ids, f"user-{n}", ""), range(2))
    assert sorted(named.alert.id for named in [*first, *second]) == sorted(ids)
    assert found(alerts) == []
    kept = {alert.id: alert.acknowledged for alert in found(alerts, AlertState.ACKNOWLEDGED)}
    assert {named.alert.id: named.alert.acknowledged for named in [*first, *second]} == kept


def test_an_alert_that_was_deleted_in_the_database_is_found(
    transient: TransientAlerts, alerts: AlertList, site: Process
) -> None:
    for _ in range(2):
        transient.tailgating(site.gates.get("lobby-1"), "lobby-cam")
    with site.store.read() as tx:
        assert list(tx.seals.flaws()) == []
    with site.store._engine.begin() as connection:
        connection.execute(text("DELETE FROM alerts WHERE id = :id"), {"id": found(alerts)[0].id})
    with site.store.read() as tx:
        assert [flaw.table for flaw in tx.seals.flaws()] == ["alerts"]


def test_short_outage_is_recorded_once(
    site: Process, start: Callable[[], Process], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = [site.store, start().store]
    own = [OwnAlerts(store, clock, new_id) for store in stores]
    kind = AlertKind.DATABASE_UNWRITABLE

    @contextmanager
    def full(*_: object) -> Iterator[None]:
        raise NotRecorded("full")
        yield

    with monkeypatch.context() as out:
        for store in stores:
            out.setattr(store, "write", full)
        for one in own:
            one.say(kind, "the disk is full")
        clock.advance(minutes=3)
        own[0].say(kind, None)  # over, and still nothing can be written
        own[1].say(kind, None)
    for one in own:
        one.say(kind, None)
    alerts = AlertList(site.store, clock)
    (outage,) = found(alerts)
    assert (outage.detail, outage.cleared_at) == ("the disk is full", clock())
    clock.advance(minutes=1)
    own[0].say(kind, "again")
    assert [alert.detail for alert in found(alerts)] == ["again", "the disk is full"]


def test_an_acknowledged_alert_lasts_as_long_as_its_cause(alerts: AlertList, site: Process, clock: Clock) -> None:
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


def test_an_alert_that_the_database_lacks_cannot_be_acknowledged(site: Process, clock: Clock) -> None:
    own = Alert(new_id(), clock(), AlertKind.DATABASE_UNWRITABLE)
    alerts = AlertList(site.store, clock, lambda: [own])
    assert found(alerts) == [own]
    with pytest.raises(Conflict, match="not taken"):
        alerts.acknowledge(own.id, "user-7", "")
    with pytest.raises(NotFound):
        alerts.acknowledge("nothing", "user-7", "")
    with pytest.raises(Conflict, match="not taken"):
        alerts.acknowledge_all([own.id], "user-7", "")


def test_mistake_is_reported_once_and_names_event_and_guard(
    transient: TransientAlerts, alerts: AlertList, site: Process
) -> None:
    event = site.decide(photo(person(0)))
    with pytest.raises(NotFound):
        transient.reported("no such event", "user-7", "wrong")
    for comment in ("  ", "a\u0000b", "x" * 201):
        with pytest.raises(BadInput):
            transient.reported(event.id, "user-7", comment)
    assert found(alerts) == []
    made = transient.reported(event.id, "user-7", " it was Ada ")
    with pytest.raises(Conflict, match="reported"):
        transient.reported(event.id, "user-8", "yes")
    (one,) = alerts.find()
    assert one.alert == made and (one.reporter, one.gate) == ("user-7", "lobby-1")
    assert (made.kind, made.detail, made.event_id, made.severity) == (
        AlertKind.REPORTED,
        "it was Ada",
        event.id,
        Severity.WARNING,
    )
    alerts.acknowledge(made.id, "admin-1", "seen")
    assert found(alerts) == [] and [a.event_id for a in found(alerts, AlertState.ALL)] == [event.id]
    assert site.recorded() == 1, "the log is whole"


def test_mistake_reported_twice_at_once_is_one_alert(
    transient: TransientAlerts, alerts: AlertList, site: Process, meanwhile: Meanwhile
) -> None:
    event = site.decide(photo(person(0)))
    meanwhile.before(AlertRows, "raise_", lambda: transient.reported(event.id, "user-8", "no"))
    transient.reported(event.id, "user-7", "wrong")
    with pytest.raises(Conflict):
        meanwhile.results()
    assert [one.actor for one in found(alerts)] == ["user-7"]


def test_erasure_empties_what_people_wrote_about_the_persons_events(
    transient: TransientAlerts, alerts: AlertList, site: Process, clock: Clock
) -> None:
    ada, _ = site.enrol("E-1", photo(person(0))), site.enrol("E-2", photo(person(1)))
    hers, attributed, evas = site.decide(photo(person(0))), site.decide(photo(person(5))), site.decide(photo(person(1)))
    corrections = Corrections(site.store, site.log, site.vault, site.signer, clock, new_id)
    corrections.add(attributed.id, CorrectionKind.WAS, ada.id, "user-7")
    for event in (hers, attributed, evas):
        made = transient.reported(event.id, "user-7", "Ada Lovelace lent Eva her badge")
        alerts.acknowledge(made.id, "admin-1", "spoke to Ada")
    site.erasure.erase(ada.id)
    left = {a.event_id: (a.detail, a.acknowledged and a.acknowledged.comment) for a in found(alerts, AlertState.ALL)}
    assert left == {
        hers.id: ("", ""),
        attributed.id: ("", ""),
        evas.id: ("Ada Lovelace lent Eva her badge", "spoke to Ada"),
    }
    assert site.recorded() == 3
    with site.store.read() as tx:
        assert list(tx.seals.flaws()) == []


def test_report_during_an_erasure_leaves_nothing_of_the_person(
    transient: TransientAlerts, alerts: AlertList, site: Process, meanwhile: Meanwhile
) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    hers = site.decide(photo(person(0)))
    meanwhile.before(EmployeeRows, "lock", lambda: transient.reported(hers.id, "user-7", "Ada again"))
    site.erasure.erase(ada.id)
    with suppress(Conflict):
        meanwhile.results()
    assert {alert.detail for alert in found(alerts, AlertState.ALL)} <= {""}


def test_erasure_of_whom_a_correction_names_during_a_report_leaves_nothing_of_the_person(
    transient: TransientAlerts, alerts: AlertList, site: Process, clock: Clock, meanwhile: Meanwhile
) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    attributed = site.decide(photo(person(5)))
    corrections = Corrections(site.store, site.log, site.vault, site.signer, clock, new_id)
    corrections.add(attributed.id, CorrectionKind.WAS, ada.id, "user-7")
    meanwhile.before(AlertRows, "raise_", lambda: site.erasure.erase(ada.id))
    with suppress(Conflict):
        transient.reported(attributed.id, "user-7", "Ada again")
    meanwhile.results()
    assert {alert.detail for alert in found(alerts, AlertState.ALL)} <= {""}


def test_erasure_during_a_report_leaves_nothing_of_the_person(
    transient: TransientAlerts, alerts: AlertList, site: Process, meanwhile: Meanwhile
) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    hers = site.decide(photo(person(0)))
    meanwhile.before(AlertRows, "raise_", lambda: site.erasure.erase(ada.id))
    with suppress(Conflict):
        transient.reported(hers.id, "user-7", "Ada again")
    meanwhile.results()
    assert {alert.detail for alert in found(alerts, AlertState.ALL)} <= {""}
