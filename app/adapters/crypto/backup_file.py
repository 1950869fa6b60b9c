"""A backup file: a head in the clear, then everything else, sealed piece by piece.

The pieces are bound to the head and to their place, and the last one says that it is the last. So a file that was
altered, truncated or put together from two does not open. The key is the master key's, or a passphrase's.
"""

import base64
import hashlib
import io
import json
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Any, BinaryIO

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.adapters.crypto.vault import KEY_BYTES, decrypt, derive, encrypt
from app.adapters.sealed_file import PIECE, SealedReader, SealedWriter, sync_folder
from app.core.canonical import instant, moment
from app.core.errors import CryptoFault, Fault
from app.core.site.backup import BackupHead

MAGIC = b"facegate backup 1\n"
DRAFT, PART = ".facegate-", ".part"
_SALT_BYTES = 16
_LONGEST_HEAD = 2000
# RFC 9106's second choice, for memory of 64 MiB: a guess costs about 0.1 s of a core.
_PASSES, _MEMORY_KIB, _LANES = 3, 65_536, 4
NOT_OURS = "is not a backup of Facegate, or its beginning was altered"
THERE = "exists already, and no backup is overwritten. Give another name"
BROKEN = "is truncated or was altered: nothing of it was used. Take another backup"
NOT_OPENED = "does not open: the passphrase is another, or the file is truncated or was altered. Nothing of it was used"

Key = Callable[[BackupHead], bytes]


def by_master_key(master_key: bytes) -> Key:
    return lambda head: derive(master_key, b"facegate backup v1" + head.salt)


def by_passphrase(passphrase: str) -> Key:
    typed = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    return lambda head: hash_secret_raw(typed, head.salt, _PASSES, _MEMORY_KIB, _LANES, KEY_BYTES, Type.ID)


def new_salt() -> bytes:
    return token_bytes(_SALT_BYTES)


@contextmanager
def written(path: Path, head: BackupHead, key: Key, *, replaces: bool = False) -> Iterator[Callable[[bytes], None]]:
    """Yields a function that takes the content in order. The file has its name once the block ends, whole and on disk.

    replaces: an older file of the name is replaced. Otherwise raises Fault for one, and OSError as the disk does.
    """
    if path.exists() and not replaces:
        raise Fault(f"{path} {THERE}")
    draft = path.with_name(f"{DRAFT}{path.name}.{token_hex(4)}{PART}")
    first = MAGIC + _as_text(head)
    cipher, bound = AESGCM(key(head)), hashlib.sha256(first).hexdigest()
    writer = SealedWriter(draft, lambda data, place: encrypt(cipher, data, f"{bound} {place}".encode()), first)
    try:
        yield writer.write
        writer.close()
        if path.exists() and not replaces:  # it came meanwhile
            raise Fault(f"{path} {THERE}")
        draft.replace(path)
        sync_folder(path.parent)
    finally:
        writer.abandon()
        draft.unlink(missing_ok=True)


def read_head(path: Path) -> tuple[BackupHead, int]:
    """The head, and where the pieces begin. Raises Fault for another kind of file, OSError as the disk does."""
    with path.open("rb") as file:
        first = file.read(len(MAGIC))
        line = file.readline(_LONGEST_HEAD)
    try:
        if first != MAGIC:
            raise ValueError
        facts: dict[str, Any] = json.loads(line)
        head = BackupHead(
            moment(facts["made_at"]),
            str(facts["schema"]),
            base64.b64decode(facts["key_check"], validate=True),
            facts["with_key"] is True,
            base64.b64decode(facts["salt"], validate=True),
        )
        if _as_text(head) != line or len(head.salt) != _SALT_BYTES:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Fault(f"{path} {NOT_OURS}") from error
    return head, len(MAGIC) + len(line)


@contextmanager
def opened(path: Path, key: Key) -> Iterator[BinaryIO]:
    """The content of a backup. Raises Fault if a piece does not open: the key is wrong, or the file was altered."""
    head, start = read_head(path)
    cipher = AESGCM(key(head))
    with path.open("rb") as file:
        bound = hashlib.sha256(file.read(start)).hexdigest()
    try:
        reader = SealedReader(path, lambda data, place: decrypt(cipher, data, f"{bound} {place}".encode()), start)
        with io.BufferedReader(_Readable(reader), PIECE) as content:
            yield content
    except CryptoFault as error:
        raise Fault(f"{path} {NOT_OPENED if head.with_key else BROKEN}") from error


def check(path: Path, key: Key, rest: Callable[[], None] = lambda: None) -> None:
    """Opens every piece. Raises as `opened` does."""
    with opened(path, key) as content:
        while content.read(PIECE):
            rest()


def leftovers(folder: Path, older_than: datetime) -> list[Path]:
    """Unfinished files of backups that were killed. Other programs' files are never among them."""
    found = []
    for path in folder.glob(f"{DRAFT}*{PART}"):
        with suppress(FileNotFoundError):  # its backup ended meanwhile
            if path.stat().st_mtime < older_than.timestamp():
                found.append(path)
    return found


class _Readable(io.RawIOBase):
    """What BufferedReader wants of a SealedReader."""

    def __init__(self, reader: SealedReader) -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._reader.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._reader.close()
        super().close()


def _as_text(head: BackupHead) -> bytes:
    facts = {
        "made_at": instant(head.made_at),
        "schema": head.schema,
        "with_key": head.with_key,
        "key_check": base64.b64encode(head.key_check).decode(),
        "salt": base64.b64encode(head.salt).decode(),
    }
    return json.dumps(facts, separators=(",", ":")).encode() + b"\n"
