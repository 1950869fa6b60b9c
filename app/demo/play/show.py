"""Runs the demo: starts the service, enrols the cast, lets people walk up, judges, and serves until Ctrl-C."""

import logging
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

import httpx
from rich.console import Console
from rich.progress import Progress

from app.core.errors import FacegateError
from app.demo.film import clip
from app.demo.film.cast import EMMANUEL, EMPLOYEES, JACINDA, REFUSED_PHOTOS, photo, photo_bytes
from app.demo.film.scene import Studio
from app.demo.play import live, report
from app.demo.play.desk import Desk, GateHardware, Guard, connect
from app.demo.play.live import Recorded
from app.demo.play.script import Approach, Change, play
from app.demo.play.service import DemoFailed, Service, folder, free_port
from app.demo.play.verdict import Assessment, Summary, passages, summarise, summarise_live
from app.settings import read_settings

GATE = "lobby-1"
INTERRUPTED = 130


def run(data: Path | None, port: int, stay: bool) -> int:
    """The whole demo. Returns the exit code: 0 if every decision was right.

    data: kept there, or in a temporary folder that is removed. stay: keep serving until SIGINT, SIGTERM or SIGHUP.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    out = report.console()
    try:
        with _signals_as_interrupts(), folder(data) as place:
            return _run(out, Service(place.resolve(), free_port(port)), stay)
    except FacegateError as error:
        out.print(f"\nThe demo cannot continue: {error}", style="red", soft_wrap=True, markup=False)
        return 1
    except httpx.TransportError as error:
        out.print(f"\nThe service does not answer: {error}", style="red", soft_wrap=True, markup=False)
        return 1
    except KeyboardInterrupt:
        out.print("\nStopped before the end.")
        return INTERRUPTED


def _run(out: Console, service: Service, stay: bool) -> int:
    out.print("Facegate demo: a turnstile, photos of real people, and the real service.", style="bold")
    settings = read_settings(service.data)
    cache = settings.cache
    studio = Studio(lambda artifact: photo(artifact, cache))
    out.print("1. Starts the service (SQLite and FAISS, nothing else) and makes an admin key.")
    with service.running() as process, connect(service.url) as client:
        out.print("2. Cuts people out of photos that enrolled nobody, and draws a film of them.")
        scenes = _draw(studio, service.data / "frames")
        _film(out, studio, service.data / live.CLIP)
        service.wait_until_ready(process, client)
        keys = {"admin": service.command("keys", "create", "--role", "admin")}
        desk = Desk(client, keys["admin"])
        for gate in (GATE, live.GATE):
            desk.add_gate(gate)
        keys["gate"] = desk.new_key("gate", GATE)
        keys["security"] = desk.new_key("security")
        out.print("3. Enrols three employees over HTTP:")
        ids = _enrol(out, desk, cache)
        out.print("4. The service watches the film as a live camera. Its events as they happen:")
        seen = _watch(out, service, desk, Guard(client, keys["security"]))
        out.print(f"\n5. Plays the gate {GATE}: sends frames with its key, does what the answer says.")
        outcomes = _perform(out, desk, GateHardware(client, keys["gate"], GATE), scenes, ids)
        found = summarise(outcomes)
        audit = desk.audit()
        report.summary(out, outcomes, found)
        report.liveness(out, [outcome.answer for outcome in outcomes])
        report.audit(out, audit)
        report.legend(out, outcomes, settings.false_accept_rate)
        if stay:
            example = next(path for scene, paths in scenes if _shows_jacinda(scene) for path in paths[-1:])
            report.where_to_look(out, service.url, GATE, keys, service.data / "frames", example)
            desk.switch_camera(live.CAMERA, on=True)
            report.what_goes_on(out, service.url, live.GATE, keys["security"], EMMANUEL)
            _serve_on(out, service, process)
    return 0 if seen.good and found.good and audit["valid"] else 1


def _draw(studio: Studio, place: Path) -> list[tuple[Approach | Change, list[Path]]]:
    """Writes every frame to a file, so that the audience can look at it and send it again."""
    place.mkdir(exist_ok=True)
    scenes: list[tuple[Approach | Change, list[Path]]] = []
    number = 0
    for act in play():
        paths: list[Path] = []
        if isinstance(act, Approach):
            number += 1
            for step, frame in enumerate(act.frames, 1):
                paths.append(place / f"{number:02d}-{step}.jpg")
                paths[-1].write_bytes(studio.shoot(frame, seed=10 * number + step))
        scenes.append((act, paths))
    return scenes


def _film(out: Console, studio: Studio, path: Path) -> None:
    """Draws the clip of the live camera, with a progress bar in a terminal."""
    frames = clip.frame_count()
    with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("   Filming", total=frames)
        clip.film(studio, path, frames, lambda: progress.advance(task))


def _enrol(out: Console, desk: Desk, cache: Path) -> dict[str, str]:
    """Enrols the cast. Returns employee ids by number. Raises DemoFailed if a photo gets an unexpected verdict."""
    ids = {}
    for person in EMPLOYEES:
        ids[person.number] = desk.employ(person)
        results = desk.enrol(ids[person.number], [photo_bytes(name, cache) for name in person.enrolled_with])
        said = []
        for name, result in zip(person.enrolled_with, results, strict=True):
            problems = ", ".join(result["problems"])
            if problems != REFUSED_PHOTOS.get(name, ""):
                raise DemoFailed(f"the photo {name} of {person.name} was judged: {problems or 'accepted'}")
            said.append(f"quality {result['quality']:.2f}" if result["accepted"] else f"one refused: {problems}")
        out.print(f"   {person.number} {person.name}: {'; '.join(said)}", markup=False)
    return ids


def _watch(out: Console, service: Service, desk: Desk, guard: Guard) -> Summary:
    """Runs the live camera from the first walk to the last, and reports."""
    recorded: list[Recorded] = []

    def on_event(one: Recorded) -> None:
        recorded.append(one)
        passage = next(p for p in passages(recorded) if one.event in p.events)
        report.event(out, one.at_s, one.event, passage.complaint)

    report.live_heading(out)
    show = partial(report.somebody_comes, out), on_event, partial(report.alert, out)
    live.LiveCamera(service, desk, guard, *show).play()
    found = passages(recorded)
    report.live_summary(out, summarise_live(found), found)
    return summarise_live(found)


def _perform(
    out: Console,
    desk: Desk,
    gate: GateHardware,
    scenes: list[tuple[Approach | Change, list[Path]]],
    ids: dict[str, str],
) -> list[Assessment]:
    outcomes = []
    report.heading(out)
    for scene, paths in scenes:
        if isinstance(scene, Change):
            desk.change(ids[scene.person.number], scene.verb)
            report.change(out, scene)
            continue
        outcomes.append(Assessment(scene, *gate.ask([path.read_bytes() for path in paths])))
        report.decision(out, outcomes[-1])
    return outcomes


def _shows_jacinda(scene: Approach | Change) -> bool:
    return isinstance(scene, Approach) and scene.person is JACINDA


def _serve_on(out: Console, service: Service, process: "subprocess.Popen[bytes]") -> None:
    """Waits until interrupted. Raises DemoFailed if the service ends before."""
    try:
        process.wait()
    except KeyboardInterrupt:
        out.print("\nStopped.")
        return
    raise service.stopped(process)


@contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """Makes SIGTERM and a closed terminal end the demo like Ctrl-C, with its service and its temporary folder."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
