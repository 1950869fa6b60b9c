"""The database as one unit of work: what a transaction gives, and the store that opens it."""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from app.core.access.picture_digests import SentPictures
from app.core.accounts.provider import Providers
from app.core.imports.reports import Imports
from app.core.ports.accounts import ApiKeys, Sessions, SignIns, Tallies, Tickets, Users
from app.core.ports.alerts import Alerts
from app.core.ports.cameras import Cameras
from app.core.ports.events import Corrections, Counts, Events, Histograms, Seals
from app.core.ports.gates import Clocks, Doors, GateResults, Gates, Heartbeats, Orders
from app.core.ports.people import DataKeys, Employees, Erasures, Photos, Templates
from app.core.ports.reembedding import Moves
from app.core.ports.site import Installations, Leases, RemotePolls, Site, Watchers


class Clock(Protocol):
    """Gives the time, UTC, whole milliseconds (what the log can carry)."""

    def __call__(self) -> datetime: ...


class Transaction(Protocol):
    """One unit of work: what its repositories did commits together when the block ends, or not at all."""

    employees: Employees
    photos: Photos
    templates: Templates
    data_keys: DataKeys
    gates: Gates
    api_keys: ApiKeys
    events: Events
    erasures: Erasures
    installation: Installations
    imports: Imports
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
    questions: RemotePolls
    corrections: Corrections
    histograms: Histograms
    counts: Counts
    pictures: SentPictures
    seals: Seals
    moves: Moves
    users: Users
    sessions: Sessions
    tickets: Tickets
    tallies: Tallies
    sign_ins: SignIns
    providers: Providers


class Store(Protocol):
    """The database. Raises NotRecorded where a write cannot commit within the deadline (locked, full, gone), and its
    kind Unconfirmed where it may have been committed all the same: nobody may act on it.

    read sees one unmoving state and can change nothing. write: no deadline means 2 s for locks and nothing else.
    """

    def read(self) -> AbstractContextManager[Transaction]: ...
    def write(self, deadline: timedelta | None = None) -> AbstractContextManager[Transaction]: ...
    def alone(self, what: str) -> AbstractContextManager[bool]:
        """Whether this work is the block's: of all processes on the database one gets True, also after a kill."""
        ...
