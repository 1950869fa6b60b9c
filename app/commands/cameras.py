"""Commands for cameras."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

import typer

from app.commands.common import HERE, Data, backbone, out
from app.core.approach.tries import Region
from app.core.errors import BadInput
from app.services.cameras.camera_list import Address

cli = typer.Typer(no_args_is_help=True, help="Add, list and remove cameras.")
LOCAL = {"file", "folder", "device"}


@cli.command("add")
def add_camera(
    name: str,
    url: Annotated[
        str,
        typer.Argument(
            help="rtsp://, http:// (motion JPEG, or a JPEG for each request), device:, file: or folder: "
            "(file:PATH#fast: not in real time)"
        ),
    ],
    gate: Annotated[str, typer.Option(help="The gate it watches.")],
    min_face_px: Annotated[
        float, typer.Option(min=24, max=1000, help="Face width from which people are recognised.")
    ] = 48.0,
    region: Annotated[str, typer.Option(help="left,top,right,bottom as shares of the picture.")] = "0,0,1,1",
    rotation: Annotated[
        str, typer.Option(help="Degrees clockwise that turn its picture upright: 0, 90, 180 or 270.")
    ] = "0",
    off: Annotated[bool, typer.Option("--off", help="Add it switched off.")] = False,
    data: Data = HERE,
) -> None:
    """Add a camera. Only this command may add a file, a folder or a server on this machine."""
    try:
        left, top, right, bottom = (float(part) for part in region.split(","))
        area = Region(left, top, right, bottom, min_face_px)
    except ValueError:
        raise BadInput("bad_region", "A region is four shares such as 0.2,0,0.8,1.") from None
    if rotation not in ("0", "90", "180", "270"):
        raise BadInput("bad_rotation", "--rotation is 0, 90, 180 or 270.")
    stored = url.partition(":")[0].lower() in LOCAL
    # A path on this machine may have spaces; an address may not.
    address = Address(url.replace(" ", "%20"), local=True) if stored else Address(url, local=_loopback(url))
    address = replace(address, rotation=int(rotation))
    with backbone(data) as here:
        here.cameras.add(name, gate, address, area, enabled=not off)
    then = "It is switched off." if off else "A running service watches it within seconds."
    out.print(f"Camera {name} added. {then}", markup=False)


def _loopback(url: str) -> bool:
    """Whether the URL names this machine itself. A name that resolves to it may resolve elsewhere tomorrow."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False  # not an address, or a name


@cli.command("list")
def list_cameras(data: Data = HERE) -> None:
    """List the cameras, with passwords masked."""
    with backbone(data) as here:
        gates = {gate.id: gate.name for gate in here.gates.all()}
        for camera in here.cameras.all():
            state, shown = "enabled" if camera.enabled else "disabled", here.cameras.shown(camera)
            out.print(f"{camera.name}\t{gates[camera.gate_id]}\t{state}\t{shown.url or shown.problem}", markup=False)


@cli.command("remove")
def remove_camera(name: str, data: Data = HERE) -> None:
    """Remove a camera."""
    with backbone(data) as here:
        here.cameras.delete(name)
