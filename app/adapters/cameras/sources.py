"""Opens a source for an address. There is no other way in, so no camera bypasses the rules of `address`."""

import ssl
from functools import partial
from pathlib import Path
from typing import Protocol

from app.adapters.cameras.address import ANYWHERE, CameraAddress, CameraPolicy, parse, pin
from app.adapters.cameras.decoder_messages import DecoderMessages
from app.adapters.cameras.feeds import DeviceFeed, MjpegFeed, RtspFeed
from app.adapters.cameras.link import Link
from app.adapters.cameras.live import Feed, LiveSource
from app.adapters.cameras.stored import FOLDER_FPS, StoredSource
from app.adapters.net.addresses import Resolve, resolve
from app.core.ports.cameras import Source
from app.core.ports.store import Clock


class CameraSource(Source, Protocol):
    """A source that also keeps its decoder's last messages, without addresses and secrets.

    patient: the next frame waits until the last one is taken. A camera's frames cannot wait.
    """

    @property
    def patient(self) -> bool: ...

    @property
    def decoder_messages(self) -> tuple[str, ...]: ...


def open_source(
    url: str,
    *,
    allow_local: bool,
    clock: Clock,
    policy: CameraPolicy = ANYWHERE,
    loop: bool = False,
    fps: float = FOLDER_FPS,
    tls: ssl.SSLContext | None = None,
    resolver: Resolve = resolve,
) -> CameraSource:
    """A source that connects at its first `read`, in the thread that reads, so a dead camera delays nobody else.

    Args:
        policy: Which addresses the site allows. The host is checked at every connection.
        loop: For files and folders.
        fps: For folders, in frames a second.
        tls: The authorities for rtsps and https without a fingerprint; None for the system's.

    Raises:
        BadInput: The address is refused.
    """
    address = parse(url, allow_local=allow_local)
    words = DecoderMessages(address)
    if address.scheme in {"file", "folder"}:
        return StoredSource(Path(address.path), words, clock, patient=address.fast, loop=loop, fps=fps)
    look_up = partial(pin, address, allow_local=allow_local, policy=policy, resolver=resolver)
    return LiveSource(_feed(address, partial(Link, address, look_up, tls)), words, clock)


def check(
    url: str, *, allow_local: bool, policy: CameraPolicy = ANYWHERE, resolver: Resolve = resolve
) -> CameraAddress:
    """Checks an address when a camera is saved, and its host if the name resolves. Raises BadInput.

    An unknown name passes: the camera may not be plugged in yet.
    """
    address = parse(url, allow_local=allow_local)
    if not address.local:
        try:
            pin(address, allow_local=allow_local, policy=policy, resolver=resolver)
        except OSError:
            return address
    return address


def _feed(address: CameraAddress, new_link: partial[Link]) -> Feed:
    if address.scheme == "device":
        return DeviceFeed(address)
    return RtspFeed(address, new_link) if address.scheme.startswith("rtsp") else MjpegFeed(address, new_link)
