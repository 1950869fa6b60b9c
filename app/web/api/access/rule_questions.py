"""Who may pass a gate, and why somebody may not, without anybody at the gate."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.core.access.explanation import RuleAnswer
from app.core.types import OPENING, Reason
from app.services.access.rules.rule_questions import Answer
from app.web.api.describe import ERRORS
from app.web.api.schemas import Identity, Moment, When
from app.web.fields import PlainText, Words
from app.web.finished import condition_words
from app.web.security import Reader, SystemOf

router = APIRouter(prefix="/v1/access", tags=["Rules"])

AT = "the time that is asked about; none: now"


class ConditionOut(BaseModel):
    kind: Literal["who", "where", "validity", "schedule"]
    passed: bool
    words: str = Field(description="what the rule asks for")


class RuleAnswerOut(BaseModel):
    id: str
    name: str
    allows: bool
    conditions: list[ConditionOut]
    opens_at: Moment | None = Field(description="when it lets the employee in next")

    @classmethod
    def of(cls, answer: RuleAnswer) -> "RuleAnswerOut":
        return cls(
            id=answer.rule.id,
            name=answer.rule.name,
            allows=not answer.failed,
            conditions=[
                ConditionOut(kind=c.kind.value, passed=c.passed, words=condition_words(answer.rule, c))
                for c in answer.conditions
            ],
            opens_at=answer.opens_at,
        )


class ExplanationOut(BaseModel):
    """What a decision about the employee would come to, and every rule's part in it."""

    employee: Identity
    gate: str
    at: Moment
    decision: Literal["open", "deny"]
    reason: Reason
    words: Words = Field(examples=["Opens Mon 07:00."])
    rules_version: int
    rules: list[RuleAnswerOut]
    nearest: str | None = Field(description="the id of the rule that lacked least, if none allows")

    @classmethod
    def of(cls, answer: Answer) -> "ExplanationOut":
        explanation, who = answer.explanation, answer.employee
        return cls(
            employee=Identity(id=who.id, name=who.name, number=who.number),
            gate=answer.gate.name,
            at=answer.at,
            decision="open" if answer.reason in OPENING else "deny",
            reason=answer.reason,
            words=answer.words,
            rules_version=explanation.version,
            rules=[RuleAnswerOut.of(one) for one in explanation.rules],
            nearest=explanation.nearest.rule.id if explanation.nearest else None,
        )


class WhoOut(BaseModel):
    gate: str
    employees: list[Identity]


@router.get("/explain", summary="May this employee pass, and why?", responses=ERRORS)
def explain(
    system: SystemOf,
    _: Reader,
    person: Annotated[PlainText, Query(max_length=64, description="an employee's id or number")],
    gate: Annotated[PlainText, Query(max_length=64, description="name or id")],
    at: Annotated[When | None, Query(description=AT)] = None,
) -> ExplanationOut:
    return ExplanationOut.of(system.rule_questions.explain(person, gate, at))


@router.get("/who", summary="Who may pass this gate?", responses=ERRORS)
def who(
    system: SystemOf,
    _: Reader,
    gate: Annotated[PlainText, Query(max_length=64, description="name or id")],
    at: Annotated[When | None, Query(description=AT)] = None,
) -> WhoOut:
    found = system.rule_questions.who(gate, at)
    return WhoOut(gate=gate, employees=[Identity(id=e.id, name=e.name, number=e.number) for e in found])
