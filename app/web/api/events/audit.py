"""The check of the log, and the public key that verifies signatures."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Depends

from app.web.api.describe import ERRORS
from app.web.security import Reader, SystemOf, caller
from app.web.turns import OneAudit, resting

router = APIRouter(prefix="/v1", tags=["Audit"])


@router.get("/audit/verify", summary="Check whether the log was altered", responses=ERRORS)
def verify(system: SystemOf, _: Reader, _turn: OneAudit) -> dict[str, Any]:
    """Checks every gate's chain against the signed checkpoints, and names the first bad record.

    One check runs at a time, and decisions go first.
    """
    report = asdict(system.checkpoints.verify(rest=resting()))
    return {"valid": report["valid"], "gates": report["gates"], "first_bad": report["flaw"]}


@router.get(
    "/signing-key", summary="The public key of all signatures", responses=ERRORS, dependencies=[Depends(caller)]
)
def signing_key(system: SystemOf) -> dict[str, str]:
    """Ed25519, base64. Any key may read it. Pin it in the gate at installation."""
    return {"algorithm": "Ed25519", "public_key": system.signer.public_key()}
