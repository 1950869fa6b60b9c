"""Which machines an address that somebody set may lead to. Cameras, relays and brokers share this one policy.

An admin who may set an address must not thereby reach what only this server can. Devices live in private networks,
which are allowed. Link-local and reserved addresses, multicast and the metadata services of clouds never are.
Connections go to the very address that was checked, so a name that changes its address in between gains nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Iterable[str]]  # host, port -> numeric addresses; raises OSError

# What the standard library's properties do not cover. Clouds answer with the machine's own credentials at the others.
NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # "this network": Linux connects 0.0.0.0 to the loopback
        "100.100.100.200/32",  # Alibaba Cloud's metadata
        "168.63.129.16/32",  # Azure's
        "192.0.0.192/32",  # Oracle's
        "fd00:ec2::/32",  # Amazon's
        "fd20:ce::254/128",  # Google's
    )
)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class ForbiddenAddress(Exception):
    """A device cannot have this address. The words hold no address."""


def resolve(host: str, port: int) -> list[str]:
    """The numeric addresses of a host, in the resolver's order. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def allowed(
    host: str, port: int, *, loopback: bool, networks: tuple[Network, ...] = (), resolver: Resolve = resolve
) -> list[str]:
    """The numeric addresses to connect to. One forbidden answer among several refuses them all: it is a trap.

    Args:
        loopback: Whether the device may be this machine, as a broker beside us is.
        networks: Where the device may be. With none given, anywhere but where devices never are.

    Raises:
        ForbiddenAddress: The host leads, or may lead, where no device is.
        OSError: The name is not known.
    """
    found = [ipaddress.ip_address(text.partition("%")[0]) for text in resolver(host, port)]
    if not found:
        raise OSError("no address")
    for address in found:
        _check(address, loopback, networks)
    return [str(address) for address in found]


def check_literal(host: str, *, loopback: bool) -> None:
    """Raises ForbiddenAddress for a host written as a forbidden address. A name is checked when it is resolved."""
    try:
        address: Address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        try:
            # The resolver also reads 2852039166 and 0xa9.254.43518 as addresses.
            address = ipaddress.IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return
    _check(address, loopback, ())


def _check(address: Address, loopback: bool, networks: tuple[Network, ...]) -> None:
    real = _unwrapped(address)
    site_local = isinstance(real, ipaddress.IPv6Address) and real.is_site_local
    nobody = real.is_link_local or site_local or real.is_multicast or real.is_unspecified
    if nobody or any(real in network for network in NEVER) or (real.is_reserved and not real.is_loopback):
        raise ForbiddenAddress("link-local, reserved, multicast and metadata addresses are never a device's")
    if real.is_loopback:
        # A network that merely contains the loopback among all else, such as ::/0, does not allow it.
        if not loopback and not any(network.is_loopback and real in network for network in networks):
            raise ForbiddenAddress("this host is the server itself, which can only be set on the machine")
    elif networks and not any(real in network for network in networks):
        raise ForbiddenAddress("this host is outside the networks that are allowed")


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only wraps it: else the wrapping would pass every check."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
