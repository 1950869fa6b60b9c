"""Enrolments by badge, for admins: begun for whoever asked, looked at, accepted or rejected. Off unless the site allows
it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.core.alerts.alert import Alert, AlertKind
from app.core.credentials.stored import CredentialKind
from app.core.errors import Conflict, CryptoFault, NotFound
from app.core.people.gathering import GateFace, Gathering, GatheringState
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.sealing import Sealed, context
from app.core.types import Employee, Status, Vector
from app.services.people.consents import actor_now, check_consent
from app.services.people.enrolment import Enrolment
from app.services.people.photo_judgement import PhotoResult, judge


class _NotAll(Exception):
    """Rolls an acceptance back, with the results of all pictures."""

    def __init__(self, results: list[PhotoResult]) -> None:
        super().__init__("not every picture was accepted")
        self.results = results


@dataclass(frozen=True)
class ShownGathering:
    """faces: oldest first; their pictures are opened one by one."""

    employee: Employee
    gathering: Gathering
    faces: tuple[GateFace, ...]


@dataclass(frozen=True)
class GatheringBook:
    store: Store
    vault: Vault
    clock: Clock
    new_id: Callable[[], str]
    enrolment: Enrolment

    def begin(self, employee_id: str) -> ShownGathering:
        """Writes down that the person asked to be enrolled by their badge. An earlier try begins anew.

        Raises NotFound, and Conflict: 'enrol_by_badge_off', 'consent_required', 'employee_inactive', 'no_badge',
        'enrolled_already'.
        """
        now = self.clock()
        with self.store.write() as tx:
            employee = self._held(tx, employee_id)
            check_allowed(tx)
            check_consent(tx, employee)
            if employee.status is not Status.ACTIVE:
                raise Conflict("employee_inactive", "The person is suspended. Reactivate them first.")
            if employee.photos or tx.photos.of(employee_id):
                raise Conflict("enrolled_already", "The person has photos. Remove them first, or add better ones.")
            if all(one.kind is not CredentialKind.BADGE for one in tx.credentials.of(employee_id)):
                raise Conflict("no_badge", "The person has no badge. Give them one first.")
            tx.gatherings.drop_faces(employee_id)
            tx.gatherings.put(Gathering(employee_id, GatheringState.GATHERING, now, now, actor_now()))
        self.alert()
        return self.get(employee_id)

    def get(self, employee_id: str) -> ShownGathering:
        """Raises NotFound."""
        with self.store.read() as tx:
            employee, found = tx.employees.get(employee_id), tx.gatherings.of(employee_id)
            if employee is None or found is None:
                raise _unknown()
            return ShownGathering(employee, found, tuple(tx.gatherings.faces(employee_id)))

    def of(self, employee_id: str) -> ShownGathering | None:
        try:
            return self.get(employee_id)
        except NotFound:
            return None

    def all(self) -> list[ShownGathering]:
        """Those that wait for an admin come first."""
        with self.store.read() as tx:
            found = sorted(tx.gatherings.all(), key=lambda one: one.state is not GatheringState.READY)
            people = tx.employees.some(one.employee_id for one in found)
            return [
                ShownGathering(people[one.employee_id], one, tuple(tx.gatherings.faces(one.employee_id)))
                for one in found
                if one.employee_id in people
            ]

    def picture(self, employee_id: str, face_id: str) -> bytes:
        """A JPEG. Raises NotFound."""
        with self.store.read() as tx:
            for face in tx.gatherings.faces(employee_id):
                if face.id == face_id:
                    return self._opened(tx, face)
        raise NotFound("unknown_photo", "There is no such picture.")

    def accept(self, employee_id: str) -> list[PhotoResult]:
        """Makes the pictures photos, by the checks of every enrolment, and the template of them: all, or nothing.

        Raises NotFound, and Conflict: 'enrol_by_badge_off', 'not_ready', and as `Enrolment.keep`.
        """
        with self.store.read() as tx:
            faces = self._ready(tx, employee_id)
            pictures = [self._opened(tx, face) for face in faces]
        judged = [judge(self.enrolment.look, picture, self.enrolment.readable) for picture in pictures]
        try:
            with self.store.write() as tx:
                tx.templates.lock()
                self._held(tx, employee_id)
                if [face.id for face in self._ready(tx, employee_id)] != [face.id for face in faces]:
                    raise Conflict("not_ready", "The pictures were changed meanwhile. Look at them again.")
                results = self.enrolment.keep(tx, employee_id, judged)
                if not all(result.accepted for result in results):
                    raise _NotAll(results)
                tx.gatherings.forget(employee_id)
        except _NotAll as refused:
            return refused.results
        self.alert()
        return results

    def stop(self, employee_id: str) -> int:
        """Rejects the pictures, or ends the gathering: all of them go. Returns how many. Raises NotFound."""
        with self.store.write() as tx:
            self._held(tx, employee_id)
            if tx.gatherings.of(employee_id) is None:
                raise _unknown()
            gone = tx.gatherings.forget(employee_id)
        self.alert()
        return gone

    def stop_all(self) -> None:
        """The site allows it no more."""
        with self.store.read() as tx:
            ids = [one.employee_id for one in tx.gatherings.all()]
        for employee_id in ids:
            with self.store.write() as tx:
                if tx.employees.get(employee_id, for_update=True) is not None:
                    tx.gatherings.forget(employee_id)
        self.alert()

    def alert(self) -> None:
        """One alert while pictures of anybody wait for an admin."""
        with self.store.read() as tx:
            waits = any(one.state is GatheringState.READY for one in tx.gatherings.all())
            raised = any(one.kind is AlertKind.FACE_TO_REVIEW for one in tx.alerts.uncleared())
        if waits == raised:
            return
        with self.store.write() as tx:
            if waits:
                tx.alerts.raise_(Alert(self.new_id(), self.clock(), AlertKind.FACE_TO_REVIEW))
            else:
                tx.alerts.clear(AlertKind.FACE_TO_REVIEW, None, None, self.clock())

    def vectors(self, tx: Transaction, faces: Sequence[GateFace]) -> list[Vector]:
        """What the pictures show, as they were embedded at the gate. Raises CryptoFault."""
        found = []
        for face in faces:
            key = self._key(tx, face.employee_id)
            plain = self.vault.open(key, face.sealed_embedding, context(Sealed.GATE_FACE_VECTOR, face.id))
            found.append(np.frombuffer(plain, dtype="<f4").astype(np.float32))
        return found

    def _ready(self, tx: Transaction, employee_id: str) -> list[GateFace]:
        check_allowed(tx)
        found = tx.gatherings.of(employee_id)
        if found is None:
            raise _unknown()
        if found.state is not GatheringState.READY:
            raise Conflict("not_ready", "There are not enough pictures yet.")
        return tx.gatherings.faces(employee_id)

    def _opened(self, tx: Transaction, face: GateFace) -> bytes:
        return self.vault.open(self._key(tx, face.employee_id), face.sealed_image, context(Sealed.GATE_FACE, face.id))

    def _key(self, tx: Transaction, employee_id: str) -> bytes:
        key = tx.data_keys.peek(employee_id)
        if key is None:
            raise CryptoFault("the employee's key is gone: erased meanwhile")
        return key

    @staticmethod
    def _held(tx: Transaction, employee_id: str) -> Employee:
        employee = tx.employees.get(employee_id, for_update=True)
        if employee is None:
            raise NotFound("unknown_employee", "There is no employee with this id.")
        return employee


def check_allowed(tx: Transaction) -> None:
    """Raises Conflict('enrol_by_badge_off') unless the site allows it."""
    if not tx.site_settings.get().enrol_by_badge:
        raise Conflict("enrol_by_badge_off", "Enrolment by badge is off. An admin turns it on under People.")


def _unknown() -> NotFound:
    return NotFound("no_badge_enrolment", "This person is not being enrolled by their badge.")
