"""Finds a URL whose login would be read wrongly, because a character in its password also separates a URL's parts.

`rtsp://admin:12/34@host` names the host `admin` to every parser (RFC 3986, section 3.2). The password would then be
shown as host and port, and sent to that host.
"""

import re

# What ends or splits the part of a URL that holds the login. Brackets enclose an IPv6 address.
_SEPARATORS = re.compile(r"[/?#@\[\]\\]")

CURE = "in a user name or password write / as %2F, ? as %3F, # as %23, @ as %40, [ as %5B, ] as %5D and \\ as %5C"


def is_ambiguous(url: str) -> bool:
    """Whether the text before the last @ holds more than a user name and a password."""
    _, found, rest = url.partition("://")
    login, has_login, _ = rest.rpartition("@")
    return bool(found and has_login and _SEPARATORS.search(login))
