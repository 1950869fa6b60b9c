"""For whoever runs the box: does it live, is it ready, what does it count."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from app.web import health
from app.web.security import SystemOf, Watching, local_or_admin

router = APIRouter(tags=["Operations"], dependencies=[Depends(local_or_admin)])


@router.get("/healthz", summary="The process lives")
def healthz() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/readyz", summary="Each part, by name: can it serve?")
def readyz(system: SystemOf, watching: Watching, response: Response) -> dict[str, Any]:
    """200 when a decision could be made and recorded now, else 503 with what is wrong.

    A gate or camera that is not well shows here and makes nothing unready: the others serve on.
    """
    checks = health.check(system, watching)
    ready = health.ready(checks)
    response.status_code = 200 if ready else 503
    return {"ready": ready, "checks": {name: {"ok": c.ok, "detail": c.detail} for name, c in checks.items()}}


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
def metrics(request: Request) -> Response:
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)
