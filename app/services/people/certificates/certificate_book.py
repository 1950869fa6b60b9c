"""Certificates of erasures: searches for what is left, right after each erasure, and signs what that found.

One search serves all who were erased meanwhile, because it takes as long as reading everything does. It runs in the
process that erased them, and lets decisions go first.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from app.core.canonical import instant
from app.core.errors import Conflict, NotFound, NotRecorded
from app.core.people.certificates import FORMAT, Certificate, HeldBackup, Place, Search, Searched, message
from app.core.people.traces import Needles, Traces
from app.core.ports.crypto import Signer
from app.core.ports.store import Clock, Store
from app.services.people.certificates.taking_down import Noted, TakingDown

logger = logging.getLogger(__name__)

AT_ONCE = 500  # people in one search
ROLLED_BACK = timedelta(minutes=1)  # until then, an erasure without a row may still be committed
GIVEN_UP = timedelta(hours=1)  # the process that erased them has ended, or the database does not answer
EVERYWHERE = "all of it"  # where nothing of a place could be searched
Found = TypeVar("Found")
PENDING = "The search for what is left is still running. Ask again in some seconds."


def _nothing() -> None: ...


@dataclass
class CertificateBook:
    """searches: in the order of their places. backups: those made before the instant that still exist.
    let_go: called before the search, so that this process lets go of what its caches have of them."""

    store: Store
    signer: Signer
    clock: Clock
    taking_down: TakingDown
    backups: Callable[[datetime], Sequence[HeldBackup]] = lambda before: ()
    searches: Sequence[Search] = ()
    let_go: Sequence[Callable[[Traces], None]] = ()

    # Reading

    def all(self, limit: int, before: str | None = None) -> list[Certificate]:
        """Newest first."""
        with self.store.read() as tx:
            return tx.certificates.all(limit, before)

    def get(self, certificate_id: str) -> Certificate:
        """Raises NotFound."""
        with self.store.read() as tx:
            found = tx.certificates.get(certificate_id)
        if found is None:
            raise NotFound("unknown_certificate", "There is no certificate with this id.")
        return found

    def of(self, employee_id: str) -> Mapping[str, Any]:
        """The signed certificate of the person's newest erasure. Raises NotFound, and Conflict during the search."""
        return signed(self._newest(employee_id))

    def id_of(self, employee_id: str) -> str:
        """The id of the certificate of the person's newest erasure. Raises NotFound."""
        return self._newest(employee_id).id

    def _newest(self, employee_id: str) -> Certificate:
        with self.store.read() as tx:
            found = tx.certificates.of(employee_id)
        if found is None:
            raise NotFound("unknown_certificate", "Nobody with this id was erased since there are certificates.")
        return found

    # Making

    def make(self, rest: Callable[[], None] = _nothing, stopped: Callable[[], bool] = lambda: False) -> int:
        """Searches for what is left of everybody who was erased, and signs their certificates. Returns how many.

        A place that cannot be searched is named in the certificate, which is then not complete.

        rest: called often, so that decisions go first. stopped: ends the search. Raises NotRecorded; then the next call
        searches again, until GIVEN_UP.
        """

        def rest_or_end() -> None:
            if stopped():
                raise _Ended
            rest()

        made = 0
        with suppress(_Ended):
            while batch := self._batch():
                made += self._certify(batch, rest_or_end)
        return made

    def _batch(self) -> dict[str, Noted]:
        with self.taking_down.lock:
            waiting = list(self.taking_down.waiting.items())
        if not waiting:
            return {}
        with self.store.read() as tx:
            batch = {name: one for name, one in waiting if tx.certificates.get(name) is not None}
        now = self.clock()
        self._done(name for name, one in waiting if name not in batch and one.at < now - ROLLED_BACK)
        late = {name: one for name, one in batch.items() if one.at < now - GIVEN_UP}
        return dict(list((late or batch).items())[:AT_ONCE])

    def _certify(self, batch: Mapping[str, Noted], rest: Callable[[], None]) -> int:
        began = self.clock()
        is_late = all(one.at < began - GIVEN_UP for one in batch.values())
        needles = Needles({name: one.traces for name, one in batch.items()})
        self._tried("let_go", lambda: self._let_go_of(batch), is_late)
        searched: list[Searched] = []
        for search in self.searches:
            found = self._tried(search.place.value, partial(search.look, needles, rest), is_late)
            searched += [Searched(search.place, "", 0, failed=(EVERYWHERE,))] if found is None else found
        searched.sort(key=lambda one: list(Place).index(one.place))
        ended = self.clock()
        for name, (_, known, traces) in batch.items():
            search_done: dict[str, object] = {
                "complete": not any(one.failed for one in searched),
                "began_at": instant(began),
                "ended_at": instant(ended),
                "terms": traces.counts(),
                "too_short": traces.too_short,
            }
            self._write(name, known, search_done, searched)
        self._done(batch)
        return len(batch)

    def _let_go_of(self, batch: Mapping[str, Noted]) -> None:
        for one in batch.values():
            for let_go in self.let_go:
                let_go(one.traces)

    def _tried(self, name: str, step: Callable[[], Found], is_late: bool) -> Found | None:
        """None if it fails: what fails must keep no certificate back, and nobody's name in memory. An outage of the
        database passes, so it raises NotRecorded, unless it is late."""
        try:
            return step()
        except _Ended:
            raise
        except Exception as error:
            if isinstance(error, NotRecorded) and not is_late:
                raise
            logger.error('erasure_search_failed step=%s error=%s do="read the certificate"', name, type(error).__name__)
            return None

    def _done(self, names: Iterable[str]) -> None:
        with self.taking_down.lock:
            for name in names:
                self.taking_down.waiting.pop(name, None)

    def give_up(self) -> None:
        """Signs a certificate without a search for whom a process erased that has ended since. Raises NotRecorded."""
        now = self.clock()
        with self.store.read() as tx:
            lost = list(tx.certificates.waiting(now - GIVEN_UP))
        with self.taking_down.lock:
            lost = [one for one in lost if one.id not in self.taking_down.waiting]
        for one in lost:
            known: dict[str, object] = {
                "certificate": "erasure",
                "id": one.id,
                "person": one.employee_id,
                "scope": one.scope.value,
                "asked": {"at": instant(one.asked_at)},
            }
            self._write(one.id, known, {"complete": False, "ended_at": instant(now)}, ())
            logger.warning('erasure_not_searched certificate=%s why="the process ended first"', one.id)

    def _write(
        self, name: str, known: Mapping[str, object], search: Mapping[str, object], searched: Sequence[Searched]
    ) -> None:
        left = [one for place in searched for one in place.left if one.owner == name]
        with self.store.write() as tx:
            certificate = tx.certificates.get(name)
            if certificate is None:
                return
            document: dict[str, Any] = {
                **known,
                "format": FORMAT,
                "search": {**search, "found": sum(one.count for one in left)},
                "places": [_place(one, name) for one in searched if one.what],
                "not_searched": [
                    {"place": place.place.value, "where": where} for place in searched for where in place.failed
                ],
                "left": [
                    {"place": place.place.value, "where": one.where, "term": one.term.value, "count": one.count}
                    for place in searched
                    for one in place.left
                    if one.owner == name
                ],
                "backups": [_backup(one) for one in self.backups(certificate.asked_at)],
            }
            document["signature"] = self.signer.sign(message(document))
            tx.certificates.put(replace(certificate, document=document))
        if left:
            logger.error('erasure_left_something certificate=%s do="read the certificate"', name)
        if any(one.failed for one in searched):
            logger.error('erasure_search_incomplete certificate=%s do="read the certificate"', name)


class _Ended(Exception):
    """The process is about to end."""


def signed(certificate: Certificate) -> Mapping[str, Any]:
    """The certificate as it is handed out. Raises Conflict while its search is running."""
    if certificate.document is None:
        raise Conflict("certificate_pending", PENDING)
    return certificate.document


def _place(one: Searched, owner: str) -> dict[str, object]:
    found = sum(remains.count for remains in one.left if remains.owner == owner)
    return {"place": one.place.value, "what": one.what, "size": one.size, "found": found}


def _backup(one: HeldBackup) -> dict[str, object]:
    until = None if one.kept_until is None else instant(one.kept_until)
    return {"name": one.name, "made_at": instant(one.made_at), "kept_until": until}
