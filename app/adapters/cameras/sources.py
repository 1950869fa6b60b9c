"""From an address to a source: the one way in, so that no camera is opened past the rules of `address`."""

import ssl
from functools import partial
from pathlib import Path
from typing import Protocol

from app.adapters.cameras.address import ANYWHERE, CameraAddress, Reach, parse, pin
from app.adapters.cameras.feeds import DeviceFeed, MjpegFeed, RtspFeed
from app.adapters.cameras.last_words import LastWords
from app.adapters.cameras.link import Link
from app.adapters.cameras.live import Feed, LiveSource
from app.adapters.cameras.stored import FOLDER_FPS, StoredSource
from app.adapters.net.addresses import Resolve, resolve
from app.core.ports.cameras import Source
from app.core.ports.store import Clock


class CameraSource(Source, Protocol):
    """A source that also keeps what its decoder said last, with addresses and secrets taken out.

    patient: its next picture can wait until somebody has looked at the one before; a camera's cannot.
    """

    @property
    def patient(self) -> bool: ...

    @property
    def last_words(self) -> tuple[str, ...]: ...


def open_source(
    url: str,
    *,
    allow_local: bool,
    clock: Clock,
    reach: Reach = ANYWHERE,
    loop: bool = False,
    fps: float = FOLDER_FPS,
    tls: ssl.SSLContext | None = None,
    resolver: Resolve = resolve,
) -> CameraSource:
    """A source that connects with its first `read`: in the thread that reads, so a dead camera holds up nobody else.

    reach: which addresses the site allows. loop: of files and folders;
    fps: of folders. tls: whom to trust for rtsps and https without a fingerprint; the system's authorities if None.
    Raises BadInput for an address that is refused as it stands; the host is checked at every connection.
    """
    address = parse(url, allow_local=allow_local)
    words = LastWords(address)
    if address.scheme in {"file", "folder"}:
        return StoredSource(Path(address.path), words, clock, patient=address.fast, loop=loop, fps=fps)
    look_up = partial(pin, address, allow_local=allow_local, reach=reach, resolver=resolver)
    return LiveSource(_feed(address, partial(Link, address, look_up, tls)), words, clock)


def check(url: str, *, allow_local: bool, reach: Reach = ANYWHERE, resolver: Resolve = resolve) -> CameraAddress:
    """For the moment a camera is saved: the address, and its host where the name is known now.

    Raises BadInput. A name that is not known yet passes: the camera may not be plugged in.
    """
    address = parse(url, allow_local=allow_local)
    if not address.local:
        try:
            pin(address, allow_local=allow_local, reach=reach, resolver=resolver)
        except OSError:
            return address
    return address


def _feed(address: CameraAddress, new_link: partial[Link]) -> Feed:
    if address.scheme == "device":
        return DeviceFeed(address)
    return RtspFeed(address, new_link) if address.scheme.startswith("rtsp") else MjpegFeed(address, new_link)
