"""A transaction with its repositories, one for each protocol of `ports.Transaction`."""

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


class SqlTransaction:
    """Transaction over one connection."""

    def __init__(self, connection: Connection, *, writing: bool, server_clock: bool) -> None:
        self.employees: Employees = EmployeeRows(connection)
        self.photos: Photos = PhotoRows(connection)
        self.templates: Templates = TemplateRows(connection)
        self.data_keys: DataKeys = DataKeyRows(connection, writing=writing)
        self.gates: Gates = GateRows(connection)
        self.api_keys: ApiKeys = ApiKeyRows(connection)
        self.events: Events = EventRows(connection)
        self.erasures: Erasures = ErasureRows(connection)
        self.retained: Retained = RetainedRows(connection)
        self.installation: Installations = InstallationRow(connection)
        self.cameras: Cameras = CameraRows(connection)
        self.gate_results: GateResults = GateResultRows(connection)
        self.alerts: Alerts = AlertRows(connection)
        self.site: Site = SiteRow(connection)
        self.doors: Doors = DoorRows(connection)
        self.heartbeats: Heartbeats = HeartbeatRow(connection)
        self.clocks: Clocks = ClockRow(connection, server_clock)
        self.moves: Moves = MoveRows(connection)
        self.imports: Imports = ImportRows(connection)
        self.import_mappings: RememberedMappings = ImportMappingRows(connection)
        self.invitations: Invitations = InvitationRows(connection)
        self.consents: Consents = ConsentRows(connection)
        self.certificates: Certificates = CertificateRows(connection)
        self.users: Users = UserRows(connection)
        self.sessions: Sessions = SessionRows(connection)
        self.saved_views: SavedViews = SavedViewRows(connection)
        self.tickets: Tickets = TicketRows(connection)
        self.tallies: Tallies = TallyRows(connection)
        self.sign_ins: SignIns = SignInRows(connection)
        self.providers: Providers = ProviderRow(connection)
        self.site_settings: Settings = SettingsRow(connection)
        self.backups: Backups = BackupRows(connection)
        self.key_uses: KeyUses = KeyUseRows(connection)
        self.leases: Leases = LeaseRows(connection)
        self.watchers: Watchers = WatcherRows(connection)
        self.orders: Orders = OrderRows(connection)
        self.remote_polls: RemotePolls = RemotePollRows(connection)
        self.corrections: Corrections = CorrectionRows(connection)
        self.histograms: Histograms = HistogramRows(connection)
        self.counts: Counts = CountRows(connection)
        self.pictures: SentPictures = SentPictureRows(connection)
        self.seals: Seals = SealRows(connection)
        self.rules: Rules = RuleRows(connection)
        self.presences: Presences = PresenceRows(connection)
        self.passages: Passages = PassageRows(connection)
        self.musters: Musters = MusterRows(connection)
        self.credentials: Credentials = CredentialRows(connection)
        self.visits: Visits = VisitRows(connection)
        self.documents: Documents = DocumentRows(connection)
        self.reminders: Reminders = ReminderRows(connection)
        self.badge_reads: BadgeReads = BadgeReadRows(connection)
        self.pin_waits: PinWaits = PinWaitRows(connection)
        self.pin_tallies: PinTallies = PinTallyRows(connection)
        self.trail: Trail = TrailRows(connection)
        self.directories: Directories = DirectoryRows(connection)
        self.receivers: Receivers = ReceiverRows(connection)
        self.deliveries: Deliveries = DeliveryRows(connection)
