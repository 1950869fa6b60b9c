"""What cameras see now: the newest picture, the live view, and a try of an address before it is saved."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from app.core.cameras.camera import Camera
from app.core.cameras.faults import fault_in
from app.core.canonical import instant
from app.core.errors import Busy, Conflict, CryptoFault, SourceFailed
from app.services.cameras.camera_list import BROKEN, Address, Login
from app.services.cameras.live_view import SMALL_PX, LiveView, LiveViews, View
from app.services.recognition.recognition import SurveyedFace
from app.web.api.cameras.cameras import TURNED, LoginBody, Rotation
from app.web.api.describe import BODY_ERRORS, CONFLICT, ERRORS, IMAGE
from app.web.api.schemas import Moment
from app.web.edge.live_lines import MEDIA_TYPE, LiveLines
from app.web.language.catalog import Catalog, now
from app.web.security import Admin, SystemOf, Watcher, Watching
from app.web.turns import FewLiveViews
from app.wiring import System
from app.worker.newest_frames import NewestFrames
from app.worker.supervisor import Supervisor, WatchedCamera

router = APIRouter(prefix="/v1", tags=["Cameras"])


class FaceSeen(BaseModel):
    """A face, compared to nobody. The box is in shares of the picture's width and height."""

    x: float
    y: float
    width: float
    height: float
    width_px: float = Field(description="in the camera's own picture; it is recognised from the camera's min_face_px")
    problems: list[str] = Field(examples=[["too_dark"]], description="as at a gate, but for its width")


class LiveLine(BaseModel):
    """One line of the answer: a picture, or, as the last one, why there are no more."""

    at: Moment | None = None
    picture: str | None = Field(None, description="a JPEG in base64, upright, at most 960 px on its longer side")
    width_px: int | None = Field(None, description="of the camera's own picture, upright")
    height_px: int | None = None
    faces: list[FaceSeen] | None = Field(None, description="null while the engines are needed at gates")
    fault: str | None = Field(None, examples=["login_refused"])
    detail: str | None = Field(None, examples=["The camera refuses the user name or password. Type both again."])


class CameraTry(LoginBody):
    """An address to try. With `camera`, what is not sent is as stored there."""

    camera: str | None = Field(None, max_length=64, examples=["lobby-cam"])
    url: str | None = Field(None, max_length=2000, examples=["rtsp://10.0.5.7/stream1"])
    rotation: Rotation | None = Field(None, description=TURNED)


LINES: dict[int | str, dict[str, Any]] = {
    200: {"model": LiveLine, "description": "one JSON object a line", "content": {MEDIA_TYPE: {}}}
}
JPEG: dict[int | str, dict[str, Any]] = {200: {"description": "a small JPEG", "content": {"image/jpeg": IMAGE}}}


@router.get(
    "/cameras/{camera}/picture", summary="The newest picture", responses={**ERRORS, **JPEG}, response_class=Response
)
def picture(camera: str, request: Request, system: SystemOf, watching: Watching, _: Watcher) -> Response:
    """Of a camera that the process which is asked watches, else 503 `camera_unavailable`. Nothing is stored."""
    watched = _watched(watching, system.cameras.get(camera))
    newest = watched.loop.newest() if watched else None
    if newest is None:
        raise Busy("camera_unavailable", "This process has no picture of the camera. Open its live view.")
    views: LiveViews = request.app.state.live_views
    return Response(views.encode(newest[0], SMALL_PX), media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@router.get(
    "/cameras/{camera}/live", summary="The live view", responses={**CONFLICT, **LINES}, response_class=StreamingResponse
)
def live(
    camera: str,
    request: Request,
    system: SystemOf,
    watching: Watching,
    _: Watcher,
    _turn: FewLiveViews,
    rotation: Annotated[
        int | None, Query(ge=0, le=270, multiple_of=90, description="instead of the stored one")
    ] = None,
) -> LiveLines:
    """Pictures and the faces in them, about five a second for at most a minute. Nothing is stored or compared.

    The process that watches the camera shows the pictures that it works on; another connects to the camera itself.
    """
    stored = system.cameras.get(camera)
    before = _address(system, stored)
    wanted = before.rotation if rotation is None else rotation
    views: LiveViews = request.app.state.live_views
    watched = _watched(watching, stored)
    if watched is not None:
        view = views.of_source(NewestFrames(watched), (wanted - before.rotation) % 360)
    else:
        view = views.of_address(Address(before.url, before.local, wanted))
    return _sent(request, view)


@router.post(
    "/camera-tries",
    summary="Try an address before it is saved",
    responses={**BODY_ERRORS, **CONFLICT, **LINES},
    response_class=StreamingResponse,
)
def try_out(body: CameraTry, request: Request, system: SystemOf, _: Admin, _turn: FewLiveViews) -> LiveLines:
    """Connects to the address and answers as the live view does. Nothing is stored. Where no picture comes within 8 s,
    the line's `fault` says why, and its `detail` what to do.
    """
    address = None if body.url is None else Address(body.url)
    tried = system.cameras.to_try(body.camera, address, Login(body.user, body.password), body.rotation)
    views: LiveViews = request.app.state.live_views
    return _sent(request, views.of_address(tried))


def _watched(watching: Supervisor | None, camera: Camera) -> WatchedCamera | None:
    return next((each for each in watching.watched() if each.camera.id == camera.id), None) if watching else None


def _address(system: System, camera: Camera) -> Address:
    try:
        return system.cameras.address(camera)
    except (CryptoFault, ValueError, TypeError):
        raise Conflict("camera_record_damaged", f"This camera cannot be opened: {BROKEN}.") from None


def _sent(request: Request, view: LiveView) -> LiveLines:
    return LiveLines(_lines(view, now()), view.close, lambda: request.app.state.streams.closed)


def _lines(view: LiveView, language: Catalog) -> Iterator[dict[str, Any]]:
    try:
        for one in view.views():
            yield _line(one)
    except SourceFailed as failed:
        yield _fault(str(failed), language)


def _line(view: View) -> dict[str, Any]:
    return {
        "at": instant(view.at),
        "picture": b64encode(view.picture).decode(),
        "width_px": view.width_px,
        "height_px": view.height_px,
        "faces": None if view.faces is None else [_face(face, view) for face in view.faces],
    }


def _face(face: SurveyedFace, view: View) -> dict[str, Any]:
    return FaceSeen(
        x=round(face.box.x_px / view.width_px, 4),
        y=round(face.box.y_px / view.height_px, 4),
        width=round(face.box.width_px / view.width_px, 4),
        height=round(face.box.height_px / view.height_px, 4),
        width_px=round(face.box.width_px, 1),
        problems=[str(problem) for problem in face.quality.problems],
    ).model_dump()


def _fault(words: str, language: Catalog) -> dict[str, Any]:
    fault = fault_in(words)
    sentence = f"{words[:1].upper()}{words[1:]}."
    if fault is None:
        return {"fault": "camera_failed", "detail": language.of(sentence)}
    return {"fault": fault.code, "detail": language.of(f"{sentence} {fault.advice}")}
