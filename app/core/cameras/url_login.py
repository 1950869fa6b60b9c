"""Finds URLs whose login a parser would misread, because the password contains a character that separates URL parts.

Every parser reads `rtsp://admin:12/34@host` as host `admin` (RFC 3986, section 3.2). The password would then be shown
as host and port, and sent to that host.
"""

import re

# Characters that end or split the login part of a URL. Brackets enclose an IPv6 address.
_SEPARATORS = re.compile(r"[/?#@\[\]\\]")

CURE = "in a user name or password write / as %2F, ? as %3F, # as %23, @ as %40, [ as %5B, ] as %5D and \\ as %5C"


def is_ambiguous(url: str) -> bool:
    """Whether the text before the last @ holds more than a user name and a password."""
    _, found, rest = url.partition("://")
    login, has_login, _ = rest.rpartition("@")
    return bool(found and has_login and _SEPARATORS.search(login))
