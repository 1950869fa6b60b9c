"""A transaction with its repositories, one for each protocol of `ports.Transaction`."""

from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection

from app.adapters.db.engine.clocks import ClockRow, HeartbeatRow
from app.adapters.db.repositories.access import RuleRows
from app.adapters.db.repositories.accounts import (
    ProviderRow,
    SavedViewRows,
    SessionRows,
    SignInRows,
    TallyRows,
    TicketRows,
    TrailRows,
    UserRows,
)
from app.adapters.db.repositories.alerts.alerts import AlertRows
from app.adapters.db.repositories.alerts.receivers import DeliveryRows, ReceiverRows
from app.adapters.db.repositories.api_keys import ApiKeyRows, KeyUseRows
from app.adapters.db.repositories.cameras import CameraRows
from app.adapters.db.repositories.contractors.documents import DocumentRows, ReminderRows
from app.adapters.db.repositories.contractors.gatherings import GatheringRows
from app.adapters.db.repositories.credentials.badge_reads import BadgeReadRows
from app.adapters.db.repositories.credentials.credentials import CredentialRows
from app.adapters.db.repositories.credentials.pins import PinTallyRows, PinWaitRows
from app.adapters.db.repositories.data_keys import DataKeyRows, ErasureRows
from app.adapters.db.repositories.directories.directories import DirectoryRows
from app.adapters.db.repositories.events import CorrectionRows, EventRows, SentPictureRows
from app.adapters.db.repositories.gallery import TemplateRows
from app.adapters.db.repositories.gate_leases import LeaseRows, OrderRows, RemotePollRows, WatcherRows
from app.adapters.db.repositories.gates import DoorRows, GateResultRows, GateRows
from app.adapters.db.repositories.imports import ImportMappingRows, ImportRows
from app.adapters.db.repositories.passages.musters import MusterRows
from app.adapters.db.repositories.passages.presences import PassageRows, PresenceRows
from app.adapters.db.repositories.passages.visits import VisitRows
from app.adapters.db.repositories.people import EmployeeRows, PhotoRows
from app.adapters.db.repositories.reembedding import MoveRows
from app.adapters.db.repositories.retention.certificates import CertificateRows
from app.adapters.db.repositories.retention.consents import ConsentRows, InvitationRows
from app.adapters.db.repositories.retention.retained import RetainedRows
from app.adapters.db.repositories.site import BackupRows, InstallationRow, SettingsRow, SiteRow
from app.adapters.db.repositories.statistics import CountRows, HistogramRows
from app.adapters.db.seals.row_seal import seals_of
from app.adapters.db.seals.sealing import SealRows
from app.core.accounts.provider import Providers
from app.core.alerts.deliveries import Deliveries
from app.core.alerts.receivers import Receivers
from app.core.credentials.stored import BadgeReads, Credentials, PinTallies, PinWaits
from app.core.events.picture_digests import SentPictures
from app.core.imports.remembered import RememberedMappings
from app.core.imports.reports import Imports
from app.core.people.certificates import Certificates
from app.core.people.consents import Consents
from app.core.people.contractors import Documents
from app.core.people.directories import Directories
from app.core.people.gathering import Gatherings
from app.core.people.invitations import Invitations
from app.core.people.reminders import Reminders
from app.core.people.visits import Visits
from app.core.ports.access import Musters, Passages, Presences, Rules
from app.core.ports.accounts import ApiKeys, KeyUses, SavedViews, Sessions, SignIns, Tallies, Tickets, Trail, Users
from app.core.ports.alerts import Alerts
from app.core.ports.cameras import Cameras
from app.core.ports.events import Corrections, Counts, Events, Histograms, Seals
from app.core.ports.gates import Clocks, Doors, GateResults, Gates, Heartbeats, Orders
from app.core.ports.people import DataKeys, Employees, Erasures, Photos, Retained, Templates
from app.core.ports.reembedding import Moves
from app.core.ports.site import Backups, Installations, Leases, RemotePolls, Settings, Site, Watchers

Rows = TypeVar("Rows")


class _Made(Generic[Rows]):
    """A repository, made when the transaction first asks for it: a decision asks for a dozen of fifty."""

    def __init__(self, make: "Callable[[SqlTransaction], Rows]") -> None:
        self._make = make

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, transaction: "SqlTransaction", _: type) -> Rows:
        made = self._make(transaction)
        transaction.__dict__[self._name] = made
        return made


class SqlTransaction:
    """Transaction over one connection."""

    def __init__(self, connection: Connection, *, writing: bool, server_clock: bool) -> None:
        seals_of(connection)  # KeyError: without a key nothing is read and nothing is written
        self.connection, self.writing, self.server_clock = connection, writing, server_clock

    employees = _Made[Employees](lambda tx: EmployeeRows(tx.connection))
    photos = _Made[Photos](lambda tx: PhotoRows(tx.connection))
    templates = _Made[Templates](lambda tx: TemplateRows(tx.connection))
    data_keys = _Made[DataKeys](lambda tx: DataKeyRows(tx.connection, writing=tx.writing))
    gates = _Made[Gates](lambda tx: GateRows(tx.connection))
    api_keys = _Made[ApiKeys](lambda tx: ApiKeyRows(tx.connection))
    events = _Made[Events](lambda tx: EventRows(tx.connection))
    erasures = _Made[Erasures](lambda tx: ErasureRows(tx.connection))
    retained = _Made[Retained](lambda tx: RetainedRows(tx.connection))
    installation = _Made[Installations](lambda tx: InstallationRow(tx.connection))
    cameras = _Made[Cameras](lambda tx: CameraRows(tx.connection))
    gate_results = _Made[GateResults](lambda tx: GateResultRows(tx.connection))
    alerts = _Made[Alerts](lambda tx: AlertRows(tx.connection))
    site = _Made[Site](lambda tx: SiteRow(tx.connection))
    doors = _Made[Doors](lambda tx: DoorRows(tx.connection))
    heartbeats = _Made[Heartbeats](lambda tx: HeartbeatRow(tx.connection))
    clocks = _Made[Clocks](lambda tx: ClockRow(tx.connection, tx.server_clock))
    moves = _Made[Moves](lambda tx: MoveRows(tx.connection))
    imports = _Made[Imports](lambda tx: ImportRows(tx.connection))
    import_mappings = _Made[RememberedMappings](lambda tx: ImportMappingRows(tx.connection))
    invitations = _Made[Invitations](lambda tx: InvitationRows(tx.connection))
    consents = _Made[Consents](lambda tx: ConsentRows(tx.connection))
    certificates = _Made[Certificates](lambda tx: CertificateRows(tx.connection))
    users = _Made[Users](lambda tx: UserRows(tx.connection))
    sessions = _Made[Sessions](lambda tx: SessionRows(tx.connection))
    saved_views = _Made[SavedViews](lambda tx: SavedViewRows(tx.connection))
    tickets = _Made[Tickets](lambda tx: TicketRows(tx.connection))
    tallies = _Made[Tallies](lambda tx: TallyRows(tx.connection))
    sign_ins = _Made[SignIns](lambda tx: SignInRows(tx.connection))
    providers = _Made[Providers](lambda tx: ProviderRow(tx.connection))
    site_settings = _Made[Settings](lambda tx: SettingsRow(tx.connection))
    backups = _Made[Backups](lambda tx: BackupRows(tx.connection))
    key_uses = _Made[KeyUses](lambda tx: KeyUseRows(tx.connection))
    leases = _Made[Leases](lambda tx: LeaseRows(tx.connection))
    watchers = _Made[Watchers](lambda tx: WatcherRows(tx.connection))
    orders = _Made[Orders](lambda tx: OrderRows(tx.connection))
    remote_polls = _Made[RemotePolls](lambda tx: RemotePollRows(tx.connection))
    corrections = _Made[Corrections](lambda tx: CorrectionRows(tx.connection))
    histograms = _Made[Histograms](lambda tx: HistogramRows(tx.connection))
    counts = _Made[Counts](lambda tx: CountRows(tx.connection))
    pictures = _Made[SentPictures](lambda tx: SentPictureRows(tx.connection))
    seals = _Made[Seals](lambda tx: SealRows(tx.connection))
    rules = _Made[Rules](lambda tx: RuleRows(tx.connection))
    presences = _Made[Presences](lambda tx: PresenceRows(tx.connection))
    passages = _Made[Passages](lambda tx: PassageRows(tx.connection))
    musters = _Made[Musters](lambda tx: MusterRows(tx.connection))
    credentials = _Made[Credentials](lambda tx: CredentialRows(tx.connection))
    visits = _Made[Visits](lambda tx: VisitRows(tx.connection))
    documents = _Made[Documents](lambda tx: DocumentRows(tx.connection))
    reminders = _Made[Reminders](lambda tx: ReminderRows(tx.connection))
    gatherings = _Made[Gatherings](lambda tx: GatheringRows(tx.connection))
    badge_reads = _Made[BadgeReads](lambda tx: BadgeReadRows(tx.connection))
    pin_waits = _Made[PinWaits](lambda tx: PinWaitRows(tx.connection))
    pin_tallies = _Made[PinTallies](lambda tx: PinTallyRows(tx.connection))
    trail = _Made[Trail](lambda tx: TrailRows(tx.connection))
    directories = _Made[Directories](lambda tx: DirectoryRows(tx.connection))
    receivers = _Made[Receivers](lambda tx: ReceiverRows(tx.connection))
    deliveries = _Made[Deliveries](lambda tx: DeliveryRows(tx.connection))
