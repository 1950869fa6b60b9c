"""Checks that the log is whole, against itself and against the checkpoints that left this machine."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from app.core.alerts.alert import Alert, AlertKind
from app.core.events.chain import Flaw, link_of, walk
from app.core.events.checkpoint import Checkpoint
from app.core.events.corrections import CorrectionKind
from app.core.events.records import ChainHead, EventRow
from app.core.gates.result import GateResultRow
from app.core.people.records import Receipt
from app.core.ports.crypto import Signer
from app.core.ports.store import Clock, Store, Transaction
from app.core.site.retention import Explained
from app.services.events.access_log import AccessLog
from app.services.events.missing import Missing
from app.services.people.erasure import message
from app.services.people.retention.receipts import explained

BATCH = 200
FORGED = "the gate's report on this event is not signed by this installation: forged"
EMPTIED = "a correction of this event lost its person, and nobody was erased"
NO_GATE = "(none)"
TABLE = "table:"  # before a table's name, where a checkpoint says how a table stood
MISQUOTED = "a correction of this event is not signed by this installation: forged"


@dataclass(frozen=True)
class GateChain:
    """events: how many were found good, up to the flaw if there is one. head: the gate's head hash."""

    events: int
    head: str


@dataclass(frozen=True)
class AuditReport:
    """valid, every gate's chain by the gate's name, and the first bad record of the first bad gate."""

    valid: bool
    gates: dict[str, GateChain] = field(default_factory=dict)
    flaw: Flaw | None = None


class Audit:
    """Verifies all chains and signs their heads, on one state of the database."""

    def __init__(
        self, store: Store, log: AccessLog, signer: Signer, clock: Clock, new_id: Callable[[], str] = lambda: ""
    ) -> None:
        self._store = store
        self._new_id = new_id
        self._log = log
        self._signer = signer
        self._clock = clock

    def verify(
        self,
        checkpoints: Iterable[Mapping[str, Any]] = (),
        damaged: Sequence[str] = (),
        rest: Callable[[], None] = lambda: None,
    ) -> AuditReport:
        """Every chain, payload, picture and correction, and whether signed receipts explain what is missing.

        checkpoints: signed ones kept elsewhere, of any gates; without them a chain whose tail and head row were cut
        off together looks whole. One that is not signed by us is itself a flaw, and so is the first of `damaged`, which
        may fill while they are read. rest: called at every event, so that others go first.
        """
        marks, flaw = self._by_gate(checkpoints)
        if damaged and flaw is None:
            flaw = Flaw(NO_GATE, 0, None, f"{damaged[0]}: restore it from a copy, or take the line out")
        chains: dict[str, GateChain] = {}
        with self._store.read() as tx:
            missing = Missing(self._erased(tx), self._expired(tx))
            flaw = flaw or _homeless(tx)
            for head in tx.events.heads():
                name = _name(tx, head.gate_id)
                without = partial(missing.payload, name)
                chain = _Counted(tx, tx.events.chain(head.gate_id), self._result_signed, rest, without)
                found = self._walk(tx, head, chain, marks.pop(head.gate_id, []), partial(missing.picture, name))
                chains[name] = GateChain(chain.events if found is None else found.sequence - 1, head.hash)
                if chain.forged is not None and (found is None or found.sequence > chain.forged.sequence):
                    found = chain.forged
                if found is not None and flaw is None:
                    flaw = Flaw(name, found.sequence, found.event_id, found.problem)
            flaw, planted = flaw or self._misquoted(tx), self._planted(tx, marks)
        flaw = flaw or missing.flaw()
        if marks and flaw is None:
            flaw = Flaw(min(marks), 1, None, "signed checkpoints name this gate, and it is gone")
        flaw = flaw or planted
        return AuditReport(flaw is None, chains, flaw)

    def checkpoint(self) -> list[Checkpoint]:
        """Signs the present head of every gate's chain."""
        with self._store.read() as tx:
            heads = tx.events.heads()
        at = self._clock()
        return [self._log.checkpoint(head.gate_id, head.sequence, head.hash, at) for head in heads]

    def totals(self) -> list[Checkpoint]:
        """Signs the state of every table that decides who may do what, in the form of a gate's head."""
        with self._store.read() as tx:
            found = tx.seals.totals()
        at = self._clock()
        return [self._log.checkpoint(TABLE + one.table, one.version, one.fingerprint, at) for one in found]

    def look_at_rows(self) -> None:
        """Raises an alert if a table that decides who may do what is not as this installation wrote it."""
        with self._store.read() as tx:
            found = next(tx.seals.flaws(thorough=False), None)
        if found is not None:
            detail = f"{found.table} {found.row}".strip()[:200]
            with self._store.write() as tx:
                tx.alerts.raise_(Alert(self._new_id(), self._clock(), AlertKind.RECORD_ALTERED, detail=detail))

    def all_clear(self) -> None:
        """Clears that alert, after a verification that found everything good."""
        with self._store.read() as tx:
            stands = any(alert.kind is AlertKind.RECORD_ALTERED for alert in tx.alerts.uncleared())
        if stands:
            with self._store.write() as tx:
                tx.alerts.clear(AlertKind.RECORD_ALTERED, None, None, self._clock())

    def _planted(self, tx: Transaction, marks: dict[str, list[Checkpoint]]) -> Flaw | None:
        """The first row that this installation did not write, or the first table in an older state."""
        seen_of = {name: marks.pop(name) for name in list(marks) if name.startswith(TABLE)}
        for flaw in tx.seals.flaws():
            return Flaw(NO_GATE, 0, None, f"{flaw.table} {flaw.row}".strip() + f" {flaw.problem}")
        for total in tx.seals.totals():
            seen = seen_of.get(TABLE + total.table, [])
            later = any(mark.sequence > total.version for mark in seen)
            if later or any(m.sequence == total.version and m.hash != total.fingerprint for m in seen):
                return Flaw(NO_GATE, 0, None, f"{total.table} was put back as it once was: a checkpoint saw it later")
        return None

    def _by_gate(self, checkpoints: Iterable[Mapping[str, Any]]) -> tuple[dict[str, list[Checkpoint]], Flaw | None]:
        marks: dict[str, list[Checkpoint]] = {}
        flaw = None
        for printed in checkpoints:
            try:
                mark = Checkpoint.read(printed)
                ours = self._signer.verify(mark.signed_part, mark.signature)
            except (KeyError, TypeError, ValueError):
                ours = False
            if ours:
                marks.setdefault(mark.gate_id, []).append(mark)
            elif flaw is None:
                flaw = Flaw(_plain(printed.get("gate_id")), 0, None, "a checkpoint is not signed by this installation")
        return marks, flaw

    def _walk(
        self,
        tx: Transaction,
        head: ChainHead,
        chain: "_Counted",
        marks: list[Checkpoint],
        expired: Callable[[EventRow], bool],
    ) -> Flaw | None:
        keys: dict[str, bytes | None] = {}
        return walk(
            head.gate_id,
            chain,
            head,
            lambda row: self._log.sealed_payload_of(tx, row, keys),
            lambda row: self._log.sealed_snapshot_of(tx, row, keys),
            self._signed,
            marks,
            expired,
        )

    def _misquoted(self, tx: Transaction) -> Flaw | None:
        """The first correction that is not ours, or names nobody though its event still does.

        Not noticed: a correction that was removed, because no chain holds it, and a WAS that was emptied.
        """
        try:
            for said in tx.corrections.all():
                event = tx.events.get(said.event_id) if said.employee_id is None else None
                emptied = said.kind is CorrectionKind.NOT_THIS_PERSON and event is not None and event.employee_id
                if emptied or not said.signed_by(self._signer):
                    event = event or tx.events.get(said.event_id)
                    where = (NO_GATE, 0) if event is None else (_name(tx, event.gate_id), event.sequence)
                    return Flaw(*where, said.event_id, EMPTIED if emptied else MISQUOTED)
        except (TypeError, ValueError, OverflowError):
            return Flaw(NO_GATE, 0, None, "a correction holds what this installation never writes")
        return None

    def _expired(self, tx: Transaction) -> Explained:
        """What receipts of retention explain."""
        try:
            return explained(tx.retained.receipts(), self._signer)
        except (TypeError, ValueError, OverflowError):
            return Explained({}, {})  # an unreadable receipt explains nothing

    def _erased(self, tx: Transaction) -> int:
        """How many events have lost their payload to erasures, by the receipts that we signed.

        Those in the database say it exactly: after an older backup came back they are written anew, and whoever is
        erased is so once, so only an employee's newest counts.
        """
        newest: dict[str, Receipt] = {}
        try:
            for receipt in tx.erasures.all():
                known = newest.get(receipt.employee_id)
                if self._receipt_signed(receipt) and (known is None or receipt.erased_at > known.erased_at):
                    newest[receipt.employee_id] = receipt
        except (TypeError, ValueError, OverflowError):
            pass  # an unreadable receipt explains nothing
        return sum(receipt.events_unlinked for receipt in newest.values())

    def _receipt_signed(self, receipt: Receipt) -> bool:
        return self._signer.verify(message(receipt), receipt.signature)

    def _signed(self, event: EventRow) -> bool:
        return self._signer.verify(link_of(event).signed_part, event.signature)

    def _result_signed(self, result: GateResultRow) -> bool:
        return self._signer.verify(result.signed_part, result.signature)


class _Counted:
    """Counts what passes and checks what the gates did with it, so a chain is read once.

    without: called for each that has no payload.
    forged: the first event whose second record is not ours. A removed one is not noticed, because no chain holds it.
    """

    def __init__(
        self,
        tx: Transaction,
        events: Iterator[EventRow],
        signed: Callable[[GateResultRow], bool],
        rest: Callable[[], None],
        without: Callable[[EventRow], None],
    ) -> None:
        self._tx = tx
        self._events = events
        self._signed = signed
        self._rest = rest
        self.events = 0
        self._without = without
        self.forged: Flaw | None = None

    def __iter__(self) -> Iterator[EventRow]:
        unreadable: Exception | None = None
        while unreadable is None:
            batch: list[EventRow] = []
            try:
                # One by one, so that everything before an unreadable record is verified first.
                for event in islice(self._events, BATCH):
                    batch.append(event)
            except (TypeError, ValueError, OverflowError) as error:
                unreadable = error
            bad = self._bad(batch) if self.forged is None else set()
            for event in batch:
                self.events += 1
                if event.sealed_payload is None:
                    self._without(event)
                if event.id in bad and self.forged is None:
                    self.forged = Flaw(event.gate_id, event.sequence, event.id, FORGED)
                self._rest()
                yield event
            if unreadable is None and len(batch) < BATCH:
                return
        raise unreadable

    def _bad(self, batch: list[EventRow]) -> set[str]:
        ids = [event.id for event in batch]
        try:
            return {event_id for event_id, row in self._tx.gate_results.of(ids).items() if not self._signed(row)}
        except (TypeError, ValueError, OverflowError):
            # One of them has a value of the wrong type; ask for each to find out which.
            return set(ids) if len(ids) == 1 else {bad for event in batch for bad in self._bad([event])}


def _homeless(tx: Transaction) -> Flaw | None:
    """The first event of a gate that does not exist; no chain holds it."""
    try:
        event = tx.events.homeless()
    except (TypeError, ValueError, OverflowError):
        return Flaw(NO_GATE, 0, None, "an event of an unknown gate holds what this installation never writes")
    if event is None:
        return None
    return Flaw(_plain(event.gate_id), event.sequence, event.id, "the record belongs to a gate that does not exist")


def _plain(said: object) -> str:
    """Text of a damaged record, shortened, without characters that no answer can carry."""
    return str(said).encode("utf-8", "replace").decode()[:100]


def _name(tx: Transaction, gate_id: str) -> str:
    gate = tx.gates.get(gate_id)
    return gate_id if gate is None else gate.name
