"""What a new site still lacks before people pass."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.site.first_hour import Step, StepName, StepState, finished, steps
from app.web.api.describe import ERRORS
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1/first-hour", tags=["Site"])


class StepOut(BaseModel):
    name: StepName
    state: StepState = Field(description="next: what to do now; skipped: a later step is done, and the site works")

    @classmethod
    def of(cls, step: Step) -> "StepOut":
        return cls(name=step.name, state=step.state)


class FirstHourOut(BaseModel):
    steps: list[StepOut]
    finished: bool = Field(description="whether nothing is left that the site needs")


@router.get("", summary="Say what a new site still lacks", responses=ERRORS)
def read(system: SystemOf, _: Admin) -> FirstHourOut:
    """The steps follow from the present state of the site; `PATCH /v1/settings` ends the first hour."""
    found = steps(system.first_hour.facts(system.gallery.count))
    return FirstHourOut(steps=[StepOut.of(step) for step in found], finished=finished(found))
