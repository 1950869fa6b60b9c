"""The web hook with a relay that fails in every way a relay fails: slow, broken, gone, sending elsewhere, dripping."""

import threading
import time
from collections.abc import Iterator

import pytest

from app.adapters.net import http_exchange
from app.core.gates.commands import CommandOutcome, DoorState
from tests.adapters.gates.conftest import Build
from tests.adapters.gates.peers import closing, command, free_port
from tests.adapters.gates.relays.relay import HttpRelay
from tests.waiting import eventually, never


@pytest.fixture
def relay() -> Iterator[HttpRelay]:
    with closing(HttpRelay()) as relay:
        yield relay


class Nobody:
    """A port where nobody listens."""

    kind = "webhook"

    def __init__(self) -> None:
        self.port = free_port()
        self.config = {"gate": "lobby-1", "url": f"http://127.0.0.1:{self.port}/", "secret": "x" * 16}


def opens(relay: HttpRelay) -> list[dict[str, object]]:
    return [r for r in relay.requests if r["command"] == "open"]


def test_relay_that_confirms_opened_and_one_that_does_not(relay: HttpRelay, build: Build) -> None:
    driver = build(relay)
    assert driver.open(command()).outcome is CommandOutcome.OPENED
    relay.state = "closed"
    assert driver.open(command()).outcome is CommandOutcome.SENT


def test_posted_body(relay: HttpRelay, build: Build) -> None:
    order = command()
    build(relay).open(order)
    assert opens(relay) == [
        {
            "event_id": order.event_id,
            "gate": "lobby-1",
            "command": "open",
            "at": order.at.isoformat(),
            "until": order.until.isoformat(),
        }
    ]


def test_door_state_in_a_response_is_reported_once_per_change(
    relay: HttpRelay, build: Build, states: list[DoorState]
) -> None:
    driver = build(relay)
    for relay.state in ("open", "open", "held", "held", "nonsense", "closed"):
        driver.open(command())
    assert states[-4:] == [DoorState.OPEN, DoorState.HELD, DoorState.HELD, DoorState.CLOSED]


@pytest.mark.parametrize("script", [["500"], ["503", "429", "500"], ["garbage"]])
def test_relay_that_recovers_within_the_window_opens(relay: HttpRelay, build: Build, script: list[str]) -> None:
    driver = build(relay)
    relay.script.extend(script)
    order = command(2)
    assert driver.open(order).outcome is CommandOutcome.OPENED
    assert relay.opened == [order.event_id]
    assert len(opens(relay)) == len(script) + 1
    assert {r["event_id"] for r in opens(relay)} == {order.event_id}


def test_relay_that_does_not_recover_fails_at_the_window_s_end(relay: HttpRelay, build: Build) -> None:
    driver = build(relay)
    relay.script.extend(["500"] * 50)
    began = time.monotonic()
    result = driver.open(command(0.4))
    assert time.monotonic() - began < 2  # all fifty take longer
    assert (result.outcome, result.detail) == (CommandOutcome.FAILED, "the relay answered 500")
    relay.script.clear()
    never(lambda: relay.opened)


@pytest.mark.parametrize("status", ["400", "401", "404"])
def test_refusal_is_not_retried(relay: HttpRelay, build: Build, status: str) -> None:
    driver = build(relay)
    relay.script.append(status)
    assert driver.open(command()).outcome is CommandOutcome.FAILED
    assert len(opens(relay)) == 1


def test_redirect_is_not_followed(relay: HttpRelay, build: Build) -> None:
    driver = build(relay)
    relay.script.append("302")
    result = driver.open(command())
    assert (result.outcome, relay.elsewhere) == (CommandOutcome.FAILED, 0)
    assert "elsewhere" in result.detail


def test_slow_dripping_response_blocks_nobody(relay: HttpRelay, build: Build) -> None:
    """Each byte comes in time; their sum does not."""
    driver = build(relay)
    relay.script.append("drip")
    began = time.monotonic()
    assert driver.open(command(0.5)).outcome is CommandOutcome.FAILED
    assert time.monotonic() - began < 3  # it drips for five


def test_dripping_answer_to_one_mode_does_not_hold_up_the_next(relay: HttpRelay, build: Build) -> None:
    relay.script.append("drip")
    driver = build(relay, ready=False, timeout_s=0.2)
    eventually(lambda: relay.requests)
    driver.release(True)
    eventually(lambda: relay.mode == "release", seconds=4)  # it drips for five


def test_wrong_secret_opens_nothing(relay: HttpRelay, build: Build) -> None:
    driver = build(relay, ready=False, secret="not what the relay knows")
    assert driver.open(command()).detail == "the relay answered 401"
    assert driver.healthy() == "the relay answered 401"
    assert relay.opened == []


def test_closed_port_is_retried_until_it_opens(build: Build) -> None:
    nobody = Nobody()
    driver = build(nobody, ready=False)
    result = driver.open(command(0.3))
    assert (result.outcome, result.detail) == (CommandOutcome.FAILED, "connection refused")
    assert driver.healthy() == "connection refused"
    released = driver.release(True)
    assert (released.outcome, released.detail) == (
        CommandOutcome.FAILED,
        "release is not delivered yet, still trying: connection refused",
    )
    with closing(HttpRelay(nobody.port)) as relay:
        relay._seen = set()
        eventually(lambda: opens(relay) or relay.requests)
        assert [r["command"] for r in relay.requests] == ["release"]
        never(lambda: opens(relay))
        driver.close()


def test_dead_relay_is_noticed_without_a_command(relay: HttpRelay, build: Build) -> None:
    driver = build(relay)
    relay._server.shutdown()
    relay._server.socket.close()
    eventually(lambda: driver.healthy() == "connection refused")
    relay._server.server_close()


def test_name_that_does_not_resolve_in_time_sends_nothing_later(
    relay: HttpRelay, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = build(relay)

    answered, resolved = threading.Event(), threading.Event()

    def slowly(host: str, port: int, **_: object) -> list[str]:
        answered.wait(30)
        resolved.set()
        return [host]

    monkeypatch.setattr(http_exchange, "allowed", slowly)
    assert driver.open(command(0.2)).outcome is CommandOutcome.FAILED
    assert not resolved.is_set()
    answered.set()
    eventually(resolved)
    never(lambda: opens(relay))


def test_hostname_resolving_to_a_metadata_service_is_refused(
    relay: HttpRelay, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = build(relay)
    metadata = [(2, 1, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: metadata)
    result = driver.open(command())
    assert result.outcome is CommandOutcome.FAILED
    assert "metadata" in result.detail


def test_release_does_not_wait_behind_a_hanging_opening(relay: HttpRelay, build: Build) -> None:
    from concurrent.futures import ThreadPoolExecutor

    driver = build(relay)
    relay.script.append("drip")
    with ThreadPoolExecutor(1) as other:
        opening = other.submit(driver.open, command(3))
        eventually(lambda: opens(relay))
        assert driver.release(True).outcome is CommandOutcome.SENT
        assert not opening.done()
        assert relay.mode == "release"


def test_relay_that_forgets_a_release_receives_it_again_and_never_its_end(
    relay: HttpRelay, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.gates.http.webhook.RELEASE_AGAIN_S", 0.3)
    driver = build(relay, probe_s=0)
    never(lambda: len(relay.requests) > 1, 0.8)
    driver.release(True)
    relay.mode = None  # it was without power for a moment
    eventually(lambda: relay.mode == "release")
    relay.script.extend(["500", "500"])
    relay.mode = None
    eventually(lambda: driver.healthy() == "the relay answered 500")
    eventually(lambda: relay.mode == "release" and driver.healthy() is None)
    driver.release(False)
    assert relay.mode == "secure"
    told = len(relay.requests)
    never(lambda: len(relay.requests) > told, 0.8)
