"""An address leads to a device and nowhere else: one table for cameras, relays and brokers, each way round it tried."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from app.adapters.cameras.address import CameraPolicy
from app.adapters.cameras.sources import check
from app.adapters.gates.build import check_config
from app.adapters.net.addresses import ForbiddenAddress, allowed, check_literal
from app.core.errors import BadInput
from app.core.gates.commands import DriverKind

NEVER = [
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:101:101::5601:5601",  # Teredo around 169.254.169.254
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "::",
    "::ffff:0.0.0.0",
    "224.0.0.251",
    "ff02::fb",
    "240.0.0.1",
    "255.255.255.255",
    "4000::1",
]
LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]
DEVICES = ["10.1.2.3", "192.168.0.5", "172.16.0.1", "100.64.0.1", "fd12::1", "8.8.8.8", "2a00::1", "::ffff:10.1.2.3"]
# As the resolver of the C library reads them: 169.254.169.254.
ODD = ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"]


def at(*found: str, loopback: bool = False, networks: tuple[str, ...] = ()) -> list[str]:
    """Asks about a host whose name resolves to `found`."""
    return allowed(
        "device.example",
        80,
        loopback=loopback,
        networks=tuple(map(ip_network, networks)),
        resolver=lambda name, port: found,
    )


@pytest.mark.parametrize("found", NEVER)
@pytest.mark.parametrize("loopback", [False, True])
def test_metadata_and_multicast_addresses_are_refused(found: str, loopback: bool) -> None:
    for answers, networks in (((found,), ()), (("192.168.1.7", found), ()), ((found,), ("0.0.0.0/0", "::/0"))):
        with pytest.raises(ForbiddenAddress, match="metadata"):
            at(*answers, loopback=loopback, networks=networks)
    with pytest.raises(ForbiddenAddress, match="metadata"):
        check_literal(found, loopback=loopback)


@pytest.mark.parametrize("found", LOOPBACK)
def test_loopback_is_refused_unless_allowed(found: str) -> None:
    for networks in ((), ("0.0.0.0/0", "::/0"), ("10.0.0.0/8",)):
        with pytest.raises(ForbiddenAddress, match="the server itself"):
            at(found, networks=networks)
    with pytest.raises(ForbiddenAddress, match="the server itself"):
        check_literal(found, loopback=False)
    assert at(found, loopback=True)
    assert at(found, networks=("10.0.0.0/8", "127.0.0.0/8", "::1/128"))
    check_literal(found, loopback=True)


@pytest.mark.parametrize("found", DEVICES)
def test_other_addresses_are_allowed(found: str) -> None:
    assert [ip_address(address) for address in at(found)] == [ip_address(found)]
    check_literal(found, loopback=False)


def test_private_networks_are_allowed_and_can_be_narrowed() -> None:
    assert at("192.168.1.7", "10.0.0.7") == ["192.168.1.7", "10.0.0.7"]
    assert at("10.1.2.3", networks=("10.1.0.0/16", "fd00:1::/32")) == ["10.1.2.3"]
    for found in (("10.2.2.3",), ("10.1.2.3", "10.2.2.3"), ("fd00:2::1",)):
        with pytest.raises(ForbiddenAddress, match="outside the networks"):
            at(*found, networks=("10.1.0.0/16", "fd00:1::/32"))


def test_hostname_is_checked_when_resolved_and_fails_without_an_address() -> None:
    check_literal("device.example", loopback=False)
    with pytest.raises(OSError, match="no address"):
        at()


def camera(host: str, **more: Any) -> object:
    return check(f"http://{host}/picture", allow_local=False, **more)


def webhook(host: str) -> object:
    return check_config(DriverKind.WEBHOOK, {"gate": "g", "url": f"http://{host}/relay", "secret": "s" * 16})


def device(host: str) -> object:
    command = {"url": f"https://{host}/open"}
    commands = {"open": command, "release": {"url": f"https://{host}/hold"}, "secure": {"url": f"https://{host}/shut"}}
    return check_config(DriverKind.WEBHOOK, {"gate": "g", "commands": commands})


def broker(host: str) -> object:
    return check_config(DriverKind.MQTT, {"gate": "g", "host": host})


EVERY_DOOR = [camera, webhook, device, broker]


@pytest.mark.parametrize("host", [h for h in NEVER if "%" not in h] + ODD)
@pytest.mark.parametrize("door", EVERY_DOOR)
def test_each_kind_of_address_goes_through_the_policy(door: Callable[[str], object], host: str) -> None:
    with pytest.raises(BadInput, match="metadata") as refused:
        door(f"[{host}]" if ":" in host else host)
    assert host not in refused.value.detail


@pytest.mark.parametrize("host", DEVICES)
@pytest.mark.parametrize("door", EVERY_DOOR)
def test_each_address_family_may_be_a_device(door: Callable[[str], object], host: str) -> None:
    assert door(f"[{host}]" if ":" in host else host)


def test_api_allows_a_loopback_broker_but_no_loopback_camera() -> None:
    with pytest.raises(BadInput, match="the server itself"):
        camera("127.0.0.1")
    assert camera("127.0.0.1", policy=CameraPolicy((ip_network("127.0.0.0/8"),)))
    assert all(door("127.0.0.1") for door in (webhook, device, broker))
