"""What every gate owes, whatever drives it: never late, never twice, never longer than the window, safe when left."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.adapters.gates.build import check_config
from app.core.gates.commands import CommandOutcome, DoorState, DriverKind
from tests.adapters.gates.conftest import Build
from tests.adapters.gates.peers import Peer, command, drivers_threads
from tests.waiting import eventually, never

DONE = {CommandOutcome.OPENED, CommandOutcome.SENT, CommandOutcome.DRY_RUN}
GRACE_S = 2.0


def expected(peer: Peer, *event_ids: str) -> list[str]:
    return ["release"] * len(event_ids) if peer.kind == "serial" else list(event_ids)


def test_command_opens_once(peer: Peer, build: Build) -> None:
    driver, order = build(peer), command()
    assert driver.open(order).outcome in DONE
    eventually(lambda: peer.opened == expected(peer, order.event_id))
    never(lambda: len(peer.opened) > 1)


def test_repeated_event_is_not_sent_twice_and_returns_the_same_result(peer: Peer, build: Build) -> None:
    driver, order = build(peer), command()
    with ThreadPoolExecutor(4) as several:
        results = list(several.map(driver.open, [order] * 4))
    assert len(set(results)) == 1
    assert results[0].outcome in DONE
    eventually(lambda: peer.opened)
    never(lambda: len(peer.opened) > 1)


def test_concurrent_commands_are_serialised(peer: Peer, build: Build) -> None:
    driver, orders = build(peer), [command(3) for _ in range(4)]
    with ThreadPoolExecutor(4) as several:
        results = list(several.map(driver.open, orders))
    assert {r.outcome for r in results} <= DONE
    eventually(lambda: sorted(peer.opened) == expected(peer, *sorted(o.event_id for o in orders)))


def test_late_command_is_never_sent(peer: Peer, build: Build) -> None:
    driver = build(peer)
    assert driver.open(command(1, age_s=1.001)).outcome is CommandOutcome.TOO_LATE
    never(lambda: peer.opened)


def test_hanging_device_blocks_no_longer_than_the_window_and_opens_nothing_later(peer: Peer, build: Build) -> None:
    driver = build(peer)
    peer.hang()
    began = time.monotonic()
    first = driver.open(command(0.4))
    took_s = time.monotonic() - began
    behind = driver.open(command(0.3, age_s=0.3))
    peer.go_on()
    assert took_s < 0.4 + GRACE_S
    if peer.kind == "dry_run":
        return
    assert first.outcome is CommandOutcome.FAILED
    assert first.detail
    assert behind.outcome is CommandOutcome.TOO_LATE
    if peer.kind != "mqtt":
        never(lambda: peer.opened, 0.4)
    eventually(lambda: driver.healthy() is None)


def test_command_queued_behind_a_hanging_one_expires(peer: Peer, build: Build) -> None:
    driver = build(peer)
    if peer.kind == "dry_run":
        pytest.skip("it never hangs")
    peer.hang()
    with ThreadPoolExecutor(2) as several:
        ahead = several.submit(driver.open, command(0.5))
        eventually(lambda: driver._turns._turn.locked())  # type: ignore[attr-defined]  # not of the port
        behind = several.submit(driver.open, command(0.2))
        assert behind.result().outcome is CommandOutcome.TOO_LATE
        assert ahead.result().outcome is CommandOutcome.FAILED
    peer.go_on()


@pytest.mark.parametrize("fail_mode", ["secure", "safe"])
def test_close_leaves_the_gate_in_its_fail_mode(peer: Peer, build: Build, fail_mode: str) -> None:
    if (peer.kind, fail_mode) == ("osdp", "safe"):
        pytest.skip("the panel holds the lock: refused by the config")
    driver = build(peer, fail_mode=fail_mode)
    assert driver.open(command()).outcome in DONE
    driver.close()
    driver.close()
    if peer.kind != "osdp":
        eventually(lambda: peer.mode == ("release" if fail_mode == "safe" else "secure"))
    assert driver.open(command()).outcome is CommandOutcome.FAILED
    assert driver.release(True).outcome is CommandOutcome.FAILED
    assert driver.healthy() == "the driver is closed"
    assert drivers_threads() == []


def test_gate_taken_by_another_process_receives_nothing(peer: Peer, build: Build) -> None:
    if peer.kind in ("osdp", "serial"):
        pytest.skip("who has the line is the only one to say anything")
    driver = build(peer, fail_mode="safe")
    successor = build(peer, fail_mode="safe") if peer.kind != "dry_run" else None
    driver.close(set_mode=False)
    never(lambda: peer.mode != "secure", 0.5)
    assert driver.open(command()).outcome is CommandOutcome.FAILED
    assert successor is None or successor.open(command()).outcome in DONE


def test_emergency_release_outlasts_the_process(peer: Peer, build: Build) -> None:
    driver = build(peer)
    if peer.kind == "osdp":
        assert driver.release(True).outcome is CommandOutcome.FAILED
        return
    for active in (True, False, True):
        assert driver.release(active).outcome in DONE
        eventually(lambda active=active: peer.mode == ("release" if active else "secure"))
    before = len(peer.opened)
    assert driver.open(command()).outcome in DONE
    assert peer.kind == "dry_run" or len(peer.opened) == before
    driver.close()
    never(lambda: peer.mode != "release")


def test_restart_during_a_release_does_not_lock(peer: Peer, build: Build) -> None:
    if peer.kind == "osdp":
        pytest.skip("the panel holds the lock")
    build(peer, released=True)
    assert getattr(peer, "told", ["release"]) == ["release"]
    never(lambda: peer.mode != "release")


def test_errors_contain_no_secret(peer: Peer, build: Build, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    driver = build(peer)
    peer.hang()
    words = [repr(driver), repr(vars(driver)), repr(check_config(DriverKind(peer.kind), peer.config))]
    words += [repr(driver.open(command(0.2))), str(driver.healthy())]
    peer.go_on()
    words += [repr(driver.open(command())), caplog.text]
    assert peer.kind in ("dry_run", "serial") or peer.secrets
    for secret in peer.secrets:
        assert secret not in "".join(words)


def test_failing_listener_stops_nothing(peer: Peer, build: Build, states: list[DoorState]) -> None:
    driver = build(peer)
    if hasattr(driver, "_reporter"):
        driver._reporter._on_state = lambda _: 1 / 0
    assert driver.open(command()).outcome in DONE
    assert driver.open(command()).outcome in DONE
