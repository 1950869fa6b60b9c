"""A recorded decision: one value from the transaction that records it to the gate, the log, the live feed and the API.

Times are times and reasons are reasons until something is printed. `json` and `payload` print; `read` reads what an
event keeps, also what earlier versions wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.core.canonical import canonical, instant, moment
from app.core.credentials.stored import CredentialKind
from app.core.events.checkpoint import Checkpoint
from app.core.events.field_names import with_new_names
from app.core.recognition.liveness import LivenessState
from app.core.types import OPENING, AppliedRule, Employee, PassbackNote, Reason, Verdict


class Method(StrEnum):
    """What a decision rests on. COMMAND: a person or a fire panel gave an order, and nobody stood at the gate.

    SENSOR: a gate reported what happened after a decision, or without one.
    """

    FACE = "face"
    CREDENTIAL = "credential"
    COMMAND = "command"
    SENSOR = "sensor"

    @property
    def decides(self) -> bool:
        """Whether somebody asked to pass. The other events are orders and reports."""
        return self not in (Method.COMMAND, Method.SENSOR)


@dataclass(frozen=True, slots=True)
class Identity:
    """An employee as an event names them: as they were called when it was recorded."""

    id: str
    name: str
    number: str

    @classmethod
    def of(cls, employee: Employee) -> "Identity":
        return cls(employee.id, employee.name, employee.number)

    def json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "number": self.number}


@dataclass(frozen=True, slots=True)
class GrantedPassage:
    """A passage that the gate's sensor must report until then."""

    id: str
    confirm_until: datetime

    def json(self) -> dict[str, Any]:
        return {"id": self.id, "confirm_until": instant(self.confirm_until)}


@dataclass(frozen=True, slots=True)
class UsedCredential:
    """A credential as an event tells of it.

    last_four: the end of its number; "" for a PIN, which has no bits either. id: None for one that nobody has. pin:
    whether a PIN confirmed it.
    """

    kind: CredentialKind
    last_four: str
    bits: int
    id: str | None = None
    pin: bool = False

    def json(self) -> dict[str, Any]:
        printed = {"kind": self.kind.value, "last_four": self.last_four, "bits": self.bits, "id": self.id}
        return printed | {"pin": True} if self.pin else printed


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """One decision and its place in the gate's chain.

    Attributes:
        id: the event's.
        gate: its name at that time.
        at, open_until: UTC, whole milliseconds. `open_until` is None for a denial, and for a release that was ordered.
        employee: who was identified, also if they were refused.
        similarity, threshold, margin: cosine, -1 to 1, four decimals; None if no face was compared.
        candidates: how many people the threshold counts; see `core.people.eligible`.
        liveness: from 0 (attack) to 1 (live); None if it was not measured.
        faces: the most in one frame.
        request_digest: hex SHA-256 over what was sent; None from a camera.
        rule: the one that let somebody in, or would have at another time, of the rules of `rules_version`.
        actor: the id of the user or key that gave an order; `comment` is the reason they gave.
        answers: the id of the event that this one follows: the refusal that an opening by hand answers, the opening
            after which nobody went through, or the answer that asked for the PIN.
        credential: what was presented, if anything could be read.
        passage: what was granted at a gate with a sensor. anti_passback: what it found.
        checkpoint: None until the event is appended.
        nonce: what the asker made up, if anything.
        signature: over `signed_part`, base64; None until it is signed.
    """

    id: str
    gate_id: str
    gate: str
    at: datetime
    reason: Reason
    method: Method
    open_until: datetime | None = None
    employee: Identity | None = None
    similarity: float | None = None
    threshold: float | None = None
    margin: float | None = None
    liveness: float | None = None
    liveness_state: LivenessState | None = None
    faces: int = 0
    camera: str | None = None
    frames_received: int = 0
    frames_used: int = 0
    request_digest: str | None = None
    duration_ms: float = 0.0
    rule: AppliedRule | None = None
    rules_version: int | None = None
    candidates: int | None = None
    actor: str | None = None
    comment: str | None = None
    answers: str | None = None
    credential: UsedCredential | None = None
    passage: GrantedPassage | None = None
    anti_passback: PassbackNote | None = None
    checkpoint: Checkpoint | None = None
    nonce: str | None = None
    signature: str | None = None

    @property
    def verdict(self) -> Verdict:
        return Verdict.OPEN if self.reason in OPENING else Verdict.DENY

    @property
    def opens(self) -> bool:
        return self.verdict is Verdict.OPEN

    def payload(self) -> dict[str, Any]:
        """The members that the event keeps. Those of an order are there for orders alone."""
        printed: dict[str, Any] = {
            "decision": self.verdict.value,
            "reason": self.reason.value,
            "decision_id": self.id,
            "gate": self.gate,
            "at": instant(self.at),
            "open_until": None if self.open_until is None else instant(self.open_until),
            "employee": None if self.employee is None else self.employee.json(),
            "method": self.method.value,
            "similarity": self.similarity,
            "threshold": self.threshold,
            "candidates": self.candidates,
            "margin": self.margin,
            "liveness": self.liveness,
            "liveness_state": None if self.liveness_state is None else self.liveness_state.value,
            "faces": self.faces,
            "camera": self.camera,
            "frames_received": self.frames_received,
            "frames_used": self.frames_used,
            "request_digest": self.request_digest,
            "duration_ms": self.duration_ms,
            "rule": None if self.rule is None else {"id": self.rule.id, "name": self.rule.name},
            "rules_version": self.rules_version,
        }
        if self.method is Method.COMMAND:
            printed |= {"actor": self.actor, "comment": self.comment}
        if self.answers is not None:
            printed["answers"] = self.answers
        if self.credential is not None:
            printed["credential"] = self.credential.json()
        if self.passage is not None:
            printed["passage"] = self.passage.json()
        if self.anti_passback is not None:
            printed["anti_passback"] = _note_json(self.anti_passback)
        return printed

    @property
    def signed_part(self) -> bytes:
        """Canonical JSON of everything but the signature. Raises ValueError before the event is appended."""
        return canonical(self._signed_members())

    def json(self) -> dict[str, Any]:
        """The signed answer as it is printed. Raises ValueError before the event is appended."""
        return {**self._signed_members(), "signature": self.signature}

    @classmethod
    def read(cls, gate_id: str, payload: Mapping[str, Any]) -> "RecordedDecision":
        """Reads what an event keeps. Raises KeyError, TypeError or ValueError where it is not what we write."""
        kept = with_new_names(payload)
        who, until, liveness_state = kept["employee"], kept["open_until"], kept.get("liveness_state")
        return cls(
            id=kept["decision_id"],
            gate_id=gate_id,
            gate=kept["gate"],
            at=moment(kept["at"]),
            reason=Reason(kept["reason"]),
            method=Method(kept["method"]),
            open_until=None if until is None else moment(until),
            employee=None if who is None else Identity(who["id"], who["name"], who["number"]),
            similarity=kept["similarity"],
            threshold=kept["threshold"],
            margin=kept["margin"],
            liveness=kept["liveness"],
            liveness_state=None if liveness_state is None else LivenessState(liveness_state),
            faces=kept["faces"],
            camera=kept.get("camera"),
            frames_received=kept["frames_received"],
            frames_used=kept["frames_used"],
            request_digest=kept.get("request_digest"),
            duration_ms=kept["duration_ms"],
            rule=None if kept.get("rule") is None else AppliedRule(kept["rule"]["id"], kept["rule"]["name"]),
            rules_version=kept.get("rules_version"),
            candidates=kept.get("candidates"),
            actor=kept.get("actor"),
            comment=kept.get("comment"),
            answers=kept.get("answers"),
            credential=None if kept.get("credential") is None else _credential(kept["credential"]),
            passage=None if kept.get("passage") is None else _passage(kept["passage"]),
            anti_passback=None if kept.get("anti_passback") is None else _note(kept["anti_passback"]),
        )

    def _signed_members(self) -> dict[str, Any]:
        if self.checkpoint is None:
            raise ValueError("the decision is not recorded yet")
        nonce = {} if self.nonce is None else {"nonce": self.nonce}
        return {**self.payload(), "checkpoint": self.checkpoint.json(), **nonce}


def rounded(value: float | None) -> float | None:
    """Rounds to four decimals: more would be noise, and a signature needs one spelling."""
    return None if value is None else round(float(value), 4)


def _passage(kept: Mapping[str, Any]) -> GrantedPassage:
    return GrantedPassage(kept["id"], moment(kept["confirm_until"]))


def _credential(kept: Mapping[str, Any]) -> UsedCredential:
    return UsedCredential(CredentialKind(kept["kind"]), kept["last_four"], kept["bits"], kept["id"], "pin" in kept)


def _note(kept: Mapping[str, Any]) -> PassbackNote:
    zone = kept["zone"]
    return PassbackNote(zone["id"], zone["name"], moment(kept["since"]), kept["direction"] == "out")


def _note_json(note: PassbackNote) -> dict[str, Any]:
    """direction: `in` for somebody who was inside already, `out` for somebody who was not inside."""
    zone = {"id": note.zone_id, "name": note.zone}
    return {"zone": zone, "direction": "out" if note.leaving else "in", "since": instant(note.since)}
