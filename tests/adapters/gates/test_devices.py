"""Relays of other makers over HTTP: nothing but `open` and `release` unlocks, and every opening ends."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.gates.build import check_config
from app.core.errors import BadInput
from app.core.gates.commands import CommandOutcome, DriverKind
from tests.adapters.gates.conftest import Build
from tests.adapters.gates.peers import command
from tests.adapters.gates.relays import devices
from tests.adapters.gates.relays.devices import PULSE_S, TOKEN, Device, Served
from tests.waiting import eventually, never, pass_time

HA = {"token": TOKEN, "entity": "switch.gate"}
# By name: the device, and what its form is told besides its model and address.
FORMS: dict[str, tuple[type[Device], dict[str, Any]]] = {
    "shelly-gen1": (devices.ShellyGen1, {}),
    "shelly-gen2": (devices.ShellyGen2, {}),
    "tasmota": (devices.Tasmota, {}),
    "esphome": (devices.EspHome, {"switch": "Gate relay"}),
    "esphome-pulse": (devices.EspHome, {"switch": "Gate relay", "pulse": "pulse"}),
    "home-assistant": (devices.HomeAssistant, HA),
    "home-assistant-lock": (devices.HomeAssistant, {**HA, "entity": "lock.gate"}),
    "home-assistant-pulse": (devices.HomeAssistant, {**HA, "pulse": "script.open_gate"}),
}
INVERTED = [name for name in FORMS if "pulse" not in name and "lock" not in name]
CASES = [(name, False) for name in FORMS] + [(name, True) for name in INVERTED]
each_case = pytest.mark.parametrize(("name", "inverted"), CASES)


def relay_of(name: str, device: Device, url: str, inverted: bool) -> dict[str, Any]:
    return {"model": device.model, "url": url, **FORMS[name][1], **device.login, "inverted": inverted}


class Gate:
    """A device on a port, with the config of its ready form, and whether it is unlocked now."""

    kind = "webhook"

    def __init__(self, name: str, inverted: bool, guarded: bool = False) -> None:
        device = FORMS[name][0](guarded=guarded)
        device.coil.put(inverted)  # locked
        self.device, self.served, self._inverted = device, Served(device), inverted
        relay = relay_of(name, device, self.served.url, inverted)
        self.config = {"gate": "lobby-1", "relay": relay, "open_s": PULSE_S, "probe_s": 0.1}

    @property
    def unlocked(self) -> bool:
        return self.device.coil.on is not self._inverted

    @property
    def unlocks(self) -> int:
        """How often it was told to unlock, however soon it locked itself again."""
        return self.device.coil.switched.count(not self._inverted)

    @property
    def mode(self) -> str | None:
        return ("release" if self.unlocked else "secure") if self.device.taken else None


@pytest.fixture
def gates() -> Iterator[Any]:
    """gates(name, inverted, guarded=False): a Gate, closed at the end."""
    with ExitStack() as stack:

        def make(*given: Any) -> Gate:
            gate = Gate(*given)
            stack.callback(gate.served.close)
            return gate

        yield make


@each_case
def test_each_command_acts_as_documented_and_nothing_else_unlocks(
    gates: Any, build: Build, name: str, inverted: bool
) -> None:
    gate = gates(name, inverted)
    driver = build(gate)
    never(lambda: gate.unlocks)
    assert driver.open(command()).outcome is CommandOutcome.SENT
    assert gate.unlocks == 1
    eventually(lambda: not gate.unlocked)
    never(lambda: gate.unlocked)
    assert driver.release(True).outcome is CommandOutcome.SENT
    never(lambda: not gate.unlocked, PULSE_S + 0.3)
    assert driver.release(False).outcome is CommandOutcome.SENT
    never(lambda: gate.unlocked)
    driver.close()
    assert not gate.unlocked
    asked = len(gate.served.asked)
    again = build(gate)
    never(lambda: gate.unlocked)
    again.close()
    assert len(gate.served.asked) > asked


@each_case
def test_release_outlasts_the_opening_it_followed(gates: Any, build: Build, name: str, inverted: bool) -> None:
    gate = gates(name, inverted)
    driver = build(gate)
    driver.open(command())
    driver.release(True)
    eventually(lambda: len(gate.device.taken) >= 4)  # secure, open, release, and once more when the opening is over
    never(lambda: not gate.unlocked, PULSE_S)


@pytest.mark.parametrize("name", ["shelly-gen1", "shelly-gen2", "tasmota", "esphome"])
def test_device_with_a_login(gates: Any, build: Build, name: str) -> None:
    gate = gates(name, False, True)
    driver = build(gate)
    for _ in range(3):
        before = gate.unlocks
        assert driver.open(command()).outcome is CommandOutcome.SENT
        assert gate.unlocks > before
    wrong = dict(gate.config, relay=gate.config["relay"] | {"password": "not it"})
    gate.config = wrong
    stranger = build(gate, ready=False)
    assert stranger.open(command()).outcome is CommandOutcome.FAILED
    eventually(lambda: stranger.healthy() is not None)
    assert "not it" not in str(stranger.healthy())


def test_lost_off_command_is_retried(gates: Any, build: Build) -> None:
    gate = gates("esphome", False)
    driver = build(gate)
    driver.open(command())
    gate.served.fails = 3
    eventually(lambda: not gate.unlocked and driver.healthy() is None)
    assert gate.served.fails == 0


def test_end_of_the_first_opening_does_not_lock_out_the_second_person(gates: Any, build: Build) -> None:
    gate = gates("home-assistant", False)
    driver = build(gate, open_s=1.0)
    driver.open(command())
    pass_time(0.3)
    second_s = time.monotonic()
    driver.open(command())
    eventually(lambda: not gate.unlocked)
    assert time.monotonic() - second_s > 0.95, "the first one's opening was over after 0.7"


def test_shutdown_ends_an_opening(gates: Any, build: Build) -> None:
    gate = gates("home-assistant", False)
    driver = build(gate, open_s=60.0)
    driver.open(command())
    assert gate.unlocked
    driver.close()
    assert not gate.unlocked


@given(data=st.data())
def test_no_command_sequence_leaves_a_secured_gate_unlocked(data: st.DataObject) -> None:
    """The forms alone, against devices whose clock the test moves: hours pass, and device settings may be anything."""
    name, inverted = data.draw(st.sampled_from(CASES))
    now = [0.0]
    device = FORMS[name][0](clock=lambda: now[0])
    if isinstance(device, devices.Tasmota):
        device.pulse_time = data.draw(st.sampled_from([0, 5, 200]))
    device.coil.put(data.draw(st.booleans()))
    open_s = data.draw(st.sampled_from([PULSE_S, 3.0, 12.0, 60.0]))
    relay = relay_of(name, device, "http://10.0.0.9", inverted)
    config: Any = check_config(DriverKind.WEBHOOK, {"gate": "g", "relay": relay, "open_s": open_s})
    for word in data.draw(st.lists(st.sampled_from(["open", "release", "secure"]), min_size=1, max_size=6)):
        one = getattr(config.form.commands, word)
        headers = {**one.headers, "Authorization": f"Bearer {TOKEN}", "Content-Length": str(len(one.body or ""))}
        parts = urlsplit(one.url)
        status, _, _ = device.handle(one.method, f"{parts.path}?{parts.query}", headers, (one.body or "").encode())
        assert status == 200
        locked = device.coil.on is inverted
        assert locked is (word == "secure")
        now[0] += data.draw(st.sampled_from([0.1, 100.0, 100_000.0]))
        if word == "open" and config.form.shuts_itself and now[0] > 70:
            now[0] += 100.0
            assert device.coil.on is inverted
        elif word != "open":
            assert (device.coil.on is inverted) is (word == "secure")


@pytest.mark.parametrize(
    "path",
    [
        "/relay/0?turn=on", "/relay/0?turn=off&timer=3", "/relay/0?turn=toggle", "/rpc/Switch.Set?id=0&on=true",
        "/rpc/Switch.Toggle?id=0", "/rpc", "/cm?cmnd=Power%20On", "/cm?cmnd=Power%20TOGGLE", "/cm?user=a&password=b",
        "/switch/relay/turn_on", "/switch/relay/toggle", "/button/pulse/press", "/api/services/switch/turn_on",
        "/api/webhook/abc", "/open", "/unlock", "/door/open", "/toggle", "/relay1/on", "/gpio/1/on", "/trigger",
        "/control?cmd=GPIO,12,1", "/cgi-bin/accessControl.cgi?action=openDoor&channel=1",
        "/ISAPI/AccessControl/RemoteControl/door/1", "/axis-cgi/io/port.cgi?action=1:/500%5C",
        "/api/switch/ctrl?switch=1&action=on", "/%6Fpen", "/?relay=1", "/hook?state=1", "/openDoor", "/RELAY/0?TURN=ON",
    ],
)  # fmt: skip
def test_self_acting_url_is_refused_and_the_right_form_is_named(path: str) -> None:
    config = {"gate": "g", "url": f"http://10.0.0.9{path}", "secret": "a secret of sixteen"}
    with pytest.raises(BadInput) as caught:
        check_config(DriverKind.WEBHOOK, config)
    assert caught.value.code == "bad_gate_config"
    assert "commands.open" in caught.value.detail
    assert "10.0.0.9" not in caught.value.detail


@pytest.mark.parametrize("path", ["/", "/hook", "/gates/lobby-1/command", "/facegate?token=abc", "/v1/doors/lobby"])
def test_url_for_signed_commands_is_accepted(path: str) -> None:
    assert check_config(
        DriverKind.WEBHOOK, {"gate": "g", "url": f"http://10.0.0.9{path}", "secret": "a secret of sixteen"}
    )


R = "http://10.0.0.9/relay/0?turn="
ON, OFF = {"url": R + "on"}, {"url": R + "off"}


@pytest.mark.parametrize(
    ("commands", "wrong"),
    [
        ({"open": ON, "release": ON, "secure": ON}, "same request"),
        ({"open": ON, "release": OFF, "secure": OFF}, "release and secure are the same request"),
        ({"open": ON, "release": ON, "secure": {"url": R + "%6Fn"}}, "same request"),
        ({"open": {"url": R + "on&timer=3"}, "release": ON, "secure": {"url": R + "on&x=1"}}, "both switch on"),
        ({"open": ON, "release": ON, "secure": {"url": R + "toggle"}}, "toggles"),
        ({"open": ON, "release": ON, "secure": {"url": R + "off&timer=5"}}, "timer"),
        ({"open": ON, "release": {"url": R + "on&timer=5"}, "secure": OFF}, "timer"),
        ({"open": ON, "release": ON, "secure": {"url": R, "body": '{"on": false, "toggle_after": 5}'}}, "timer"),
        ({"open": ON, "release": ON}, "Field required"),
        ({"open": ON | {"headers": {"Host": "x"}}, "release": ON, "secure": OFF}, "cannot be set"),
        ({"open": ON | {"headers": {"X": "a\r\nb"}}, "release": ON, "secure": OFF}, "printable"),
        ({"open": {"url": "http://a:b@10.0.0.9/"}, "release": ON, "secure": OFF}, "login"),
        ({"open": {"url": "http://169.254.169.254/"}, "release": ON, "secure": OFF}, "metadata"),
    ],
)  # fmt: skip
def test_contradictory_commands_are_refused(commands: dict[str, Any], wrong: str) -> None:
    with pytest.raises(BadInput, match=wrong):
        check_config(DriverKind.WEBHOOK, {"gate": "g", "commands": commands})


def test_fail_safe_lock_may_lock_with_on() -> None:
    commands = {"open": {"url": R + "off&timer=3"}, "release": OFF, "secure": ON}
    assert check_config(DriverKind.WEBHOOK, {"gate": "g", "commands": commands, "shuts_itself": True})


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"url": "http://10.0.0.9/hook"},
        {"secret": "a secret of sixteen"},
        {"url": "http://10.0.0.9/hook", "secret": "a secret of sixteen", "relay": {"model": "shelly-gen1", "url": R}},
        {"relay": {"model": "shelly-gen1", "url": "http://10.0.0.9/?x=1"}},
        {"relay": {"model": "shelly-gen1", "url": "http://10.0.0.9", "username": "admin"}},
        {"relay": {"model": "shelly-gen9", "url": "http://10.0.0.9"}},
        {"relay": {"model": "home-assistant", "url": "http://10.0.0.9", "entity": "switch.gate"}},
        {"relay": {"model": "home-assistant", "url": "http://10.0.0.9", **HA, "pulse": "switch.gate"}},
    ],
)
def test_exactly_one_complete_form_is_accepted(config: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        check_config(DriverKind.WEBHOOK, {"gate": "g"} | config)


def test_each_command_has_its_own_method_address_body_headers_and_login(build: Build) -> None:
    heard: list[tuple[str, str, bytes, str | None, str | None]] = []

    class Any_(Device):
        def handle(self, method: str, path: str, headers: devices.Headers, body: bytes) -> devices.Answered:
            heard.append((method, path, body, headers.get("X-Key"), headers.get("Authorization")))
            return 200, "", {}

    served: Any = Served(Any_())
    try:
        login = {"scheme": "bearer", "token": "abc"}
        commands = {
            "open": {"method": "PUT", "url": f"{served.url}/a", "body": "one", "headers": {"X-Key": "1"}},
            "release": {"method": "POST", "url": f"{served.url}/b", "body": "two"},
            "secure": {"url": f"{served.url}/c", "login": login},
        }
        served.config = {"gate": "g", "commands": commands, "shuts_itself": True}
        driver = build(served, ready=False)
        eventually(lambda: driver.healthy() is None)
        driver.open(command())
        driver.release(True)
        assert heard[:3] == [
            ("GET", "/c", b"", None, "Bearer abc"), ("PUT", "/a", b"one", "1", None), ("POST", "/b", b"two", None, None)
        ]  # fmt: skip
        for secret in ("abc", served.url):
            assert secret not in repr(check_config(DriverKind.WEBHOOK, served.config))
        driver.close()
    finally:
        served.close()
