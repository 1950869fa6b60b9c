"""Hardware of gates: what each kind asks for, what a gate has without its secrets, and tests of it."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.gates.hardware import FieldKind, HardwareField, HardwareForm
from app.services.gates.gate_trials import TrialState
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Page, Strict
from app.web.fields import Words
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1", tags=["Gates"])


class HardwareFieldOut(BaseModel):
    """One question of a form."""

    name: str = Field(examples=["relay.url"], description="the path of the answer in the config")
    label: Words = Field(examples=["Address"])
    kind: FieldKind
    hint: Words
    default: str | int | float | bool | None
    required: bool
    rare: bool = Field(description="most sites never change it")
    choices: list[str]
    least: float | None
    most: float | None
    longest: int | None

    @classmethod
    def of(cls, one: HardwareField) -> "HardwareFieldOut":
        shown = {name: getattr(one, name) for name in cls.model_fields}
        return cls(**shown | {"choices": list(one.choices)})


class HardwareFormOut(BaseModel):
    """One kind of hardware."""

    id: str = Field(examples=["http-shelly-gen2"])
    driver: str = Field(examples=["webhook"])
    label: Words = Field(examples=["Shelly Plus, Pro, Gen3, Gen4"])
    group: Words = Field(examples=["Over HTTP"])
    hint: Words
    fields: list[HardwareFieldOut]

    @classmethod
    def of(cls, form: HardwareForm) -> "HardwareFormOut":
        fields = [HardwareFieldOut.of(one) for one in form.fields]
        return cls(
            id=form.id, driver=form.driver.value, label=form.label, group=form.group, hint=form.hint, fields=fields
        )


class HardwareOut(BaseModel):
    """What a gate has. Secrets are never in it."""

    version: str = Field(description="of the gate; send it back as If-Match")
    form: str | None = Field(examples=["http-shelly-gen2"], description="null: no form fits its config")
    values: dict[str, Any]
    secrets: list[str] = Field(description="the fields whose secret is stored")
    whole: bool = Field(description="false: the config holds more than the form, and saving the form replaces it")


class TestIn(Strict):
    open: bool = Field(False, description="true: one real opening, which is recorded; false: only whether it answers")


class TestOut(BaseModel):
    state: TrialState = Field(description="limited: nothing is wrong, but nothing shows that a gate moved")
    words: Words = Field(examples=["Sent: the relay answered 200 in 43 ms."])
    cure: Words = Field(description="what to do about it; empty if nothing is")
    event: str | None = Field(description="the id of the recorded opening")


@router.get("/gate-hardware", summary="List the hardware that gates can have", responses=ERRORS)
def find(system: SystemOf, _: Admin) -> Page[HardwareFormOut]:
    """Each with the questions that its driver asks."""
    return Page(items=[HardwareFormOut.of(form) for form in system.gate_settings.forms], next=None)


@router.get("/gates/{gate}/hardware", summary="Read what hardware a gate has", responses=ERRORS)
def read(gate: str, system: SystemOf, _: Admin) -> HardwareOut:
    found = system.gates.get(gate)
    answers = system.gate_settings.answers(found)
    return HardwareOut(
        version=found.version,
        form=answers.form.id if answers.form else None,
        values=dict(answers.values),
        secrets=list(answers.secrets),
        whole=answers.whole,
    )


@router.post("/gates/{gate}/tests", summary="Test a gate's hardware", responses=CONFLICT)
def test(gate: str, body: TestIn, system: SystemOf, who: Admin) -> TestOut:
    """Says what came back, and what to do about it. An opening is refused where one by hand is."""
    result = system.gate_trials.run(system.gates.get(gate), who.id, opens=body.open)
    return TestOut(state=result.state, words=result.words, cure=result.cure, event=result.event_id)
