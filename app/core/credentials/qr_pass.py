"""A QR pass: what its code says, signed, and why one that is read is none of ours.

A token is text of QR's alphanumeric mode: `FG1:` and base32 of the bytes below, without padding. Any other spelling of
the same bytes is refused. It holds no name, and it is checked as far as it goes before the database is asked.

    4  key id          of the installation that signed it
    4  site
   16  pass id         random, so nobody guesses one
    4  starts, 4 ends  seconds since 1970
    1  flags           bit 0: lets its holder in once; all others are zero
    1  places, n <= 8  none: anywhere that the rules say
   4n                  of gates, zones or sites
   64  signature       Ed25519 (RFC 8032) over a prefix and all bytes before it
"""

import base64
import hashlib
import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from app.core.errors import BadInput
from app.core.reasons import Reason

PREFIX = "FG1:"
ID_BYTES = 16
MOST_PLACES = 8
MOST_CHARS = 220
LONGEST = timedelta(days=366)
LEAVES_WITHIN = timedelta(hours=4)  # after the end: a pass still lets its holder out, and in nowhere
_SIGNED = b"facegate qr pass v1\0"
_HEAD = struct.Struct(">4s4s16sIIBB")
_SIGNATURE_BYTES = 64
_TOKEN = re.compile(r"FG1:[A-Z2-7]{150,210}", re.ASCII)
_ONCE = 1


class PassKey(Protocol):
    """The installation's key for passes. id: 4 bytes by which its tokens are known."""

    @property
    def id(self) -> bytes: ...
    def sign(self, message: bytes) -> bytes: ...
    def verify(self, message: bytes, signature: bytes) -> bool: ...


class Unreadable(Exception):
    """A code that is no pass of this installation. reason: why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class QrPass:
    """What a token says.

    Attributes:
        id: 16 random bytes.
        site: of the one site at which it is good, as `place` has it.
        starts_at, ends_at: whole seconds; the end does not belong to it.
        places: gates, zones or sites that it may be shown at, as `place` has them; none for any.
        once: whether it lets its holder in once only.

    Raises BadInput('bad_pass').
    """

    id: bytes
    site: bytes
    starts_at: datetime
    ends_at: datetime
    places: tuple[bytes, ...] = ()
    once: bool = False

    def __post_init__(self) -> None:
        sizes = len(self.id) == ID_BYTES and all(len(one) == 4 for one in (self.site, *self.places))
        if not sizes or len(self.places) > MOST_PLACES:
            raise BadInput("bad_pass", f"A pass is for at most {MOST_PLACES} gates, zones and sites.")
        seconds = (self.starts_at.timestamp(), self.ends_at.timestamp())
        if not all(0 <= one < 1 << 32 and one == int(one) for one in seconds):
            raise BadInput("bad_pass", "A pass starts and ends at whole seconds.")
        if not timedelta(0) < self.ends_at - self.starts_at <= LONGEST:
            raise BadInput("bad_pass", "A pass ends after it starts, within a year.")

    def takes(self, *here: str | None) -> bool:
        """Whether it may be shown here. here: the ids of the gate, of the zones that it connects, and of its site."""
        return not self.places or any(place(one) in self.places for one in here if one is not None)


def place(place_id: str) -> bytes:
    """How a token names a gate, zone or site."""
    return hashlib.sha256(b"facegate place " + place_id.encode()).digest()[:4]


def is_pass(text: str) -> bool:
    """Whether the text says of itself that it is a pass, of whatever site."""
    return text.startswith(PREFIX)


def written(what: QrPass, key: PassKey) -> str:
    """Returns the token, as a QR code holds it."""
    places = b"".join(what.places)
    times = int(what.starts_at.timestamp()), int(what.ends_at.timestamp())
    head = _HEAD.pack(key.id, what.site, what.id, *times, _ONCE if what.once else 0, len(what.places))
    signed = head + places
    return PREFIX + _base32(signed + key.sign(_SIGNED + signed))


def read(text: str, key: PassKey) -> QrPass:
    """Reads a token of this installation. Raises Unreadable; its dates, site and places are for the caller to check."""
    if not _TOKEN.fullmatch(text):
        raise Unreadable(Reason.CREDENTIAL_MISREAD)
    data = _bytes(text.removeprefix(PREFIX))
    if data is None or len(data) < _HEAD.size + _SIGNATURE_BYTES:
        raise Unreadable(Reason.CREDENTIAL_MISREAD)
    signed, signature = data[:-_SIGNATURE_BYTES], data[-_SIGNATURE_BYTES:]
    key_id, site, pass_id, starts, ends, flags, count = _HEAD.unpack_from(signed)
    places = signed[_HEAD.size :]
    if len(places) != 4 * count or count > MOST_PLACES:
        raise Unreadable(Reason.CREDENTIAL_MISREAD)
    if key_id != key.id:
        raise Unreadable(Reason.QR_OF_ANOTHER_SITE)
    if not key.verify(_SIGNED + signed, signature) or flags & ~_ONCE:
        raise Unreadable(Reason.QR_ALTERED)
    listed = tuple(places[at : at + 4] for at in range(0, len(places), 4))
    try:
        return QrPass(pass_id, site, _instant(starts), _instant(ends), listed, bool(flags & _ONCE))
    except BadInput as error:
        raise Unreadable(Reason.QR_ALTERED) from error


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes | None:
    """None for text that is not how `_base32` writes some bytes."""
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        return None
    return data if _base32(data) == text else None


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
