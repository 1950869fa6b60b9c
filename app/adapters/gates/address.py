"""Where a gate driver may connect to: a relay or broker on the site's own network, never a cloud's metadata service.

Names are resolved here and the connection is made to the very address that was checked, so a name that changes its
address in between gains nothing.
"""

import ipaddress
import socket

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Cloud metadata outside the link-local ranges: Alibaba, Azure, Oracle, AWS and Google over IPv6.
METADATA = frozenset(
    ipaddress.ip_address(a)
    for a in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class ForbiddenAddress(Exception):
    """The address is not one that a gate can have. The words hold no address."""


def check(address: IPAddress) -> None:
    """Raises ForbiddenAddress for link-local, metadata, multicast, unspecified and reserved ones, in IPv6 or not."""
    for form in (address, _within(address)):
        if form is None:
            continue
        reserved = form.is_reserved and not form.is_loopback and form not in NAT64
        if form.is_link_local or form.is_multicast or form.is_unspecified or reserved or form in METADATA:
            raise ForbiddenAddress("link-local, metadata and multicast addresses are no gates")


def check_literal(host: str) -> None:
    """Raises ForbiddenAddress if host is written as such an address; a name is looked at when it is resolved."""
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return
    check(address)


def resolve(host: str, port: int) -> list[str]:
    """The host's addresses, in the resolver's order. Raises OSError if there is none, ForbiddenAddress if one is."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        check(ipaddress.ip_address(address.partition("%")[0]))
    return addresses


def _within(address: IPAddress) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
