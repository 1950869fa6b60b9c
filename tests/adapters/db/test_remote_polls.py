"""Remote polls between processes, as the port promises them, on both databases: answered or withdrawn, never both."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.db.store import SqlStore
from app.core.gates.commands import RemotePoll
from app.core.gates.gate import Gate

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
WAIT = timedelta(seconds=30)  # for the threads of a busy machine


def poll(number: int, gate_id: str = "01G", until_s: float = 1, key: str | None = None) -> RemotePoll:
    at = NOW + timedelta(milliseconds=number)
    return RemotePoll(f"{number:02}Q", gate_id, at, NOW + timedelta(seconds=until_s), key)


@pytest.fixture
def site(store: SqlStore) -> SqlStore:
    with store.write() as tx:
        tx.gates.add(Gate("01G", "lobby-1", created_at=NOW))
        tx.gates.add(Gate("02G", "dock", created_at=NOW))
    return store


def test_waiting_polls_are_listed_oldest_first(site: SqlStore) -> None:
    first, second, other = poll(1, key="a key"), poll(2), poll(3, "02G")
    with site.write() as tx:
        for one in (second, other, first, poll(4, until_s=0.5)):
            tx.remote_polls.put(one)
    with site.read() as tx:
        late = NOW + timedelta(seconds=0.5)  # what ends now is over
        assert tx.remote_polls.waiting(["01G"], late) == [first, second]
        assert tx.remote_polls.waiting(["01G", "02G"], late) == [first, second, other]
        assert tx.remote_polls.waiting([], NOW) == []
    with site.write() as tx:
        assert tx.remote_polls.answer(first.id, "01E")
        assert not tx.remote_polls.answer(first.id, "02E"), "one answer"
        assert not tx.remote_polls.answer("unknown", "02E")
        assert tx.remote_polls.waiting(["01G"], late) == [second]
        assert tx.remote_polls.answered(first.id) == "01E" and tx.remote_polls.answered(second.id) is None


def test_withdrawal_returns_an_earlier_answer(site: SqlStore) -> None:
    answered, open_ = poll(1), poll(2)
    with site.write() as tx:
        tx.remote_polls.put(answered)
        tx.remote_polls.put(open_)
        tx.remote_polls.answer(answered.id, "01E")
    with site.write() as tx:
        assert tx.remote_polls.withdraw(answered.id) == "01E"
        assert tx.remote_polls.withdraw(open_.id) is None
        assert tx.remote_polls.withdraw(open_.id) is None
        assert not tx.remote_polls.answer(open_.id, "01E")


def test_old_polls_and_polls_of_deleted_gates_are_removed(site: SqlStore) -> None:
    with site.write() as tx:
        tx.remote_polls.put(poll(1))
        tx.remote_polls.put(poll(2, "02G", until_s=2))
        tx.remote_polls.answer("02Q", "01E")
        tx.remote_polls.forget(NOW + timedelta(seconds=1))
        assert tx.remote_polls.waiting(["01G"], NOW), "ends now, and is not over before"
        tx.remote_polls.forget(NOW + timedelta(seconds=1.001))
        assert tx.remote_polls.waiting(["01G"], NOW) == [] and tx.remote_polls.answered("02Q") == "01E"


def test_answer_and_withdrawal_exclude_each_other(site: SqlStore) -> None:
    rounds = 20
    with site.write() as tx:
        for number in range(rounds):
            tx.remote_polls.put(poll(number))
    start = threading.Barrier(2)
    answered: dict[int, bool] = {}
    withdrawn: dict[int, str | None] = {}

    def answer() -> None:
        for number in range(rounds):
            start.wait()
            with site.write(WAIT) as tx:
                answered[number] = tx.remote_polls.answer(poll(number).id, "01E")

    def withdraw() -> None:
        for number in range(rounds):
            start.wait()
            with site.write(WAIT) as tx:
                withdrawn[number] = tx.remote_polls.withdraw(poll(number).id)

    threads = [threading.Thread(target=work) for work in (answer, withdraw)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [withdrawn[n] == "01E" for n in range(rounds)] == [answered[n] for n in range(rounds)]


def test_withdrawal_waits_for_an_answer_in_progress(site: SqlStore, database: str) -> None:
    """Whoever gives up meanwhile learns of it; an answer that is rolled back was none."""
    if database != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    found: list[str | None] = []

    def withdraw() -> None:
        with site.write(WAIT) as tx:
            found.append(tx.remote_polls.withdraw("01Q"))

    with site.write(WAIT) as tx:
        tx.remote_polls.put(poll(1))
    with site.write(WAIT) as tx:
        assert tx.remote_polls.answer("01Q", "01E")
        thread = threading.Thread(target=withdraw)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()
    assert found == ["01E"]
