"""A gate is built from a checked config or not at all, and what refuses it repeats no value."""

import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from app.adapters.gates.build import KINDS, build_driver, check_config
from app.core.errors import BadInput
from app.core.gates.commands import DriverKind

SECRET = "correct horse battery staple"
HOOK = {"gate": "g", "url": "http://10.0.0.9/gate", "secret": SECRET}
BROKER = {"gate": "g", "host": "10.0.0.9"}
PANEL = {"gate": "g", "device": "/dev/ttyUSB0", "key": "00112233445566778899aabbccddeeff"}
BOARD = {"gate": "g", "device": "/dev/ttyUSB0"}
WHOLE = {"dry_run": {}, "webhook": HOOK, "mqtt": BROKER, "osdp": PANEL, "serial": BOARD}


def test_every_driver_accepts_its_minimal_config() -> None:
    assert set(WHOLE) == set(KINDS)
    for kind, config in WHOLE.items():
        assert check_config(DriverKind(kind), config).fail_mode.value == "secure"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [{"fail_mdoe": "safe"}, {"fail_mode": "open"}, {"gate": ""}, {"gate": 7}])
def test_misspelt_and_mistyped_keys_are_refused(kind: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        check_config(DriverKind(kind), WHOLE[kind] | wrong)
    assert next(iter(wrong)) in caught.value.detail


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("webhook", {"url": "ftp://10.0.0.9/"}),
        ("webhook", {"url": "http://user:pass@10.0.0.9/"}),
        ("webhook", {"url": "http://169.254.169.254/latest"}),
        ("webhook", {"url": "http://[::ffff:169.254.169.254]/"}),
        ("webhook", {"url": "http://[fe80::1]/"}),
        ("webhook", {"url": "http://100.100.100.200/"}),
        ("webhook", {"url": "http://10.0.0.9:99999/"}),
        ("webhook", {"url": "http://10.0.0.9/\r\nX: y"}),
        ("webhook", {"secret": "short"}),
        ("webhook", {"timeout_s": float("nan")}),
        ("mqtt", {"host": "169.254.1.1"}),
        ("mqtt", {"topic": "a/#"}),
        ("mqtt", {"gate": "a/+"}),
        ("mqtt", {"password": SECRET}),
        ("mqtt", {"protocol": "4"}),
        ("osdp", {"key": "303132333435363738393a3b3c3d3e3f"}),
        ("osdp", {"key": "00" * 16}),
        ("osdp", {"key": "0011"}),
        ("osdp", {"fail_mode": "safe"}),
        ("osdp", {"card_format": "raw"}),
        ("osdp", {"raw_bits": 32}),
        ("osdp", {"facility": 256}),
        ("osdp", {"max_age_s": 3.0}),
        ("osdp", {"device": "socket://10.0.0.9:1"}),
        ("serial", {"device": "/etc/passwd"}),
        ("serial", {"device": "/dev/../etc/passwd"}),
        ("serial", {"on": "A0 0"}),
        ("serial", {"on": "A0 01 00 A1"}),
        ("serial", {"on": "A0 01 04 A5"}),
        ("serial", {"on": "A0 01 01 A2", "off": "A0 02 00 A2"}),
        ("serial", {"invert": True}),
    ],
)
def test_impossible_values_are_refused(kind: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        check_config(DriverKind(kind), WHOLE.get(kind, {}) | wrong)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("webhook", {"secret": SECRET, "x": SECRET}),
        ("osdp", {"key": SECRET}),
        ("mqtt", {"password": SECRET}),
        ("mqtt", {"relay": {"model": SECRET}}),
        ("webhook", {"relay": {"model": "tasmota", "url": f"http://{SECRET}", "password": SECRET}}),
        ("webhook", {"commands": {"open": {"url": f"http://a:{SECRET}@b/", "headers": {"X": f"{SECRET}\n"}}}}),
    ],
)
def test_refusal_quotes_no_value(kind: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        check_config(DriverKind(kind), WHOLE[kind] | wrong)
    assert SECRET not in caught.value.detail
    assert caught.value.__cause__ is None
    assert SECRET not in repr(caught.value.__context__)


@pytest.mark.parametrize(
    ("kind", "module"), [("mqtt", "paho"), ("osdp", "osdp_sys"), ("osdp", "serial"), ("serial", "serial")]
)
def test_missing_library_error_says_how_to_install_it(kind: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a gate is stored that cannot be driven, as when it is built."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BadInput, match=rf"pip install -e '\.\[{kind}\]'") as caught:
        check_config(DriverKind(kind), WHOLE[kind])
    assert caught.value.code == "gate_library_missing"
    with pytest.raises(BadInput, match=rf"pip install -e '\.\[{kind}\]'"):
        build_driver(DriverKind(kind), WHOLE[kind], on_state=lambda _: None, clock=lambda: datetime.now(UTC))
    assert check_config(DriverKind.WEBHOOK, HOOK)


def test_broken_library_is_reported_when_the_driver_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "app.adapters.gates.mqtt.mqtt", raising=False)
    monkeypatch.delitem(sys.modules, "app.adapters.gates.mqtt.connection", raising=False)
    monkeypatch.setitem(sys.modules, "paho.mqtt.enums", None)
    with pytest.raises(BadInput, match=r"pip install -e '\.\[mqtt\]'"):
        build_driver(DriverKind.MQTT, BROKER, on_state=lambda _: None, clock=lambda: datetime.now(UTC))
