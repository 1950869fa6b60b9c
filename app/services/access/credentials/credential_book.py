"""Which credentials people have: given, listed, taken back."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.credentials.badge import LEAST_KEPT_BITS, Badge
from app.core.credentials.formats import CardFormat, Misread, decode, last_four
from app.core.credentials.stored import MOST_OF_ONE, OFFERED_FOR, BadgeRead, Credential, CredentialKind
from app.core.errors import BadInput, Conflict, CryptoFault, NotFound
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.sealing import Sealed, context
from app.services.access.credentials.pins import pin_of


@dataclass(frozen=True)
class ShownCredential:
    """A credential as pages and answers show it. last_four: the end of its number, or of its bits; "" for a PIN."""

    credential: Credential
    bits: int
    last_four: str


@dataclass(frozen=True)
class CredentialBook:
    store: Store
    vault: Vault
    clock: Clock
    new_id: Callable[[], str]

    def of(self, employee_id: str) -> list[ShownCredential]:
        """Oldest first. Raises NotFound."""
        with self.store.read() as tx:
            if tx.employees.get(employee_id) is None:
                raise _unknown_employee()
            return [self._shown(tx, one) for one in tx.credentials.of(employee_id)]

    def give(self, employee_id: str, badge: Badge, card_format: CardFormat, actor: str) -> ShownCredential:
        """Gives a person a badge, which opens from the next decision on.

        Raises NotFound; BadInput for bits that are no badge or not of the format; Conflict('credential_taken') where
        somebody has it, Conflict('too_many_credentials').
        """
        _check(badge, card_format)
        with self.store.write() as tx:
            return self._give(tx, employee_id, badge, card_format, actor)

    def give_read(self, employee_id: str, gate_id: str, card_format: CardFormat, actor: str) -> ShownCredential:
        """Gives a person the unknown badge that was last read at a gate. Raises as `give` and `last_read` do."""
        with self.store.write() as tx:
            read = self._last_read(tx, gate_id)
            _check(read.badge, card_format)
            return self._give(tx, employee_id, read.badge, card_format, actor, read)

    def last_read(self, gate_id: str) -> BadgeRead:
        """The unknown badge that was last read at a gate. Raises NotFound where none was within two minutes."""
        with self.store.read() as tx:
            return self._last_read(tx, gate_id)

    def get(self, credential_id: str) -> ShownCredential:
        """Raises NotFound."""
        with self.store.read() as tx:
            return self._shown(tx, _known(tx, credential_id))

    def take_back(self, credential_id: str) -> None:
        """Removes a credential: it opens nothing from the next decision on. A duress PIN goes with the PIN.

        Raises NotFound.
        """
        with self.store.write() as tx:
            tx.employees.lock(_known(tx, credential_id).employee_id)
            one = _known(tx, credential_id)
            tx.credentials.delete(credential_id)
            duress = pin_of(tx, one.employee_id, CredentialKind.DURESS_PIN)
            if one.kind is CredentialKind.PIN and duress is not None:
                tx.credentials.delete(duress)

    def tidy(self) -> None:
        """Forgets badges that nobody gave to anybody in time, and whose PIN no gate waits for. Raises NotRecorded."""
        before = self.clock() - OFFERED_FOR
        with self.store.read() as tx:
            late = tx.badge_reads.any_before(before) or tx.pin_waits.any_before(before)
        if late:
            with self.store.write() as tx:
                tx.badge_reads.forget(before=before)
                tx.pin_waits.forget(before=before)

    def _last_read(self, tx: Transaction, gate_id: str) -> BadgeRead:
        read = tx.badge_reads.of(gate_id)
        if read is None or read.credential_id is not None or self.clock() - read.at > OFFERED_FOR:
            raise NotFound("no_unknown_badge", "No unknown badge was read at this gate within two minutes.")
        return read

    def _give(
        self,
        tx: Transaction,
        employee_id: str,
        badge: Badge,
        card_format: CardFormat,
        actor: str,
        read: BadgeRead | None = None,
    ) -> ShownCredential:
        if not tx.employees.lock(employee_id):
            raise _unknown_employee()
        check_room(tx, employee_id)
        if tx.credentials.presented(CredentialKind.BADGE, badge.text) is not None:
            raise Conflict("credential_taken", "Somebody has this badge already.")
        if read is not None:
            tx.badge_reads.forget(gate_id=read.gate_id)
        key, new = tx.data_keys.get(employee_id), self.new_id()
        if key is None:
            raise CryptoFault("the employee's key is gone: erased meanwhile")
        sealed = self.vault.seal(key, badge.text.encode(), context(Sealed.CREDENTIAL, new))
        made = Credential(new, employee_id, CredentialKind.BADGE, card_format, sealed, actor[:200], self.clock())
        tx.credentials.add(made, badge.text)
        return ShownCredential(made, badge.bits, last_four(badge, card_format))

    def _shown(self, tx: Transaction, one: Credential) -> ShownCredential:
        if one.kind.is_pin:
            return ShownCredential(one, 0, "")
        key = tx.data_keys.peek(one.employee_id)
        if key is None:
            raise CryptoFault("the employee's key is gone")
        badge = Badge.of_text(self.vault.open(key, one.sealed, context(Sealed.CREDENTIAL, one.id)).decode())
        if badge is None:
            raise CryptoFault("a sealed credential holds no badge")
        return ShownCredential(one, badge.bits, last_four(badge, one.card_format))


def check_room(tx: Transaction, employee_id: str) -> None:
    """Raises Conflict if somebody has as many badges and passes as a person may. PINs do not count."""
    if sum(not one.kind.is_pin for one in tx.credentials.of(employee_id)) >= MOST_OF_ONE:
        raise Conflict("too_many_credentials", f"A person has at most {MOST_OF_ONE} badges. Take one back first.")


def _check(badge: Badge, card_format: CardFormat) -> None:
    if not badge.can_be_kept:
        raise BadInput("bad_badge", f"A badge of a person has {LEAST_KEPT_BITS} bits or more, and not all the same.")
    try:
        decode(badge, card_format)
    except Misread as error:
        what = "Their parity is wrong: read the badge again." if error.parity else "They are of another length."
        raise BadInput("bad_badge", f"These bits are not of this format. {what}") from None


def _known(tx: Transaction, credential_id: str) -> Credential:
    found = tx.credentials.get(credential_id)
    if found is None:
        raise NotFound("unknown_credential", "There is no credential with this id.")
    return found


def _unknown_employee() -> NotFound:
    return NotFound("unknown_employee", "There is no employee with this id.")
