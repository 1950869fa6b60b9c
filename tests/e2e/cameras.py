"""What stands at a site beside the service: cameras with somebody walking up to them, workers, a network to cut."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import cv2
import httpx

from app.core.approach.tries import Region
from app.core.types import Pixels
from app.demo.film.cast import JACINDA_SMILING
from app.demo.film.scene import Frame, PlacedFigure
from app.services.cameras.camera_list import Address
from app.settings import read_settings
from app.wiring import open_backbone
from tests.adapters.cameras.peers import write_video
from tests.bench.clip import studio
from tests.e2e.server import ROOT, Server, Site, environment
from tests.waiting import eventually

HERE = Path(__file__).parent
FPS = 15
SIZE = (640, 360)
JACINDA = "person_b_1"  # a photo of whom the film shows, at another time


@dataclass(frozen=True)
class Film:
    """Nobody, then somebody who walks up in two seconds, then nobody: as a video and as a folder of pictures."""

    video: Path
    pictures: Path

    @classmethod
    def shot(cls, folder: Path) -> "Film":
        artist = studio()
        frames = [Frame() for _ in range(FPS)]
        frames += [Frame((PlacedFigure(JACINDA_SMILING, 60 + 6.0 * i, 0.55),)) for i in range(2 * FPS)]
        frames += [Frame() for _ in range(FPS)]
        drawn: list[Pixels] = [
            cv2.resize(artist.draw(frame, seed=i), SIZE, interpolation=cv2.INTER_AREA).astype("uint8")
            for i, frame in enumerate(frames)
        ]
        (folder / "pictures").mkdir()
        for i, picture in enumerate(drawn):
            (folder / "pictures" / f"{i:03}.jpg").write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
        return cls(write_video(folder / "film.mp4", drawn, FPS), folder / "pictures")


class NetworkCamera:
    """A camera in a process of its own. around: a command to run it in, such as another network."""

    def __init__(self, film: Film, host: str = "127.0.0.1", around: Sequence[str] = ()) -> None:
        self.host, self.port = host, "0"
        self._film, self._around = film, around
        self.plug_in()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/video"

    def plug_in(self) -> None:
        """Starts, at the same port as before."""
        command = [*self._around, sys.executable, str(HERE / "mjpeg_camera.py"), self.host, self.port, str(FPS)]
        self._process = subprocess.Popen([*command, str(self._film.pictures)], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = self._process.stdout.readline().strip()
        assert self.port, "the camera did not start"

    def unplug(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()


class Program(Server):
    """Any command of the program that runs until it is stopped: a worker, or a service that watches nothing."""

    def __init__(self, site: Site, name: str, *words: str, port: int = 0) -> None:
        self.site, self.port = site, port
        self.log = site.data.parent / f"{name}.log"
        self.out = self.log.with_suffix(".out")
        command = [sys.executable, "-m", "app", *words, "--data", str(site.data)]
        with self.log.open("wb") as err, self.out.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment(**site.settings), stdout=out, stderr=err)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)

    def watching(self) -> "Program":
        """Returns once a worker says that it watches."""
        eventually(
            lambda: self.process.poll() is not None or "watching" in self.out.read_text(), "watching", seconds=90
        )
        assert self.process.poll() is None, self.printed()
        return self


def add_camera(site: Site, name: str, gate: str, url: str) -> None:
    """As on the machine itself: also what the API refuses, such as a camera on the loopback."""
    office = open_backbone(read_settings(site.data, **site.settings))
    try:
        office.cameras.add(name, gate, Address(url, local=True), Region())
    finally:
        office.close()


def camera(server: Server, name: str) -> dict[str, Any]:
    """As GET /v1/cameras/NAME has it."""
    return dict(server.get(f"/v1/cameras/{name}"))


def seen_by(server: Server, name: str, since: str = "") -> list[dict[str, Any]]:
    """The events of a camera, newest first."""
    items = server.get("/v1/events", limit=200)["items"]
    return [event for event in items if event["camera"] == name and event["at"] > since]


def alerts_of(server: Server, name: str) -> list[str]:
    """The alerts that stand."""
    return [
        alert["kind"]
        for alert in server.get("/v1/alerts")["items"]
        if alert["camera"] == name and not alert["cleared_at"]
    ]


@contextmanager
def network(name: str, subnet: str) -> Iterator[Sequence[str]]:
    """A network of its own, reached over one cable; yields the command that runs something in it.

    Here is .1 of the subnet (such as 10.203.77), there is .2. `cable` pulls it out.
    """
    inside = ["ip", "netns", "exec", name]
    try:
        for words in (
            ["ip", "netns", "add", name],
            ["ip", "link", "add", f"{name}h", "type", "veth", "peer", "name", f"{name}c", "netns", name],
            ["ip", "addr", "add", f"{subnet}.1/30", "dev", f"{name}h"],
            ["ip", "link", "set", f"{name}h", "up"],
            [*inside, "ip", "addr", "add", f"{subnet}.2/30", "dev", f"{name}c"],
            [*inside, "ip", "link", "set", f"{name}c", "up"],
        ):
            subprocess.run(words, check=True, capture_output=True)
        yield inside
    finally:
        with suppress(OSError):
            for words in (["ip", "link", "del", f"{name}h"], ["ip", "netns", "del", name]):
                subprocess.run(words, check=False, capture_output=True)


def cable(name: str, state: str) -> None:
    """state: up or down, at the camera's end."""
    subprocess.run(["ip", "-n", name, "link", "set", f"{name}c", state], check=True, capture_output=True)
