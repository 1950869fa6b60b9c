"""Lets people enrol from their own phone by a link, or say that they prefer a card. The link opens nothing else."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.core.errors import BadInput, Conflict, NotFound
from app.core.people.consents import ConsentHow
from app.core.people.invitations import (
    LASTS,
    MOST_AT_ONCE,
    MOST_PHOTOS,
    MOST_TRIES,
    Invitation,
    InvitationState,
)
from app.core.ports.store import Clock, Store, Transaction
from app.core.tokens import digest
from app.core.types import Employee
from app.services.people.consents import ConsentBook
from app.services.people.enrolment import Enrolment
from app.services.people.photo_judgement import PhotoResult, judge

NOT_TOLD = "already_enrolled_as"  # who it is, is nothing that a link tells
ASK = "This photo cannot be accepted. Please ask whoever sent you the link."


@dataclass(frozen=True)
class Invited:
    """token: what the link ends with, known only now."""

    employee: Employee
    invitation: Invitation
    token: str


@dataclass(frozen=True)
class SelfEnrolment:
    store: Store
    enrolment: Enrolment
    consents: ConsentBook
    clock: Clock
    new_id: Callable[[], str]

    def invite(self, employee_ids: Sequence[str], actor: str, lasts: timedelta = LASTS) -> list[Invited]:
        """Makes a link for each person; their earlier ones end. Raises NotFound if one is unknown, BadInput."""
        if not 1 <= len(employee_ids) <= MOST_AT_ONCE:
            raise BadInput("bad_people_count", f"Invite 1 to {MOST_AT_ONCE} people at a time.")
        now = self.clock()
        made: list[Invited] = []
        with self.store.write() as tx:
            for employee_id in dict.fromkeys(employee_ids):
                employee = tx.employees.get(employee_id)
                if employee is None:
                    raise NotFound("unknown_employee", "There is no employee with this id.")
                for earlier in tx.invitations.of(employee_id):
                    if earlier.state is InvitationState.WAITING:
                        tx.invitations.put(replace(earlier, state=InvitationState.REVOKED, answered_at=now))
                token = secrets.token_urlsafe(32)
                ends_at = now + lasts
                one = Invitation(self.new_id(), employee_id, digest(token), actor[:200], now, ends_at)
                tx.invitations.add(one)
                made.append(Invited(employee, one, token))
        return made

    def of(self, employee_id: str) -> list[Invitation]:
        """Newest first. Raises NotFound."""
        self.enrolment.get(employee_id)
        with self.store.read() as tx:
            return tx.invitations.of(employee_id)

    def revoke(self, employee_id: str, invitation_id: str) -> None:
        """Ends a link. Raises NotFound, and Conflict for one that was answered."""
        with self.store.write() as tx:
            found = tx.invitations.get(invitation_id, for_update=True)
            if found is None or found.employee_id != employee_id:
                raise NotFound("unknown_invitation", "This person has no such link.")
            if found.state is not InvitationState.WAITING:
                raise Conflict("invitation_answered", "This link was answered or revoked already.")
            tx.invitations.put(replace(found, state=InvitationState.REVOKED, answered_at=self.clock()))

    # By the person

    def open(self, token: str) -> tuple[Invitation, Employee]:
        """Opens a link. Raises NotFound for one that was answered, revoked or is too old."""
        with self.store.read() as tx:
            found = tx.invitations.by_hash(digest(token))
            employee = tx.employees.get(found.employee_id) if found else None
        if found is None or employee is None or not found.is_open(self.clock()):
            raise _over()
        return found, employee

    def consent(self, token: str, text: str, today: date, language: str = "en") -> None:
        """Records that the person agreed to this text, in this language. Raises NotFound."""
        invitation, _ = self.open(token)
        with self.store.write() as tx:
            self.consents.give(tx, invitation.employee_id, today, ConsentHow.LINK, text, language)
            self._put(tx, invitation.id, lambda one: replace(one, consent=text, consented_at=self.clock()))

    def decline(self, token: str) -> None:
        """Records that the person prefers a card, erases the face that they had, ends the link. Raises NotFound."""
        invitation, _ = self.open(token)
        now = self.clock()
        with self.store.write() as tx:
            # Whoever enrols holds this. What the journal of erasures is told is not rolled back, so the link is looked
            # at before.
            tx.templates.lock()
            found = tx.invitations.get(invitation.id)
            if found is None or not found.is_open(now):
                raise _over()
            self.consents.end(tx, invitation.employee_id, ConsentHow.LINK, must=False)
            self._put(
                tx,
                invitation.id,
                lambda one: replace(one, state=InvitationState.DECLINED, answered_at=now, consent=None),
            )

    def send(self, token: str, photos: Sequence[bytes]) -> list[PhotoResult]:
        """Enrols with these photos, and ends the link if one is accepted. One result for each, which names nobody else.

        Raises NotFound, Conflict without consent, BadInput for no or too many photos, or too many tries.
        """
        invitation, _ = self.open(token)
        if invitation.consented_at is None:
            raise Conflict("consent_required", "Agree to the text first.")
        if not 1 <= len(photos) <= MOST_PHOTOS:
            raise BadInput("bad_photo_count", f"Send 1 to {MOST_PHOTOS} photos.")
        with self.store.write() as tx:
            self._put(tx, invitation.id, _tried)

        judged = [judge(self.enrolment.look, photo, self.enrolment.readable) for photo in photos]
        results = [one.result for one in judged]
        if any(one.seen for one in judged):
            with self.store.read() as tx:
                older = self.enrolment.older_digests(tx, invitation.employee_id)
            with self.store.write() as tx:
                results = self.enrolment.keep(tx, invitation.employee_id, judged, older)
                if any(result.accepted for result in results):
                    now = self.clock()
                    self._put(tx, invitation.id, lambda one: replace(one, state=InvitationState.DONE, answered_at=now))
        return [_without_names(result) for result in results]

    def enrolled(self, token: str) -> tuple[Invitation, Employee]:
        """Opens a link by which somebody enrolled, as long as their consent stands. Raises NotFound."""
        with self.store.read() as tx:
            found = tx.invitations.by_hash(digest(token))
            employee = tx.employees.get(found.employee_id) if found else None
            standing = employee is not None and any(one.stands for one in tx.consents.of(employee.id))
        if found is None or employee is None or not standing or found.state is not InvitationState.DONE:
            raise _over()
        return found, employee

    def withdraw(self, token: str) -> None:
        """Withdraws the consent of the person who enrolled by this link, and erases their face. Raises NotFound."""
        invitation, _ = self.enrolled(token)
        self.consents.withdraw(invitation.employee_id, ConsentHow.LINK)

    def _put(self, tx: Transaction, invitation_id: str, change: Callable[[Invitation], Invitation]) -> None:
        """Of two that answer at once, one gets NotFound, and what it did with it is rolled back."""
        found = tx.invitations.get(invitation_id, for_update=True)
        if found is None or not found.is_open(self.clock()):
            raise _over()
        tx.invitations.put(change(found))


def _tried(before: Invitation) -> Invitation:
    if before.tries >= MOST_TRIES:
        raise Conflict("too_many_tries", "This link was tried too often. Ask whoever sent it for a new one.")
    return replace(before, tries=before.tries + 1)


def _without_names(result: PhotoResult) -> PhotoResult:
    if NOT_TOLD not in result.problems:
        return result
    return PhotoResult(False, ("not_accepted",), result.quality, detail=ASK)


def _over() -> NotFound:
    return NotFound("link_expired", "This link was used already or is too old; ask whoever sent it for a new one.")
