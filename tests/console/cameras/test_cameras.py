"""A camera is added in the browser: tried, explained where it is wrong, its zone drawn, saved, and watched."""

import base64
import io
import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from app.services.cameras.camera_list import Address
from tests import pictures
from tests.adapters.cameras.peers import motion_jpeg, web
from tests.console.browser import NARROW, Tabs
from tests.console.service import Service

LOGIN = "Basic " + base64.b64encode(b"guard:a/b@c").decode()


def scene() -> Iterator[bytes]:
    """Somebody who stands left of the middle, before a wall, with a sensor's noise."""
    wall = Image.new("RGB", (1280, 720), (150, 160, 170))
    person = Image.open(io.BytesIO(pictures.small(pictures.ADA[0], 480))).convert("RGB")
    person.thumbnail((230, 320))
    wall.paste(person, (300, 400))
    seen = np.asarray(wall, np.int16)
    noise = np.random.default_rng(1)
    frames = [np.clip(seen + noise.integers(-3, 4, seen.shape), 0, 255).astype(np.uint8) for _ in range(3)]
    return cycle([pictures.encoded(Image.fromarray(frame)) for frame in frames])


@pytest.fixture(scope="module")
def camera() -> Iterator[int]:
    """A motion JPEG camera that asks for a login; its port."""
    shown = motion_jpeg(scene(), every_s=0.1)

    def handle(request: BaseHTTPRequestHandler) -> None:
        if request.path != "/video":
            return request.send_error(404)
        if request.headers.get("Authorization") != LOGIN:
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="camera"')
            request.send_header("Content-Length", "0")
            return request.end_headers()
        return shown(request)

    with web(handle) as port:
        yield port


@pytest.fixture
def watching(tmp_path: Path, browser: Browser) -> Iterator[Tabs]:
    """A service of its own that watches cameras, which may be on this machine."""
    with Service.running(tmp_path / "data", watches=True, camera_networks="127.0.0.0/8") as service:
        service.system.gates.add("lobby-1")
        tabs = Tabs(service, browser)
        yield tabs
        tabs.close()


def test_camera_that_is_plugged_in_is_chosen_by_its_name(
    watching: Tabs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: Any, axe: Callable[[Page], None]
) -> None:
    (tmp_path / "listed" / "video7").mkdir(parents=True)
    (tmp_path / "listed" / "video7" / "name").write_text("C920 HD Pro\n")
    (tmp_path / "listed" / "video7" / "index").write_text("0\n")
    monkeypatch.setattr("app.adapters.cameras.attached.LISTED", tmp_path / "listed")
    page = watching.open("admin", path="/cameras/new")
    page.get_by_role("button", name="C920 HD Pro").click()
    expect(page.get_by_label("Address")).to_have_value("device:7")
    expect(page.locator("#wait")).not_to_have_text("Type the address and press Try.")
    look(page, "camera-plugged-in"), axe(page)
    page.get_by_role("button", name="Add the camera").click()
    expect(page.get_by_role("heading", name="lobby-1-cam")).to_be_visible()
    cameras = watching.site.system.cameras
    assert cameras.address(cameras.get("lobby-1-cam")) == Address("device:7")


def test_camera_is_added_without_a_shell(watching: Tabs, camera: int, look: Any, axe: Callable[[Page], None]) -> None:
    page = watching.open("admin", path="/cameras")
    page.get_by_role("main").get_by_role("link", name="Add a camera").first.click()
    expect(page.get_by_label("Name")).to_have_value("lobby-1-cam")
    wait, verdict = page.locator("#wait"), page.locator("#verdict")
    expect(wait).to_have_text("Type the address and press Try.")

    # What is wrong is said, with what to do.
    address = page.get_by_label("Address")
    for wrong, words in (
        (f"http://127.0.0.1:{camera}/other", "no stream under this path. Look up the path"),
        (f"http://127.0.0.1:{camera}/video", "refuses the user name or password. Type both again"),
        (f"rtsp://127.0.0.1:{camera}/video", "not an RTSP camera. Check that the address begins"),
        ("http://127.0.0.1:9/video", "nothing answers at its port. Check the address and the port"),
    ):
        address.fill(wrong)
        page.get_by_role("button", name="Try").click()
        expect(wait).to_contain_text(words)
    address.fill("http://169.254.169.254/latest")
    page.get_by_role("button", name="Try").click()
    expect(page.locator("#url-problem")).to_contain_text("never a device's")

    # The picture, and how wide the face is.
    address.fill(f"http://127.0.0.1:{camera}/video")
    page.get_by_label("User").fill("guard")
    page.get_by_label("Password").fill("a/b@c")
    page.get_by_role("button", name="Try").click()
    expect(page.locator("#facts")).to_contain_text(re.compile("1280 . 720 pixels"))
    expect(verdict).to_contain_text("px wide; recognised from 48 px")
    expect(verdict).to_contain_text("Near enough")
    expect(verdict).to_contain_text("Light is good")
    expect(verdict).to_contain_text("of 100 employees were not recognised")
    page.get_by_label("Recognised from").fill("300")
    expect(verdict).to_contain_text("Too far")
    page.get_by_label("Recognised from").fill("60")
    look(page, "camera-new"), axe(page)

    # The zone, by mouse and by keys.
    zone, box = page.locator("#zone"), page.locator("#stage").bounding_box()
    assert box is not None
    zone_at = lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])  # noqa: E731
    page.mouse.move(*zone_at(0.5, 0.1))
    page.mouse.down()
    page.mouse.move(*zone_at(0.7, 0.5))
    page.mouse.move(*zone_at(0.9, 0.9))
    page.mouse.up()
    expect(zone).to_have_attribute("aria-label", "Watched zone: left 50 %, top 10 %, right 90 %, bottom 90 %")
    expect(verdict).to_contain_text("The face is outside the zone.")
    for key in ["ArrowLeft"] * 40 + ["Shift+ArrowUp"] * 2:
        zone.press(key)
    expect(zone).to_have_attribute("aria-label", "Watched zone: left 10 %, top 10 %, right 50 %, bottom 88 %")
    expect(verdict).to_contain_text("Near enough")

    # Saved, sealed, and watched.
    page.get_by_role("button", name="Add the camera").click()
    expect(page.get_by_role("heading", name="lobby-1-cam")).to_be_visible()
    expect(verdict).to_contain_text("recognised from 60 px")
    values = page.locator("input").evaluate_all("all => all.map(one => one.value)")
    shown = page.content() + " ".join(values)
    assert [part for part in ("a/b@c", "a%2Fb%40c", "guard:", "guard@", "/video") if part in shown] == []
    stored = watching.site.system.cameras.get("lobby-1-cam")
    region = stored.region
    assert (region.left, region.top, region.right, region.bottom, region.min_face_px) == pytest.approx(
        (0.1, 0.1, 0.5, 0.88, 60)
    )
    page.goto("/cameras")
    expect(page.get_by_text("works", exact=True)).to_be_visible()
    expect(page.get_by_alt_text("What lobby-1-cam sees now")).to_be_visible()
    look(page, "cameras"), axe(page)

    # Turned by a guard's eyes: they look and change nothing.
    guard = watching.open("security", path="/cameras", viewport=NARROW)
    guard.get_by_role("link", name="lobby-1-cam").click()
    expect(guard.locator("#verdict")).to_contain_text("recognised from 60 px")
    expect(guard.get_by_role("button", name="Save")).to_have_count(0)
    look(guard, "camera-guard"), axe(guard)

    # Changed at 390 px: turned, then removed.
    page.set_viewport_size(NARROW)
    page.get_by_role("link", name="lobby-1-cam").click()
    expect(verdict).to_contain_text("px wide")
    page.get_by_label("Turn the picture").select_option("90")
    expect(zone).to_have_attribute("aria-label", "Watched zone: left 12 %, top 10 %, right 90 %, bottom 50 %")
    expect(verdict).to_contain_text("No face in the picture")
    watching.site.system.cameras.update("lobby-1-cam", region={"min_face_px": 72})
    page.get_by_role("button", name="Save").click()
    theirs = page.get_by_role("dialog", name="Somebody else changed this meanwhile")
    expect(theirs.get_by_role("row", name="Smallest face")).to_contain_text("72 px")
    expect(theirs.get_by_role("row", name="Turned")).to_have_text(re.compile("0°.*90°"))
    look(page, "camera-conflict"), axe(page)
    theirs.get_by_role("button", name="Save mine").click()
    expect(page.get_by_text("Saved. The camera is watched within seconds.")).to_be_visible()
    changed = watching.site.system.cameras.get("lobby-1-cam")
    assert watching.site.system.cameras.address(changed).rotation == 90
    assert changed.region.min_face_px == 72, "what one did not touch stays as somebody else set it"
    look(page, "camera"), axe(page)
    page.get_by_role("button", name="Remove …").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No cameras yet")).to_be_visible()
    assert watching.site.system.cameras.all() == []
