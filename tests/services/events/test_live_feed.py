"""What a look at the database finds is told once: also where the database drops in the middle of that look."""

from collections.abc import Iterable
from itertools import count

import pytest

from app.adapters.db.repositories.gates import GateResultRows
from app.core.errors import NotRecorded
from app.core.gates.result import GateResultRow
from app.services.events.live_feed import LiveFeed
from tests.fakes import Clock, person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database


@pytest.fixture
def feed(site: Process, clock: Clock) -> LiveFeed:
    feed = LiveFeed(site.store, site.events, clock)
    site.enrol("E-1", photo(person(0)))
    feed.begin()
    return feed


def told(feed: LiveFeed) -> list[tuple[str, str]]:
    return [(news.kind, news.data["decision_id"]) for news in feed.passages()]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_next_query_returns_the_decisions_of_one_that_failed(
    site: Process, feed: LiveFeed, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    made = [site.decide(photo(person(axis))).id for axis in (0, 1)]
    calls, real = count(), GateResultRows.of

    def gone(rows: GateResultRows, event_ids: Iterable[str]) -> dict[str, GateResultRow]:
        if next(calls) == which:
            raise NotRecorded("the database failed")
        return real(rows, event_ids)

    with monkeypatch.context() as patch:
        patch.setattr(GateResultRows, "of", gone)
        with pytest.raises(NotRecorded):
            feed.passages()
    assert told(feed) == [("decision", event_id) for event_id in made] and told(feed) == []
