"""One running process, as wiring builds it, with a stand-in for recognition: several can share one database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.adapters.crypto.journal import JsonJournal
from app.adapters.crypto.pass_key import Ed25519PassKey
from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.index.faiss_index import FaissIndex
from app.core.events.decision import RecordedDecision
from app.core.gates.gate import Gate
from app.core.people.details import Details
from app.core.types import Employee
from app.services.access.access import Access, Approach
from app.services.access.comparison import Comparison
from app.services.access.decision_service import DecisionService
from app.services.access.replays import Replays
from app.services.access.rules.current_rules import CurrentRules
from app.services.access.rules.eligible_count import EligibleCount
from app.services.accounts.keys import Keys
from app.services.events.access_log import AccessLog
from app.services.events.answers import Answers
from app.services.events.audit import Audit
from app.services.events.event_list import EventList
from app.services.gates.by_hand import ByHand
from app.services.gates.gate_list import GateList
from app.services.gates.gate_settings import GateSettings, GateUpdate
from app.services.people.certificates.certificate_book import CertificateBook
from app.services.people.certificates.taking_down import TakingDown
from app.services.people.consents import ConsentBook
from app.services.people.enrolment import Enrolment
from app.services.people.erasure import Erasure
from app.services.people.gallery import Gallery
from app.services.people.retention.removers import usual_removers
from app.services.people.retention.retention import Retention
from tests.fakes import DIMENSION, Clock, Thresholds, encode, look, looks, new_id, person, photo
from tests.stores import open_store

PASS_KEY = Ed25519PassKey(bytes(32))
OF_A_PHONE = b"HEIC"  # what `readable` takes away
SAME_PERSON = 0.3
MARGIN = 0.1
DUPLICATE = 0.6


class Process:
    """Its own connections and its own gallery. access: settings of `Access` that differ; store: one that is open."""

    def __init__(self, url: str, vault: Vault, signer: Ed25519Signer, clock: Clock, folder: Path, **access: Any):
        self.store = access.pop("store", None) or open_store(url)
        self.vault, self.signer, self.clock = vault, signer, clock
        self.threshold = Thresholds()
        self.told: list[RecordedDecision] = []
        self.log = AccessLog(vault, signer)
        self.gallery = Gallery(FaissIndex(DIMENSION), vault, "pack", "f32")
        self.journal = JsonJournal(folder / "erasures.jsonl")
        self.audit = Audit(self.store, self.log, signer, clock)
        self.events = EventList(self.store, self.log, Answers(signer))
        self.gates = GateList(self.store, clock, new_id)
        self.keys = Keys(self.store, clock, new_id)
        taking_down = TakingDown(vault, clock, new_id)
        self.erasure = Erasure(self.store, signer, self.journal, clock, new_id, taking_down, vault.forget)
        self.consents = ConsentBook(self.store, signer, self.journal, clock, new_id, taking_down)
        self.retention = Retention(self.store, signer, clock, usual_removers(taking_down), vault.forget)
        self.certificates = CertificateBook(self.store, signer, clock, taking_down)
        self.enrolment = Enrolment(
            store=self.store,
            look=look,
            gallery=self.gallery,
            vault=vault,
            clock=clock,
            new_id=new_id,
            same_person=SAME_PERSON,
            duplicate=lambda size, photos: DUPLICATE,
            readable=lambda photo: photo.removeprefix(OF_A_PHONE),
        )
        self.comparison = Comparison(
            store=self.store,
            look=look,
            gallery=self.gallery,
            rules=CurrentRules(),
            threshold=self.threshold,
            same_person=SAME_PERSON,
            probability=lambda similarity: (similarity + 1) / 2,
        )
        seeing = {"looks": access.pop("looks", looks)}
        self.decisions = DecisionService(
            **{
                "store": self.store,
                "gallery": self.gallery,
                "log": self.log,
                "answers": Answers(signer),
                "clock": clock,
                "new_id": new_id,
                "encode": encode,
                "threshold": self.threshold,
                "replays": Replays(new_id, deny=False),
                "same_person": SAME_PERSON,
                "margin": MARGIN,
                "max_frame_age_ms": 2000,
                "eligible": EligibleCount(self.store, start=lambda work: work(), rest=0).at,
                "pass_key": PASS_KEY,
                "record_deadline_ms": 20_000,  # of real time, which a busy machine takes
                "on_decision": self.told.append,
                **access,
            }
        )
        self.access = Access(self.store, decisions=self.decisions, **seeing)

    def change_gate(self, name: str, **wanted: Any) -> Gate:
        """As an admin's PATCH does. wanted: fields of `GateUpdate`."""
        return GateSettings(self.store, self.vault, self.clock, new_id, check=lambda kind, config: None).change(
            name, GateUpdate(**wanted)
        )

    def enrol(self, number: str, *photos: bytes) -> Employee:
        """An employee with these photos, all of which are accepted."""
        employee = self.enrolment.add(Details(number, f"Employee {number}"))
        assert all(result.accepted for result in self.enrolment.add_photos(employee.id, photos))
        return self.enrolment.get(employee.id)

    def decide(self, *frames: bytes, gate: str = "lobby-1", **approach: Any) -> RecordedDecision:
        """What the gate is answered when these frames arrive now."""
        return self.access.decide(Approach(gate, frames, **{"received_at": self.clock(), **approach}))

    def sees(self, axis: int = 0, **approach: Any) -> str:
        """The reason of the decision on person `axis` at the gate."""
        return str(self.decide(photo(person(axis)), **approach).reason)

    def by_hand(self, carry_out: Callable[[RecordedDecision], None] = lambda order: None) -> ByHand:
        """What people order here. carry_out: gets each order once it is recorded."""
        return ByHand(self.store, self.log, Answers(self.signer), self.clock, new_id, carry_out)

    def recorded(self) -> int:
        """How many events there are, all of which the audit finds good."""
        report = self.audit.verify()
        assert report.valid, report.flaw
        return sum(chain.events for chain in report.gates.values())
