"""A database with something in every table that carries seals."""

from datetime import timedelta

from app.core.access import rules as access
from app.core.access.passages.muster import Muster, Tick
from app.core.access.passages.presence import Passage, Presence
from app.core.access.schedules import Calendar, Hours, Schedule, Window
from app.core.access.zone_policy import AntiPassback, ZonePolicy
from app.core.accounts.provider import Provider
from app.core.accounts.trail import Action, FieldChange, TrailEntry
from app.core.accounts.users import Method, Session, SignIn, SignInOutcome, Ticket, TicketKind, User
from app.core.alerts.alert import Alert, AlertKind
from app.core.alerts.deliveries import Change, Delivery
from app.core.alerts.receivers import Form, Receiver
from app.core.cameras.camera import Camera
from app.core.credentials.formats import CardFormat
from app.core.credentials.pin import PinTries
from app.core.credentials.stored import Credential, CredentialKind
from app.core.events.corrections import Correction, CorrectionKind
from app.core.events.records import EventRow, Remembered
from app.core.gates.commands import CommandOutcome, Order, RemotePoll
from app.core.gates.gate import Gate
from app.core.gates.result import GateResultRow
from app.core.imports.people_columns import ColumnMapping
from app.core.imports.remembered import RememberedMapping
from app.core.imports.reports import Import, ImportState
from app.core.people.certificates import Certificate, Scope
from app.core.people.consents import Consent, ConsentHow
from app.core.people.contractors import Document
from app.core.people.directories import Directory, DirectoryGroup, DirectoryPerson, Leaving
from app.core.people.gathering import GateFace, Gathering, GatheringState
from app.core.people.invitations import Invitation, InvitationState
from app.core.people.records import Receipt
from app.core.people.reminders import Reminder
from app.core.people.visits import MailState, Visit
from app.core.ports.store import Store
from app.core.site.installation import Installation
from app.core.site.mode import ClockFacts, SiteMode, SiteState
from app.core.site.retention import KeptHours, Kind, Removal
from app.core.site.settings import SiteSettings
from app.core.types import ApiKey, Employee, Photo, Reason, Role, Status, Template, Verdict
from tests.fakes import NOW

LATER = NOW + timedelta(hours=1)
DAY = NOW.date()


def fill(store: Store) -> None:
    """Writes two rows to every sealed table that can have two."""
    with store.write() as tx:
        tx.installation.put(Installation("pack", "f32", b"check", NOW))
        for n in ("1", "2"):
            gate, employee, photo, user, event = f"G{n}", f"E{n}", f"P{n}", f"U{n}", f"V{n}"
            tx.gates.add(Gate(gate, f"gate-{n}", created_at=NOW, sealed_config=b"config"))
            tx.cameras.add(Camera(f"C{n}", f"camera-{n}", gate, b"url", created_at=NOW))
            tx.employees.add(
                Employee(employee, f"N-{n}", f"Name {n}", Status.INACTIVE, f"{n}@example.org", DAY, DAY, ("staff",),
                         "consent", DAY, NOW, card_number=f"47{n}")
            )  # fmt: skip
            tx.data_keys.add(employee, b"wrapped" + n.encode())
            tx.photos.add([Photo(photo, employee, b"image" + n.encode(), b"vector", "image/jpeg", 0.9, NOW)])
            tx.templates.put(Template(employee, b"vector" + n.encode(), 1, "pack", "f32"))
            tx.moves.put(Template(employee, b"vector" + n.encode(), 1, "next", "f32"), 1, {photo: b"next"})
            tx.users.add(User(user, f"user-{n}", frozenset({Role.VIEWER}), "hash", NOW, True, f"subject-{n}"))
            tx.sessions.add(Session(f"S{n}", f"hash-{n}", user, NOW, NOW, LATER, "10.0.0.1", "Firefox"))
            tx.tickets.add(Ticket(f"hash-{n}", TicketKind.RESET, user, LATER))
            tx.sign_ins.add(
                SignIn(f"I{n}", NOW, user, "user", "10.0.0.1", Method.PASSWORD, SignInOutcome.WRONG_PASSWORD)
            )
            tx.api_keys.add(ApiKey(f"K{n}", Role.GATE, f"hash-{n}", "key", gate, NOW, LATER))
            tx.events.append(EventRow(event, gate, 1, NOW, Verdict.DENY, Reason.NO_FACE, "c", f"hash-{n}"))
            tx.events.remember(gate, "key", Remembered(event, "digest", NOW))
            tx.corrections.add(
                Correction(f"O{n}", event, NOW, user, CorrectionKind.WAS, "commitment", "signature", employee, "nonce")
            )
            tx.gate_results.put(GateResultRow(event, NOW, CommandOutcome.FAILED, "jammed", "signature"))
            tx.alerts.raise_(Alert(f"A{n}", NOW, AlertKind.DOOR_HELD, gate, f"C{n}", "held"))
            tx.orders.put(Order(event, gate, employee, NOW, LATER))
            tx.remote_polls.put(RemotePoll(f"Q{n}", gate, NOW, LATER, "key"))
            tx.retained.put(Removal(f"trail:{n}", Kind.TRAIL, LATER, NOW, 7, "signature"))
            tx.erasures.add(Receipt(f"R{n}", f"X{n}", NOW, 1, 1, 1, "signature"))
            tx.imports.add(Import(f"M{n}", ImportState.DONE, False, user, NOW, f"fingerprint-{n}"))
            tx.certificates.add(Certificate(f"Z{n}", employee, NOW, Scope.FACE, {"search": {"found": 0}}))
            tx.consents.add(Consent(f"C{n}", employee, DAY, NOW, ConsentHow.LINK, None, "text", "de"))
            tx.invitations.add(
                Invitation(f"L{n}", employee, f"hash-{n}", user, NOW, LATER, InvitationState.DONE, 1, "text", NOW, NOW)
            )
            tx.credentials.add(
                Credential(f"B{n}", employee, CredentialKind.BADGE, CardFormat.RAW, b"sealed" + n.encode(), user, NOW),
                f"32:0000000{n}",
            )
            tx.pin_tallies.put(f"B{n}", gate, PinTries(2, NOW))
            tx.visits.add(
                Visit(
                    f"T{n}", employee, employee, f"hash-{n}", b"seal" + n.encode(), f"B{n}", "X", NOW, LATER, user, NOW
                )
            )
            tx.documents.add(Document(f"D{n}", employee, b"seal" + n.encode(), DAY, NOW, user))
            tx.reminders.put(Reminder(employee, NOW, f"hash-{n}", MailState.DUE, 1, LATER))
            tx.gatherings.put(Gathering(employee, GatheringState.READY, NOW, LATER, user))
            tx.gatherings.add_face(GateFace(f"Z{n}", employee, event, gate, NOW, b"image" + n.encode(), b"vector", 0.9))
            changed = (FieldChange("unlock_ms", 1, 2),)
            tx.trail.add(
                TrailEntry(
                    f"T{n}", NOW, user, "10.0.0.1", "PATCH", Action.CHANGED, "gate", gate, "g", employee, changed
                )
            )
            tx.import_mappings.put(RememberedMapping(f"fingerprint-{n}", ColumnMapping({}), user, NOW))
            tx.receivers.add(Receiver(f"R{n}", f"Receiver {n}", Form.WEBHOOK, b"target" + n.encode(), NOW))
            tx.deliveries.add(Delivery(f"D{n}", f"R{n}", 10 * int(n), Change.TEST, None, NOW, f"M{n}"))
            tx.directories.add(Directory(f"J{n}", f"Directory {n}", NOW))
            tx.directories.put_person(
                DirectoryPerson(employee, f"J{n}", f"user-{n}", f"x-{n}", {}, True, 1, NOW, NOW, Leaving.OFF, NOW)
            )
        # Others, for what is moved to them.
        tx.gates.add(Gate("G3", "gate-3", created_at=NOW))
        tx.employees.add(Employee("E3", "N-3", "Name 3"))
        tx.photos.add([Photo("P3", "E3", b"image", b"vector", "image/jpeg", 0.9, NOW)])
        tx.users.add(User("U3", "user-3", frozenset({Role.VIEWER}), None, NOW))
        tx.events.append(EventRow("V3", "G3", 1, NOW, Verdict.DENY, Reason.NO_FACE, "c", "hash-3"))
        site = tx.rules.all().sites[0].id
        policy = ZonePolicy(AntiPassback.TIMED, 30, 8, 240, frozenset({"H1"}), 60)
        tx.rules.put(
            access.Site("S2", "Two", "UTC"),
            *(access.Zone("Z1", "Office", site, policy=policy), access.Zone("Z2", "Lab", site, "Z1")),
            access.GatePlace("G1", "gate-1", site, "Z1", "Z2", "Asia/Tokyo"),
            access.Lane("L1", "Lobby", ("G1", "G2")),
            *(access.Group("H1", "Day"), access.Group("H2", "Night", access.GroupSource.SCIM)),
            *(Calendar(f"D{n}", f"Days {n}") for n in "12"),
            *(Schedule(f"T{n}", f"Times {n}", (Window((0,), Hours(0, 60)),)) for n in "12"),
            access.Rule("B1", "Rule", access.Who(people=frozenset({"E1"})), access.Where(True), "T1", DAY, DAY, "note"),
            access.GateMode("N1", "G1", access.EntryMode.FREE, "T1", "H1"),
            access.Grant("F1", "E1", access.Where(True), NOW, LATER, "parcel", "U1"),
        )
        for n in "12":
            tx.directories.put_group(DirectoryGroup(f"H{n}", f"J{n}", f"x-{n}", 1, NOW, NOW))
        tx.directories.add(Directory("J3", "Directory 3", NOW))
        tx.presences.set_unknown("Z1", 1, NOW)
        for n in "12":
            tx.passages.confirm(f"V{n}", NOW)
            tx.passages.add(Passage(f"W{n}", f"G{n}", f"V{n}", f"E{n}", f"Z{n}", f"Z{n}", NOW, LATER))
            for _ in "12":  # the second keeps what it replaced
                tx.presences.put(Presence(f"E{n}", f"Z{n}", NOW, f"G{n}", f"V{n}"))
            tx.musters.start(Muster(f"Y{n}", NOW, "U1", "drill"))
            tx.musters.end(f"Y{n}", LATER, "U1")
            tx.musters.tick(f"Y{n}", Tick(f"E{n}", NOW, "U1"))
        tx.rules.delete(access.GatePlace("G3", "gate-3", site))  # a gate that a place can be planted for
        tx.providers.put(Provider("https://id.example.org", "client", b"secret", "groups", {"it": Role.ADMIN}, "SSO"))
        tx.site_settings.put(SiteSettings(8, guards_may_lock_down=True, kept_hours=KeptHours({"trail": 999})))
        tx.site.put(SiteState(SiteMode.LOCKDOWN, NOW, "K1", ("G1",)))
        tx.clocks.put(ClockFacts("doubted", NOW, NOW, NOW))
