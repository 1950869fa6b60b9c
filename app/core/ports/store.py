"""The database: a transaction with its repositories, and the store that opens transactions."""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

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


class Clock(Protocol):
    """Returns the time in UTC, in whole milliseconds as the log stores it."""

    def __call__(self) -> datetime: ...


class Transaction(Protocol):
    """One unit of work: everything its repositories did commits together at the end of the block, or not at all."""

    employees: Employees
    photos: Photos
    templates: Templates
    data_keys: DataKeys
    gates: Gates
    api_keys: ApiKeys
    events: Events
    erasures: Erasures
    retained: Retained
    installation: Installations
    imports: Imports
    invitations: Invitations
    consents: Consents
    certificates: Certificates
    import_mappings: RememberedMappings
    cameras: Cameras
    gate_results: GateResults
    alerts: Alerts
    site: Site
    doors: Doors
    heartbeats: Heartbeats
    clocks: Clocks
    leases: Leases
    watchers: Watchers
    orders: Orders
    remote_polls: RemotePolls
    corrections: Corrections
    histograms: Histograms
    counts: Counts
    pictures: SentPictures
    seals: Seals
    moves: Moves
    users: Users
    sessions: Sessions
    saved_views: SavedViews
    tickets: Tickets
    tallies: Tallies
    sign_ins: SignIns
    providers: Providers
    site_settings: Settings
    backups: Backups
    key_uses: KeyUses
    rules: Rules
    presences: Presences
    passages: Passages
    musters: Musters
    credentials: Credentials
    visits: Visits
    documents: Documents
    reminders: Reminders
    gatherings: Gatherings
    badge_reads: BadgeReads
    pin_waits: PinWaits
    pin_tallies: PinTallies
    trail: Trail
    directories: Directories
    receivers: Receivers
    deliveries: Deliveries


class Store(Protocol):
    """The database."""

    def read(self, within: timedelta | None = None) -> AbstractContextManager[Transaction]:
        """Opens a transaction that sees one fixed state and can change nothing.

        Raises Busy('took_too_long') if a query takes longer than `within`; None bounds nothing.
        """
        ...

    def write(self, deadline: timedelta | None = None) -> AbstractContextManager[Transaction]:
        """Opens a transaction that commits at the end of the block.

        Args:
            deadline: for the whole transaction; None means 2 s for locks and no other limit.

        Raises:
            NotRecorded: it cannot commit within the deadline (locked, full, gone).
            Unconfirmed: it may have committed anyway, but nobody may act on it.
        """
        ...

    def alone(self, what: str) -> AbstractContextManager[bool]:
        """Claims a piece of work for the block: of all processes, one gets True, even after a process was killed."""
        ...
