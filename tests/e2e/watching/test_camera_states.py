"""A service that watches nothing says how the workers' cameras fare, and which of them nobody watches."""

from pathlib import Path
from typing import Any

from tests.e2e.cameras import Film, NetworkCamera, Program, add_camera, alerts_of, camera
from tests.e2e.server import GATE, Server, Site, _free_port
from tests.waiting import eventually


def said(desk: Server) -> tuple[str, bool, str, list[str]]:
    """Of the camera: the list's state, whether /readyz finds it well and how, the states of /metrics."""
    check: dict[str, Any] = desk.http.get("/readyz").json()["checks"]["camera north"]
    prefix = 'facegate_camera_state{camera="north",state="'
    lines = [line for line in desk.http.get("/metrics").text.splitlines() if line.startswith(prefix)]
    states = [line.removeprefix(prefix).split('"')[0] for line in lines if line.endswith(" 1.0")]
    return camera(desk, "north")["state"], check["ok"], check["detail"].partition(" ")[0], states


def test_camera_state_of_a_worker_is_shown_by_the_service(tmp_path: Path) -> None:
    site = Site.make(tmp_path / "data")
    port = _free_port()
    working, dead = ((state, state == "working", state, [state]) for state in ("working", "dead"))
    nobody = ("not_watched", False, "not_watched", ["not_watched"])
    desk = Program(site, "desk", "serve", "--no-cameras", "--port", str(port), port=port)
    worker = None
    try:
        with NetworkCamera(Film.shot(tmp_path)) as north:
            add_camera(site, "north", GATE, north.url)
            desk.ready()  # the others serve on
            assert said(desk) == nobody

            worker = Program(site, "worker", "worker").watching()
            eventually(lambda: said(desk) == working, "a camera that works")

            north.unplug()
            eventually(lambda: said(desk) == dead, "a camera that is dead")
            assert alerts_of(desk, "north") == ["camera_dead"]
            north.plug_in()
            eventually(lambda: said(desk) == working, "the camera's return")

            worker.kill()
            eventually(lambda: said(desk) == nobody, "the end of the lease")
            assert desk.http.get("/readyz").status_code == 200
            assert desk.stop() == 0
            desk.said_nothing_personal()
    finally:
        desk.kill()
        if worker is not None:
            worker.kill()
