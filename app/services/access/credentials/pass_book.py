"""QR passes of people: given, and shown again to whoever may see them. A rule or grant says where they pass."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes

from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.credentials.qr_pass import ID_BYTES, LEAVES_WITHIN, LONGEST, MOST_PLACES, PassKey, QrPass, place, written
from app.core.credentials.stored import Credential, CredentialKind
from app.core.errors import BadInput, CryptoFault, NotFound
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.sealing import Sealed, context
from app.services.access.credentials.credential_book import check_room
from app.services.access.credentials.passes import BITS, badge_of


@dataclass(frozen=True)
class GivenPass:
    """A pass. token: what its QR code holds; whoever has it passes as the holder."""

    credential: Credential
    token: str


@dataclass(frozen=True)
class PassBook:
    store: Store
    vault: Vault
    key: PassKey
    clock: Clock
    new_id: Callable[[], str]

    def give(
        self, employee_id: str, starts_at: datetime, ends_at: datetime, actor: str, *, once: bool = False
    ) -> GivenPass:
        """Gives a person a pass. Raises as `give_in` does."""
        with self.store.write() as tx:
            return self.give_in(tx, employee_id, starts_at, ends_at, actor, once=once)

    def give_in(
        self,
        tx: Transaction,
        employee_id: str,
        starts_at: datetime,
        ends_at: datetime,
        actor: str,
        *,
        once: bool = False,
        places: Iterable[str] = (),
    ) -> GivenPass:
        """Gives a person a pass, in a transaction.

        Args:
            starts_at, ends_at: Instants; parts of a second are cut off. The end does not belong to it.
            once: It lets its holder in once. Out it always lets them, also for four hours after its end.
            places: The gates, zones or sites that it names; none for any. With more than eight the code
                names none, and the rules alone decide.

        Raises:
            NotFound: There is no such person.
            BadInput: bad_pass, for times that cannot be.
            Conflict: too_many_credentials.
        """
        if starts_at.tzinfo is None or ends_at.tzinfo is None:
            raise BadInput("bad_pass", "A pass starts and ends at instants with a time zone.")
        starts_at, ends_at = starts_at.replace(microsecond=0), ends_at.replace(microsecond=0)
        if not starts_at < ends_at or ends_at - starts_at > LONGEST - LEAVES_WITHIN or ends_at <= self.clock():
            raise BadInput("bad_pass", "A pass ends in the future, after it starts, and within a year.")
        if not tx.employees.lock(employee_id):
            raise NotFound("unknown_employee", "There is no employee with this id.")
        check_room(tx, employee_id)
        key, new = tx.data_keys.get(employee_id), self.new_id()
        if key is None:
            raise CryptoFault("the employee's key is gone: erased meanwhile")
        badge = badge_of(token_bytes(ID_BYTES))
        named = [place(one) for one in sorted(places)]
        made = Credential(
            new,
            employee_id,
            CredentialKind.QR,
            CardFormat.RAW,
            self.vault.seal(key, badge.text.encode(), context(Sealed.CREDENTIAL, new)),
            actor[:200],
            self.clock(),
            starts_at,
            ends_at,
            once,
            b"".join(named if len(named) <= MOST_PLACES else ()).hex(),
        )
        tx.credentials.add(made, badge.text)
        return GivenPass(made, self._token(tx, made, badge))

    def shown(self, credential_id: str) -> GivenPass:
        """The pass and its token. Raises NotFound."""
        with self.store.read() as tx:
            found = tx.credentials.get(credential_id)
            if found is None or found.kind is not CredentialKind.QR:
                raise NotFound("unknown_credential", "There is no credential with this id.")
            return GivenPass(found, self.token_in(tx, found))

    def code_in(self, tx: Transaction, credential_id: str) -> str | None:
        """What the code of a pass holds; None if it was taken back. Raises CryptoFault as `token_in`."""
        found = tx.credentials.get(credential_id)
        return None if found is None else self.token_in(tx, found)

    def token_in(self, tx: Transaction, one: Credential) -> str:
        """The token of a stored pass. Raises CryptoFault for an erased holder."""
        key = tx.data_keys.peek(one.employee_id)
        if key is None:
            raise CryptoFault("the employee's key is gone: erased meanwhile")
        badge = Badge.of_text(self.vault.open(key, one.sealed, context(Sealed.CREDENTIAL, one.id)).decode())
        if badge is None or badge.bits != BITS:
            raise CryptoFault("a sealed credential holds no pass")
        return self._token(tx, one, badge)

    def _token(self, tx: Transaction, one: Credential, badge: Badge) -> str:
        sites = tx.rules.all().sites
        if not sites or one.starts_at is None or one.ends_at is None:
            raise CryptoFault("a pass without dates, or a database without a site")
        named = bytes.fromhex(one.places or "")
        places = tuple(named[at : at + 4] for at in range(0, len(named), 4))
        pass_id = badge.value.to_bytes(ID_BYTES)
        token = QrPass(pass_id, place(sites[0].id), one.starts_at, one.ends_at + LEAVES_WITHIN, places, bool(one.once))
        return written(token, self.key)
