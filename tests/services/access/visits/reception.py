"""A reception: a hall with a gate in and a gate out, a room inside it, a host, and a post that takes mails or fails."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from app.core.access.rules import GatePlace, Where, Zone
from app.core.accounts.users import Principal
from app.core.alerts.alert import AlertKind
from app.core.people.details import Details
from app.core.people.visits import VisitState
from app.core.ports.mail import Mail, MailFault
from app.core.types import Role
from app.services.access.credentials.pass_book import PassBook
from app.services.access.rules.permits import Permits
from app.services.access.visits.visit_book import Invitee, ShownVisit, VisitBook
from app.services.access.visits.visit_watch import Letters, VisitWatch
from tests.fakes import new_id
from tests.services.process import PASS_KEY, Process

GUARD = Principal("U1", "guard", frozenset({Role.SECURITY}), None, "user")
HOURS = timedelta(hours=1)


@dataclass
class Post:
    """Takes mails, or fails."""

    sent: list[Mail] = field(default_factory=list)
    fault: MailFault | None = None

    def send(self, mail: Mail) -> None:
        if self.fault is not None:
            raise self.fault
        self.sent.append(mail)


def to_visitor(shown: ShownVisit, code: str | None) -> Mail | None:
    return Mail(shown.visitor.email or "", "pass", code or "")


def to_host(shown: ShownVisit, code: str | None) -> Mail | None:
    return Mail("host@example.org", "arrived", shown.visitor.name)


class Reception:
    """A hall with a gate in and a gate out, a room behind another gate, and a host."""

    def __init__(self, site: Process) -> None:
        self.site, self.post = site, Post()
        for name in ("out", "room"):
            site.gates.add(name)
        with site.store.write() as tx:
            places = {one.name: one for one in tx.rules.all().gates}
            at = places["out"].site_id
            tx.rules.put(Zone("Z", "Hall", at))
            tx.rules.put(Zone("R", "Room", at, "Z"))
            for name, zone_from, zone_to in (("lobby-1", None, "Z"), ("out", "Z", None), ("room", "Z", "R")):
                tx.rules.put(GatePlace(places[name].id, name, at, zone_from, zone_to))
        self.host = site.enrolment.add(Details("E-1", "Hanna Host", email="host@example.org"))
        permits = Permits(site.store, site.log, site.clock, new_id)
        passes = PassBook(site.store, site.vault, PASS_KEY, site.clock, new_id)
        self.book = VisitBook(site.store, site.vault, site.clock, new_id, permits, passes, mails=True)
        self.watch = VisitWatch(site.store, self.book, site.clock, new_id, self.post)

    def invitee(self, **changed: object) -> Invitee:
        now = self.site.clock()
        usual = Invitee(
            "Vera Visitor",
            "E-1",
            Where(zones=frozenset({"Z"})),
            now,
            now + 2 * HOURS,
            "vera@example.org",
            "ACME",
            "Audit",
        )
        return replace(usual, **changed)  # type: ignore[arg-type]

    def invite(self, **changed: object) -> ShownVisit:
        return self.book.invite(GUARD, self.invitee(**changed))

    def code(self, shown: ShownVisit) -> str:
        code = self.book.open(shown.details.token)[1]
        assert code is not None
        return code

    def shows(self, shown: ShownVisit, gate: str = "lobby-1", code: str | None = None) -> str:
        return str(self.site.decide(credential=code or self.code(shown), gate=gate).reason)

    def look(self) -> None:
        self.watch.look(Letters(to_visitor, to_host))

    def state(self, shown: ShownVisit) -> VisitState:
        self.look()
        return self.book.get(shown.visit.id).state

    def alerts(self) -> list[AlertKind]:
        with self.site.store.read() as tx:
            return [one.kind for one in tx.alerts.uncleared()]
