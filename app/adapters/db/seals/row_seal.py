"""Seals rows that act, so nobody without the master key can plant, alter or move one by writing to the database.

A seal is HMAC-SHA256 over the table's name and all the row's columns. The total of a table's seals is kept encrypted
beside it: after a row was removed or replaced with an older version, it no longer adds up. Both keys are derived from
the master key. Repositories read and write these tables through `sealed_rows.SealedRows`.
"""

import base64
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from threading import Lock
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from sqlalchemy import JSON, Boolean, Column, Connection, Float, Integer, LargeBinary, Table

from app.adapters.db.tables import FORMER_NAMES, UNCOVERED, Day, Instant, day_text, to_millis
from app.core.errors import CryptoFault

logger = logging.getLogger(__name__)
_NONCE_BYTES, _TOTAL_BYTES, _VERSION_BYTES = 12, 32, 8
_ALL = 1 << (8 * _TOTAL_BYTES)
_OPTION = "facegate_seals"
_NAMED_ONCE = 1000
_KEPT = 200_000
# Made once: `json.dumps` makes one a call, and a list of everybody inside checks a seal a person.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


class Altered(ValueError):
    """This installation did not write a row as it is now. `table` and `row` name it."""

    def __init__(self, table: str, row: str) -> None:
        super().__init__(f"{table} {row} was altered")
        self.table, self.row = table, row


class RowSeals:
    """Makes and checks seals under one key. Shared by all threads.

    Altered rows that were found are kept until `tell` passes them to `on_altered`, outside of any transaction.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"row", "sha256")
        self._element = hmac.digest(key, b"element", "sha256")
        self._totals = AESGCM(hmac.digest(key, b"totals", "sha256"))
        self._cover = AESGCM(hmac.digest(key, b"cover", "sha256"))
        self._blinding = AESSIV(hmac.digest(key, b"blinding", "sha512"))
        self.unblind = lru_cache(_KEPT)(self._unblind)
        self._digest = hmac.digest(key, b"digest", "sha256")
        self._lock = Lock()
        self._altered: dict[tuple[str, str], bool] = {}
        self.on_altered: Callable[[str, str], None] = lambda table, row: None

    def seal(self, table: Table, values: Mapping[str, Any]) -> bytes:
        """The seal of a whole row. Raises TypeError or ValueError if a value does not fit its column."""
        return self._seal(table, values, {})

    def _seal(self, table: Table, values: Mapping[str, Any], names: Mapping[str, str]) -> bytes:
        # NULLs are left out, so a column added later does not invalidate the seals of older rows.
        plain = {names.get(name, name): of(values[name]) for name, of in covered(table) if values[name] is not None}
        return hmac.digest(self._key, _CANONICAL([table.name, plain]).encode(), "sha256")

    def is_valid(self, table: Table, row: Mapping[str, Any]) -> bool:
        try:
            if hmac.compare_digest(self.seal(table, row), row["seal"]):
                return True
            former = _FORMER.get(table.name)
            return former is not None and hmac.compare_digest(self._seal(table, row, former), row["seal"])
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            OverflowError,
        ):  # SQLite stores any kind of value in any column
            return False

    def note_altered(self, table: Table, row: Mapping[str, Any]) -> Altered:
        """Notes an altered row for the alert, and logs it once."""
        name = " ".join(str(row[column.name]) for column in table.primary_key)
        with self._lock:
            if (table.name, name) not in self._altered and len(self._altered) < _NAMED_ONCE:
                self._altered[table.name, name] = False
                logger.error(
                    'row_altered table=%s row="%s" why="written without the master key" used=no', table.name, name
                )
        return Altered(table.name, name)

    def report_altered(self) -> None:
        """Passes noted rows on. Called when no transaction is open. Raises nothing."""
        if not self._altered:
            return
        with self._lock:
            unreported = [key for key, reported in self._altered.items() if not reported]
            self._altered.update(dict.fromkeys(unreported, True))
        for key in unreported:
            try:
                self.on_altered(*key)
            except Exception as error:
                # The decision that met the row is already made: a failing alert must not undo it. It is tried again
                # when the row is read again.
                logger.warning(
                    'alert_failed table=%s row="%s" error=%s next=when_read_again', *key, type(error).__name__
                )
                with self._lock:
                    self._altered.pop(key, None)

    def digest(self, value: str) -> str:
        """The digest that finds a value which is stored sealed."""
        return hmac.digest(self._digest, value.encode("utf-8", "surrogatepass"), "sha256").hex()

    def blind(self, value: str) -> str:
        """The same text for the same value, to find rows by. Only the key reveals the value."""
        return base64.urlsafe_b64encode(self._blinding.encrypt(value.encode(), None)).decode()

    def _unblind(self, blinded: str) -> str:
        """The blinded value. Text that was never blinded is returned unchanged, for the audit to judge."""
        try:
            return self._blinding.decrypt(base64.urlsafe_b64decode(blinded), None).decode()
        except (InvalidTag, TypeError, ValueError):
            return blinded

    def conceal(self, plain: bytes, context: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cover.encrypt(nonce, plain, context.encode())

    def reveal(self, sealed: bytes, context: str) -> bytes:
        """Raises CryptoFault."""
        try:
            return self._cover.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
        except (InvalidTag, TypeError, ValueError):
            raise CryptoFault("a sealed record does not open: the key is wrong, or the record was altered") from None

    # Totals

    def element(self, seal: bytes) -> int:
        return int.from_bytes(hmac.digest(self._element, seal, "sha256"), "big")

    def close_total(self, name: str, version: int, total: int) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = version.to_bytes(_VERSION_BYTES, "big") + (total % _ALL).to_bytes(_TOTAL_BYTES, "big")
        return nonce + self._totals.encrypt(nonce, plain, name.encode())

    def open_total(self, name: str, sealed: bytes) -> tuple[int, int]:
        """(how often the table was written, its total). Raises Altered."""
        try:
            plain = self._totals.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except (InvalidTag, TypeError, ValueError):
            raise Altered("seal_totals", name) from None
        return int.from_bytes(plain[:_VERSION_BYTES], "big"), int.from_bytes(plain[_VERSION_BYTES:], "big")

    def fingerprint(self, name: str, version: int, total: int) -> str:
        """A total's fingerprint for a checkpoint, which reveals nothing of the total."""
        message = f"{name} {version} {total}".encode()
        return hmac.digest(self._element, message, "sha256").hex()


def seals_of(connection: Connection) -> RowSeals:
    """The seals that the connection's engine was made with. Raises KeyError if it was made with none."""
    seals: RowSeals = connection.get_execution_options()[_OPTION]
    return seals


def use(seals: RowSeals) -> dict[str, Any]:
    """Execution options of an engine."""
    return {_OPTION: seals}


def blinded(connection: Connection, person: str | None) -> str | None:
    """An employee's id as stored beside their movements. The key of a day's strangers is no employee's id."""
    return person if person is None or person.startswith("day:") else seals_of(connection).blind(person)


def unblinded(connection: Connection, stored: str | None) -> str | None:
    return None if stored is None else seals_of(connection).unblind(stored)


def _millis(value: Any) -> int:
    return to_millis(value)


def _day(value: Any) -> str:
    return day_text(value)


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return str(value)


def _hex(value: Any) -> str:
    if not isinstance(value, bytes):
        raise TypeError("not bytes")
    return value.hex()


_KINDS: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (Instant, _millis),
    (Day, _day),
    (JSON, _json),
    (Boolean, bool),
    (LargeBinary, _hex),
    (Float, float),
)


def _plain(column: Column[Any]) -> Callable[[Any], Any]:
    """The form in which a column's value is sealed: the same before storing and after reading."""
    for kind, of in _KINDS:
        if isinstance(column.type, kind):
            return of
    return int if isinstance(column.type, Integer) else _text


_FORMER = {table.name: names for table, names in FORMER_NAMES.items()}


@cache
def covered(table: Table) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """The columns that a seal covers, each with the function that gives its sealed form."""
    left_out = UNCOVERED.get(table, frozenset()) | {"seal"}
    return tuple((column.name, _plain(column)) for column in table.c if column.name not in left_out)
