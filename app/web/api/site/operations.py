"""For operators: is the process alive, is it ready, and its metrics."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from app.web import health
from app.web.api.describe import OPERATIONS
from app.web.security import local_or_admin

router = APIRouter(tags=["Operations"], dependencies=[Depends(local_or_admin)], responses=OPERATIONS)


STATE = "works; limited: it works, but not all that people may expect; fails"


class PartOut(BaseModel):
    ok: bool
    state: health.State = Field(description=STATE)
    detail: str


class Readiness(BaseModel):
    ready: bool
    state: health.State = Field(description="fails: not ready; limited: ready, but some part is not well; works")
    checks: dict[str, PartOut]


NOT_READY: dict[int | str, dict[str, Any]] = {503: {"model": Readiness, "description": "Not ready; `checks` says why"}}


@router.get("/healthz", summary="The process lives")
def healthz() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/readyz", summary="Whether each part works", responses=NOT_READY)
def readyz(request: Request, response: Response) -> Readiness:
    """200 if a decision could be made and recorded now, else 503 with what is wrong.

    A gate or camera with a fault is listed, but does not make the service unready, because the others work. `state`
    is then `limited`.
    """
    health_checks: health.HealthChecks = request.app.state.health_checks
    checks = health_checks.now()
    ready = health.ready(checks)
    response.status_code = 200 if ready else 503
    parts = {name: PartOut(ok=c.ok, state=c.state, detail=c.detail) for name, c in checks.items()}
    return Readiness(ready=ready, state=health.overall(checks), checks=parts)


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
def metrics(request: Request) -> Response:
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)
