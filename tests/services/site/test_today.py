"""Today beside the same day last week, and what people need; what a new site lacks is read from the same place."""

from datetime import UTC, timedelta

from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.people.details import Details
from app.core.site.first_hour import SiteFacts
from app.core.types import Reason, Role
from app.services.access.credentials.credential_book import CredentialBook
from app.services.site.first_hour import FIRST_KEY, FirstHour
from app.services.site.today import Count, Today, TodayService
from tests.fakes import Clock, empty, like, new_id, person, photo
from tests.services.process import Process

DAY = timedelta(days=1)


def today(site: Process, clock: Clock) -> Today:
    midnight = clock().replace(hour=0, minute=0, second=0, microsecond=0)
    return TodayService(site.store, site.events).read(midnight, midnight - 7 * DAY, clock())


def test_today_is_compared_with_the_same_hours_last_week(site: Process, clock: Clock) -> None:
    site.enrol("E-1", photo(person(0)))
    now = clock()
    clock.now = now - 7 * DAY - timedelta(minutes=5)
    site.decide(photo(person(0)))
    site.decide(photo(like(0, 0.25)))
    clock.now = now - 7 * DAY + timedelta(minutes=5)  # later than now, a week ago
    site.decide(photo(like(0, 0.25)))
    clock.now = now - 3 * DAY
    site.decide(photo(like(0, 0.25)))
    clock.now = now
    site.decide(photo(like(0, 0.25)))
    site.decide(empty())
    site.decide(empty())
    found = today(site, clock)
    assert (found.opened, found.denied) == (Count(0, 1), Count(3, 1))
    assert found.refused == ((Reason.NO_FACE, Count(2, 0)), (Reason.NOT_RECOGNISED, Count(1, 1)))
    assert found.unread == found.refused and found.let_in == ()


def test_who_was_let_in_after_a_refusal_is_named(site: Process, clock: Clock) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    refused = site.decide(photo(like(0, 0.25)))
    by_hand = site.by_hand()
    opened = by_hand.open("lobby-1", "I know her", "user-7", refused.id, ada.id)
    by_hand.open("lobby-1", "a parcel", "user-7")
    (one,) = today(site, clock).let_in
    assert (one.event_id, one.employee_id, one.gate) == (opened.id, ada.id, "lobby-1")
    assert one.reason is Reason.NOT_RECOGNISED, "why the gate refused"
    assert today(site, clock).opened == Count(0, 0), "an order is no decision of the gate"


def test_people_who_need_something(site: Process, clock: Clock) -> None:
    site.enrol("E-1", photo(person(0)))
    site.enrol("E-2", photo(person(1)), photo(like(1, 0.9)))
    day = clock().astimezone(UTC).date()
    for number, ends in (("E-3", day), ("E-4", day + 14 * DAY), ("E-5", day + 15 * DAY), ("E-6", day - DAY)):
        added = site.enrolment.add(Details(number, f"Employee {number}", valid_until=ends))
    badges = CredentialBook(site.store, site.vault, clock, new_id)
    assert TodayService(site.store, site.events).due(day).unknown == 4
    badges.give(added.id, Badge(26, 4711), CardFormat.RAW, "U1")  # a badge is as good as a photo
    due = TodayService(site.store, site.events).due(day)
    assert (due.unknown, due.one_photo, due.ending_count) == (3, 1, 2)
    assert [one.number for one in due.ending] == ["E-3", "E-4"]


def test_what_a_new_site_lacks_is_read_from_its_state(site: Process) -> None:
    first = FirstHour(site.store)
    assert first.facts(lambda tx: 0) == SiteFacts(named=False, gates=1, driven=0, eyes=0, enrolled=0, passed=False)
    site.keys.create(Role.GATE, "lobby-1")
    site.enrol("E-1", photo(person(0)))
    site.decide(photo(person(0)))
    assert first.facts(lambda tx: 1) == SiteFacts(named=False, gates=1, driven=1, eyes=1, enrolled=1, passed=True)


def test_first_starts_key_is_known_until_it_is_revoked_or_named(site: Process) -> None:
    first = FirstHour(site.store)
    assert first.key() is None
    _, key = site.keys.create(Role.ADMIN, name=FIRST_KEY)
    assert first.key() == key
    site.keys.rename(key.id, "the nightly script")
    assert first.key() is None
    _, second = site.keys.create(Role.ADMIN, name=FIRST_KEY)
    site.keys.revoke(second.id)
    assert first.key() is None
