"""Cameras: list, create, read, change, delete. An address is never returned with its password."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from app.core.approach.tries import Region
from app.core.cameras.camera import Camera
from app.services.cameras.camera_list import Address, Login, region_of
from app.services.cameras.camera_states import NOT_WATCHED
from app.web.api.access.rules.entries import IfMatch, tagged, version_sent
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict
from app.web.camera_views import CameraView, camera_views
from app.web.fields import Words
from app.web.security import Admin, SystemOf, Watching
from app.wiring import System
from app.worker.supervisor import Supervisor

router = APIRouter(prefix="/v1/cameras", tags=["Cameras"])


class RegionBody(Strict):
    """The part of the picture that belongs to the gate, as shares of width and height, and the smallest face."""

    left: float = Field(0.0, ge=0, le=1)
    top: float = Field(0.0, ge=0, le=1)
    right: float = Field(1.0, ge=0, le=1)
    bottom: float = Field(1.0, ge=0, le=1)
    min_face_px: float = Field(48.0, ge=24, le=1000, description="width of a face from which recognition starts")

    def sent(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in self.model_fields_set}


Rotation = Literal[0, 90, 180, 270]
TURNED = "degrees clockwise by which its picture is turned to stand upright; the region is of the turned picture"


APART = "as typed, nothing encoded; instead of writing it into the address. Never returned"


class LoginBody(Strict):
    user: str | None = Field(None, max_length=120, description=APART)
    password: str | None = Field(None, max_length=120, description=APART)

    def login(self) -> Login:
        return Login(self.user, self.password)


class CameraIn(LoginBody):
    name: str = Field(examples=["lobby-cam"])
    gate: str = Field(examples=["lobby-1"])
    url: str = Field(max_length=2000, examples=["rtsp://user:password@10.0.5.7/stream1"])
    region: RegionBody | None = None
    rotation: Rotation = Field(0, description=TURNED)


class CameraPatch(LoginBody):
    """Only what is sent changes. A new address never gets the user and password of the one before."""

    gate: str | None = None
    url: str | None = Field(None, max_length=2000)
    region: RegionBody | None = None
    enabled: bool | None = None
    rotation: Rotation | None = Field(None, description=TURNED)


class CameraOut(BaseModel):
    id: str
    version: str = Field(description="changes with what an admin sets; send it back as If-Match")
    name: str
    gate: str
    url: str = Field(description="without its password; empty if the stored address is damaged, see `detail`")
    region: RegionBody
    rotation: int = Field(description=TURNED)
    enabled: bool
    created_at: Moment | None
    state: str = Field(
        description="working, or what is wrong with it; `not_watched`: no process watches it; `off`: it is disabled; "
        "`broken`: its stored address is damaged",
    )
    detail: Words | None
    since: Moment | None = Field(description="when the state began; null if only the process that watches it knows")
    watched_by: str | None = Field(description="the process that watches it")


@router.post("", status_code=201, summary="Add a camera", responses=CONFLICT)
def create(body: CameraIn, system: SystemOf, watching: Watching, _: Admin, response: Response) -> CameraOut:
    """A process watches the camera within seconds. Add files and devices of the machine on its command line."""
    region = region_of(Region(), body.region.sent() if body.region else {})
    camera = system.cameras.add(body.name, body.gate, Address(body.url, rotation=body.rotation), region, body.login())
    tagged(response, camera.version)
    return _out(system, watching, [camera])[0]


@router.get("", summary="List cameras", responses=ERRORS)
def find(system: SystemOf, watching: Watching, _: Admin) -> Page[CameraOut]:
    return Page(items=_out(system, watching, system.cameras.all()), next=None)


@router.get("/{camera}", summary="Read a camera", responses=ERRORS)
def read(camera: str, system: SystemOf, watching: Watching, _: Admin, response: Response) -> CameraOut:
    found = system.cameras.get(camera)
    tagged(response, found.version)
    return _out(system, watching, [found])[0]


@router.patch("/{camera}", summary="Change a camera", responses=CONFLICT)
def patch(
    camera: str,
    body: CameraPatch,
    system: SystemOf,
    watching: Watching,
    _: Admin,
    response: Response,
    if_match: IfMatch = None,
) -> CameraOut:
    """409 with `current` if somebody else changed it meanwhile."""
    changed = system.cameras.update(
        camera,
        gate=body.gate,
        address=None if body.url is None else Address(body.url),
        region=None if body.region is None else body.region.sent(),
        enabled=body.enabled,
        rotation=body.rotation,
        login=body.login(),
        version=version_sent(if_match),
    )
    tagged(response, changed.version)
    return _out(system, watching, [changed])[0]


@router.delete("/{camera}", status_code=204, summary="Remove a camera", responses=CONFLICT)
def delete(camera: str, system: SystemOf, _: Admin, if_match: IfMatch = None) -> None:
    system.cameras.delete(camera, version_sent(if_match))


def _out(system: System, watching: Supervisor | None, cameras: list[Camera]) -> list[CameraOut]:
    gates = {gate.id: gate.name for gate in system.gates.all()}
    views = {view.camera.id: view for view in camera_views(system, watching)}
    found = []
    for camera in cameras:
        # Nobody watches a camera that was removed at this moment.
        view = views.get(camera.id, CameraView(camera, NOT_WATCHED))
        region, shown = camera.region, system.cameras.shown(camera)
        found.append(
            CameraOut(
                id=camera.id,
                version=camera.version,
                name=camera.name,
                gate=gates[camera.gate_id],
                url=shown.url,
                # Not validated again: one unusual camera must not break the whole list.
                region=RegionBody.model_construct(
                    left=region.left,
                    top=region.top,
                    right=region.right,
                    bottom=region.bottom,
                    min_face_px=region.min_face_px,
                ),
                rotation=shown.rotation,
                enabled=camera.enabled,
                created_at=camera.created_at,
                state="broken" if shown.problem else view.state,
                detail=shown.problem or view.detail or None,
                since=view.since,
                watched_by=view.watched_by,
            )
        )
    return found
