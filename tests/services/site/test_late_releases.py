"""Releases that wait for a database: none is lost, whoever adds and removes at the same time."""

from datetime import timedelta
from sys import getswitchinterval, setswitchinterval
from threading import Barrier, Thread

import pytest

from app.core.site.mode import SiteMode, SiteState
from app.services.site.late_releases import LateReleases, together
from tests.fakes import NOW


def release(at_ms: int, *gates: str) -> SiteState:
    return SiteState(SiteMode.RELEASE, NOW + timedelta(milliseconds=at_ms), f"key {at_ms}", gates)


def test_repeated_release_takes_no_room() -> None:
    late = LateReleases()
    for at_ms in range(5):
        late.add(release(at_ms, "dock"))
    assert late.all() == (release(4, "dock"),)
    late.add(release(5, "lobby"))
    late.add(release(3, "dock"))  # one that was slow
    assert late.all() == (release(4, "dock"), release(5, "lobby"))
    late.add(release(6))
    assert late.all() == (release(6),)


def test_releases_combine_their_gates_and_the_latest_time() -> None:
    both = together([release(2, "lobby"), release(1, "dock")])
    assert both == release(2, "dock", "lobby")
    assert together([release(2, "lobby"), release(1)]).gates == ()
    with pytest.raises(ValueError, match="empty"):
        together([])


def test_concurrent_add_and_remove() -> None:
    """A deque raised IndexError here: another thread appended while it compared."""
    late, go, failed = LateReleases(), Barrier(4), []

    def order(gate: int) -> None:
        go.wait(30)
        try:
            for at_ms in range(500):
                one = release(at_ms, f"gate {gate}")
                late.add(one)
                assert any(kept.gates == one.gates for kept in late.all())
                late.remove([one])
            late.add(release(1000, f"gate {gate}"))
        except Exception as error:
            failed.append(error)

    threads = [Thread(target=order, args=(gate,)) for gate in range(4)]
    before = getswitchinterval()
    setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        setswitchinterval(before)
    assert failed == []
    assert sorted(one.gates[0] for one in late.all()) == [f"gate {gate}" for gate in range(4)]
