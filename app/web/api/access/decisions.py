"""The endpoint that gate hardware calls: frames of one approach in, open or deny out."""

from datetime import timedelta
from time import perf_counter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, Field, ValidationError

from app.core.credentials.pin import TypedPin
from app.core.errors import BadInput, Busy, Conflict
from app.core.events.decision import RecordedDecision
from app.services.access.access import MAX_FRAMES, Approach, Arrival
from app.web.api.describe import CONFLICT, DECISION_BODY
from app.web.api.schemas import DecisionAnswer
from app.web.api.typed_pin import typed_pin
from app.web.edge.limits import received_s
from app.web.edge.uploads import IMAGE_TYPES, checked, form, images, media_type_of
from app.web.security import GateKey, SystemOf, Watching, arrival_of
from app.web.turns import GateShare
from app.wiring import System
from app.worker.supervisor import Supervisor

NONCE = r"^[!-~]{1,128}$"
router = APIRouter(prefix="/v1", tags=["Decisions"])


class Sent(BaseModel):
    """What a decision request carries, in whichever of its three forms."""

    frames: list[bytes] = Field(default_factory=list)
    credential: str | None = Field(None, min_length=1, max_length=512)
    pin: TypedPin | None = None
    from_camera: bool = False


async def sent(request: Request) -> Sent:
    """Reads the body according to its content type. Raises BadInput."""
    media_type = media_type_of(request)
    if media_type in IMAGE_TYPES:
        return Sent(frames=[checked(await request.body(), media_type)], credential=None)
    if media_type == "multipart/form-data":
        async with form(request, MAX_FRAMES + 3) as parts:
            texts = {name: parts.get(name) or None for name in ("credential", "pin", "pin_ms")}
            return _read({**texts, "frames": await images(parts, "image")})
    if media_type == "application/json":
        try:
            fields = _json_object(await request.json())
        except (ValueError, RecursionError) as error:
            raise BadInput(
                "bad_json", 'Send {"credential": "..."}, {"pin": "..."}, both, or {"from_camera": true}.'
            ) from error
        return _read(fields)
    raise BadInput("wrong_content_type", "Send image/jpeg, image/png, multipart/form-data or application/json.")


@router.post(
    "/gates/{gate}/decisions",
    response_model=DecisionAnswer,
    response_model_exclude_unset=True,  # what is not there was not signed
    summary="Decide whether this person may pass",
    responses=CONFLICT,
    openapi_extra={"requestBody": DECISION_BODY},
)
def decide(
    request: Request,
    gate: str,
    system: SystemOf,
    _: GateKey,
    _share: GateShare,
    watching: Watching,
    body: Annotated[Sent, Depends(sent)],
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=128)] = None,
    facegate_nonce: Annotated[str | None, Header(pattern=NONCE)] = None,
) -> dict[str, Any]:
    """Answers open or deny, always with a reason. The event is committed before this answers.

    `request_digest` and `nonce` bind the answer to its request, and are signed. Send a new `Facegate-Nonce` with each
    request and compare both fields: then nobody can pass off an earlier answer as this one.

    A picture that came before in another request is denied as `stale_frame` and raises the alert `repeated_picture`. To
    repeat a request, send the same `Idempotency-Key`.
    """
    answer = _decided(request, arrival_of(request, gate), system, watching, body, idempotency_key)
    return (answer if facegate_nonce is None else system.answers.bound(answer, facegate_nonce)).json()


def _decided(
    request: Request,
    arrival: Arrival,
    system: System,
    watching: Supervisor | None,
    body: Sent,
    idempotency_key: str | None,
) -> RecordedDecision:
    waited_s = perf_counter() - received_s(request)
    if waited_s * 1000 > system.settings.max_frame_age_ms:
        # The frames are stale by now, and judging them would delay the next requests too.
        raise Busy("too_busy", "The request waited too long for its turn. Try again in a second.")
    if body.from_camera:
        return seen_now(system, watching, arrival, idempotency_key)
    return system.access.decide(
        Approach(
            gate=arrival.gate.id,
            frames=tuple(body.frames),
            # Waiting for a thread counts towards the picture's age.
            received_at=system.clock() - timedelta(seconds=waited_s),
            credential=body.credential,
            pin=body.pin,
            idempotency_key=idempotency_key,
        ),
        arrival,
    )


def seen_now(
    system: System, watching: Supervisor | None, arrival: Arrival, idempotency_key: str | None
) -> RecordedDecision:
    """Decides on what the gate's own camera sees now, whichever process watches it.

    Raises Conflict if the gate has no camera, and Busy if no process watches it or the one that does is silent.
    """
    gate = arrival.gate
    if not arrival.has_camera:
        raise Conflict("no_camera", "This gate has no camera. Send the frames.")
    post = watching.camera_of_gate(gate.id) if watching else None
    if post is None:
        return system.remote_polls.ask(gate, idempotency_key)
    return post.loop.now(gate, system.clock(), idempotency_key, current=arrival.current)


def _read(fields: dict[str, object]) -> Sent:
    """Raises BadInput('bad_credential', 'bad_pin'), without what was sent."""
    digits, took_ms = fields.pop("pin", None), fields.pop("pin_ms", None)
    if digits is not None:
        fields["pin"] = typed_pin(digits, took_ms)
    try:
        return Sent.model_validate(fields)
    except ValidationError as error:
        raise BadInput("bad_credential", "A credential is text of 1 to 512 characters.") from error


def _json_object(value: object) -> dict[str, object]:
    if not isinstance(value, dict) or set(value) - {"credential", "from_camera", "pin", "pin_ms"}:
        raise ValueError("not one of the forms")
    if bool(value.get("credential") or value.get("pin")) is (value.get("from_camera") is True):
        raise ValueError("one of credential and PIN, or from_camera")
    return value
