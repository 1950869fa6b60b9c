"""Everything that is kept about one person, for that person (Article 15 of the GDPR), and nothing about anybody else.

Who acted is left out, and what they wrote of an opening: a guard who opened by hand and an admin who looked at a photo
are somebody else. Pictures of gates are left out too, since they may show others; how many there are is told.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from app.core.accounts.trail import Action, TrailFilter
from app.core.canonical import instant
from app.core.events.logged import LoggedEvent
from app.core.events.records import EventFilter
from app.core.ports.store import Clock, Store, Transaction
from app.core.site.retention import PERIODS, WORDS
from app.core.types import Employee, Photo
from app.services.access.contractors.contract_book import ContractBook
from app.services.access.credentials.credential_book import CredentialBook
from app.services.access.gathering.gathering_book import GatheringBook
from app.services.access.rules.rule_questions import RuleQuestions
from app.services.access.visits.visit_book import VisitBook
from app.services.events.event_list import EventList
from app.services.people.enrolment import Enrolment

PAGE = 500
MOST_LOOKS = 10_000
OF_PERSON = (
    "number", "name", "email", "card_number", "status", "valid_from", "valid_until", "groups", "legal_basis",
    "consent_at", "created_at", "blocked_at", "blocked_until", "block_reason", "inactive_since",
)  # fmt: skip
OF_EVENT = (
    "decision_id", "at", "gate", "camera", "decision", "reason", "method", "similarity", "threshold", "liveness",
    "rule", "credential", "passage", "anti_passback", "snapshot",
)  # fmt: skip


@dataclass(frozen=True)
class SubjectExport:
    store: Store
    enrolment: Enrolment
    events: EventList
    credentials: CredentialBook
    questions: RuleQuestions
    visits: VisitBook
    contracts: ContractBook
    gathering: GatheringBook
    clock: Clock

    def facts(self, employee_id: str, rest: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """What is kept, as values of JSON. rest: called often, so that decisions go first. Raises NotFound."""
        employee = self.enrolment.get(employee_id)
        events = [self._event(one) for one in self._events(employee_id, rest)]
        gates = self.questions.at_every_gate(employee_id)
        with self.store.read() as tx:
            presence = tx.presences.get(employee_id)
            rules = tx.rules.all()
            zones = {zone.id: zone.name for zone in rules.zones}
            consents, links = tx.consents.of(employee_id), tx.invitations.of(employee_id)
            looks = tx.trail.find(TrailFilter(person=employee_id, limit=MOST_LOOKS))
            kept = tx.site_settings.get().kept_hours
            named_to = [one.name for one in tx.receivers.all() if one.with_names and one.enabled]
            visit = self._visit(tx, employee_id)
            contract = self._contract(tx, employee)
            gathering, faces = tx.gatherings.of(employee_id), tx.gatherings.faces(employee_id)
        return {
            "made_at": instant(self.clock()),
            "person": {"id": employee.id, **{name: _plain(getattr(employee, name)) for name in OF_PERSON}},
            "photos": [
                {"file": _file(n, photo), "added_at": instant(photo.created_at), "quality": photo.quality}
                for n, photo in enumerate(self.enrolment.photos(employee_id), 1)
            ],
            "template": {"made_of_photos": employee.photos} if employee.photos else None,
            "enrolment_by_badge": None
            if gathering is None
            else {
                "since": instant(gathering.started_at),
                "state": gathering.state.value,
                "pictures": [
                    {"file": _gate_file(n), "taken_at": instant(one.taken_at)} for n, one in enumerate(faces, 1)
                ],
            },
            "credentials": [
                {
                    "kind": one.credential.kind.value,
                    "last_four": one.last_four,
                    "since": instant(one.credential.created_at),
                    "from": _plain(one.credential.starts_at),
                    "until": _plain(one.credential.ends_at),
                    "once": one.credential.once,
                    "used_at": _plain(one.credential.used_at),
                }
                for one in self.credentials.of(employee_id)
            ],
            "visit": visit,
            "contract": contract,
            "consents": [
                {
                    "given_on": str(one.given_on),
                    "how": one.how.value,
                    "language": one.language,
                    "version": one.version,
                    "text": one.text,
                    "withdrawn_at": _plain(one.withdrawn_at),
                }
                for one in consents
            ],
            "self_enrolment_links": [
                {"made_at": instant(one.created_at), "state": one.state.value, "answered_at": _plain(one.answered_at)}
                for one in links
            ],
            "gates_now": [{"gate": one.gate.name, "passes": one.passes, "reason": one.reason.value} for one in gates],
            "temporary_grants": [
                {"from": instant(one.starts_at), "until": instant(one.ends_at), "reason": one.reason}
                for one in rules.grants
                if one.person_id == employee_id
            ],
            "last_place": None
            if presence is None
            else {"zone": zones.get(presence.zone_id or "", "outside"), "since": instant(presence.since)},
            "events": events,
            "pictures_at_gates": sum(bool(event.get("snapshot")) for event in events),
            "recipients": [
                {"at": instant(one.at), "what": f"{one.action.value} {one.kind}"}
                for one in looks
                if one.action in (Action.SEEN, Action.EXPORTED)
            ],
            "alerts_with_names_go_to": named_to,
            "kept_for_hours": {
                kind.value: {"what": WORDS[kind][0], "hours": int(kept.of(kind).total_seconds() // 3600)}
                for kind in PERIODS
            },
        }

    def photos(self, employee_id: str) -> Iterator[tuple[str, bytes]]:
        """The name of each photo's file, and the photo."""
        for n, photo in enumerate(self.enrolment.photos(employee_id), 1):
            yield _file(n, photo), self.enrolment.photo(employee_id, photo.id)[0]
        with self.store.read() as tx:
            faces = tx.gatherings.faces(employee_id)
        for n, face in enumerate(faces, 1):
            yield _gate_file(n), self.gathering.picture(employee_id, face.id)

    def _visit(self, tx: Transaction, employee_id: str) -> dict[str, Any] | None:
        """A visitor's visit. The host and whoever invited them are somebody else."""
        found = tx.visits.of_person(employee_id)
        if found is None:
            return None
        details = self.visits.details_in(tx, found)
        return {
            "from": instant(found.starts_at),
            "until": instant(found.ends_at),
            "company": details.company,
            "reason": details.reason,
            "arrived_at": _plain(found.arrived_at),
            "left_at": _plain(found.left_at),
            "cancelled_at": _plain(found.cancelled_at),
            "mail_with_the_pass": found.pass_mail.value,
        }

    def _contract(self, tx: Transaction, employee: Employee) -> dict[str, Any] | None:
        """A contractor's company and documents. The sponsor is somebody else."""
        held = employee.contract
        if held is None:
            return None
        return {
            "company": held.company,
            "confirmed_at": instant(held.confirmed_at),
            "confirmed_until": instant(held.confirmed_until),
            "documents": [
                {
                    "kind": one.details.kind,
                    "last_four": one.details.last_four,
                    "expires_on": str(one.document.expires_on),
                    "added_at": instant(one.document.created_at),
                }
                for one in self.contracts.documents_in(tx, employee.id)
            ],
        }

    def _events(self, employee_id: str, rest: Callable[[], None]) -> Iterator[LoggedEvent]:
        which = EventFilter(employee_id=employee_id, limit=PAGE)
        while page := self.events.find(which):
            for event in page:
                rest()
                yield event
            which = replace(which, before=page[-1].id)

    @staticmethod
    def _event(event: LoggedEvent) -> dict[str, Any]:
        printed = event.json()
        return {name: printed[name] for name in OF_EVENT if printed.get(name) is not None}


def _file(number: int, photo: Photo) -> str:
    return f"photos/{number}.{'png' if photo.media_type == 'image/png' else 'jpg'}"


def _gate_file(number: int) -> str:
    return f"photos/by-badge-{number}.jpg"


def _plain(value: Any) -> Any:
    """A value as JSON has it: instants and days as text."""
    if hasattr(value, "tzinfo"):
        return instant(value)
    return list(value) if isinstance(value, tuple) else value if value is None else str(value)
