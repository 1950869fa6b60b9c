"""The quality of a site's recognition: counted over its own events, beside what was measured for the pack."""

import pytest

from app.core.cameras.camera import Camera
from app.core.events.histograms import buckets_of
from app.core.gates.gate import Gate
from app.core.recognition.measured import MeasuredRate, Share
from app.core.types import Employee, Reason
from app.services.events.quality import Quality
from tests.fakes import Clock, decided, new_id, person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database
HALF = Share(0.5, 0.4, 0.6)
TABLE = [MeasuredRate(rate, 100, 3, HALF, HALF, 100, 100) for rate in (0.01, 0.001)]


def test_site_without_traffic_gets_shares_of_a_thousand(site: Process, clock: Clock) -> None:
    found = Quality(site.store, clock, TABLE, lambda: 0).look()
    assert found.traffic.days == 0 and found.cameras == found.people == [] and found.corrections == {}
    assert [round(choice.let_in_a_year.value) for choice in found.choices] == [500, 500]
    assert [round(choice.turned_away_a_day.value) for choice in found.choices] == [500, 500]
    assert Quality(site.store, clock, (), lambda: 0).look().choices == []


@pytest.mark.both_databases
def test_cameras_and_people_are_compared_by_their_events(site: Process, clock: Clock) -> None:
    ada, eva = site.enrol("E-1", photo(person(0))), site.enrol("E-2", photo(person(1)))
    with site.store.write() as tx:
        gate = tx.gates.all()[0]
        for name in ("dark", "bright"):
            tx.cameras.add(Camera(name, name, gate.id, b""))
    for number in range(24):
        clock.advance(minutes=2)
        seen(site, gate, clock, Reason.RECOGNISED, "bright", (ada, eva)[number % 2], 0.8)
        seen(site, gate, clock, Reason.NOT_RECOGNISED, "dark", None, 0.3)
    # Whom a guard let in by hand is named, and stands beside their own openings
    by_hand = site.by_hand()
    for _ in range(15):
        clock.advance(minutes=2)
        by_hand.open("lobby-1", "not recognised again", "user-7", employee_id=ada.id)
    found = Quality(site.store, clock, TABLE, lambda: 2).look()
    assert (found.traffic.recognised, found.traffic.unrecognised, found.traffic.days) == (24, 24, 1)
    assert [(one.name, one.own.count, one.own.of, one.stands_out) for one in found.cameras] == [
        ("dark", 24, 24, True),
        ("bright", 0, 24, False),
    ]
    assert found.accepted == {40: 24} and found.refused == {15: 24}
    (one,) = found.people
    assert (one.name, one.own.count, one.own.of) == (ada.id, 15, 27)
    assert (one.rest.count, one.rest.of, one.stands_out) == (0, 12, False), "too few others to compare with"


def seen(
    site: Process, gate: Gate, clock: Clock, reason: Reason, camera: str, employee: Employee | None, similarity: float
) -> None:
    answer = decided(gate, new_id(), reason, clock(), employee, camera=camera, similarity=similarity)
    with site.store.write() as tx:
        site.log.append(tx, answer, None)
        tx.histograms.add(buckets_of(answer))
