"""Everything that is kept about one person, as one zip for that person."""

import json
import logging
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from app.web.api.describe import ERRORS
from app.web.console.render import report
from app.web.console.words import REASONS
from app.web.edge.zip_stream import zipped
from app.web.language.catalog import translated
from app.web.security import Admin, SystemOf
from app.web.turns import FewExports, resting

router = APIRouter(prefix="/v1", tags=["Employees"])
logger = logging.getLogger(__name__)


@router.get(
    "/employees/{employee_id}/everything.zip",
    summary="Export everything about one person",
    responses=ERRORS,
    response_class=StreamingResponse,
)
def everything(employee_id: str, system: SystemOf, who: Admin, _turn: FewExports) -> StreamingResponse:
    """For a person who asks what is kept about them: `person.json`, the same as `report.html` in the language of the
    page, and their photos. Nobody else is named in it. **Not encrypted.**"""
    facts = system.subject_export.facts(employee_id, resting())
    system.trail.exported("person", label="everything", person=employee_id)
    logger.warning("subject_export_began by=%s id=%s encrypted=no", who.kind, who.id)
    page = report(
        "people/subject/report.html",
        system,
        facts=facts,
        reasons={one: translated(words) for one, words in REASONS.items()},
    )

    def files() -> Iterator[tuple[str, bytes]]:
        yield "person.json", _printed(facts)
        yield "report.html", page.encode()
        yield from system.subject_export.photos(employee_id)

    name = f"facegate-person-{system.clock():%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(zipped(files()), media_type="application/zip", headers=headers)


def _printed(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, indent=2, ensure_ascii=False).encode()
