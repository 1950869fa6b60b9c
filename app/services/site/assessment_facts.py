"""The facts that a data protection officer asks for, from the settings and records that are really in force.

They are facts and no judgement: necessity, proportionality and remaining risk are for people to weigh (Article 35 of
the GDPR).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.people.records import EmployeeFilter
from app.core.ports.store import Store
from app.core.site.retention import DAY, WORDS
from app.core.types import Employee
from app.services.people.retention.retention import KindState, Retention

PAGE = 500
IN_DAYS = 4 * DAY  # shorter periods are said in hours
NO_BASIS = "not recorded"


@dataclass(frozen=True)
class Section:
    """facts: what is asked, and what is so."""

    title: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class AssessmentFacts:
    """started_rate: the false-accept rate that the service was started with. keeps_pictures: at gates."""

    store: Store
    retention: Retention
    started_rate: float
    keeps_pictures: bool

    def sections(self) -> list[Section]:
        """Raises Busy('took_too_long') as `Retention.states`."""
        people = list(self._people())
        return [self._whose(people), self._basis(people), self._recognition(), self._kept(), self._guarded()]

    def _people(self) -> Iterator[Employee]:
        after = None
        while True:
            with self.store.read() as tx:
                page = tx.employees.find(EmployeeFilter(after=after, limit=PAGE))
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].number

    def _whose(self, people: list[Employee]) -> Section:
        faces = sum(one.photos > 0 for one in people)
        with self.store.read() as tx:
            erased, visitors = len(tx.erasures.all()), tx.employees.count() - len(people)
            documents = len(tx.documents.all())
        contractors = sum(one.contract is not None for one in people)
        return Section(
            "Whose data",
            (
                ("Employees", str(len(people) - contractors)),
                ("Contractors", str(contractors)),
                ("Their documents (kind, last four characters of the number, last day)", str(documents)),
                ("Visitors", str(visitors)),
                ("With a face (photos and template)", str(faces)),
                ("Without a face, by badge or not at all", str(len(people) - faces)),
                ("Erased so far, with a signed receipt each", str(erased)),
            ),
        )

    def _basis(self, people: list[Employee]) -> Section:
        bases = Counter(one.legal_basis or NO_BASIS for one in people)
        with_face = [one for one in people if one.photos]
        with self.store.read() as tx:
            settings = tx.site_settings.get()
        return Section(
            "Legal basis",
            (
                ("Nobody is enrolled without consent", _yes(settings.consent_required)),
                ("Text of consent", "the site's own" if settings.consent_text else "the one of the program"),
                ("People with a face and a consent", str(sum(one.consent_at is not None for one in with_face))),
                ("People with a face and no consent", str(sum(one.consent_at is None for one in with_face))),
                *((f"Basis: {basis}", str(count)) for basis, count in bases.most_common(20)),
            ),
        )

    def _recognition(self) -> Section:
        with self.store.read() as tx:
            settings, gates = tx.site_settings.get(), tx.gates.all()
        liveness = Counter(gate.liveness.value for gate in gates)
        rate = settings.false_accept_rate or self.started_rate
        return Section(
            "Recognition",
            (
                ("Share of strangers' attempts that may open a gate", f"{rate:g}"),
                ("Gates", str(len(gates))),
                *((f"Gates with liveness {mode}", str(count)) for mode, count in sorted(liveness.items())),
                ("A picture is kept with each event", _yes(self.keeps_pictures)),
                ("Gates photograph people who asked to be enrolled by badge", _yes(settings.enrol_by_badge)),
                ("Admins see faces that no gate knew", _yes(settings.unknown_faces)),
                ("Whoever has no face passes by badge, at the same gates and hours", "yes"),
            ),
        )

    def _kept(self) -> Section:
        states = self.retention.states(counted=True)
        return Section(
            "How long it is kept",
            tuple((WORDS[one.kind][0], _kept_words(one)) for one in states),
        )

    def _guarded(self) -> Section:
        with self.store.read() as tx:
            settings, users, backups = tx.site_settings.get(), tx.users.all(), tx.backups.newest(1)
            keys = [key for key in tx.api_keys.all() if key.revoked_at is None]
            provider, receivers = tx.providers.get(), tx.receivers.all()
        roles = Counter(role.value for user in users if user.enabled for role in user.roles)
        newest = f"{backups[0].at:%Y-%m-%d %H:%M} UTC" if backups else "none"
        return Section(
            "Who can see it, and how it is guarded",
            (
                *((f"Users who are {role}", str(count)) for role, count in sorted(roles.items())),
                ("API keys that work", str(len(keys))),
                ("Receivers of alerts outside", str(len(receivers))),
                *(
                    (f"Receiver of alerts with names of people, by {one.form.value}", one.name)
                    for one in receivers
                    if one.with_names and one.enabled
                ),
                ("Sign-in through another provider", provider.issuer if provider else "no"),
                ("Photos, templates, names and events are encrypted", "yes, AES-256-GCM, a key for each person"),
                ("Who changed, saw or exported what is recorded", "yes, in the audit trail"),
                ("Nightly backup", f"yes, {settings.backups_kept} are kept" if settings.backup_folder else "no"),
                ("Newest backup", newest),
            ),
        )


def _kept_words(one: KindState) -> str:
    due = "unknown" if one.due is None else str(one.due)
    days, rest = divmod(one.hours, DAY)
    if not rest and one.hours >= IN_DAYS:
        return f"{days} days; due now: {due}; removed so far: {one.removed}"
    return f"{one.hours} hours; due now: {due}; removed so far: {one.removed}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
