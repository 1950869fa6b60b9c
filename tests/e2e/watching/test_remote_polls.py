"""Hardware that polls a service which watches no camera: a worker's camera answers it, in time or not at all."""

import base64
import signal
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import cv2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.core.canonical import canonical
from app.demo.film.scene import Frame
from tests.adapters.cameras.peers import write_video
from tests.bench.clip import studio
from tests.e2e.cameras import FPS, JACINDA, SIZE, Film, Program, add_camera, camera, seen_by
from tests.e2e.server import GATE, Server, Site, _free_port
from tests.waiting import eventually, pass_time


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return Film.shot(tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="module")
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film in which nobody comes, so that only who asks brings events about."""
    artist = studio()
    pictures = [cv2.resize(artist.draw(Frame(), seed=i), SIZE).astype("uint8") for i in range(2 * FPS)]
    return write_video(tmp_path_factory.mktemp("nobody") / "nobody.mp4", pictures, FPS)


@contextmanager
def running(site: Site) -> Iterator[tuple[Server, Any]]:
    """A service that watches nothing, and what starts workers beside it."""
    port = _free_port()
    with ExitStack() as started:

        def worker(name: str) -> Program:
            program = Program(site, name, "worker")
            started.callback(program.kill)
            return program.watching()

        desk = Program(site, "desk", "serve", "--no-cameras", "--port", str(port), port=port)
        started.callback(desk.kill)
        yield desk.ready(), worker


def ask(server: Server, key: str | None = None) -> dict[str, Any]:
    """What polling hardware asks. took_s: until it had its answer."""
    headers = {**server.site.key("gate"), **({"Idempotency-Key": key} if key else {})}
    began = time.monotonic()
    answer = server.http.post(f"/v1/gates/{GATE}/decisions", headers=headers, json={"from_camera": True})
    return {**answer.json(), "status": answer.status_code, "took_s": time.monotonic() - began}


def stopped(pid: int) -> bool:
    """Whether none of its threads runs: on a busy machine that is not at once."""
    states = [stat.read_text().rpartition(")")[2].split()[0] for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(states) == {"T"}


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("status", "took_s")}


def signed(server: Server, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, its signature checked as the gate does."""
    unsigned = {name: value for name, value in plain(answer).items() if name != "signature"}
    key = base64.b64decode(server.get("/v1/signing-key")["public_key"])
    Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(answer["signature"]), canonical(unsigned))
    return answer


def test_workers_camera_answers_polls_at_any_process(film: Film, tmp_path: Path) -> None:
    site = Site.make(tmp_path / "data")
    with running(site) as (desk, worker):
        assert desk.photograph(desk.employ("E-1001", "Jacinda Ardern"), JACINDA)[0]["accepted"]
        assert ask(desk)["error"] == "no_camera"
        add_camera(site, "east", GATE, f"file:{film.video}")
        alone = ask(desk)
        assert (alone["status"], alone["error"]) == (503, "camera_unavailable") and "No process watches" in alone[
            "detail"
        ]
        answered_by = worker("worker")
        eventually(lambda: ask(desk)["status"] == 200, "an answer")

        answers: list[dict[str, Any]] = []

        def reasons() -> set[Any]:
            answers.append(ask(desk))
            pass_time(0.1)  # as hardware polls
            return {answer.get("reason") for answer in answers}

        eventually(lambda: {"no_face", "recognised"} <= reasons() and len(answers) > 30, "nobody and somebody")
        given = [signed(desk, answer) for answer in answers if answer["status"] == 200]
        assert all(answer["error"] == "camera_unavailable" for answer in answers if answer["status"] != 200)
        assert all((a["decision"] == "open") is (a["reason"] == "recognised") for a in given)
        for answer in given[-3:]:
            event = desk.get(f"/v1/events/{answer['decision_id']}")
            assert {name: event[name] for name in plain(answer)} == plain(answer)
        # Each question is a decision, but one that the camera has opened for already gets that opening: one event.
        denied = [answer["decision_id"] for answer in given if answer["decision"] == "deny"]
        assert len(set(denied)) == len(denied)
        assert statistics.median(answer["took_s"] for answer in given) < 0.8
        assert desk.get("/v1/audit/verify")["valid"]
        assert answered_by.stop() == 0 and desk.stop() == 0
        answered_by.said_nothing_personal()
        desk.said_nothing_personal()


def test_no_answer_is_late_or_given_twice(nobody: Path, tmp_path: Path) -> None:
    site = Site.make(tmp_path / "data")
    add_camera(site, "east", GATE, f"file:{nobody}")
    with running(site) as (desk, worker):
        first = worker("first")
        eventually(lambda: ask(desk).get("reason") == "no_face", "an answer")

        def events() -> int:
            return len(seen_by(desk, "east"))

        # One key, one event; the same key for something else is refused as everywhere.
        known, answer = events(), ask(desk, "a key")
        assert plain(ask(desk, "a key")) == plain(answer) and events() == known + 1
        assert desk.get(f"/v1/events/{answer['decision_id']}")["reason"] == "no_face"
        assert desk.approach().status_code == 200
        headers = {**site.key("gate"), "Content-Type": "image/jpeg", "Idempotency-Key": "a key"}
        other = desk.http.post(f"/v1/gates/{GATE}/decisions", headers=headers, content=b"\xff\xd8\xff")
        assert other.status_code in (400, 409)

        # It hangs: who asked is told so after a second, and when it goes on nothing is decided of what was asked.
        known = events()
        first.process.send_signal(signal.SIGSTOP)
        eventually(lambda: stopped(first.process.pid), "a process that hangs")
        silent = ask(desk)
        assert (silent["status"], silent["error"]) == (503, "camera_unavailable") and "in time" in silent["detail"]
        assert silent["took_s"] < 5
        first.process.send_signal(signal.SIGCONT)
        eventually(lambda: ask(desk)["status"] == 200, "an answer again")
        assert events() == known + 1

        # It dies: silent while its lease lasts, then nobody, until another has taken over.
        first.kill()
        assert "in time" in ask(desk)["detail"]
        eventually(lambda: "No process watches" in ask(desk).get("detail", ""), "the end of the lease")
        assert camera(desk, "east")["watched_by"] is None
        known = events()
        worker("second")
        eventually(lambda: ask(desk)["status"] == 200, "the other's answer")
        assert events() == known + 1
        assert desk.get("/v1/audit/verify")["valid"]
        desk.said_nothing_personal()
