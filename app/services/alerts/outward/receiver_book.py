"""Receivers of alerts, as an admin sees and sets them."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from app.core.access.rule_edits import version_of
from app.core.alerts.alert import AlertKind, Severity
from app.core.alerts.deliveries import SWITCHED_OFF, Delivery, DeliveryState, is_failing
from app.core.alerts.messages import SECRET_BYTES, secret_of
from app.core.alerts.receivers import LOGIN_CHARS, MOST_RECEIVERS, Form, Receiver, Target, check_target
from app.core.canonical import canonical
from app.core.errors import BadField, BadInput, Conflict, CryptoFault, NotFound, Outdated
from app.core.ports.alerts import Carrier
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.sealing import Sealed, context
from app.core.site.mode import SITE

DROPPED_AT_ONCE = 50  # deliveries in one write


@dataclass(frozen=True)
class ReceiverChange:
    """What an admin sets. For a change, None leaves a field as it is; `quiet_schedule_id` "" means no quiet hours.

    secret: the password at a broker. A webhook's is made here. Another address needs it again.
    """

    name: str | None = None
    address: str | None = None
    user: str | None = None
    secret: str | None = None
    kinds: frozenset[AlertKind] | None = None
    least: Severity | None = None
    quiet_schedule_id: str | None = None
    critical_always: bool | None = None
    ended: bool | None = None
    with_names: bool | None = None
    enabled: bool | None = None

    @property
    def plain(self) -> Mapping[str, Any]:
        """The fields of a receiver that change."""
        kept = {name: value for name, value in vars(self).items() if value is not None}
        if "quiet_schedule_id" in kept:
            kept["quiet_schedule_id"] = kept["quiet_schedule_id"] or None
        return {name: value for name, value in kept.items() if name not in ("address", "user", "secret")}

    @property
    def touches_target(self) -> bool:
        return (self.address, self.user, self.secret) != (None, None, None)


@dataclass(frozen=True)
class ReceiverView:
    """A receiver with how it goes.

    Attributes:
        address: as it may be shown; "" where it cannot be opened.
        next: the delivery that goes out next, or is tried again.
        last: the last that was delivered.
        given_up: how many were given up of those that are kept.
        failing: whether it does not take its messages.
    """

    receiver: Receiver
    address: str
    user: str
    waiting: int
    next: Delivery | None
    last: Delivery | None
    given_up: int
    failing: bool

    @property
    def version(self) -> str:
        return version_of(self.receiver)


@dataclass(frozen=True)
class ReceiverBook:
    """mails: whether there is a mail server."""

    store: Store
    vault: Vault
    clock: Clock
    new_id: Callable[[], str]
    carriers: Mapping[Form, Carrier]
    mails: bool

    def add(self, form: Form, wanted: ReceiverChange) -> tuple[ReceiverView, str | None]:
        """Returns the receiver, and the secret of a webhook's signatures, which is shown only now.

        Raises BadInput, and Conflict('receiver_taken', 'too_many_receivers').
        """
        target = Target(wanted.address or "", wanted.secret or "", wanted.user or "")
        if form is Form.WEBHOOK:
            target = replace(target, secret=_new_secret())
        self._check(form, target)
        new = self.new_id()
        with self.store.write() as tx:
            sealed = self._sealed(tx, new, target)
            receiver = Receiver(new, wanted.name or "", form, sealed, self.clock())
            receiver = replace(receiver, **wanted.plain)
            self._check_schedule(tx, receiver)
            if len(tx.receivers.all()) >= MOST_RECEIVERS:
                raise Conflict("too_many_receivers", f"There are {MOST_RECEIVERS} receivers. Remove one first.")
            tx.receivers.add(receiver)
        return self.get(new), target.secret if form is Form.WEBHOOK else None

    def change(self, receiver_id: str, wanted: ReceiverChange, version: str | None = None) -> ReceiverView:
        """Changes a receiver. What waits for one that is switched off is dropped, some in each write.

        version: of the receiver that the caller has read; None: any. Raises BadInput, NotFound, Conflict, and Outdated
        where it was changed since.
        """
        if wanted.enabled:
            self.drop_waiting(receiver_id)  # what a kill left
        with self.store.write() as tx:
            tx.data_keys.get(SITE)  # in the order of locks
            receiver = tx.receivers.get(receiver_id, for_update=True)
            if receiver is None:
                raise _unknown()
            _unchanged(receiver, version)
            if wanted.touches_target:
                target = self._changed(tx, receiver, wanted)
                receiver = replace(receiver, sealed_target=self._sealed(tx, receiver.id, target))
            receiver = replace(receiver, **wanted.plain)
            self._check_schedule(tx, receiver)
            tx.receivers.put(receiver)
        self.drop_waiting(receiver_id)
        return self.get(receiver_id)

    def drop_waiting(self, receiver_id: str) -> None:
        """Drops what waits for a receiver that is switched off."""
        while self._drop_some(receiver_id):
            pass

    def renew_secret(self, receiver_id: str) -> str:
        """Makes another secret for a webhook's signatures, and returns it. The old one ends at once.

        Raises NotFound, Conflict('receiver_signs_nothing').
        """
        with self.store.write() as tx:
            tx.data_keys.get(SITE)  # in the order of locks
            receiver = tx.receivers.get(receiver_id, for_update=True)
            if receiver is None:
                raise _unknown()
            if receiver.form is not Form.WEBHOOK:
                raise Conflict("receiver_signs_nothing", "Only what goes to a webhook is signed.")
            target = replace(self.target_in(tx, receiver), secret=_new_secret())
            tx.receivers.put(replace(receiver, sealed_target=self._sealed(tx, receiver.id, target)))
        return target.secret

    def remove(self, receiver_id: str, version: str | None = None) -> None:
        """Removes it with its deliveries. Raises NotFound, Outdated."""
        with self.store.write() as tx:
            receiver = tx.receivers.get(receiver_id, for_update=True)
            if receiver is None:
                raise _unknown()
            _unchanged(receiver, version)
            tx.receivers.delete(receiver_id)

    def get(self, receiver_id: str) -> ReceiverView:
        """Raises NotFound."""
        with self.store.read() as tx:
            receiver = tx.receivers.get(receiver_id)
            if receiver is None:
                raise _unknown()
            return self._view(tx, receiver, tx.deliveries.with_waiting(), self.clock())

    def all(self) -> list[ReceiverView]:
        """Every receiver, oldest first."""
        with self.store.read() as tx:
            waiting = tx.deliveries.with_waiting()
            return [self._view(tx, one, waiting, self.clock()) for one in tx.receivers.all()]

    def deliveries(
        self, receiver_id: str, limit: int, before: int | None = None
    ) -> list[tuple[Delivery, AlertKind | None]]:
        """The newest deliveries, each with the kind of its alert. Raises NotFound."""
        with self.store.read() as tx:
            if tx.receivers.get(receiver_id) is None:
                raise _unknown()
            found = tx.deliveries.newest(receiver_id, limit, before)
            alerts = tx.alerts.by_ids(one.alert_id for one in found if one.alert_id)
        kinds = {alert.id: alert.kind for alert in alerts.values()}
        return [(one, kinds.get(one.alert_id or "")) for one in found]

    def target_in(self, tx: Transaction, receiver: Receiver) -> Target:
        """Raises CryptoFault if it does not open, as in a backup without its key."""
        wrapped = tx.data_keys.peek(SITE)
        if wrapped is None:
            raise CryptoFault("the key of the receivers' addresses is gone: enter the address again")
        return Target(**json.loads(self.vault.open(wrapped, receiver.sealed_target, _context(receiver.id))))

    def _drop_some(self, receiver_id: str) -> bool:
        """Returns whether there were any. Of a receiver that is on again, nothing is dropped."""
        with self.store.read() as tx:
            if _waiting_for_nobody(tx, tx.receivers.get(receiver_id)) == []:
                return False
        with self.store.write() as tx:
            some = _waiting_for_nobody(tx, tx.receivers.get(receiver_id, for_update=True))
            for one in some:
                tx.deliveries.put(one.settled(DeliveryState.DROPPED, self.clock(), SWITCHED_OFF))
        return some != []

    def _view(self, tx: Transaction, receiver: Receiver, waiting: Mapping[str, int], now: datetime) -> ReceiverView:
        try:
            target = self.target_in(tx, receiver)
            address, user = target.shown(receiver.form), target.user
        except CryptoFault:
            address = user = ""
        head = tx.deliveries.head(receiver.id)
        failing = receiver.enabled and is_failing(head, tx.deliveries.last_settled(receiver.id), now)
        last = tx.deliveries.last_delivered(receiver.id)
        given_up = tx.deliveries.given_up(receiver.id)
        return ReceiverView(receiver, address, user, waiting.get(receiver.id, 0), head, last, given_up, failing)

    def _changed(self, tx: Transaction, receiver: Receiver, wanted: ReceiverChange) -> Target:
        try:
            before = self.target_in(tx, receiver)
        except CryptoFault:
            before = Target("", _new_secret() if receiver.form is Form.WEBHOOK else "")
        target = before if wanted.address is None else replace(before, address=wanted.address)
        if receiver.form is Form.WEBHOOK:  # its secret is sent nowhere
            self._check(receiver.form, target)
            return target
        elsewhere = target.address != before.address and before.secret
        if elsewhere and wanted.secret is None:
            raise BadField("secret_needed", "Type the password again: it would go to another address.", "secret")
        target = replace(
            target,
            user=before.user if wanted.user is None else wanted.user,
            secret=before.secret if wanted.secret is None else wanted.secret,
        )
        self._check(receiver.form, target)
        return target

    def _check(self, form: Form, target: Target) -> None:
        check_target(form, target)
        if form is not Form.MQTT and target.user:
            raise BadField("bad_user", "Only a broker takes a user name.", "user")
        if form is Form.EMAIL and target.secret:
            raise BadField("bad_secret", "Only a broker takes a password.", "secret")
        if target.secret and form is Form.MQTT and not target.user:
            raise BadField("bad_user", "A broker that takes a password takes a user name, too.", "user")
        for name, value in (("user", target.user), ("secret", target.secret)):
            if len(value) > LOGIN_CHARS or not value.isprintable():
                raise BadField(f"bad_{name}", f"Send at most {LOGIN_CHARS} plain characters.", name)
        if form is Form.EMAIL and not self.mails:
            raise BadInput("no_mail_server", "There is no mail server: set FACEGATE_SMTP_HOST and start again.")
        if form in self.carriers:
            self.carriers[form].check(target)

    def _check_schedule(self, tx: Transaction, receiver: Receiver) -> None:
        wanted = receiver.quiet_schedule_id
        if wanted is not None and all(one.id != wanted for one in tx.rules.all().schedules):
            raise BadField("unknown_schedule", "There is no schedule with this id.", "quiet_schedule")

    def _sealed(self, tx: Transaction, receiver_id: str, target: Target) -> bytes:
        wrapped = tx.data_keys.get(SITE) or tx.data_keys.get_or_add(SITE, self.vault.new_key())
        return self.vault.seal(wrapped, canonical(asdict(target)), _context(receiver_id))


def _new_secret() -> str:
    return secret_of(secrets.token_bytes(SECRET_BYTES))


def _context(receiver_id: str) -> str:
    return context(Sealed.RECEIVER, receiver_id)


def _waiting_for_nobody(tx: Transaction, receiver: Receiver | None) -> list[Delivery]:
    return [] if receiver is None or receiver.enabled else tx.deliveries.waiting(receiver.id, DROPPED_AT_ONCE)


def _unknown() -> NotFound:
    return NotFound("unknown_receiver", "There is no receiver with this id.")


def _unchanged(receiver: Receiver, version: str | None) -> None:
    if version is None or version == version_of(receiver):
        return
    now = {"version": version_of(receiver), "name": receiver.name, "enabled": receiver.enabled}
    raise Outdated("entry_changed", "Somebody else changed this receiver meanwhile.", now)
