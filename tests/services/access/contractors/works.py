"""A yard with a gate in and a gate out, a contractor and their sponsor, and a post that takes mails or fails."""

from dataclasses import dataclass, field

from app.core.access.rules import GatePlace, Group, Rule, Where, Who, Zone
from app.core.alerts.alert import AlertKind
from app.core.contracts import ContractState
from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.people.details import Details
from app.core.ports.mail import Mail, MailFault
from app.core.types import Status
from app.services.access.contractors.contract_book import ContractBook, ShownContractor
from app.services.access.contractors.contract_watch import ContractWatch
from app.services.access.credentials.credential_book import CredentialBook
from app.services.access.rules.current_rules import CurrentRules
from app.services.access.site_clock import SiteClock
from tests.fakes import new_id, person, photo
from tests.services.process import Process

CARLS = Badge(32, 0xCA21)
FACE = person(3)


@dataclass
class Post:
    """Takes mails, or fails. tokens: of the links in what was sent."""

    sent: list[Mail] = field(default_factory=list)
    fault: MailFault | None = None

    @property
    def tokens(self) -> list[str]:
        return [mail.text for mail in self.sent]

    def send(self, mail: Mail) -> None:
        if self.fault is not None:
            raise self.fault
        self.sent.append(mail)


class Works:
    """Carl has a badge and a face, and is in a group that may pass everywhere; Selma answers for him."""

    def __init__(self, site: Process) -> None:
        self.site, self.post = site, Post()
        site.gates.add("out")
        with site.store.write() as tx:
            places = {one.name: one for one in tx.rules.all().gates}
            at = places["out"].site_id
            tx.rules.put(Zone("Y", "Yard", at), Group("G", "Crew"))
            for name, zone_from, zone_to in (("lobby-1", None, "Y"), ("out", "Y", None)):
                tx.rules.put(GatePlace(places[name].id, name, at, zone_from, zone_to))
            tx.rules.put(Rule("R", "Crew", Who(groups=frozenset({"G"})), Where(everywhere=True)))
        self.clock = SiteClock(site.store, site.clock, CurrentRules())
        self.book = ContractBook(site.store, site.vault, site.clock, new_id, self.clock)
        self.watch = ContractWatch(site.store, self.book, site.clock, new_id, self.post)
        self.selma = site.enrolment.add(Details("S-1", "Selma Sponsor", email="selma@example.org"))
        self.carl = self.book.take_on(Details("C-1", "Carl", groups=("Crew",)), "S-1", "ACME").person
        site.enrolment.add_photos(self.carl.id, [photo(FACE)])
        CredentialBook(site.store, site.vault, site.clock, new_id).give(self.carl.id, CARLS, CardFormat.RAW, "admin")

    def by_badge(self, gate: str = "lobby-1") -> str:
        return str(self.site.decide(credential=CARLS.text, gate=gate).reason)

    def by_face(self, gate: str = "lobby-1") -> str:
        return str(self.site.decide(photo(FACE), gate=gate).reason)

    def shown(self) -> ShownContractor:
        return self.book.get(self.carl.id)

    def state(self) -> ContractState:
        return self.shown().state

    def suspend(self, employee_id: str) -> None:
        self.site.enrolment.update(employee_id, lambda before: Details.of(before, status=Status.INACTIVE))

    def look(self) -> None:
        self.watch.look(lambda shown, token: Mail("selma@example.org", shown.person.name, token))

    def alerts(self) -> list[AlertKind]:
        with self.site.store.read() as tx:
            return [one.kind for one in tx.alerts.uncleared()]
