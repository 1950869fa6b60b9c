"""What works without a model: database, keys, log. Most commands need no more and start at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from ulid import ULID

from app.adapters.crypto.journal import JsonJournal
from app.adapters.crypto.key_file import KeyFile
from app.adapters.crypto.pass_key import Ed25519PassKey
from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault, load_master_key
from app.adapters.db.engine import migrate
from app.adapters.db.store import SqlStore, open_store
from app.adapters.icalendar.calendar_file import read_calendar, write_calendar
from app.adapters.uptime import uptime_s
from app.adapters.yaml.rules_text import read_rules, write_rules
from app.core.credentials.qr_pass import PassKey
from app.core.errors import CryptoFault
from app.services.access.calendar_files import CalendarFiles
from app.services.access.credentials.credential_book import CredentialBook
from app.services.access.credentials.pass_book import PassBook
from app.services.access.credentials.pin_book import PinBook
from app.services.access.rules.current_rules import CurrentRules
from app.services.access.rules.group_members import GroupMembers
from app.services.access.rules.permits import Permits
from app.services.access.rules.rule_book import RuleBook
from app.services.access.rules.rule_questions import RuleQuestions
from app.services.access.rules.rules_text import RulesText
from app.services.access.rules.schedule_preview import SchedulePreviews
from app.services.access.site_clock import SiteClock
from app.services.accounts.keys import Keys
from app.services.accounts.release_callers import ReleaseCallers
from app.services.accounts.trail import Trail
from app.services.alerts.alert_list import AlertList
from app.services.alerts.shift_report import ShiftReports
from app.services.alerts.transient_alerts import TransientAlerts
from app.services.cameras.camera_list import CameraList
from app.services.cameras.camera_states import CameraStates
from app.services.events.access_log import AccessLog
from app.services.events.answers import Answers
from app.services.events.audit import Audit
from app.services.events.checkpoints import Checkpoints
from app.services.events.corrections import Corrections
from app.services.events.event_list import EventList
from app.services.events.event_proof import EventProofs
from app.services.events.live_feed import LiveFeed
from app.services.events.statistics import Statistics
from app.services.gates.by_hand import ByHand
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.gate_list import GateList
from app.services.gates.gate_settings import GateSettings
from app.services.gates.gate_trials import GateTrials
from app.services.people.certificates.certificate_book import CertificateBook
from app.services.people.certificates.taking_down import TakingDown
from app.services.people.erasure import Erasure
from app.services.people.retention.retention import Retention
from app.services.site.assessment_facts import AssessmentFacts
from app.services.site.backups import Backups
from app.services.site.clock_watch import ClockWatch
from app.services.site.first_hour import FirstHour
from app.services.site.gate_leases import GateLeases
from app.services.site.own_alerts import OwnAlerts
from app.services.site.settings import SettingsService
from app.services.site.site_control import SiteControl
from app.services.site.storage_watch import StorageWatch
from app.services.site.today import TodayService
from app.settings import Settings
from app.wiring import beginning
from app.wiring.access.passages import PassageServices, passage_services
from app.wiring.access.visits import ContractServices, VisitServices, contract_services, visit_services
from app.wiring.alerts.altered import report_altered
from app.wiring.alerts.receivers import OutwardServices, outward_services
from app.wiring.backups import SiteFiles
from app.wiring.camera_policy import camera_list
from app.wiring.data_keys import check_master_key, seals_of, settle_keys
from app.wiring.driving import gate_control, gate_settings
from app.wiring.erasing.held_backups import held_backups
from app.wiring.erasing.retention import retention
from app.wiring.people import SignInServices, open_sign_in


def utc_now() -> datetime:
    """The time now, in whole milliseconds, the resolution of the log."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def new_id() -> str:
    return str(ULID())


@dataclass(frozen=True)
class Backbone:
    """Everything that works without a model: what most commands need."""

    settings: Settings
    clock: Callable[[], datetime]
    store: SqlStore
    vault: Vault
    signer: Ed25519Signer
    keys: Keys
    gates: GateList
    rule_book: RuleBook
    rules: CurrentRules
    rule_questions: RuleQuestions
    site_clock: SiteClock
    rules_text: RulesText
    calendar_files: CalendarFiles
    schedule_previews: SchedulePreviews
    permits: Permits
    site_settings: SettingsService
    first_hour: FirstHour
    today: TodayService
    group_members: GroupMembers
    credentials: CredentialBook
    pass_key: PassKey
    passes: PassBook
    pins: PinBook
    visits: VisitServices
    contractors: ContractServices
    erasure: Erasure
    certificates: CertificateBook
    retention: Retention
    log: AccessLog
    answers: Answers
    events: EventList
    checkpoints: Checkpoints
    cameras: CameraList
    camera_states: CameraStates
    gate_settings: GateSettings
    gate_leases: GateLeases
    gate_control: GateDispatcher
    site: SiteControl
    alerts: AlertList
    shifts: ShiftReports
    outward: OutwardServices
    transient_alerts: TransientAlerts
    own_alerts: OwnAlerts
    storage: StorageWatch
    clock_watch: ClockWatch
    accounts: SignInServices
    trail: Trail
    by_hand: ByHand
    passages: PassageServices
    gate_trials: GateTrials
    corrections: Corrections
    feed: LiveFeed
    proofs: EventProofs
    statistics: Statistics
    release_callers: ReleaseCallers
    backups: Backups
    assessment: AssessmentFacts

    def close(self) -> None:
        # Gates first: what they still report is recorded.
        self.gate_control.close()
        self.store.close()


def open_backbone(
    settings: Settings, clock: Callable[[], datetime] = utc_now, *, begin: bool = True, unfinished: bool = False
) -> Backbone:
    """Brings the schema up to date and checks the master key.

    begin: create the installation and its data folder if there is none. unfinished: in the course of a restore. Raises
    as `beginning.check` does, and CryptoFault for another master key.
    """
    beginning.check(settings, begin=begin, unfinished=unfinished)
    if begin:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = settings.master_key.get_secret_value() if settings.master_key else None
    load = partial(load_master_key, settings.data / beginning.KEY_FILE, secret)
    with beginning.said_plainly(settings):
        migrate.upgrade(
            settings.url,
            lambda: seals_of(load()),
            lambda: Vault(load(), KeyFile(settings.key_file)),
            sealed_before=KeyFile(settings.key_file).exists(),
        )
    master = load()
    seals, key_file = seals_of(master), KeyFile(settings.key_file)
    vault, signer = Vault(master, key_file), Ed25519Signer(master)
    # A test's clock applies to everything.
    store = open_store(settings.url, seals, vault, server_clock=clock is utc_now)
    seals.on_altered = partial(report_altered, store, clock, new_id)
    with store.read() as tx:
        installation = tx.installation.get()
    try:
        check_master_key(vault, installation)
        settle_keys(store, vault, key_file)
    except CryptoFault:
        store.close()
        raise
    log, answers = AccessLog(vault, signer), Answers(signer)
    gate_leases = GateLeases(store, clock, settings.gates)
    driving = gate_control(store, vault, signer, clock, new_id, gate_leases.gates, gate_leases.others)
    site = SiteControl(store, log, clock, new_id, driving)
    driving.record_late = site.record_late
    gate_leases.untaken = driving.untaken
    callers = ReleaseCallers(store, clock, timedelta(minutes=settings.session_idle_minutes))
    events = EventList(store, log, answers)
    own_alerts = OwnAlerts(store, clock, new_id)
    alerts = AlertList(store, clock, own_alerts.unstored)
    clock_watch = ClockWatch(store, clock, uptime_s if clock is utc_now else None, own_alerts)
    rules, rule_book = CurrentRules(settings.false_accept_rate), RuleBook(store, clock, new_id)
    site_clock = SiteClock(store, clock, rules)
    passages = passage_services(store, log, clock, new_id, rules)
    credentials = CredentialBook(store, vault, clock, new_id)
    pass_key = Ed25519PassKey(master)
    pins, taking_down = PinBook(store, clock, new_id), TakingDown(vault, clock, new_id)
    permits, passes = Permits(store, log, clock, new_id), PassBook(store, vault, pass_key, clock, new_id)
    erasure = Erasure(store, signer, JsonJournal(settings.erasures), clock, new_id, taking_down, vault.forget)
    kept = retention(store, signer, vault, clock_watch.trusted_time, erasure)
    driving.on_passed = passages.watch.passed
    driving.each_second = (passages.watch.lapse, credentials.tidy)
    carry_out, second = driving.carry_out, driving.second_records
    by_hand = ByHand(store, log, answers, clock, new_id, carry_out, second, passages.grant_order)
    return Backbone(
        settings=settings,
        clock=clock,
        store=store,
        vault=vault,
        signer=signer,
        keys=Keys(store, clock, new_id, callers.forget),
        gates=GateList(store, clock, new_id),
        rule_book=rule_book,
        rules=rules,
        rule_questions=RuleQuestions(store, clock, rules),
        site_clock=site_clock,
        rules_text=RulesText(rule_book, read_rules, write_rules),
        calendar_files=CalendarFiles(store, clock, read_calendar, write_calendar),
        schedule_previews=SchedulePreviews(store, clock),
        permits=permits,
        site_settings=SettingsService(store),
        first_hour=FirstHour(store),
        today=TodayService(store, events),
        group_members=GroupMembers(store),
        credentials=credentials,
        pass_key=pass_key,
        passes=passes,
        pins=pins,
        visits=visit_services(settings, store, vault, clock, new_id, permits, passes, rules),
        contractors=contract_services(settings, store, vault, clock, new_id, site_clock),
        erasure=erasure,
        certificates=CertificateBook(store, signer, clock, taking_down, held_backups(store)),
        retention=kept,
        assessment=AssessmentFacts(store, kept, settings.false_accept_rate, bool(settings.pictures_kept)),
        log=log,
        answers=answers,
        events=events,
        checkpoints=Checkpoints(Audit(store, log, signer, clock, new_id), JsonJournal(settings.checkpoints)),
        cameras=camera_list(settings, store, vault, clock, new_id),
        camera_states=CameraStates(store, clock),
        gate_settings=gate_settings(store, vault, clock, new_id),
        gate_leases=gate_leases,
        gate_control=driving,
        site=site,
        alerts=alerts,
        shifts=ShiftReports(store, events, alerts),
        outward=outward_services(settings, store, vault, clock, new_id, rules, site_clock),
        own_alerts=own_alerts,
        storage=StorageWatch(
            store, own_alerts, clock_watch.trusted_time, timedelta(milliseconds=settings.record_deadline_ms)
        ),
        clock_watch=clock_watch,
        transient_alerts=TransientAlerts(store, clock, new_id),
        accounts=open_sign_in(settings, store, vault, signer, clock, new_id, callers.forget),
        trail=Trail(store),
        by_hand=by_hand,
        passages=passages,
        gate_trials=GateTrials(store, driving, by_hand, gate_leases.elsewhere),
        corrections=Corrections(store, log, vault, signer, clock, new_id),
        feed=LiveFeed(store, events, clock, own_alerts.unstored),
        proofs=EventProofs(store, log, signer, lambda: JsonJournal(settings.checkpoints).entries([])),
        statistics=Statistics(store, clock),
        release_callers=callers,
        backups=Backups(
            store,
            clock,
            new_id,
            SiteFiles(settings, store, vault, master, clock),
            own_alerts,
            lambda: site_clock.read().zone,
        ),
    )


def read_checkpoints(path: Path, damaged: list[str]) -> Iterator[dict[str, object]]:
    """The signed chain heads of a file with one JSON object per line, and the lines that are damaged."""
    return JsonJournal(path).entries(damaged)
