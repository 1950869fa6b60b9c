"""The facts that a data protection officer asks for."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.web.api.describe import ERRORS
from app.web.api.schemas import Moment
from app.web.fields import Words
from app.web.security import Admin, SystemOf
from app.web.turns import FewLists

router = APIRouter(prefix="/v1", tags=["Site"])


class FactOut(BaseModel):
    what: Words = Field(examples=["Employees"])
    is_so: Words = Field(examples=["1234"])


class SectionOut(BaseModel):
    title: Words = Field(examples=["Whose data"])
    facts: list[FactOut]


class AssessmentOut(BaseModel):
    made_at: Moment
    sections: list[SectionOut]


@router.get("/dpia", summary="The facts of a data protection impact assessment", responses=ERRORS)
def facts(system: SystemOf, _: Admin, __: FewLists) -> AssessmentOut:
    """From the settings and records in force, as `python -m app dpia` prints them. Takes seconds in a large log."""
    sections = [
        SectionOut(title=one.title, facts=[FactOut(what=what, is_so=is_so) for what, is_so in one.facts])
        for one in system.assessment.sections()
    ]
    return AssessmentOut(made_at=system.clock(), sections=sections)
