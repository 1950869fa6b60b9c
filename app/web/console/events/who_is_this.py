"""Who is this? People by name, and those whom a kept picture resembles most: for guards, who change nothing here.

An entry holds a name, a status and why the person may not pass, and no more. `/portraits/ID` is the photo.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.core.people.records import EmployeeFilter
from app.core.types import OPENING, Employee
from app.web.console.access.explanations import why
from app.web.console.session import SecurityPage
from app.web.fields import PlainText
from app.web.security import SystemOf
from app.web.turns import FewPictures
from app.wiring import System

router = APIRouter(include_in_schema=False)
NEAREST = 3
FOUND = 8  # more are found by more letters

Gate = Annotated[PlainText, Query(max_length=64)]


@router.get("/live/people")
def people(
    system: SystemOf, _: SecurityPage, gate: Gate, q: Annotated[PlainText, Query(min_length=2, max_length=200)]
) -> dict[str, list[dict[str, Any]]]:
    """The people whose name or number holds the text, and whether they may pass this gate now."""
    found = system.enrolment.find(EmployeeFilter(q=q, limit=FOUND))
    return {"people": [_entry(system, one, gate) for one in found]}


@router.get("/live/{event_id}/nearest")
def nearest(event_id: str, system: SystemOf, _: SecurityPage, _turn: FewPictures) -> dict[str, list[dict[str, Any]]]:
    """The three people whom the event's kept picture resembles most, best first.

    Raises NotFound, and BadInput for a picture in which no face can be compared.
    """
    event = system.events.get(event_id)
    matches = system.comparison.identify(system.events.snapshot(event_id))[:NEAREST]
    return {
        "people": [
            {
                **_entry(system, one.employee, event.gate),
                "similarity": round(one.similarity, 2),
                "threshold": round(one.threshold, 2),
            }
            for one in matches
        ]
    }


def _entry(system: System, employee: Employee, gate: str) -> dict[str, Any]:
    answer = system.rule_questions.explain(employee.id, gate)
    return {
        "id": employee.id,
        "name": employee.name,
        "status": employee.status.value,
        "photo": employee.photos > 0,
        "may_pass": answer.reason in OPENING,
        "why": why(answer, system.site_clock.read().zone_of(gate)),
    }
