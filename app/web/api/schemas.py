"""The schemas of requests and answers, with the examples that the contract page shows."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from app.core.access.rule_edits import version_of
from app.core.canonical import instant
from app.core.gates.commands import CommandOutcome
from app.core.recognition.liveness import LivenessState
from app.core.types import Employee, Reason, Role, Status, Verdict
from app.web.api.credential_schemas import CredentialRef
from app.web.api.passage_schemas import PassageOut, PassbackOut
from app.web.fields import PlainText, Words

Moment = Annotated[datetime, PlainSerializer(instant, return_type=str, when_used="json")]


Item = TypeVar("Item")


class Strict(BaseModel):
    """A request body in which an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class RuleRef(BaseModel):
    id: str
    name: str = Field(examples=["Staff"])


class Identity(BaseModel):
    id: str = Field(examples=["01KAR3T9V5S0W8J6Q2X4Y7Z1AB"])
    name: str = Field(examples=["Ada Lovelace"])
    number: str = Field(examples=["E-1001"])


class Checkpoint(BaseModel):
    """A signed chain head. Keep the latest: `audit verify` checks the log against it."""

    gate_id: str
    sequence: int
    hash: str
    at: str
    signature: str


class DecisionAnswer(BaseModel):
    """A decision. `signature` signs the canonical JSON of all other fields (keys sorted, no spaces, UTF-8)."""

    decision: Verdict
    reason: Reason
    decision_id: str
    gate: str = Field(examples=["lobby-1"])
    at: str = Field(examples=["2026-11-23T08:00:00.123Z"])
    open_until: str | None = Field(examples=["2026-11-23T08:00:05.123Z"])
    employee: Identity | None
    method: Literal["face", "credential"]
    similarity: float | None = Field(examples=[0.71])
    threshold: float | None = Field(examples=[0.55])
    candidates: int | None = Field(
        examples=[500], description="how many people the threshold counts: those who may pass here now, or all enrolled"
    )
    margin: float | None = Field(examples=[0.4])
    liveness: float | None = Field(examples=[0.98], description="from 0, a picture, to 1, a person; null: not measured")
    liveness_state: LivenessState = Field(
        description="unmeasured: no face compared; unavailable: the weights are missing"
    )
    faces: int = Field(examples=[1], description="most faces in one frame")
    camera: str | None = Field(description="the camera that saw it; null if frames were sent")
    frames_received: int = Field(examples=[3], description="how many frames were sent")
    frames_used: int = Field(examples=[3])
    request_digest: str | None = Field(
        None,
        description="hex SHA-256 over the frames' SHA-256 digests, in order, and the credential; null: from a camera, "
        "or with a PIN, which could be guessed from it",
    )
    nonce: str | None = Field(None, description="the request's header Facegate-Nonce, if any")
    duration_ms: float = Field(examples=[21.4])
    rule: RuleRef | None = Field(description="the rule that let them in, or would have at another time")
    rules_version: int | None = Field(examples=[12], description="which version of the rules was asked")
    answers: str | None = Field(None, description="the id of the answer that asked for the PIN; only after one")
    credential: CredentialRef | None = Field(None, description="what was presented; only where it could be read")
    passage: PassageOut | None = Field(None, description="what the sensor must report; only where it is granted")
    anti_passback: PassbackOut | None = Field(None, description="only where anti-passback found something")
    checkpoint: Checkpoint
    signature: str


class GateResultOut(BaseModel):
    """What the gate did with an event's command."""

    outcome: CommandOutcome
    detail: str
    at: str
    forged: bool = Field(description="true: this installation did not sign the record; do not trust it")


class PictureOut(BaseModel):
    number: int = Field(description="counted from 1, the best first")
    size: int = Field(description="bytes")


class EventOut(BaseModel):
    """A recorded decision as it was answered, with its place in its gate's chain.

    Once the person is erased or the retention ends, personal fields are null, and the chain still verifies.
    """

    decision_id: str
    sequence: int
    hash: str
    gate: str
    at: str
    decision: Verdict
    reason: Reason
    open_until: str | None = None
    employee: Identity | None = None
    method: str | None = None
    similarity: float | None = None
    threshold: float | None = None
    candidates: int | None = None
    margin: float | None = None
    liveness: float | None = None
    liveness_state: LivenessState | None = None
    faces: int | None = None
    frames_received: int | None = None
    frames_used: int | None = None
    request_digest: str | None = None
    duration_ms: float | None = None
    rule: RuleRef | None = None
    rules_version: int | None = None
    credential: CredentialRef | None = None
    passage: PassageOut | None = None
    anti_passback: PassbackOut | None = None
    checkpoint: Checkpoint
    signature: str | None = None
    camera: str | None = None
    actor: str | None = Field(None, description="id of the key or user who gave an order")
    comment: str | None = Field(None, description="what they said about it")
    answers: str | None = Field(None, description="the id of the event that it follows: a refusal, or an opening")
    gate_result: GateResultOut | None = Field(None, description="what the gate did, once it has reported it")
    snapshot: bool = Field(description="whether /snapshot has a picture")


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is before year 1 or after year 9999 in UTC") from None


When = Annotated[AwareDatetime, AfterValidator(_utc)]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(value: object) -> object:
    # Pydantic alone also takes a time at midnight, and a number of seconds: whose day that is depends on a time zone.
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("send a date such as 2027-12-31, without a time")
    return value


Day = Annotated[date, BeforeValidator(_day)]


class EmployeeIn(Strict):
    number: str = Field(examples=["E-1001"])
    name: str = Field(examples=["Ada Lovelace"])
    email: str | None = Field(None, examples=["ada@example.org"])
    valid_from: Day | None = Field(None, description="the first day, on the clock of each gate")
    valid_until: Day | None = Field(None, examples=["2027-12-31"], description="the last day, which is included")
    groups: list[str] = Field(default_factory=list, examples=[["engineering"]])
    legal_basis: str | None = Field(None, examples=["consent"])
    consent_at: Day | None = None
    card_number: str | None = Field(None, examples=["4711"], description="digits, for gates that also need a card")


class EmployeePatch(Strict):
    """Only what is sent changes. null clears a field."""

    number: str | None = None
    name: str | None = None
    status: Status | None = Field(None, examples=["inactive"])
    email: str | None = None
    valid_from: Day | None = None
    valid_until: Day | None = None
    groups: list[str] | None = None
    legal_basis: str | None = None
    consent_at: Day | None = None
    card_number: str | None = None


class EmployeeOut(BaseModel):
    id: str
    number: str
    name: str
    status: Status
    email: str | None
    valid_from: date | None
    valid_until: date | None
    groups: list[str]
    legal_basis: str | None
    consent_at: date | None
    card_number: str | None
    created_at: Moment | None
    photos: int = Field(description="accepted photos in the template; 0: not enrolled")
    version: str = Field(description="another one once anything of the person changes; see POST /v1/employees/changes")

    @classmethod
    def of(cls, employee: Employee) -> "EmployeeOut":
        return cls(
            **{name: getattr(employee, name) for name in cls.model_fields if name not in ("groups", "version")},
            groups=list(employee.groups),
            version=version_of(employee),
        )


class PhotoOut(BaseModel):
    """The result of one photo."""

    accepted: bool
    problems: list[str] = Field(examples=[["face_too_small"]])
    quality: float = Field(examples=[0.83])
    id: str | None = None
    detail: Words | None = None


class PhotosOut(BaseModel):
    photos: list[PhotoOut]


class KeptPhoto(BaseModel):
    id: str
    quality: float
    media_type: str
    created_at: Moment


class ReceiptOut(BaseModel):
    """Proof of an erasure. `signature` covers the other fields."""

    id: str
    employee_id: str
    erased_at: str
    photos: int
    templates: int
    events_unlinked: int
    signature: str


class KeyIn(Strict):
    role: Role
    gate: PlainText | None = Field(None, max_length=64, description="the gate's name, only for role gate")
    name: PlainText = Field("", max_length=100, examples=["turnstile controller"])


class KeyPatch(Strict):
    name: PlainText = Field(min_length=1, max_length=100, examples=["turnstile controller"])


class KeyOut(BaseModel):
    id: str
    role: Role
    name: str
    gate_id: str | None
    created_at: Moment
    revoked_at: Moment | None
    last_used_at: Moment | None = Field(None, description="of other processes up to a minute ago")


class NewKey(KeyOut):
    key: str = Field(description="shown only this once")


class Same(BaseModel):
    """Whether two pictures show the same person."""

    same: bool
    similarity: float
    threshold: float
    probability: float


class CandidateOut(BaseModel):
    employee: Identity
    similarity: float
    threshold: float
    above_threshold: bool


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    next: str | None = Field(description="cursor of the next page, or null")
