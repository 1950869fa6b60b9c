"""What a camera's address may be. It is judged here, before anything connects.

An admin who may set a camera's address must not thereby read the server's files; a video device is none. Which host it
may lead to is decided by `net.addresses`.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from app.adapters.net.addresses import ForbiddenAddress, Network, Resolve, allowed, resolve
from app.core.cameras.url_login import CURE, is_ambiguous
from app.core.errors import BadInput

PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
LOCAL = frozenset({"device", "file", "folder"})
FAST = "#fast"
CODE = "bad_camera_address"
# FFmpeg silently cuts "user:password" of an RTSP address off after 128 bytes.
MAX_CREDENTIALS = 120
MAX_URL = 2000


@dataclass(frozen=True)
class CameraPolicy:
    """Which addresses a site allows. networks: where cameras may be; with none given, anywhere that a device may be."""

    networks: tuple[Network, ...] = ()
    schemes: frozenset[str] = frozenset(PORTS)


ANYWHERE = CameraPolicy()


@dataclass(frozen=True)
class CameraAddress:
    """A parsed address. Only scheme, host and port are ever shown: many cameras have a token or password in the path.

    Attributes:
        path: With the query, as it is sent. For a local source, the path in the file system.
        fingerprint: SHA-256 of the expected certificate, lower-case hex, or None to ask the trusted authorities.
        fast: For a file or folder: play as fast as frames are taken, not in real time.
    """

    scheme: str
    host: str = ""
    port: int = 0
    path: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    fingerprint: str | None = None
    fast: bool = False

    @property
    def local(self) -> bool:
        return self.scheme in LOCAL

    @property
    def encrypted(self) -> bool:
        return self.scheme in {"rtsps", "https"}

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must not appear in a log. Longest first, so that replacing one leaves no part of another."""
        return tuple(sorted({s for s in (self.host, self.path, self.user, self.password) if s}, key=len, reverse=True))


def parse(url: str, *, allow_local: bool) -> CameraAddress:
    """Parses rtsp, rtsps, http, https, device:0, device:/dev/video0; with allow_local also file:PATH, folder:PATH.

    file:PATH#fast and folder:PATH#fast play as fast as frames are taken. The fragment names a camera's own certificate:
    rtsps://host/stream#sha256=HEX.

    Raises:
        BadInput: The address is refused. The message repeats nothing of it.
    """
    if not 0 < len(url) <= MAX_URL or not url.isprintable() or " " in url.strip():
        raise BadInput(CODE, "a camera's address is one line of at most 2000 characters; write a space as %20")
    if is_ambiguous(url) and url.partition(":")[0].strip().lower() not in LOCAL:
        raise BadInput(CODE, f"the address has an @ that is not before the host: {CURE}; in a path write @ as %40")
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadInput(CODE, "this is not an address; one looks like rtsp://user:password@host/path") from None
    if parts.scheme in LOCAL:
        return _local(parts.scheme, url.strip().split(":", 1)[1], allow_local)
    if parts.scheme not in PORTS:
        begins = "a camera's address begins with rtsp://, rtsps://, http://, https:// or device:"
        raise BadInput(CODE, f"{begins}; on the command line also with file: or folder:")
    if not host or not re.fullmatch(r"[A-Za-z0-9._:-]+", host):
        raise BadInput(CODE, "a camera's address names a host: letters, digits, dots and hyphens")
    if not url.isascii():
        raise BadInput(CODE, "write characters outside ASCII as %XX in a camera's address")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if len(f"{parts.username or ''}:{parts.password or ''}") > MAX_CREDENTIALS:
        raise BadInput(CODE, f"user name and password are longer than {MAX_CREDENTIALS} characters together")
    if not (user + password).isprintable():
        raise BadInput(CODE, "user name and password hold control characters")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return CameraAddress(
        parts.scheme,
        host,
        port or PORTS[parts.scheme],
        path,
        user,
        password,
        _fingerprint(parts.scheme, parts.fragment),
    )


def _local(scheme: str, rest: str, allow_local: bool) -> CameraAddress:
    if scheme != "device" and not allow_local:
        raise BadInput(CODE, "files and folders can only be set on the machine itself, not over the API")
    fast = scheme != "device" and rest.endswith(FAST)
    path = unquote(rest.removesuffix(FAST) if fast else rest)
    path = path.removeprefix("//") if path.startswith("///") else path
    if scheme == "device":
        path = f"/dev/video{path}" if path.isdigit() else path
        if not re.fullmatch(r"/dev/video\d{1,3}", path):
            raise BadInput(CODE, "a device is device:0 or device:/dev/video0")
    if not path:
        raise BadInput(CODE, f"{scheme}: needs a path")
    return CameraAddress(scheme, path=path, fast=fast)


def _fingerprint(scheme: str, fragment: str) -> str | None:
    if not fragment:
        return None
    value = fragment.removeprefix("sha256=").replace(":", "").lower()
    if scheme not in {"rtsps", "https"} or not re.fullmatch("[0-9a-f]{64}", value):
        raise BadInput(
            CODE, "only sha256= and the certificate's 64 hex digits may follow #, and only with rtsps or https"
        )
    return value


def pin(
    address: CameraAddress, *, allow_local: bool, policy: CameraPolicy = ANYWHERE, resolver: Resolve = resolve
) -> str:
    """The one numeric address to connect to.

    Args:
        allow_local: Also allows this machine's loopback. So does a loopback network named in `policy`.

    Raises:
        BadInput: The scheme or the host is refused.
        OSError: The name is not known.
    """
    if address.scheme not in policy.schemes:
        raise BadInput(CODE, f"this site reaches cameras only by {', '.join(sorted(policy.schemes))}")
    try:
        return allowed(address.host, address.port, loopback=allow_local, networks=policy.networks, resolver=resolver)[0]
    except ForbiddenAddress as refused:
        raise BadInput(CODE, str(refused)) from None


def with_login(url: str, user: str | None, password: str | None) -> str:
    """Returns the address with this login, as typed; None keeps what the address has. Raises BadInput."""
    if parse(url, allow_local=True).local:
        raise BadInput(CODE, "files, folders and devices have no user name and no password")
    parts = urlsplit(url.strip())
    user = unquote(parts.username or "") if user is None else user
    password = unquote(parts.password or "") if password is None else password
    if password and not user:
        raise BadInput(CODE, "a password needs a user name")
    host = parts.netloc.rpartition("@")[2]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    return urlunsplit(parts._replace(netloc=login + host))


def masked(url: str) -> str:
    """The address as it may be shown: scheme, host and port. User, password, path and query may all be secrets."""
    try:
        address = parse(url, allow_local=True)
    except BadInput:
        return "***"
    if address.local:
        return f"{address.scheme}:{address.path}{FAST if address.fast else ''}"
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{address.scheme}://{host}:{address.port}/***"
