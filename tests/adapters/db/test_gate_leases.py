"""How processes share gates, as the ports promise it, on both databases: threads and processes race for a gate."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.db.store import SqlStore
from app.core.errors import NotRecorded
from app.core.gates.commands import Order
from app.core.gates.gate import Gate

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LEASE = timedelta(seconds=10)
WAIT = timedelta(seconds=30)  # for the threads of a busy machine


@pytest.fixture
def site(store: SqlStore) -> SqlStore:
    with store.write() as tx:
        tx.gates.add(Gate("01G", "lobby-1", created_at=NOW))
        tx.gates.add(Gate("02G", "dock", created_at=NOW))
    return store


def test_lease_has_one_holder_until_it_expires(site: SqlStore) -> None:
    def take(holder: str, after_s: float) -> bool:
        now = NOW + timedelta(seconds=after_s)
        with site.write() as tx:
            return tx.leases.take("01G", holder, now, now + LEASE)

    assert take("a", 0) is True
    assert take("b", 1) is False
    assert take("a", 5) is True, "the holder renews"
    assert take("b", 14.999) is False, "renewed until 15 s"
    assert take("b", 15) is True, "what ends now is over"
    assert take("a", 15) is False, "who was late does not renew"
    with site.read() as tx:
        assert tx.leases.holders() == {"01G": ("b", NOW + timedelta(seconds=25))}


def test_holder_gives_up_only_its_own_leases(site: SqlStore) -> None:
    with site.write() as tx:
        assert tx.leases.take("01G", "a", NOW, NOW + LEASE)
        assert tx.leases.take("02G", "b", NOW, NOW + LEASE)
        tx.leases.give_up("a")
        tx.leases.give_up("nobody")
        assert tx.leases.holders() == {"02G": ("b", NOW + LEASE)}
        assert tx.leases.take("01G", "b", NOW, NOW + LEASE)


def test_lease_of_a_deleted_gate_is_refused_and_the_transaction_continues(site: SqlStore) -> None:
    with site.write() as tx:
        assert tx.leases.take("deleted", "a", NOW, NOW + LEASE) is False
        assert tx.leases.take("01G", "a", NOW, NOW + LEASE) is True


def test_one_of_several_racing_threads_gets_the_lease(site: SqlStore) -> None:
    start, won = threading.Barrier(8), []

    def race(holder: str) -> None:
        for round_ in range(5):
            now = NOW + round_ * LEASE  # each round the lease has just expired
            start.wait()
            with site.write(WAIT) as tx:
                if tx.leases.take("01G", holder, now, now + LEASE):
                    won.append((round_, holder))

    threads = [threading.Thread(target=race, args=(f"worker-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(round_ for round_, _ in won) == [0, 1, 2, 3, 4]
    with site.read() as tx:
        assert tx.leases.holders()["01G"] == (dict(won)[4], NOW + 5 * LEASE)


def test_lease_being_taken_is_waited_for(site: SqlStore, database: str) -> None:
    """Whoever comes second, before the first has committed, neither wins nor fails."""
    if database != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    second: list[bool] = []

    def take() -> None:
        with site.write(WAIT) as tx:
            second.append(tx.leases.take("01G", "b", NOW, NOW + LEASE))

    with site.write(WAIT) as tx:
        assert tx.leases.take("01G", "a", NOW, NOW + LEASE)
        thread = threading.Thread(target=take)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()
    assert second == [False]


RACER = """
import sys
from datetime import datetime, timedelta
from tests.stores import open_store

url, holder = sys.argv[1:]
now, lease, wait = datetime.fromisoformat("2026-11-23T08:00:00+00:00"), timedelta(seconds=10), timedelta(seconds=30)
store = open_store(url)
with store.read() as tx:
    gates = [gate.id for gate in tx.gates.all()]
print("ready", flush=True)
sys.stdin.readline()
for round_ in range(40):
    at = now + round_ * lease
    for gate in gates:
        with store.write(wait) as tx:
            if tx.leases.take(gate, holder, at, at + lease):
                print(round_, gate, flush=True)
store.close()
"""


def test_two_processes_never_share_a_gate(site: SqlStore, database_url: str) -> None:
    """Both go through the same rounds; whenever one wins, the other must not have won the same round."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, database_url, holder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for holder in ("a", "b")
    ]
    for process in processes:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=60) for process in processes]
    assert [(process.returncode, errors) for process, (_, errors) in zip(processes, ended, strict=True)] == [
        (0, "")
    ] * 2
    won = [line for output, _ in ended for line in output.splitlines()]
    assert len(won) == len(set(won)), "a round of a gate was won twice"
    # A process that falls a round behind finds a lease that ends later than its own time: nobody wins that one twice.
    assert {"39 01G", "39 02G"} <= set(won)


def test_read_takes_no_lease(site: SqlStore) -> None:
    with pytest.raises(NotRecorded), site.read() as tx:
        tx.leases.take("01G", "a", NOW, NOW + LEASE)


def test_process_that_gives_up_some_gates_keeps_the_others(site: SqlStore) -> None:
    with site.write() as tx:
        assert tx.leases.take("01G", "a", NOW, NOW + LEASE) and tx.leases.take("02G", "a", NOW, NOW + LEASE)
        tx.leases.give_up("a", {"01G"})
        tx.leases.give_up("a", ())
        tx.leases.give_up("b", {"02G"})
        assert tx.leases.holders() == {"02G": ("a", NOW + LEASE)}


def test_watchers_are_listed_with_their_gates(site: SqlStore) -> None:
    with site.write() as tx:
        tx.watchers.arrive("a", (), NOW + LEASE)
        tx.watchers.arrive("b", ("dock",), NOW + LEASE)
        tx.watchers.arrive("b", ("dock", 'a "quoted" one'), NOW + 2 * LEASE)
        tx.watchers.arrive("c", (), NOW + LEASE)
        tx.watchers.leave("c")
        assert tx.watchers.present() == {"a": (), "b": ("dock", 'a "quoted" one')}
        assert tx.watchers.all() == {"a": NOW + LEASE, "b": NOW + 2 * LEASE}
        tx.watchers.forget(NOW + LEASE)
        assert list(tx.watchers.present()) == ["b"]


def test_orders_are_taken_once_oldest_first_and_expire(site: SqlStore) -> None:
    first = Order("01E", "01G", "01P", NOW, NOW + LEASE)
    second = Order("02E", "01G", None, NOW + timedelta(seconds=1), NOW + LEASE)
    other = Order("03E", "02G", None, NOW, NOW + LEASE)
    with site.write() as tx:
        for order in (second, other, first):
            tx.orders.put(order)
    with site.write() as tx:
        assert tx.orders.waiting(["01G"]) and not tx.orders.waiting([])
        assert tx.orders.take(["01G"]) == [first, second]
        assert tx.orders.take(["01G"]) == [] and not tx.orders.waiting(["01G"])
        tx.orders.forget(NOW + LEASE)
        assert tx.orders.waiting(["02G"]), "ends now, and is not over before"
        tx.orders.forget(NOW + LEASE + timedelta(milliseconds=1))
        assert not tx.orders.waiting(["02G"])
