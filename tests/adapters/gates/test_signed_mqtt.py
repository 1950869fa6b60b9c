"""Signed commands, and a relay that checks them with the reference verifier. What is forged, old or another's is not
obeyed and raises an alert, and the mode that holds is published again."""

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from app.adapters.gates.build import build_driver
from app.adapters.gates.relay_verifier import LAST_WILL, MqttVerifier, WebhookVerifier, mqtt_text, signature_of
from app.core.gates.commands import FOREIGN, CommandOutcome, DriverKind
from tests.adapters.gates.conftest import FLAVOURS, Build
from tests.adapters.gates.peers import answered, closing, command, free_port, now
from tests.adapters.gates.relays.brokers import Broker, MqttPeer, mosquitto
from tests.adapters.gates.relays.driver_program import DRIVER, ROOT
from tests.adapters.gates.relays.relay import SECRET, HttpRelay
from tests.waiting import eventually, never


class SignedRelay(MqttPeer):
    """obeyed: what it did, in order. refused: payloads that it did not obey."""

    def __init__(self, broker: Broker, **more: str) -> None:
        self.obeyed: list[str] = []
        self.refused: list[bytes] = []
        self.payloads: dict[str, list[bytes]] = {"command": [], "mode": []}
        self.verifier = MqttVerifier(SECRET, "lobby-1")
        super().__init__(broker, **more)
        self.config["secret"] = SECRET
        self.secrets = (*self.secrets, SECRET)

    @property
    def mode(self) -> str | None:
        modes = [done for done in self.obeyed if done != "open"]
        return modes[-1] if modes else None

    def restart(self) -> None:
        """A loss of power: it remembers only what it kept."""
        self.verifier = MqttVerifier(SECRET, "lobby-1", seen=self.verifier.remembered())

    def inject(self, topic: str, payload: bytes | str, retain: bool = False) -> None:
        self._client.publish(f"{self._prefix}/{topic}", payload, qos=1, retain=retain).wait_for_publish(5)

    def _take(self, message: paho.MQTTMessage) -> None:
        topic, payload = message.topic.removeprefix(self._prefix + "/"), bytes(message.payload)
        if topic not in self.payloads or not payload:
            return
        self.payloads[topic].append(payload)
        mode = "open" if topic == "command" and self.verifier.opens(payload) else None
        mode = self.verifier.mode(payload) if topic == "mode" else mode
        if mode is None:
            self.refused.append(payload)
        else:
            self.obeyed.append(mode)


@pytest.fixture(params=FLAVOURS)
def relay(request: pytest.FixtureRequest, brokers: dict[str, Broker]) -> Iterator[SignedRelay]:
    with closing(SignedRelay(brokers[request.param])) as relay:
        yield relay


def altered(payload: bytes, **changes: object) -> str:
    return json.dumps({**json.loads(payload), **changes})


def test_signed_command_is_obeyed_once(relay: SignedRelay, build: Build) -> None:
    driver = build(relay)
    for _ in range(2):
        assert driver.open(command()).outcome is CommandOutcome.SENT
    driver.release(True)
    driver.release(False)
    eventually(lambda: relay.obeyed.count("open") == 2 and relay.mode == "secure")
    # A gate has one driver at a time. This one may still be connecting anew for its last will, and would then be a
    # stranger to the next.
    driver.close()
    relay.restart()
    again = build(relay)
    again.open(command())
    eventually(lambda: relay.obeyed.count("open") == 3)
    assert relay.refused == []


FORGED: dict[str, Callable[[bytes], str | bytes]] = {
    "without a signature": lambda _: json.dumps({"gate": "lobby-1", "command": "open", "event_id": "x"}),
    "with another end": lambda sent: altered(sent, until="2099-01-01T00:00:00+00:00", number=99),
    "with a signature of nothing": lambda sent: altered(sent, signature="", number=99),
    "a copy": lambda sent: sent,
}


@pytest.mark.parametrize("forged", FORGED)
def test_forged_command_opens_nothing_and_raises_an_alert(relay: SignedRelay, build: Build, forged: str) -> None:
    driver = build(relay)
    driver.open(command())
    eventually(lambda: relay.obeyed.count("open") == 1)
    modes = len(relay.payloads["mode"])
    relay.inject("command", FORGED[forged](relay.payloads["command"][0]))
    eventually(lambda: driver.healthy() == FOREIGN)
    eventually(lambda: len(relay.payloads["mode"]) > modes)
    assert relay.obeyed.count("open") == 1
    assert driver.open(command()).outcome is CommandOutcome.SENT
    eventually(lambda: relay.obeyed.count("open") == 2)


def test_foreign_command_does_not_shut_a_released_gate(relay: SignedRelay, build: Build) -> None:
    driver = build(relay)
    eventually(lambda: relay.mode == "secure")
    before = relay.payloads["mode"][-1]
    driver.release(True)
    eventually(lambda: relay.mode == "release")
    for forged in (b'{"mode": "secure"}', before, altered(before, number=10**9).encode()):
        relay.inject("mode", forged, retain=True)
        eventually(lambda forged=forged: forged in relay.refused)
        eventually(lambda: relay.payloads["mode"][-1] not in relay.refused)
    assert "secure" not in relay.obeyed[relay.obeyed.index("release") :]
    assert driver.healthy() == FOREIGN
    with closing(MqttPeer(relay.broker, relay._prefix)) as later:
        eventually(lambda: later.mode == "release")


def test_stale_retained_command_is_removed(relay: SignedRelay, build: Build) -> None:
    relay.inject("command", '{"command": "open"}', retain=True)
    driver = build(relay, ready=False)
    eventually(lambda: driver.healthy() == FOREIGN)
    eventually(lambda: relay.mode == "secure")

    def is_clean() -> bool:
        with closing(MqttPeer(relay.broker, relay._prefix)) as later:
            eventually(lambda: later.mode)
            return {topic for topic, _, retained in later.messages if retained} == {"mode"}

    eventually(is_clean)


def test_commands_of_a_service_with_a_slow_clock_are_obeyed(relay: SignedRelay, build: Build) -> None:
    """It reads from the broker which session was the newest, and begins a newer one."""
    build(relay).close()
    eventually(lambda: relay.mode == "secure")
    told = len(relay.obeyed)
    driver = build_driver(
        DriverKind.MQTT, relay.config, on_state=lambda _: None, clock=lambda: now() - timedelta(hours=1), released=True
    )
    try:
        eventually(lambda: relay.obeyed[told:] and relay.mode == "release" and driver.healthy() is None)
    finally:
        driver.close()


def test_when_two_services_disagree_the_release_wins(relay: SignedRelay, build: Build) -> None:
    released, secure = build(relay), build(relay)
    released.release(True)
    eventually(lambda: relay.mode == "release")
    eventually(lambda: relay.obeyed.count("release") > 1)
    told = len(relay.obeyed)
    never(lambda: relay.obeyed[told:].count("secure") > 4, 1)  # after 0.2 s, then 0.4 and 0.8
    eventually(lambda: relay.obeyed[told:].count("secure") > 1)
    eventually(lambda: answered(relay.obeyed[told:]))
    eventually(lambda: secure.healthy() == released.healthy() == FOREIGN)


def test_signed_message_format_is_pinned() -> None:
    """The example of README.md, computed by hand from its words."""
    message = {
        "event_id": "01J",
        "gate": "lobby-1",
        "command": "open",
        "at": "A",
        "until": "B",
        "session": 7,
        "number": 1,
    }
    assert mqtt_text("command", message) == b"facegate-mqtt-1\ncommand\n01J\nopen\n\nA\nB\n7\n1\nlobby-1"
    mode = {"gate": "lobby-1", "mode": "secure", "at": "A", "session": 7, "number": LAST_WILL}
    assert mqtt_text("mode", mode) == b"facegate-mqtt-1\nmode\n\n\nsecure\nA\n\n7\n2147483647\nlobby-1"
    expected = "sha256=5d5d139563c95b5967b9bd9a8c9b233a9dedb45072794cd232dc1b74832607d0"
    assert signature_of("key", b"") == expected  # openssl dgst -sha256 -hmac key </dev/null


def signed(kind: str, **said: Any) -> bytes:
    message = {"gate": "lobby-1", "at": now().isoformat(), **said}
    return json.dumps({**message, "signature": signature_of(SECRET, mqtt_text(kind, message))}).encode()


def opening(session: int, number: int, seconds: float = 5.0, **more: Any) -> bytes:
    until = (now() + timedelta(seconds=seconds)).isoformat()
    said = {"event_id": "x", "command": "open", "until": until, "session": session, "number": number}
    return signed("command", **said | more)


@pytest.mark.parametrize(
    "payload",
    [
        opening(8, 5), opening(7, 9), opening(8, 6, seconds=-0.1), opening(8, 6, gate="lobby-2"),
        opening(8, 6, command="release"), opening(8, 6)[:-2], b"[]", b"", b"[" * 100_000, b"\xff",
        opening(8, 6).replace(b'"number": 6', b'"number": 6.0'),
        opening(9, 1).replace(b'"session": 9', b'"session": true'),
        signed("mode", command="open", until="2099-01-01T00:00:00+00:00", session=9, number=1),
    ],
)  # fmt: skip
def test_verifier_refuses_old_late_and_foreign_messages(payload: bytes) -> None:
    relay = MqttVerifier(SECRET, "lobby-1", seen={"command": [8, 5], "mode": [8, 1]})
    assert not relay.opens(payload)
    assert relay.opens(opening(8, 6)) and not relay.opens(opening(8, 6))


def test_verifier_after_a_last_will() -> None:
    relay = MqttVerifier(SECRET, "lobby-1", now=None)
    mode = signed("mode", mode="release", session=5, number=LAST_WILL)
    assert (relay.mode(mode), relay.mode(mode)) == ("release", "release")
    assert relay.mode(signed("mode", mode="secure", session=5, number=9)) is None
    assert not relay.opens(opening(5, 9))
    assert relay.mode(signed("mode", mode="secure", session=6, number=1)) == "secure"
    assert relay.opens(opening(6, 1, seconds=-99))  # it has no clock


def test_the_last_will_is_signed(relay: SignedRelay) -> None:
    config = json.dumps(relay.config | {"fail_mode": "safe"})
    with subprocess.Popen([*DRIVER, config], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        eventually(lambda: relay.mode == "secure")
        process.kill()
    eventually(lambda: relay.mode == "release")
    assert relay.refused == []


def test_relay_reads_our_web_hook_with_the_reference(build: Build) -> None:
    with closing(HttpRelay()) as relay:
        driver = build(relay)
        driver.open(command())
        driver.release(True)
        verifier = WebhookVerifier(SECRET, "lobby-1")
        assert [verifier.command(*raw) for raw in relay.raw] == ["secure", "open", "release"]
        assert [verifier.command(*raw) for raw in relay.raw] == [None] * 3
        late = now().timestamp() + 60
        body, timestamp, signature = relay.raw[1]
        for wrong in (
            WebhookVerifier("another secret of ours", "lobby-1").command(body, timestamp, signature),
            WebhookVerifier(SECRET, "lobby-2").command(body, timestamp, signature),
            WebhookVerifier(SECRET, "lobby-1", now=lambda: late).command(body, timestamp, signature),
            WebhookVerifier(SECRET, "lobby-1").command(body.replace(b"open", b"shut"), timestamp, signature),
            WebhookVerifier(SECRET, "lobby-1").command(body, timestamp + "0", signature),
            WebhookVerifier(SECRET, "lobby-1", now=lambda: late, near_s=99).command(body, timestamp, signature),
        ):
            assert wrong is None


README = Path(__file__).parents[3] / "app" / "adapters" / "gates" / "README.md"


def test_broker_s_rules_in_the_readme_hold(tmp_path: Path, build: Build) -> None:
    """mosquitto with the README's two files: the gate works, and no other account moves it."""
    if mosquitto() is None:
        pytest.skip("no mosquitto here")
    text = README.read_text(encoding="utf-8")
    blocks = {name: text.split(f"```{name}\n")[1].split("```")[0] for name in ("mosquitto.conf", "acl")}
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    accounts = ("facegate", "relay-lobby-1", "visitor")
    for account in accounts:
        subprocess.run(["mosquitto_passwd", "-b", str(passwords), account, f"{account} password"], check=True)
    rules, port = tmp_path / "acl", free_port()
    rules.write_text(blocks["acl"])
    rules.chmod(0o600)
    config = blocks["mosquitto.conf"]
    for line, ours in (("listener 8883", f"listener {port} 127.0.0.1"), ("/etc/mosquitto/passwords", str(passwords)),
                       ("/etc/mosquitto/acl", str(rules))):  # fmt: skip
        assert line in config
        config = config.replace(line, ours)
    config = "\n".join(line for line in config.splitlines() if not line.startswith(("cafile", "certfile", "keyfile")))
    if "user " not in config:
        config += "\nuser root\n"
    broker = Broker("mosquitto", tmp_path, whole=config, port=port)
    try:
        with closing(SignedRelay(broker, prefix="gates/lobby-1", username="relay-lobby-1")) as relay:
            relay.config |= {"username": "facegate", "password": "facegate password", "topic": "gates/lobby-1"}
            driver = build(relay)
            visitor = SignedRelay(broker, prefix="gates/lobby-1", username="visitor")
            with closing(visitor):
                visitor.inject("command", '{"command": "open"}')
                visitor.inject("mode", '{"mode": "release"}', retain=True)
                visitor.inject("state", "open")
                relay.inject("mode", '{"mode": "release"}', retain=True)
                relay.inject("state", "held")
                driver.open(command())
                eventually(lambda: relay.obeyed.count("open") == 1)
                never(lambda: relay.refused or driver.healthy())
                assert visitor.payloads == {"command": [], "mode": []}
    finally:
        broker.kill()
